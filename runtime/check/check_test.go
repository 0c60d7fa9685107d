// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// good returns a stack with nothing wrong, in one piece of script, for cases to break.
func good(s *script) score.MonitoringStack {
	return score.MonitoringStack{
		Origin:     s.call(`stack = monitoring_stack(api_version = V2_CRD, namespace = "monitoring")`, "api_version", "V2_CRD", "namespace", `"monitoring"`),
		APIVersion: score.V2CRD, Namespace: "monitoring", Name: "monitoring", Retention: "10d", Replicas: 1, Shards: 1,
		AlertChannels: []score.AlertChannel{channel("discord", "on-call")},
		ScrapeTargets: []score.ScrapeTarget{score.ServiceMonitor{Name: "web", MatchLabels: map[string]string{"app": "web"}, Port: "http"}},
		AlertRules: []score.RuleGroup{{Name: "web", Rules: []score.Rule{{
			Alert: "WebDown", Expr: `up{job="web"} == 0`, For: "5m", Labels: map[string]string{"severity": "critical"},
			Annotations: map[string]string{"summary": "{{ $labels.instance }} is down for {{ $value | humanizeDuration }}"},
		}}}},
	}
}

func channel(integration, name string, fields ...score.Field) score.AlertChannel {
	fields = append([]score.Field{{Name: "webhook_url", Argument: "webhook_url", Value: score.Secret{Source: score.SecretFromEnvironment, Name: "DISCORD_WEBHOOK_URL"}}}, fields...)
	return score.AlertChannel{Constructor: integration, Name: name, Receiver: score.Receiver{Integration: integration, Fields: fields}}
}

// want is a diagnostic that a case expects: where, which, and a part of its text.
type want struct {
	position string // "" for none
	code     string
	part     string
}

func rule(s *script, alert, token, expr string) score.Rule {
	origin := s.call(fmt.Sprintf(`alert_rule(alert = "%s", expr = %s)`, alert, token), "alert", `"`+alert+`"`, "expr", token)
	return score.Rule{Origin: origin, Alert: alert, Expr: expr}
}

// withRules deploys a good stack with the given rules.
func withRules(rules func(s *script) []score.Rule) func(s *script) []score.Score {
	return func(s *script) []score.Score {
		list := rules(s)
		stack := good(s)
		stack.AlertRules = []score.RuleGroup{{Name: "web", Rules: list}}
		return []score.Score{stack}
	}
}

func withTarget(target func(s *script) score.ScrapeTarget) func(s *script) []score.Score {
	return func(s *script) []score.Score {
		one := target(s)
		stack := good(s)
		stack.ScrapeTargets = []score.ScrapeTarget{one}
		return []score.Score{stack}
	}
}

func withChannel(make func(s *script) score.AlertChannel) func(s *script) []score.Score {
	return func(s *script) []score.Score {
		one := make(s)
		stack := good(s)
		stack.AlertChannels = []score.AlertChannel{one}
		return []score.Score{stack}
	}
}

func withTenant(make func(s *script) score.Tenant) func(s *script) []score.Score {
	return func(s *script) []score.Score {
		return []score.Score{score.TenantMonitoring{Tenant: make(s), Stack: good(s), Mode: score.TenantDedicated}}
	}
}

func withStack(change func(s *script, stack *score.MonitoringStack)) func(s *script) []score.Score {
	return func(s *script) []score.Score {
		stack := good(s)
		change(s, &stack)
		return []score.Score{stack}
	}
}

type testCase struct {
	name   string
	scores func(s *script) []score.Score
	want   []want
}

func cases() []testCase {
	return slices.Concat(nameCases(), labelCases(), ruleCases(), timeCases(), quantityCases(), channelCases(), settingCases(), targetCases(), tenantCases(), versionCases(), togetherCases(), helmCases(), routingCases(), lintCases(), lintTargetCases())
}

func run(t testing.TB, c testCase) (*script, diag.List) {
	t.Helper()
	s := &script{t: t}
	r := registry(t, version{version: score.V2CRD, lacks: map[backend.Feature]string{
		backend.FeatureTenantShared: "Shared tenants come later.", backend.FeatureShards: "", backend.FeatureHonorLabelsProbe: "", backend.FeatureRuleGroupLimit: "", backend.FeatureRuleKeepFiring: "",
	}})
	scores := c.scores(s)
	if usesHelm(scores) {
		r = helmRegistry(t)
	}
	return s, check.Deployment(score.Deployment{Name: "demo", Position: score.Position{File: scriptName}, Scores: scores}, r)
}

