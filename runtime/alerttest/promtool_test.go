// SPDX-License-Identifier: Apache-2.0

package alerttest_test

// This file holds the evaluation of rules against promtool. What rules give at every minute of the cases below is kept
// in a golden file. With HARMONYSCRIPT_PROMTOOL, the path of a promtool, it is promtool that has to agree: with the
// cases, and with random ones, label by label and value by value.

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/runtime/alerttest"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var goldenFile = golden.Flag(flag.CommandLine)

type promtoolCase struct {
	name   string
	groups []score.RuleGroup
	series []alerttest.Series
	until  int // minutes
	// fails says that a rule cannot be evaluated.
	fails bool
}

func alert(expr, hold, keep string) score.Rule {
	return score.Rule{Alert: "A", Expr: expr, For: hold, KeepFiringFor: keep}
}

func labelled(r score.Rule, labels, annotations map[string]string) score.Rule {
	r.Labels, r.Annotations = labels, annotations
	return r
}

func record(name, expr string) score.Rule { return score.Rule{Record: name, Expr: expr} }

// cases are what promtool and this package are compared on.
func cases() []promtoolCase {
	series := func(pairs ...string) []alerttest.Series {
		var all []alerttest.Series
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, alerttest.Series{Name: pairs[i], Values: pairs[i+1]})
		}
		return all
	}
	flapping := series(`up{job="web"}`, "1 0x3 1 0x8 1x10", `up{job="db"}`, "0x5 1x20")
	template := map[string]string{
		"summary": "{{ $labels.job }} is {{ $value | humanize }}", "query": `{{ with query "count(up)" }}{{ . | first | value }}{{ end }}`,
		"broken": `{{ query "up{" }}`, "missing": "[{{ $labels.nothing }}]",
	}
	return []promtoolCase{
		{name: "at once", groups: groups(alert("up == 0", "", "")), series: flapping, until: 22},
		{name: "for", groups: groups(alert("up == 0", "5m", "")), series: flapping, until: 22},
		{name: "for between evaluations", groups: groups(alert("up == 0", "2m30s", "")), series: flapping, until: 22},
		{name: "keep firing", groups: groups(alert("up == 0", "2m", "3m")), series: flapping, until: 22},
		{name: "keep firing, fires again", groups: groups(alert("up == 0", "", "10m")), series: flapping, until: 22},
		{name: "keep what is pending", groups: groups(alert("up == 0", "6m", "5m")), series: flapping, until: 22},
		{name: "absent", groups: groups(alert(`absent(up{job="web"})`, "2m", "")), series: series(`up{job="web"}`, "1x3 _x8 1x5"), until: 18},
		{name: "absent over time", groups: groups(alert(`absent_over_time(up{job="web"}[3m])`, "", "")), series: series(`up{job="web"}`, "1x3 _x8 1x5"), until: 18},
		{name: "stale", groups: groups(alert(`up == 1`, "", ""), score.Rule{Alert: "B", Expr: `absent(up)`}), series: series(`up`, "1x3 stale _x3 1x2"), until: 14},
		{name: "one alert of two rules", groups: groups(alert(`up == 1`, "", ""), alert(`absent(up)`, "", "")), series: series(`up`, "1x3 stale _x3 1x2"), until: 14, fails: true},
		{name: "gap longer than the lookback", groups: groups(alert(`up == 1`, "", "")), series: series(`up`, "1x3 _x9 1x2"), until: 20},
		{
			name: "histogram_quantile", groups: groups(alert("histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m]))) > 0.4", "", "")),
			series: series(`latency_bucket{le="0.1"}`, "0+10x10 100+1x10", `latency_bucket{le="0.5"}`, "0+12x10 120+9x10", `latency_bucket{le="+Inf"}`, "0+12x10 120+12x10"), until: 20,
		},
		{
			name: "native histogram", groups: groups(alert("histogram_quantile(0.5, rate(latency[5m])) > 1", "", ""), record("sum", "histogram_sum(latency)"), record("copy", "latency * 2")),
			series: series("latency", "{{schema:0 count:2 sum:2 buckets:[1 1]}}+{{schema:0 count:3 sum:9 buckets:[1 1 1]}}x10"), until: 12,
		},
		{name: "rate over a reset", groups: groups(alert("rate(requests_total[3m]) * 60 > 9", "1m", ""), record("increase", "increase(requests_total[4m])")), series: series("requests_total", "0+10x5 3+10x5 1+1x5"), until: 17},
		{name: "templates", groups: groups(labelled(alert("up == 0", "", ""), map[string]string{"severity": "{{ if gt $value 0.5 }}warning{{ else }}critical{{ end }}", "empty": "{{ $labels.nothing }}"}, template)), series: flapping, until: 10},
		{name: "label over label", groups: groups(labelled(alert(`up{job="web"} == 0`, "1m", ""), map[string]string{"job": "other", "value": "{{ $value }}"}, nil)), series: flapping, until: 12},
		{name: "recording feeds alert", groups: groups(record("job:up:sum", "sum by (job) (up)"), alert("job:up:sum < 1", "2m", "")), series: flapping, until: 20},
		{name: "alert before its recording", groups: groups(alert("job:up:sum < 1", "", ""), record("job:up:sum", "sum by (job) (up)")), series: flapping, until: 20},
		{name: "recording with labels", groups: groups(labelled(record("down", "up == 0"), map[string]string{"team": "a", "job": "all"}, nil)), series: series(`up{job="web"}`, "1 0x3 1x5"), until: 10},
		{name: "recorded series end", groups: groups(record("down", "up == 0"), alert("down == 0", "", "")), series: flapping, until: 20},
		{name: "alerts of alerts", groups: groups(alert("up == 0", "2m", ""), score.Rule{Alert: "B", Expr: `ALERTS{alertname="A", alertstate="firing"}`}, score.Rule{Alert: "C", Expr: `time() - ALERTS_FOR_STATE{alertname="A"} > 180`}), series: flapping, until: 20},
		{
			name: "group labels and offset", groups: []score.RuleGroup{{Name: "group", QueryOffset: "2m", Labels: map[string]string{"team": "a", "severity": "info"}, Rules: []score.Rule{labelled(alert("up == 0", "1m", ""), map[string]string{"severity": "critical"}, nil), record("down", "up == 0")}}},
			series: flapping, until: 20,
		},
		{name: "two groups", groups: []score.RuleGroup{{Name: "a", Rules: []score.Rule{record("twice", "up * 2")}}, {Name: "b", Rules: []score.Rule{alert("twice == 2", "3m", "")}}}, series: flapping, until: 20},
		{name: "subquery, offset, @", groups: groups(alert("max_over_time((up == bool 0)[5m:]) == 1", "", ""), score.Rule{Alert: "B", Expr: "up offset 3m == 0"}, score.Rule{Alert: "C", Expr: "up @ 60 == 0"}, score.Rule{Alert: "D", Expr: "up offset -5m == 0"}), series: flapping, until: 20},
		{name: "scalar and vector", groups: groups(alert("vector(1)", "", ""), score.Rule{Alert: "B", Expr: "1 > bool 0"}), until: 3},
		{name: "time", groups: groups(alert("minute() > 4 and minute() < 8", "1m", "1m")), until: 12},
		{name: "joins", groups: groups(alert("up * on (job) group_left (team) info == 0", "", "")), series: append(series(`info{job="web", team="a"}`, "1x30", `info{job="db", team="b"}`, "1x4 _x20"), flapping...), until: 20},
		{name: "limit kept", groups: []score.RuleGroup{{Name: "g", Limit: 2, Rules: []score.Rule{alert("up == 0", "", "")}}}, series: flapping, until: 10},
		{name: "limit of alerts", groups: []score.RuleGroup{{Name: "g", Limit: 1, Rules: []score.Rule{alert("up == 0", "", "")}}}, series: flapping, until: 10, fails: true},
		{name: "limit of series", groups: []score.RuleGroup{{Name: "g", Limit: 1, Rules: []score.Rule{record("x", "up")}}}, series: flapping, until: 10, fails: true},
		{name: "same alert twice", groups: groups(labelled(alert("up == 0", "", ""), map[string]string{"job": "x"}, nil)), series: flapping, until: 10, fails: true},
		{name: "same series twice", groups: groups(labelled(record("x", "up"), map[string]string{"job": "x"}, nil)), series: flapping, until: 10, fails: true},
		{name: "two rules, one series", groups: groups(record("x", "vector(1)"), record("x", "vector(2)")), until: 2, fails: true},
		{name: "many to many", groups: groups(alert("up * on () up", "", "")), series: flapping, until: 2, fails: true},
	}
}

