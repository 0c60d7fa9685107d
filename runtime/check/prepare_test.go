// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// texts that a rule may have, right and wrong.
var (
	someExpressions = []string{
		`up{job="web-%d"} == 0`, `sum by (job) (rate(a_total{n="%d"}[5m])) > 1`, `up{n="%d"} =`, `rate(b_total{n="%d"}[5m]`, `c_total{n="%d"} > 5`,
		`sum(up{n="%d"}) >= 0`, `d{n="%d",n="other"}`, `time() + %d`, `absent(up{namespace="n-%d"})`,
	}
	someTemplates = []string{
		"%d: {{ $labels.instance }} is down", "%d: {{ $value | humanise }}", "%d: {{ .Labels.job }} at {{ .Value }}", "%d {{ end }}", "plain %d",
		"%d: {{ if $labels.nowhere }}{{ $labels.instance }}{{ end }}", "%d: {{ $nothing }}", "%d: {{ index $labels \"job\" }} of {{ $externalLabels.cluster }}",
	}
)

// rules returns a deployment of count rules, half of them wrong, no two alike.
func mixedRules(count int) score.Deployment {
	at := func(line int) score.Origin {
		return score.NewOrigin(&score.CallSite{Position: score.Position{File: scriptName, Line: line, Column: 1}}, nil)
	}
	var groups []score.RuleGroup
	for i := range count {
		r := score.Rule{
			Origin: at(i + 10), Alert: fmt.Sprintf("Alert%d", i), Expr: fmt.Sprintf(someExpressions[i%len(someExpressions)], i),
			Labels:      map[string]string{"severity": "critical", "seen": fmt.Sprintf(someTemplates[(i+3)%len(someTemplates)], i)},
			Annotations: map[string]string{"summary": fmt.Sprintf(someTemplates[i%len(someTemplates)], i)},
		}
		if i%10 == 0 {
			groups = append(groups, score.RuleGroup{Origin: at(i + 10), Name: fmt.Sprintf("group-%d", i), Labels: map[string]string{"team": fmt.Sprintf(someTemplates[i/10%len(someTemplates)], i)}})
		}
		last := &groups[len(groups)-1]
		last.Rules = append(last.Rules, r)
	}
	stack := score.MonitoringStack{Origin: at(1), Name: "monitoring", Namespace: "monitoring", APIVersion: score.V2CRD, Replicas: 1, Shards: 1, AlertRules: groups}
	return score.Deployment{Name: "demo", Scores: []score.Score{
		stack,
		score.TenantMonitoring{Origin: at(2), Stack: stack, Mode: score.TenantDedicated, Tenant: score.Tenant{Origin: at(2), Name: "team-a"}},
	}}
}

// TestCoresMakeNoDifference checks the same scores with one core and with many: every problem is told, in the same words and
// the same order.
func TestCoresMakeNoDifference(t *testing.T) {
	d := mixedRules(400)
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	want := ""
	for _, cores := range []int{1, 2, 8, 8} {
		runtime.GOMAXPROCS(cores)
		list := check.Deployment(d, registry(t, version{version: score.V2CRD}))
		if len(list) < 400 {
			t.Fatalf("%d cores: got %d problems, want several hundred", cores, len(list))
		}
		got := ""
		for _, problem := range list {
			got += fmt.Sprintf("%+v\n", problem)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d cores: got\n%s\nwant\n%s", cores, got, want)
		}
	}
}

// BenchmarkRules checks a thousand rules of which no two have a text in common.
func BenchmarkRules(b *testing.B) {
	d := mixedRules(1000)
	r := registry(b, version{version: score.V2CRD})
	b.ReportAllocs()
	for b.Loop() {
		if list := check.Deployment(d, r); len(list) == 0 {
			b.Fatal("got no problem, want many")
		}
	}
}