func TestProblems(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			s, got := run(t, c)
			// For brevity most rules here are no more than a metric.
			const brief = "alert-without-condition"
			if !slices.ContainsFunc(c.want, func(w want) bool { return w.code == brief }) {
				got = slices.DeleteFunc(got, func(d diag.Diagnostic) bool { return d.Code == brief })
			}
			text := got.Render(s.sources, diag.Style{})
			if len(got) != len(c.want) {
				t.Fatalf("got %d problems, want %d:\n%s", len(got), len(c.want), text)
			}
			for i, w := range c.want {
				d := got[i]
				position := strings.TrimPrefix(d.Position.String(), scriptName+":")
				if !d.Position.IsValid() {
					position = ""
				}
				if position != w.position || d.Code != w.code {
					t.Errorf("problem %d: got %s at %q, want %s at %q:\n%s", i, d.Code, position, w.code, w.position, text)
				}
				if whole := d.Summary + "\n" + d.Detail + "\n" + d.Fix; !strings.Contains(whole, w.part) {
					t.Errorf("problem %d: want a part %q in:\n%s", i, w.part, text)
				}
				if strings.HasSuffix(d.Summary, ".") || strings.Contains(d.Summary, "\n") {
					t.Errorf("problem %d: the summary is one line without a full stop, got %q", i, d.Summary)
				}
			}
		})
	}
}

// Every code that is documented can happen, and with the severity that is documented.
func TestCodesAreComplete(t *testing.T) {
	documented := map[string]diag.Severity{}
	for _, c := range check.Codes() {
		if _, twice := documented[c.Name]; twice {
			t.Errorf("%s is listed twice", c.Name)
		}
		if c.Summary == "" || c.Severity == "" {
			t.Errorf("%s: got no summary or severity", c.Name)
		}
		documented[c.Name] = c.Severity
	}
	seen := map[string]bool{}
	for _, c := range cases() {
		_, list := run(t, c)
		for _, d := range list {
			seen[d.Code] = true
			if severity, ok := documented[d.Code]; d.Code != "unsupported-channel" && (!ok || severity != d.Severity) {
				t.Errorf("%s: %s is reported as %s, documented as %q", c.name, d.Code, d.Severity, severity)
			}
		}
	}
	for _, d := range checkClusters(t, []string{}) {
		seen[d.Code] = true
	}
	for code := range documented {
		if !seen[code] {
			t.Errorf("no case leads to %s", code)
		}
	}
}