// moment is what a case gives at a minute.
type moment struct {
	minute  int
	alerts  []alerttest.Alert
	samples map[string][]alerttest.Sample // by expression
}

// run evaluates a case at every minute. It returns nothing when a rule fails.
func (c promtoolCase) run(t *testing.T) []moment {
	t.Helper()
	var all []moment
	for minute := range c.until + 1 {
		state, err := alerttest.Evaluate(t.Context(), alerttest.Case{
			Groups: c.groups, Series: c.series, Interval: time.Minute, At: time.Duration(minute) * time.Minute,
		})
		if err != nil {
			if !c.fails {
				t.Fatalf("%s: %v", c.name, err)
			}
			return nil
		}
		m := moment{minute: minute, alerts: state.Alerts, samples: map[string][]alerttest.Sample{}}
		for _, expr := range c.expressions() {
			if m.samples[expr], err = state.Query(t.Context(), expr); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		all = append(all, m)
	}
	return all
}

func (c promtoolCase) expressions() []string {
	all := []string{"ALERTS", "ALERTS_FOR_STATE"}
	for _, g := range c.groups {
		for _, r := range g.Rules {
			if r.Record != "" {
				all = append(all, r.Record)
			}
		}
	}
	return all
}

func (c promtoolCase) alertNames() []string {
	var names []string
	for _, g := range c.groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				names = append(names, r.Alert)
			}
		}
	}
	return names
}

