// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func nameCases() []testCase {
	named := func(name string) func(s *script) []score.Score {
		return func(s *script) []score.Score {
			stack := good(&script{t: s.t})
			stack.Name = name
			stack.Origin = s.call(`monitoring_stack(name = "`+name+`")`, "name", `"`+name+`"`)
			return []score.Score{stack}
		}
	}
	return []testCase{
		{"stack name", named("My Stack"), []want{{"1:25", "invalid-name", `write "my-stack"`}}},
		{"stack name missing", named(""), []want{{"1:25", "invalid-name", "got no name"}}},
		{"stack name with a dot", named("a.b"), []want{{"1:25", "invalid-name", `write "a-b"`}}},
		{"stack name too long for the operator", named(strings.Repeat("a", 30)), []want{{"1:25", "long-name", "at most 26"}}},
		{"stack name begins with a digit", named("1st"), []want{{"1:25", "long-name", `will be called "stack-1st-`}}},
		{"stack name too long for Kubernetes", named(strings.Repeat("a", 64)), []want{{"1:25", "invalid-name", "64 characters"}}},
		{
			"namespace", withStack(func(s *script, stack *score.MonitoringStack) { stack.Namespace = "Monitoring" }),
			[]want{{"1:60", "invalid-name", `write "monitoring"`}},
		},
		{"target name", withTarget(func(s *script) score.ScrapeTarget {
			return score.ServiceMonitor{Origin: s.call(`service_monitor(name = "web_1")`, "name", `"web_1"`), Name: "web_1", MatchLabels: map[string]string{"a": "b"}, Port: "http"}
		}), []want{{"1:24", "invalid-name", `write "web-1"`}}},
		{"channel name", withChannel(func(s *script) score.AlertChannel {
			c := channel("discord", "on call!")
			c.Origin = s.call(`discord(name = "on call!")`, "name", `"on call!"`)
			return c
		}), []want{{"1:16", "invalid-channel-name", `write "on-call"`}}},
		{"channel name null", withChannel(func(s *script) score.AlertChannel {
			c := channel("discord", "null")
			c.Origin = s.call(`discord(name = "null")`, "name", `"null"`)
			return c
		}), []want{{"1:16", "reserved-name", "receiver"}}},
		{"tenant of Kubernetes", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Origin: s.call(`tenant("kube-system")`, "name", `"kube-system"`), Name: "kube-system"}
		}), []want{{"1:8", "reserved-name", "Kubernetes' own"}}},
		{"tenant by name", func(s *script) []score.Score {
			return []score.Score{score.TenantMonitoring{
				Origin: s.call(`tenant_monitoring(tenant = "Blue Team", stack = stack)`, "tenant", `"Blue Team"`),
				Tenant: score.Tenant{Name: "Blue Team"}, Stack: good(s), Mode: score.TenantDedicated,
			}}
		}, []want{{"1:28", "invalid-name", `write "blue-team"`}}},
	}
}

