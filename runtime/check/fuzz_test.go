// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Whatever strings and numbers are in a deployment, checking it ends, gives only documented codes, and its
// diagnostics can be rendered.
func FuzzDeployment(f *testing.F) {
	for _, seed := range []string{
		"up == 0", `up{job=~"("}`, "{{ $labels.x | }}", `severity=~"a|b"`, `{a="b", c=~"d"}`, "5m", "-1", "1e99999999", "10.0.0.0/8", "[::1]:9090",
		"https://user:pass@host:99999/%zz", "serviceaccount:a:b", strings.Repeat("(", 3000), strings.Repeat("{{if 1}}", 200), "\xff\xfe", "a\nb\tc", "日本",
		`"a" =~ "b\xff"`, "{{define \"x\"}}{{template \"x\"}}{{end}}", "sum by (a) (rate(x[5m])) > on() group_left() 1", "1.5h", "50GB", "a=~(", "=", "\"", "'", "`", "#",
	} {
		f.Add(seed, "x", int64(len(seed)))
	}
	r := registry(f, version{version: score.V2CRD, lacks: map[backend.Feature]string{backend.FeatureShards: "no"}})
	known := map[string]bool{}
	for _, c := range check.Codes() {
		known[c.Name] = true
	}
	f.Fuzz(func(t *testing.T, a, b string, number int64) {
		if len(a) > 1<<16 || len(b) > 1<<16 {
			return
		}
		random := rand.New(rand.NewSource(number))
		text := func() string {
			switch random.Intn(8) {
			case 0:
				return b
			case 1:
				return a + b
			case 2:
				return ""
			default:
				return a
			}
		}
		dict := func() map[string]string { return map[string]string{text(): text(), b: a} }
		s := &script{t: t}
		origin := s.call("x(y = z)", "expr", "z", "name", "z", "matchers[0]", "z")
		secret := score.Secret{Source: score.SecretSource(random.Intn(5)), Name: text(), Key: text()}
		endpoint := score.Endpoint{Path: text(), Scheme: text(), Interval: text(), ScrapeTimeout: text(), HonorLabels: true}
		stack := score.MonitoringStack{
			Origin: origin, APIVersion: score.APIVersion(number % 5), Namespace: text(), Name: text(), Retention: text(), Storage: text(), Replicas: int(number), Shards: int(number),
			ExternalLabels: dict(), Resources: score.Resources{Requests: dict(), Limits: dict()},
			RemoteWrite: []score.RemoteWrite{{URL: text(), Name: text(), BearerToken: secret, Password: secret}, {URL: text()}},
			AlertChannels: []score.AlertChannel{{Origin: origin, Constructor: text(), Name: text(), Matchers: []string{text(), text()}, Receiver: score.Receiver{
				Integration: text(), Fields: []score.Field{{Name: "url", Value: text()}, {Name: text(), Value: text()}, {Name: "l", Value: []string{text()}}, {Name: "n", Value: []score.Field{{Name: text(), Value: secret}}}, {Value: number}},
			}}},
			ScrapeTargets: []score.ScrapeTarget{
				score.ServiceMonitor{Origin: origin, Name: text(), MatchLabels: dict(), Port: text(), Endpoint: endpoint},
				score.PodMonitor{Name: text(), MatchLabels: dict(), Port: text()},
				score.StaticTargets{Name: text(), Targets: []string{text(), text()}, Labels: dict()},
				score.Probe{Name: text(), Prober: text(), Targets: []string{text()}, Labels: dict()},
				nil,
			},
			AlertRules: []score.RuleGroup{{Name: text(), Interval: text(), Limit: int(number), Rules: []score.Rule{
				{Origin: origin, Alert: text(), Expr: text(), For: text(), KeepFiringFor: text(), Labels: dict(), Annotations: dict()}, {Record: text(), Expr: text(), Labels: dict()},
			}}},
		}
		tenant := score.Tenant{
			Name: text(), Labels: dict(), Quota: dict(), Limits: score.Limits{Default: dict(), DefaultRequest: dict(), Max: dict(), Min: dict()},
			Network: score.Network{IngressNamespaces: []string{text()}, EgressNamespaces: []string{text()}, EgressCIDRs: []string{text(), text()}}, Admins: []string{text(), text()},
		}
		scores := []score.Score{stack, tenant, score.TenantMonitoring{Tenant: tenant, Stack: stack, Mode: score.TenantMode(text())}, nil}
		list := check.Deployment(score.Deployment{Name: text(), Scores: scores}, r)
		for _, d := range list {
			if !known[d.Code] {
				t.Errorf("%s is not documented", d.Code)
			}
		}
		if list.Render(s.sources, diag.Style{}) == "" && len(list) > 0 {
			t.Error("nothing is rendered")
		}
		for _, d := range check.Values([]any{stack, tenant, secret, stack.AlertChannels[0], stack.AlertRules[0]}, nil) {
			if !known[d.Code] {
				t.Errorf("%s is not documented", d.Code)
			}
		}
	})
}