func TestNothingWrong(t *testing.T) {
	s, got := run(t, testCase{scores: func(s *script) []score.Score {
		stack := good(s)
		stack.Storage, stack.Replicas = "50Gi", 2
		stack.ExternalLabels = map[string]string{"cluster": "eu-1"}
		stack.Resources = score.Resources{Requests: map[string]string{"cpu": "100m", "memory": "1Gi"}, Limits: map[string]string{"memory": "2Gi"}}
		stack.RemoteWrite = []score.RemoteWrite{{URL: "https://mimir.example.com:8443/api/v1/push", Name: "mimir", BearerToken: score.Secret{Source: score.SecretFromCluster, Name: "mimir", Key: "token"}}}
		stack.AlertChannels = append(stack.AlertChannels, channel("webhook", "tickets",
			score.Field{Name: "title", Value: `{{ template "discord.default.title" . }} {{ .CommonLabels.alertname | toUpper }}`},
			score.Field{Name: "url", Value: "https://tickets.example.com/hook?team=a"}))
		stack.AlertChannels[1].Matchers = []string{`severity=~"critical|warning"`, "team!=a", `{a="b", c=~"d.*"}`}
		stack.ScrapeTargets = append(stack.ScrapeTargets,
			score.PodMonitor{Name: "apps.v2", MatchLabels: map[string]string{"example.com/monitored": ""}, Port: "metrics", Endpoint: score.Endpoint{Path: "/metrics", Scheme: "https", Interval: "1m", ScrapeTimeout: "30s"}},
			score.StaticTargets{Name: "mail", Targets: []string{"mail.example.com:9100", "10.0.0.1:80", "[2001:db8::1]:9100", "my_host:1"}, Labels: map[string]string{"team": "mail"}},
			score.Probe{Name: "web", Prober: "blackbox.monitoring.svc:9115", Module: "http_2xx", Targets: []string{"https://example.com/health?a=b", "example.com", "example.com/health", "tcp://a:1", "8.8.8.8", "a:22"}})
		stack.AlertRules = append(stack.AlertRules, score.RuleGroup{Name: "slow queries & more", Interval: "1m", Rules: []score.Rule{
			{Record: "job:http_requests:rate5m", Expr: "sum by (job) (rate(http_requests_total[5m]))", Labels: map[string]string{"team": "a"}},
			{Alert: "Watchdog", Expr: "vector(1)", For: "0s", Labels: map[string]string{"severity": "none", "description": "{{ if eq $value 1.0 }}yes{{ end }}"}},
			{Alert: "Watchdog", Expr: "vector(1)", Labels: map[string]string{"severity": "critical"}},
		}})
		return []score.Score{
			score.TenantMonitoring{Stack: stack, Mode: score.TenantDedicated, Tenant: score.Tenant{
				Name: "team-1", Labels: map[string]string{"example.com/team": "team-1"},
				Quota: map[string]string{"pods": "50", "requests.memory": "8Gi", "limits.cpu": "4", "count/jobs.batch": "10", "requests.nvidia.com/gpu": "1", "gold.storageclass.storage.k8s.io/requests.storage": "1Ti"},
				Limits: score.Limits{
					Default: map[string]string{"cpu": "500m"}, DefaultRequest: map[string]string{"cpu": "100m"},
					Max: map[string]string{"cpu": "2"}, Min: map[string]string{"cpu": "10m"},
				},
				Network: score.Network{Isolated: true, IngressNamespaces: []string{"ingress"}, EgressCIDRs: []string{"10.0.0.0/8", "2001:db8::/32"}},
				Admins:  []string{"jane", "user:jane@example.com", "group:team-1", "group:oidc:team", "serviceaccount:ci:deployer"},
			}},
			score.Tenant{Name: "team-2"},
		}
	}})
	if len(got) > 0 {
		t.Errorf("got problems, want none:\n%s", got.Render(s.sources, diag.Style{}))
	}
}

func TestDeploymentName(t *testing.T) {
	for name, want := range map[string]string{"demo": "", "monitoring-v2": "", "a.b": "", "": "", "Demo 1": `write "demo-1"`, strings.Repeat("x", 254): "254 characters"} {
		s := &script{t: t}
		d := score.Deployment{Name: name, Position: score.Position{File: scriptName, Line: 7, Column: 1}, Scores: []score.Score{good(s)}}
		got := check.Deployment(d, nil)
		switch {
		case want == "" && len(got) > 0:
			t.Errorf("%q: got %v, want nothing", name, got)
		case want != "" && (len(got) != 1 || got[0].Code != "invalid-name" || got[0].Position.Line != 7 || !strings.Contains(got[0].Summary+got[0].Fix, want)):
			t.Errorf("%q: got %v, want one invalid-name at line 7 with %q", name, got, want)
		}
	}
}

// Values finds what is wrong with values that never got into a deployment, each once.
func TestValues(t *testing.T) {
	s := &script{t: t}
	bad := rule(s, "Down", `"up =="`, "up ==")
	stack := good(s)
	stack.AlertRules = []score.RuleGroup{{Name: "web", Rules: []score.Rule{bad}}}
	lone := channel("discord", "no good")
	values := []any{
		bad, stack.AlertRules[0], stack, lone,
		score.Secret{Source: score.SecretFromEnvironment, Name: "a b"},
		score.PodMonitor{Name: "pods", MatchLabels: map[string]string{"a": "b"}, Port: "8080"},
		score.Tenant{Name: "UP"},
		score.RemoteWrite{URL: "nowhere"},
		"something else", nil,
	}
	got := check.Values(values, registry(t, version{version: score.V2CRD}))
	var codes []string
	for _, d := range got {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	if want := []string{"invalid-channel-name", "invalid-name", "invalid-promql", "invalid-secret", "invalid-url", "port-number"}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v:\n%s", codes, want, got.Render(s.sources, diag.Style{}))
	}
}

// Without a registry everything else is checked all the same.
func TestWithoutRegistry(t *testing.T) {
	s := &script{t: t}
	stack := good(s)
	stack.Name = "Not Good"
	got := check.Deployment(score.Deployment{Scores: []score.Score{stack, score.Tenant{Name: "blue"}}}, nil)
	if len(got) != 2 || !got.HasErrors() {
		t.Errorf("got %v, want the name and the hint", got)
	}
}