func labelCases() []testCase {
	return []testCase{
		{"kubernetes key and value", withTarget(func(s *script) score.ScrapeTarget {
			return score.PodMonitor{
				Origin: s.call(`pod_monitor(name = "p", match_labels = {"a b": "x", "app": "what?"})`, "match_labels", `{"a b": "x", "app": "what?"}`, "match_labels[a b]", `"x"`, "match_labels[app]", `"what?"`),
				Name:   "p", MatchLabels: map[string]string{"a b": "x", "app": "what?"}, Port: "http",
			}
		}), []want{{"1:41", "invalid-kubernetes-label", `got the label "a b"`}, {"1:60", "invalid-kubernetes-label", `"what?" for the label "app"`}}},
		{"kubernetes value too long", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Name: "blue", Labels: map[string]string{"team": strings.Repeat("x", 64)}}
		}), []want{{"", "invalid-kubernetes-label", "64 characters"}}},
		{"reserved namespace labels", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Name: "blue", Labels: map[string]string{"kubernetes.io/metadata.name": "x", "applyset.kubernetes.io/part-of": "y", "harmonyscript.io/tenant": "z"}}
		}), []want{{"", "reserved-label", "applyset"}, {"", "reserved-label", "harmonyscript.io/tenant"}, {"", "reserved-label", "kubernetes.io/metadata.name"}}},
		{"prometheus labels", withRules(func(s *script) []score.Rule {
			source := `alert_rule(alert = "A", expr = "up", labels = {"sev erity": "a", "team-name": "b", "__name__": "c", "alertname": "d", "": "e"})`
			r := score.Rule{
				Origin: s.call(source, "alert", `"A"`, "labels[sev erity]", `"a"`, "labels[team-name]", `"b"`, "labels[__name__]", `"c"`, "labels[alertname]", `"d"`, "labels[]", `"e"`),
				Alert:  "A", Expr: "up", Labels: map[string]string{"sev erity": "a", "team-name": "b", "__name__": "c", "alertname": "d", "": "e"},
			}
			return []score.Rule{r}
		}), []want{
			{"1:48", "invalid-label-name", `write "sev_erity"`},
			{"1:66", "unusual-name", `write "team_name"`},
			{"1:84", "reserved-label", "name of the series"},
			{"1:101", "reserved-label", "alert's name"},
			{"1:119", "invalid-label-name", "empty name"},
		}},
		{"label value", withRules(func(s *script) []score.Rule {
			return []score.Rule{{Alert: "A", Expr: "up", Annotations: map[string]string{"summary": "\xff"}, Labels: map[string]string{"\xfe": "x"}}}
		}), []want{{"", "invalid-label-name", "UTF-8"}, {"", "invalid-label-value", "UTF-8"}}},
		{"external labels", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.ExternalLabels = map[string]string{"prometheus_replica": "a"}
		}), []want{{"1:9", "reserved-label", "replicas"}}},
		{"target labels", withTarget(func(s *script) score.ScrapeTarget {
			return score.StaticTargets{Name: "s", Targets: []string{"a:1"}, Labels: map[string]string{"__address__": "b"}}
		}), []want{{"", "reserved-label", "__address__"}}},
	}
}

