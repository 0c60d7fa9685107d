// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"math/rand"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// oneOf are the values that a random deployment is made of: good ones, odd ones that are good all the same,
// and bad ones.
var oneOf = map[string][]string{
	"name":     {"web", "a", "a-b", "1st", "a-name-that-is-longer-than-the-operators-take", "Bad Name", ""},
	"target":   {"web", "a.b", "x-1", "Bad_Name"},
	"channel":  {"on-call", "Team.A_1", "x", "no good"},
	"group":    {"web", "slow queries & more", "ünï", ""},
	"expr":     {"up == 0", `sum by (job) (rate(a{b=~"c.*"}[5m])) > 1`, "vector(1)", `absent(up{namespace="other"})`, `{"a.b", c="d"}`, "1", "up[5m]", "up ="},
	"duration": {"", "30s", "1m", "1h30m", "10d", "1y", "5 min", "0s"},
	"quantity": {"1", "500m", "1Gi", "2e3", "1E", "0.5", "lots"},
	"matcher":  {`severity="critical"`, `a!=b`, `{a=~"b|c", d!~"e"}`, `a=`, `"quoted name"="x"`, "=="},
	"template": {"plain", "{{ .CommonLabels.alertname }}", "{{ nope"},
	"text":     {"{{ $labels.instance }}", "{{ $value | humanize }}", "x", "{{ end }}"},
	"label":    {"severity", "team", "a-b", "a.b", "1x", "a b"},
	"key":      {"app", "example.com/team", "a b"},
	"value":    {"", "web", "v1.2_x", "no good"},
	"port":     {"http", "web-1", "8080", "a-very-long-port-name"},
	"address":  {"a:1", "[::1]:9090", "1.2.3.4:80", "https://x"},
	"url":      {"https://example.com/x?y=z", "http://a:1", "nope"},
	"admin":    {"jane", "user:a@b.c", "group:x:y", "serviceaccount:a:b", "role:x"},
	"cidr":     {"10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "10.0.0.1/8"},
	"resource": {"cpu", "memory", "nvidia.com/gpu", "pod"},
	"quota":    {"pods", "requests.cpu", "limits.memory", "count/jobs.batch", "pod"},
}

// What check has no errors about, the backends compile: nobody else tells a user what is wrong.
func TestWhatPassesCompiles(t *testing.T) {
	r, err := backend.NewRegistry([]backend.Backend{crd.New()}, map[string]backend.Compiler{"tenant": tenant.New()})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewSource(1))
	passed := map[string]int{}
	for range 700 {
		// Most deployments take good values, so that enough of them pass.
		pick := func(kind string) string {
			list := oneOf[kind]
			if random.Intn(40) > 0 {
				list = list[:max(1, len(list)/2)]
			}
			return list[random.Intn(len(list))]
		}
		maybe := func(m map[string]string) map[string]string {
			if random.Intn(2) == 0 {
				return nil
			}
			return m
		}
		secret := func() score.Secret {
			return score.Secret{Source: score.SecretSource(1 + random.Intn(3)), Name: "NAME", Key: "key"}
		}
		clusterSafe := func(s score.Secret) score.Secret {
			if s.Source == score.SecretFromCluster {
				s.Name = "name"
			}
			return s
		}
		endpoint := func() score.Endpoint {
			return score.Endpoint{Interval: pick("duration"), ScrapeTimeout: pick("duration"), Path: []string{"", "/m"}[random.Intn(2)], Scheme: []string{"", "http", "https"}[random.Intn(3)], HonorLabels: random.Intn(4) == 0}
		}
		stack := score.MonitoringStack{
			APIVersion: score.V2CRD, Namespace: pick("name"), Name: pick("name"), Retention: "10d", Replicas: 1 + random.Intn(3), Shards: 1 + random.Intn(2),
			ExternalLabels: maybe(map[string]string{pick("label"): pick("value")}),
			Resources:      score.Resources{Requests: maybe(map[string]string{pick("resource"): pick("quantity")}), Limits: maybe(map[string]string{pick("resource"): pick("quantity")})},
			AlertChannels: []score.AlertChannel{
				{Constructor: "discord", Name: pick("channel"), Matchers: []string{pick("matcher")}, Receiver: score.Receiver{Integration: "discord", Fields: []score.Field{{Name: "webhook_url", Value: clusterSafe(secret())}, {Name: "title", Value: pick("template")}, {Name: "send_resolved", Value: true}}}},
				{Constructor: "webhook", Name: pick("channel") + "2", Receiver: score.Receiver{Integration: "webhook", Fields: []score.Field{{Name: "url", Value: clusterSafe(secret())}, {Name: "max_alerts", Value: int64(3)}}}},
			},
			ScrapeTargets: []score.ScrapeTarget{
				score.ServiceMonitor{Name: pick("target"), MatchLabels: map[string]string{pick("key"): pick("value")}, Port: pick("port"), Endpoint: endpoint()},
				score.PodMonitor{Name: pick("target"), MatchLabels: map[string]string{pick("key"): pick("value")}, Port: pick("port"), Endpoint: endpoint()},
				score.StaticTargets{Name: pick("target"), Targets: []string{pick("address")}, Labels: maybe(map[string]string{pick("label"): pick("value")}), Endpoint: endpoint()},
				score.Probe{Name: pick("target"), Prober: pick("address"), Module: "http_2xx", Targets: []string{pick("url")}, Labels: maybe(map[string]string{pick("label"): pick("value")}), Endpoint: endpoint()},
			},
			AlertRules: []score.RuleGroup{{Name: pick("group"), Interval: pick("duration"), Limit: random.Intn(3), Rules: []score.Rule{
				{Alert: "Down " + pick("value"), Expr: pick("expr"), For: pick("duration"), KeepFiringFor: pick("duration"), Labels: map[string]string{pick("label"): pick("text")}, Annotations: map[string]string{"summary": pick("text")}},
				{Record: "a:b:c", Expr: pick("expr"), Labels: maybe(map[string]string{pick("label"): pick("value")})},
			}}},
		}
		if random.Intn(2) == 0 {
			stack.Storage = pick("quantity")
			stack.RemoteWrite = []score.RemoteWrite{{URL: pick("url"), Name: "w", BearerToken: clusterSafe(secret())}, {URL: pick("url"), Username: clusterSafe(secret()), Password: clusterSafe(secret())}}
		}
		own := score.Tenant{
			Name: pick("name"), Labels: maybe(map[string]string{pick("key"): pick("value")}), Quota: maybe(map[string]string{pick("quota"): pick("quantity")}),
			Limits:  score.Limits{Default: maybe(map[string]string{pick("resource"): pick("quantity")}), Max: maybe(map[string]string{pick("resource"): pick("quantity")})},
			Network: score.Network{Isolated: random.Intn(2) == 0, IngressNamespaces: []string{pick("name")}, EgressCIDRs: []string{pick("cidr")}}, Admins: []string{pick("admin")},
		}
		for _, s := range []score.Score{stack, own, score.TenantMonitoring{Tenant: own, Stack: stack, Mode: score.TenantDedicated}} {
			if check.Deployment(score.Deployment{Name: "d", Scores: []score.Score{s}}, r).HasErrors() {
				continue
			}
			passed[s.Kind()]++
			if _, err := r.Compile(s); err != nil {
				t.Fatalf("check has no errors, and: %v\n%+v", err, s)
			}
		}
	}
	for _, kind := range []string{"monitoring_stack", "tenant", "tenant_monitoring"} {
		if passed[kind] < 30 {
			t.Errorf("only %d scores of kind %s passed, want enough of them to prove something", passed[kind], kind)
		}
	}
	t.Logf("passed and compiled: %v", passed)
}
