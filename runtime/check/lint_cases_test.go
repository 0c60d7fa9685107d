// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// lintCases are expressions and templates that Prometheus takes. The first bracketed part of the expression is what is
// underlined.
func lintCases() []testCase {
	expression := func(name, code, marked, part string) testCase {
		start := strings.Index(marked, "«")
		expr := strings.NewReplacer("«", "", "»", "").Replace(marked)
		column := 33 + len([]rune(marked[:max(start, 0)]))
		list := []want{{"1:" + itoa(column), code, part}}
		if start < 0 {
			list = nil
		}
		return testCase{name + ": " + expr, withRules(func(s *script) []score.Rule {
			return []score.Rule{rule(s, "A", "'"+expr+"'", expr)}
		}), list}
	}
	quiet := func(expr string) testCase { return expression("nothing to say", "", expr, "") }
	return []testCase{
		expression("no condition", "alert-without-condition", "«node_load1»", "no condition"),
		expression("no condition", "alert-without-condition", "«sum by (job) (rate(x[5m]))»", "no condition"),
		expression("no condition", "alert-without-condition", "«up > bool 0.5»", "leave bool out"),
		expression("no condition", "alert-without-condition", "«1 > bool 2»", "a number"),
		expression("no condition", "alert-without-condition", "«a > 1 or b»", "no condition"),
		expression("never", "comparison-never-true", "«count(x) == 0»", "count(x) is never below 1"),
		expression("never", "comparison-never-true", "«absent(x) == 0»", "absent(x) is always 1"),
		expression("never", "comparison-never-true", "«up > 1»", "from 0 to 1"),
		expression("never", "comparison-never-true", "x > 1 and «rate(x[5m]) < 0»", "never below 0"),
		expression("never", "comparison-never-true", "«hour() > 23»", "from 0 to 23"),
		expression("always", "comparison-always-true", "«rate(x[5m]) >= 0»", "always holds"),
		expression("always", "comparison-always-true", "«up <= 1»", "always holds"),
		expression("counter", "counter-compared", "«errors_total > 5»", "increase(errors_total[10m])"),
		expression("counter", "counter-compared", "«sum by (job) (errors_total) > 5»", "errors_total"),
		expression("gauge's function", "delta-of-counter", "«delta(errors_total[5m])» > 5", "increase()"),
		expression("rate of a sum", "rate-of-aggregate", "«rate(sum(errors_total)[10m:1m])» > 5", "sum(rate(…))"),
		expression("no buckets", "quantile-without-le", "histogram_quantile(0.9, «sum by (job) (rate(x_bucket[5m]))») > 1", "keep le"),
		expression("percentage", "quantile-out-of-range", "histogram_quantile(«95», sum by (le) (rate(x_bucket[5m]))) > 1", "write 0.95"),
		expression("percentage", "quantile-out-of-range", "quantile(«-1», x) > 1", "from 0 to 1"),
		expression("percentage", "quantile-out-of-range", "quantile_over_time(«99», x[5m]) > 1", "write 0.99"),
		expression("absent", "absent-of-several", `«absent(up{job=~"a|b"})»`, `job="a"`),
		expression("regex", "needless-regex", `up{«job=~"web"»} == 0`, `write job="web"`),
		expression("regex", "needless-regex", `up{«job!~"web"»} == 0`, `write job!="web"`),
		expression("regex", "needless-regex", `up{«job=~"^web.*"»} == 0`, `write "web.*"`),
		expression("regex", "needless-regex", `up{«job=~".*"»} == 0`, "leave it out"),
		expression("contradiction", "impossible-selector", `«up{job="a",job="b"}» == 0`, "at once"),
		expression("contradiction", "impossible-selector", `«up{job="a",job!~"a|b"}» == 0`, "at once"),
		expression("matching", "labels-never-match", "«sum by (job, code) (x) / sum by (job) (x)» > 1", "{code, job}"),
		expression("matching", "labels-never-match", "«x / on (instance) sum by (job) (x)» > 1", "right side"),
		expression("matching", "labels-never-match", "x > 1 and («x and on (pod) count without (pod) (y)»)", "no label pod"),

		quiet("vector(1)"),
		quiet("count(x) > 0"),
		quiet("absent(x) == 1"),
		quiet("(count(x) or vector(0)) == 0"),
		quiet("a / b >= 0"),
		quiet("errors_total == 0"),
		quiet("errors_total > errors_total offset 5m"),
		quiet("increase(errors_total[5m]) > 5"),
		quiet("ALERTS"),
		quiet("job:up:sum"),
		quiet("histogram_quantile(0.9, sum by (job) (rate(x[5m]))) > 1"),
		quiet("histogram_quantile(0.9, rate(x_bucket[5m])) > 1"),
		quiet(`absent(up{job=~"web-.+"})`),
		quiet(`up{job=~"a|b"} == 0`),
		quiet("sum by (job) (x) / on (job) group_left sum by (job) (x) > 1"),
		quiet("sum by (job, code) (x) / ignoring (code) group_left sum by (job) (x) > 1"),
		quiet("sum(x) / sum(y) > 1"),
		quiet("up == 0 unless on () vector(1)"),
		quiet("time() - x > 5"),
		quiet(`label_replace(sum by (a) (x), "b", "$1", "a", "(.*)") / on (b) y > 1`),
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// alertWith is an alert with one annotation or label, whose token is at a known place.
func alertWith(s *script, dict, expr, text string) score.Rule {
	source := "alert_rule(alert = \"A\", " + dict + " = {\"k\": '" + text + "'}, expr = '" + expr + "')"
	r := score.Rule{Origin: s.call(source, "alert", `"A"`, dict+"[k]", "'"+text+"'", "expr", "'"+expr+"'"), Alert: "A", Expr: expr}
	if dict == "labels" {
		r.Labels = map[string]string{"k": text}
	} else {
		r.Annotations = map[string]string{"k": text}
	}
	return r
}

func lintTargetCases() []testCase {
	template := func(name, dict, expr, text, position, code, part string) testCase {
		list := []want{{position, code, part}}
		if code == "" {
			list = nil
		}
		return testCase{name, withRules(func(s *script) []score.Rule { return []score.Rule{alertWith(s, dict, expr, text)} }), list}
	}
	relabeling := func(name string, metric bool, r score.Relabeling, code, part string) testCase {
		return testCase{"relabeling: " + name, withTarget(func(s *script) score.ScrapeTarget {
			r.Origin = s.call(`relabel()`)
			t := score.ServiceMonitor{Name: "web", MatchLabels: map[string]string{"a": "b"}, Port: "http"}
			if metric {
				t.MetricRelabelings = []score.Relabeling{r}
			} else {
				t.Relabelings = []score.Relabeling{r}
			}
			return t
		}), []want{{"1:1", code, part}}}
	}
	tenant := func(name string, change func(s *script, stack *score.MonitoringStack), list ...want) testCase {
		return testCase{"tenant: " + name, func(s *script) []score.Score {
			stack := good(&script{t: s.t})
			change(s, &stack)
			return []score.Score{score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: score.TenantDedicated}}
		}, list}
	}
	empty, dollar := "", "$1"
	web := score.ServiceMonitor{Name: "web", MatchLabels: map[string]string{"a": "b"}, Port: "http", Endpoint: score.Endpoint{Interval: "1m"}}
	withInterval := func(rules ...score.Rule) func(*script) []score.Score {
		return func(s *script) []score.Score {
			stack := good(&script{t: s.t})
			stack.ScrapeTargets = []score.ScrapeTarget{web, score.PodMonitor{Name: "fast", MatchLabels: map[string]string{"a": "b"}, Port: "http", Endpoint: score.Endpoint{Interval: "5s"}}}
			stack.AlertRules = []score.RuleGroup{{Name: "g", Interval: "1m", Rules: rules}}
			return []score.Score{stack}
		}
	}
	return []testCase{
		template("label dropped", "annotations", "sum by (job) (x) > 1", "{{ $labels.instance }}", "1:49", "label-not-in-result", "the labels {job}"),
		template("label dropped, by the dot", "annotations", "sum by (job) (x) > 1", "at {{ .Labels.instance }}", "1:52", "label-not-in-result", "instance"),
		template("label dropped, by index", "annotations", "sum(x) > 1", `{{ index $labels "pod" }}`, "1:63", "label-not-in-result", "pod"),
		template("label dropped by without", "annotations", "sum without (pod) (x) > 1", "{{ $labels.pod }}", "1:49", "label-not-in-result", "pod"),
		template("label of absent", "annotations", `absent(up{job="web"})`, "{{ $labels.job }} {{ $labels.instance }}", "1:67", "label-not-in-result", "instance"),
		template("label there", "annotations", "sum by (job) (x) > 1", "{{ $labels.job }}{{ range query \"up\" }}{{ .Labels.instance }}{{ end }}", "", "", ""),
		template("value in a label", "labels", "x > 1", "v{{ $value }}", "1:45", "value-in-label", "annotation"),
		template("value decides on a label", "labels", "x > 1", "{{ if gt $value 5.0 }}high{{ else }}low{{ end }}", "", "", ""),

		{"range too short for its target", withInterval(score.Rule{Alert: "A", Expr: `rate(x_total{job="web"}[1m]) > 1`}), []want{{"", "short-range", "write [4m]"}}},
		{"range too short for every target", withInterval(score.Rule{Alert: "A", Expr: `rate(x_total[5s]) > 1`}), []want{{"", "short-range", "every 5s"}}},
		{"range long enough for one", withInterval(score.Rule{Alert: "A", Expr: `rate(x_total[10s]) > 1 and rate(job:x[1s]) > 1`}), nil},
		{"for too short", withInterval(score.Rule{Alert: "A", Expr: `up == 0`, For: "30s"}), []want{{"", "short-for", `"1m"`}}},
		{"recorded later", withInterval(score.Rule{Alert: "A", Expr: `a_b > 0`}, score.Rule{Record: "a_b", Expr: "sum(x)"}), []want{{"", "recorded-later", "move"}}},
		{"recorded before", withInterval(score.Rule{Record: "a_b", Expr: "sum(x)"}, score.Rule{Alert: "A", Expr: `a_b > 0`}), nil},
		{"job misspelt", withInterval(score.Rule{Alert: "A", Expr: `up{job="wbe"} == 0`}), []want{{"", "unknown-job", `did you mean "web"?`}}},

		relabeling("expression", false, score.Relabeling{Action: "drop", SourceLabels: []string{"a"}, Regex: "("}, "invalid-relabeling", "regex"),
		relabeling("source", false, score.Relabeling{Action: "drop", SourceLabels: []string{"\xff"}, Regex: "a"}, "invalid-relabeling", "names of labels"),
		relabeling("target", false, score.Relabeling{Action: "replace", SourceLabels: []string{"a"}}, "invalid-relabeling", "add target_label"),
		relabeling("modulus", false, score.Relabeling{Action: "hashmod", SourceLabels: []string{"a"}, TargetLabel: "b"}, "invalid-relabeling", "modulus"),
		relabeling("too much", false, score.Relabeling{Action: "labeldrop", Regex: "a", TargetLabel: "b"}, "invalid-relabeling", "only 'regex'"),
		relabeling("drops all", false, score.Relabeling{Action: "drop", SourceLabels: []string{"a"}}, "relabeling-drops-everything", "say what to drop"),
		relabeling("drops names", true, score.Relabeling{Action: "labelkeep", Regex: "job|instance"}, "relabeling-drops-everything", "__name__|job|instance"),
		relabeling("drops the name", true, score.Relabeling{Action: "labeldrop", Regex: "__.*"}, "relabeling-drops-everything", "labeldrop"),
		relabeling("keeps all", true, score.Relabeling{Action: "keep", SourceLabels: []string{"a"}, Regex: ".*"}, "relabeling-without-effect", "say what to keep"),
		relabeling("too late", true, score.Relabeling{SourceLabels: []string{"__meta_kubernetes_node"}, TargetLabel: "node", Replacement: &dollar}, "relabeling-too-late", "move it into relabelings"),

		{"scrape settings", withTarget(func(s *script) score.ScrapeTarget {
			return score.PodMonitor{
				Origin: s.call(`pod_monitor()`), Name: "web", MatchLabels: map[string]string{"a": "b"}, Port: "http", Namespaces: []string{"*", "shop"}, PodTargetLabels: []string{"a b"},
				Endpoint: score.Endpoint{Limits: score.ScrapeLimits{Samples: -1, BodySize: "10M"}, ScrapeProtocols: []string{"OpenMetricsText1.0", "PrometheusProto", "PrometheusProto"}},
			}
		}), []want{
			{"1:1", "conflicting-settings", "leave the others out"},
			{"1:1", "invalid-kubernetes-label", "a b"},
			{"1:1", "invalid-quantity", `write "10MB"`},
			{"1:1", "invalid-scrape-protocol", "OpenMetricsText1.0.0"},
			{"1:1", "invalid-scrape-protocol", "twice"},
			{"1:1", "out-of-range", "sample_limit"},
		}},
		{"discovery", withStack(func(s *script, stack *score.MonitoringStack) {
			stack.ScrapeTargets = []score.ScrapeTarget{
				score.HTTPDiscovery{Name: "a", URL: "ftp://x", RefreshInterval: "soon"},
				score.DNSDiscovery{Name: "b", Names: []string{"db:9187", "a b"}, Type: "A"},
				score.DNSDiscovery{Name: "c", Names: nil, Port: 1},
				score.DNSDiscovery{Name: "d", Names: []string{"d"}, Type: "A", Port: 99999},
			}
		}), []want{
			{"", "conflicting-settings", "add port"},
			{"", "conflicting-settings", "leave the port out"},
			{"", "invalid-address", "a b"},
			{"", "invalid-address", `write "db"`},
			{"", "invalid-duration", "refresh_interval"},
			{"", "invalid-url", "http"},
			{"", "no-addresses", "no names"},
			{"", "out-of-range", "65535"},
		}},

		tenant("rules write the namespace", func(_ *script, stack *score.MonitoringStack) {
			stack.AlertRules = []score.RuleGroup{{Name: "g", Labels: map[string]string{"namespace": "red"}, Rules: []score.Rule{
				{Alert: "A", Expr: `label_replace(up == 0, "namespace", "red", "job", ".*")`, Labels: map[string]string{"namespace": "red"}},
				{Alert: "B", Expr: `up{namespace!="blue"} == 0`, Labels: map[string]string{"namespace": "blue"}},
			}}}
		}, want{"", "namespace-overridden", "label_replace()"}, want{"", "namespace-overridden", "labels"}, want{"", "namespace-overridden", "alert_rule_group"}, want{"", "promql-other-namespace", `namespace!="blue"`}),
		tenant("targets write the namespace", func(_ *script, stack *score.MonitoringStack) {
			stack.ScrapeTargets = []score.ScrapeTarget{
				score.StaticTargets{Name: "a", Targets: []string{"a:1"}, Labels: map[string]string{"namespace": "red"}, Endpoint: score.Endpoint{
					Relabelings: []score.Relabeling{{TargetLabel: "namespace", Replacement: &empty}},
				}},
			}
		}, want{"", "namespace-overridden", "static_targets \"a\": labels"}, want{"", "namespace-overridden", "relabelings[0]"}),
		tenant("targets elsewhere", func(_ *script, stack *score.MonitoringStack) {
			far := web
			far.Namespaces = []string{"red"}
			stack.ScrapeTargets = []score.ScrapeTarget{
				far,
				score.StaticTargets{Name: "a", Targets: []string{"db.red.svc:1", "db.blue.svc:1", "db.example.com:1", "127.0.0.1:9100", "169.254.169.254:80"}},
				score.Probe{Name: "b", Prober: "blackbox.probes.svc.cluster.local:9115", Targets: []string{"https://web.red.svc/health", "https://example.com"}},
			}
		}, want{"", "namespaces-in-tenant", "red"}, want{"", "target-outside-tenant", "web.red.svc"},
			want{"", "target-outside-tenant", "127.0.0.1"}, want{"", "target-outside-tenant", "169.254"}, want{"", "target-outside-tenant", "db.red.svc"}),
	}
}