func ruleCases() []testCase {
	return []testCase{
		{"promql inside a literal", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `'up{job="web"} = 0'`, `up{job="web"} = 0`)}
		}), []want{{"1:47", "invalid-promql", "compare with =="}}},
		{"promql with escapes and wide letters", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"up{job=\"日本\"} ++ rat(x[5m])"`, `up{job="日本"} ++ rat(x[5m])`)}
		}), []want{{"1:51", "invalid-promql", "write rate"}}},
		{"promql in several lines", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", "\"\"\"\nsum(\n  up{\n)\"\"\"", "\nsum(\n  up{\n)")}
		}), []want{{"4:1", "invalid-promql", "unexpected"}}},
		{"promql that is computed", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"up == %s" % "a"`, "up == rate(up)")}
		}), []want{{"1:32", "invalid-promql", "up == rate(up)\n           ^^"}}},
		{"promql, two in one", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"rate(a) + rate(b)"`, "rate(a) + rate(b)")}
		}), []want{{"1:38", "invalid-promql", "add a range"}, {"1:48", "invalid-promql", "add a range"}}},
		{"promql missing", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `""`, "")}
		}), []want{{"1:32", "invalid-promql", "no expression"}}},
		{"promql gives a range", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"up[5m]"`, "up[5m]")}
		}), []want{{"1:33", "promql-type", "range vector"}}},
		{"promql gives a string", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"'x'"`, "'x'")}
		}), []want{{"1:33", "promql-type", "string"}}},
		{"promql too long", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"(" * 200000`, strings.Repeat("(", 200_000))}
		}), []want{{"1:32", "promql-too-long", "200000 bytes, want at most 50000"}}},
		{"promql too deep", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"(" * 600`, strings.Repeat("(", 600)+"1"+strings.Repeat(")", 600))}
		}), []want{{"1:32", "promql-too-long", "600 parentheses"}}},
		{"promql with very many errors", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"`+strings.Repeat("rate(a)+", 15)+`1"`, strings.Repeat("rate(a)+", 15)+"1")}
		}), slices.Collect(func(yield func(want) bool) {
			for i := range 10 {
				yield(want{fmt.Sprintf("1:%d", 38+8*i), "invalid-promql", "range vector"})
			}
		})},
		{"rule kinds", withRules(func(s *script) []score.Rule {
			return []score.Rule{
				{Alert: "A", Record: "a:b", Expr: "up"},
				{Record: "a:c", Expr: "up", For: "5m", KeepFiringFor: "1m", Annotations: map[string]string{"a": "b"}},
			}
		}), []want{
			{"", "invalid-rule", "want one of them"},
			{"", "invalid-rule", "got annotations"},
			{"", "invalid-rule", "got for,"},
			{"", "invalid-rule", "got keep_firing_for"},
			{"", "unsupported-feature", "keep_firing_for"},
		}},
		{"rule names", withRules(func(s *script) []score.Rule {
			return []score.Rule{
				{Expr: "up"},
				{Record: "sum(up)", Expr: "up"},
				{Record: `up{a="b"}`, Expr: "up"},
				{Record: "job-up", Expr: "up"},
				{Alert: "\xff", Expr: "up"},
			}
		}), []want{
			{"", "invalid-rule-name", `alert_rule "\xff"`},
			{"", "invalid-rule-name", "put the expression into expr"},
			{"", "invalid-rule-name", "braces"},
			{"", "invalid-rule-name", "rule: got no name"},
			{"", "unusual-name", "job-up"},
		}},
		{"templates", withRules(func(s *script) []score.Rule {
			source := `alert_rule(alert = "A", expr = "up", labels = {"team": "{{ $labels.team"}, annotations = {"summary": "a {{ $value | humanise }} b", "text": "{{ .X }} {{ end }}"})`
			return []score.Rule{{
				Origin: s.call(source, "alert", `"A"`, "labels[team]", `"{{ $labels.team"`, "annotations[summary]", `"a {{ $value | humanise }} b"`, "annotations[text]", `"{{ .X }} {{ end }}"`),
				Alert:  "A", Expr: "up", Labels: map[string]string{"team": "{{ $labels.team"},
				Annotations: map[string]string{"summary": "a {{ $value | humanise }} b", "text": "{{ .X }} {{ end }}"},
			}}
		}), []want{{"1:57", "invalid-template", "unclosed action"}, {"1:105", "invalid-template", "humanise"}, {"1:142", "invalid-template", "unexpected {{end}}"}}},
		{"duplicate rules", withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", `"up == 0"`, "up == 0"), rule(s, "A", `"up == 1"`, "up == 1"), {Record: "a:b", Expr: "up"}, {Record: "a:b", Expr: "up"}}
		}), []want{{"", "duplicate-rule", "a:b"}, {"2:20", "duplicate-rule", "severity"}}},
		{"groups", withStack(func(s *script, stack *score.MonitoringStack) {
			first := s.call(`alert_rule_group(name = "one", interval = "0s", limit = -1)`, "name", `"one"`, "interval", `"0s"`, "limit", "-1")
			second := s.call(`alert_rule_group(name = "one", rules = [])`, "name", `"one"`, "rules", "[]")
			rules := stack.AlertRules[0].Rules
			stack.AlertRules = []score.RuleGroup{{Origin: first, Name: "one", Interval: "0s", Limit: -1, Rules: rules}, {Origin: second, Name: "one"}, {Rules: rules}}
		}), []want{
			{"", "invalid-rule-name", "no name"},
			{"2:43", "invalid-duration", "more than zero"},
			{"2:57", "out-of-range", "-1"},
			{"3:25", "duplicate-rule-group", "the rules into one group"},
			{"3:40", "empty-rule-group", "no rules"},
		}},
		{"rule of a tenant that looks elsewhere", func(s *script) []score.Score {
			r := rule(s, "A", `'up{namespace="other"} == 0'`, `up{namespace="other"} == 0`)
			k := rule(s, "B", `'kube_pod_info == 0'`, `kube_pod_info == 0`)
			stack := good(s)
			stack.AlertRules = []score.RuleGroup{{Name: "web", Rules: []score.Rule{r, k}}}
			var scores []score.Score
			for _, name := range []string{"blue", "green", "other"} {
				scores = append(scores, score.TenantMonitoring{Tenant: score.Tenant{Name: name}, Stack: stack, Mode: score.TenantDedicated})
			}
			return scores
		}, []want{{"1:33", "promql-other-namespace", `tenant "blue"`}, {"2:33", "metric-without-source", "kube-state-metrics"}}},
		{"metrics that nothing exposes", withStack(func(s *script, stack *score.MonitoringStack) {
			origin := s.call(`alert_rule_group(name = "pack", requires = ["pg_up"])`, "name", `"pack"`, "requires", `["pg_up"]`)
			stack.AlertRules = []score.RuleGroup{{Origin: origin, Name: "pack", Requires: []string{"pg_up"}, Rules: stack.AlertRules[0].Rules}}
		}), []want{{"2:44", "metrics-not-exposed", "pg_up"}}},
	}
}