func TestCases(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, c := range cases() {
		fmt.Fprintf(&b, "## %s\n", c.name)
		moments := c.run(t)
		if (moments == nil) != c.fails {
			t.Errorf("%s: got failure %t, want %t", c.name, moments == nil, c.fails)
		}
		last := ""
		for _, m := range moments {
			var lines []string
			for _, a := range m.alerts {
				line := "  " + a.String()
				for _, name := range []string{"summary", "query", "broken", "missing"} {
					if text, ok := a.Annotations[name]; ok {
						line += fmt.Sprintf("\n    %s: %s", name, text)
					}
				}
				lines = append(lines, line)
			}
			for _, expr := range c.expressions()[2:] {
				for _, s := range m.samples[expr] {
					lines = append(lines, "  "+s.Series+" "+s.Value)
				}
			}
			if text := strings.Join(lines, "\n"); text != last {
				last = text
				fmt.Fprintf(&b, "%dm:\n", m.minute)
				if text != "" {
					fmt.Fprintln(&b, text)
				}
			}
		}
	}
	goldenFile.Check(t, "cases.golden", []byte(b.String()))
}

// document is any part of promtool's files.
type document = map[string]any

// write writes the case for promtool, with what moments say as its expectation.
func (c promtoolCase) write(t *testing.T, folder string, moments []moment) string {
	t.Helper()
	rules := []document{}
	for _, g := range c.groups {
		var list []document
		for _, r := range g.Rules {
			one := document{"expr": r.Expr}
			for key, value := range map[string]string{"alert": r.Alert, "record": r.Record, "for": r.For, "keep_firing_for": r.KeepFiringFor} {
				if value != "" {
					one[key] = value
				}
			}
			if r.Labels != nil {
				one["labels"] = r.Labels
			}
			if r.Annotations != nil {
				one["annotations"] = r.Annotations
			}
			list = append(list, one)
		}
		group := document{"name": g.Name, "rules": list, "limit": g.Limit}
		if g.QueryOffset != "" {
			group["query_offset"] = g.QueryOffset
		}
		if g.Labels != nil {
			group["labels"] = g.Labels
		}
		rules = append(rules, group)
	}
	var input, alertTests, exprTests []document
	for _, s := range c.series {
		input = append(input, document{"series": s.Name, "values": s.Values})
	}
	for _, m := range moments {
		at := fmt.Sprintf("%dm", m.minute)
		for _, name := range c.alertNames() {
			expected := []document{}
			for _, a := range m.alerts {
				if a.Name == name && a.Firing {
					expected = append(expected, document{"exp_labels": a.Labels, "exp_annotations": a.Annotations})
				}
			}
			alertTests = append(alertTests, document{"eval_time": at, "alertname": name, "exp_alerts": expected})
		}
		for expr, samples := range m.samples {
			if c.groups[0].QueryOffset != "" && m.minute < c.until {
				continue // promtool asks at the end, when what came late is there
			}
			expected := []document{}
			for _, s := range samples {
				one := document{"labels": s.Series}
				if value, err := strconv.ParseFloat(s.Value, 64); err == nil {
					one["value"] = value
				} else {
					one["histogram"] = s.Value
				}
				expected = append(expected, one)
			}
			exprTests = append(exprTests, document{"eval_time": at, "expr": expr, "exp_samples": expected})
		}
	}
	if moments == nil { // there is no need to say what comes of rules that fail
		exprTests = []document{{"eval_time": fmt.Sprintf("%dm", c.until), "expr": "vector(1)", "exp_samples": []document{{"labels": "{}", "value": 1}}}}
	}
	file := document{
		"rule_files": []string{"rules.json"}, "evaluation_interval": "1m", "fuzzy_compare": true, "group_eval_order": groupNames(c.groups),
		"tests": []document{{"interval": "1m", "input_series": input, "alert_rule_test": alertTests, "promql_expr_test": exprTests}},
	}
	for name, content := range map[string]document{"rules.json": {"groups": rules}, "test.json": file} {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "test.json")
}