func timeCases() []testCase {
	scraped := func(source string, e score.Endpoint, arguments ...string) func(s *script) []score.Score {
		return withTarget(func(s *script) score.ScrapeTarget {
			return score.PodMonitor{Origin: s.call(source, arguments...), Name: "p", MatchLabels: map[string]string{"a": "b"}, Port: "http", Endpoint: e}
		})
	}
	return []testCase{
		{"interval", scraped(`pod_monitor(interval = "5 min")`, score.Endpoint{Interval: "5 min"}, "interval", `"5 min"`), []want{{"1:24", "invalid-duration", `write "5m"`}}},
		{"interval in Go's notation", scraped(`pod_monitor(interval = "1.5h")`, score.Endpoint{Interval: "1.5h"}, "interval", `"1.5h"`), []want{{"1:24", "invalid-duration", `write "1h30m"`}}},
		{"interval without a unit", scraped(`pod_monitor(interval = "30")`, score.Endpoint{Interval: "30"}, "interval", `"30"`), []want{{"1:24", "invalid-duration", `write "30s"`}}},
		{"interval negative", scraped(`pod_monitor(interval = "-5m")`, score.Endpoint{Interval: "-5m"}, "interval", `"-5m"`), []want{{"1:24", "invalid-duration", "units"}}},
		{"timeout longer than the interval", scraped(`pod_monitor(interval = "10s", scrape_timeout = "1m")`, score.Endpoint{Interval: "10s", ScrapeTimeout: "1m"}, "scrape_timeout", `"1m"`), []want{{"1:48", "timeout-exceeds-interval", `"10s"`}}},
		{"timeout longer than the default", scraped(`pod_monitor(scrape_timeout = "1m")`, score.Endpoint{ScrapeTimeout: "1m"}, "scrape_timeout", `"1m"`), []want{{"1:30", "timeout-exceeds-interval", `"30s"`}}},
		{"scheme and path", scraped(`pod_monitor(scheme = "HTTPS", path = "metrics")`, score.Endpoint{Scheme: "HTTPS", Path: "metrics"}, "scheme", `"HTTPS"`, "path", `"metrics"`), []want{{"1:22", "invalid-scheme", ""}, {"1:38", "invalid-path", `write "/metrics"`}}},
		{"for and retention", func(s *script) []score.Score {
			r := rule(s, "A", `"up"`, "up")
			r.For, r.KeepFiringFor = "soon", "1m1m"
			stack := good(s)
			stack.Retention = "0d"
			stack.AlertRules = []score.RuleGroup{{Name: "web", Rules: []score.Rule{r}}}
			return []score.Score{stack}
		}, []want{{"1:1", "invalid-duration", "for: got"}, {"1:1", "invalid-duration", "keep_firing_for: got"}, {"1:1", "unsupported-feature", ""}, {"2:9", "invalid-duration", "retention"}}},
	}
}

func quantityCases() []testCase {
	return []testCase{
		{"storage", withStack(func(s *script, stack *score.MonitoringStack) { stack.Storage = "50GB" }), []want{{"1:9", "invalid-quantity", `write "50Gi"`}}},
		{"storage of nothing", withStack(func(s *script, stack *score.MonitoringStack) { stack.Storage = "0" }), []want{{"1:9", "invalid-quantity", "more than zero"}}},
		{"storage beyond all measure", withStack(func(s *script, stack *score.MonitoringStack) { stack.Storage = "1e99999999" }), []want{{"1:9", "invalid-quantity", "want a quantity"}}},
		{"resources", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.Resources = score.Resources{Requests: map[string]string{"cpu": "2", "memroy": "1Gi", "memory": "-1"}, Limits: map[string]string{"cpu": "1000m"}}
		}), []want{{"1:9", "invalid-quantity", "negative"}, {"1:9", "quantity-order", "at most the limit, 1"}, {"1:9", "unknown-resource", `write "memory"`}}},
		{"quota", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Name: "blue", Quota: map[string]string{"pod": "3", "requests.memory": "lots"}}
		}), []want{{"", "invalid-quantity", "requests.memory"}, {"", "unknown-resource", `write "pods"`}}},
		{"limits", withTenant(func(s *script) score.Tenant {
			return score.Tenant{Name: "blue", Limits: score.Limits{Default: map[string]string{"cpu": "3"}, DefaultRequest: map[string]string{"cpu": "1"}, Max: map[string]string{"cpu": "2"}, Min: map[string]string{"cpu": "1500m"}}}
		}), []want{{"", "quantity-order", "default 3 of cpu"}, {"", "quantity-order", "at most the default request, 1"}}},
		{"replicas and shards", withStack(func(s *script, stack *score.MonitoringStack) { stack.Replicas, stack.Shards = 0, 10_000 }), []want{
			{"1:9", "out-of-range", "replicas: got 0"}, {"1:9", "out-of-range", "shards: got 10000"}, {"1:9", "unsupported-feature", "shards is not supported by V2_CRD"},
		}},
		{"replicas that are not followed", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.Replicas, stack.Origin = 3, s.call("monitoring_stack(replicas = 3)", "replicas", "3")
		}), []want{{"2:29", "replicas-not-followed", "got replicas = 3, and V2_CRD makes 2 Alertmanagers all the same"}}},
		{"replicas at their default, in writing", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.Replicas, stack.Origin = 1, s.call("monitoring_stack(replicas = 1)", "replicas", "1")
		}), []want{{"2:29", "replicas-not-followed", "there are two pigeons"}}},
		{"replicas at their default", withStack(func(s *script, stack *score.MonitoringStack) { stack.Replicas = 1 }), nil},
	}
}