func groupNames(all []score.RuleGroup) []string {
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
	}
	return names
}

// randomCase makes alerts that come and go, and what is made of them.
func randomCase(random *rand.Rand, number int) promtoolCase {
	var series []alerttest.Series
	for _, job := range []string{"a", "b", "c"}[:1+random.Intn(3)] {
		var values []string
		for range 25 {
			values = append(values, []string{"0", "0", "0", "1", "1", "_", "_", "stale"}[random.Intn(8)])
		}
		series = append(series, alerttest.Series{Name: fmt.Sprintf("up{job=%q}", job), Values: strings.Join(values, " ")})
	}
	duration := func() string { return model.Duration(time.Duration(random.Intn(10)) * 30 * time.Second).String() }
	first := labelled(alert([]string{"up == 0", "up", "absent(up)", "count(up == 0) > 0", "changes(up[5m]) > 1"}[random.Intn(5)], duration(), duration()),
		map[string]string{"severity": "{{ $value }}"}, map[string]string{"summary": "{{ $labels }} {{ $value }}"})
	if random.Intn(2) == 0 {
		first.Labels = nil
	}
	second := score.Rule{Alert: "B", Expr: `recorded == 0`, For: duration(), KeepFiringFor: duration()}
	third := score.Rule{Alert: "C", Expr: `count(ALERTS{alertstate="firing"}) > 0`, For: duration()}
	return promtoolCase{name: fmt.Sprintf("random %d", number), groups: groups(first, record("recorded", "up"), second, third), series: series, until: 28}
}

// TestLikePromtool has promtool say whether what this package finds is right.
func TestLikePromtool(t *testing.T) {
	t.Parallel()
	program := os.Getenv("HARMONYSCRIPT_PROMTOOL")
	if program == "" {
		t.Skip("HARMONYSCRIPT_PROMTOOL names no promtool")
	}
	all := cases()
	random := rand.New(rand.NewSource(1))
	for i := range 100 {
		all = append(all, randomCase(random, i))
	}
	judge := func(c promtoolCase, moments []moment) (string, bool) {
		output, err := exec.CommandContext(t.Context(), program, "test", "rules", c.write(t, t.TempDir(), moments)).CombinedOutput()
		return string(output), err == nil
	}
	spoilt := 0
	for _, c := range all {
		moments := c.run(t)
		if output, passed := judge(c, moments); passed == c.fails {
			t.Errorf("%s: promtool says otherwise:\n%s", c.name, output)
		}
		// promtool has to notice an alert less, or its agreement would mean nothing.
		for i, m := range moments {
			if len(m.alerts) > 0 && m.alerts[0].Firing {
				moments[i].alerts = m.alerts[1:]
				if _, passed := judge(c, moments); passed {
					t.Errorf("%s: promtool does not notice a missing alert", c.name)
				}
				spoilt++
				break
			}
		}
	}
	if spoilt < 20 {
		t.Errorf("got %d cases that fire, want enough to prove something", spoilt)
	}
}