func channelCases() []testCase {
	matched := func(matchers ...string) func(s *script) []score.Score {
		return withChannel(func(s *script) score.AlertChannel {
			c := channel("discord", "a")
			var arguments []string
			source := "discord(matchers = ["
			for i, m := range matchers {
				token := `'` + m + `'`
				source += token + ", "
				arguments = append(arguments, "matchers["+string(rune('0'+i))+"]", token)
			}
			c.Origin = s.call(source+"])", arguments...)
			c.Matchers = matchers
			return c
		})
	}
	return []testCase{
		{"matcher without operator", matched(`severity critical`), []want{{"1:31", "invalid-matcher", "operator"}}},
		{"matcher as in a programming language", matched(`severity=="critical"`), []want{{"1:31", "invalid-matcher", `write severity="critical"`}}},
		{"matcher, second, with wide letters", matched(`a=b`, `日本=`), []want{{"1:32", "invalid-matcher", "label value"}}},
		{"matcher with a bad expression", matched(`a=~"("`), []want{{"1:22", "invalid-matcher", "missing closing"}}},
		{"matcher of nothing", matched(``), []want{{"1:22", "invalid-matcher", "no matcher"}}},
		{"matchers that exclude each other", matched(`severity="critical"`, `severity="warning"`), []want{
			{"", "alert-reaches-nobody", ""},
			{"1:44", "impossible-matchers", `severity=~"critical|warning"`},
		}},
		{"alert that no channel wants", matched(`severity="page"`), []want{{"", "alert-reaches-nobody", `alert_rule "WebDown"`}}},
		{"two channels of one name", withStack(func(s *script, stack *score.MonitoringStack) {
			one, two := channel("discord", "a"), channel("webhook", "a")
			one.Origin = s.call(`discord(name = "a")`, "name", `"a"`)
			two.Origin = s.call(`webhook(name = "a")`, "name", `"a"`)
			stack.AlertChannels = []score.AlertChannel{one, two}
		}), []want{{"3:16", "duplicate-channel", "rename"}}},
		{"what the sender cannot carry", withChannel(func(s *script) score.AlertChannel {
			c := channel("letter", "a")
			c.Origin = s.call(`letter(name = "a")`)
			return c
		}), []want{{"1:1", "unsupported-channel", "pigeons"}}},
		{"urls", withChannel(func(s *script) score.AlertChannel {
			c := channel("webhook", "a",
				score.Field{Name: "url", Value: "example.com/hook"}, score.Field{Name: "avatar_url", Argument: "avatar", Value: "https://me:pass@example.com"},
				score.Field{Name: "http_config", Value: score.Block{Constructor: "http_config", Fields: []score.Field{{Name: "proxy_url", Value: "http://exa mple:80"}}}}, score.Field{Name: "b_url", Value: "https://example.com:99999/x"})
			c.Origin = s.call(`webhook(url = "example.com/hook", avatar = "https://me:pass@example.com")`, "url", `"example.com/hook"`, "avatar", `"https://me:pass@example.com"`)
			return c
		}), []want{{"1:1", "invalid-url", "99999"}, {"1:1", "invalid-url", "proxy_url"}, {"1:15", "invalid-url", "write https://"}, {"1:44", "url-credentials", "secret("}}},
		{"channel's template", withChannel(func(s *script) score.AlertChannel {
			c := channel("discord", "a", score.Field{Name: "title", Value: "{{ .CommonLabels.alertname | nope }}"}, score.Field{Name: "url", Value: "https://{{ .Status }}"})
			c.Origin = s.call(`discord(title = "{{ .CommonLabels.alertname | nope }}")`, "title", `"{{ .CommonLabels.alertname | nope }}"`)
			return c
		}), []want{{"1:18", "invalid-template", `function "nope" not defined`}}},
		{"channel's duration", withChannel(func(s *script) score.AlertChannel {
			c := channel("webhook", "a", score.Field{Name: "timeout", Value: "10 sec"})
			c.Origin = s.call(`webhook(timeout = "10 sec")`, "timeout", `"10 sec"`)
			return c
		}), []want{{"1:19", "invalid-duration", `write "10s"`}}},
		{"secrets", withChannel(func(s *script) score.AlertChannel {
			c := channel("discord", "a")
			c.Receiver.Fields = []score.Field{
				{Name: "a", Value: score.Secret{Origin: s.call(`secret(env = "https://example.com/token")`, "env", `"https://example.com/token"`), Source: score.SecretFromEnvironment, Name: "https://example.com/token"}},
				{Name: "b", Value: score.Secret{Origin: s.call(`secret(file = " ")`, "file", `" "`), Source: score.SecretFromFile, Name: " "}},
				{Name: "c", Value: score.Secret{Origin: s.call(`secret(name = "A_b", key = "a/b")`, "name", `"A_b"`, "key", `"a/b"`), Source: score.SecretFromCluster, Name: "A_b", Key: "a/b"}},
				{Name: "d", Value: score.Secret{Source: 99}},
			}
			return c
		}), []want{{"", "invalid-secret", "unknown source"}, {"1:14", "invalid-secret", "write the variable's name"}, {"2:15", "invalid-secret", "no path"}, {"3:15", "invalid-secret", "name="}, {"3:28", "invalid-secret", "key="}}},
		{"no channel", withStack(func(s *script, stack *score.MonitoringStack) { stack.AlertChannels = nil }), []want{{"1:9", "no-channel", "an alert and no alert channels"}}},
		{"neither channel nor rules nor targets", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.AlertChannels, stack.AlertRules, stack.ScrapeTargets = nil, nil, nil
		}), []want{{"1:9", "no-channel", "alerts reach nobody"}, {"1:9", "no-targets", "service_monitor("}}},
		{"no rules", withStack(func(s *script, stack *score.MonitoringStack) { stack.AlertRules = nil }), []want{{"1:9", "no-rules", "nothing is ever sent"}}},
	}
}
