// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// What promtool refuses, check refuses. It may say more: rules that promtool takes and that cannot work.
func TestAgreesWithPromtool(t *testing.T) {
	rules := map[string]score.Rule{
		"good alert":                {Alert: "A", Expr: "up == 0", For: "5m", Labels: map[string]string{"severity": "page"}, Annotations: map[string]string{"s": "{{ $labels.a }} {{ $value }} {{ .Value }} {{ $externalLabels.x }}"}},
		"good recording":            {Record: "a:b", Expr: "sum(up)"},
		"odd names":                 {Alert: "it is down!", Expr: "up", Labels: map[string]string{"a-b": "c", "d.e": "f"}},
		"query in a template":       {Alert: "A", Expr: "up", Annotations: map[string]string{"s": `{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}`}},
		"no expression":             {Alert: "A"},
		"bad expression":            {Alert: "A", Expr: "up ="},
		"wrong type":                {Alert: "A", Expr: "rate(up)"},
		"unknown function":          {Alert: "A", Expr: "nope(up)"},
		"experimental function":     {Alert: "A", Expr: "sort_by_label(up)"},
		"both kinds":                {Alert: "A", Record: "a:b", Expr: "up"},
		"no kind":                   {Expr: "up"},
		"recording with for":        {Record: "a:b", Expr: "up", For: "5m"},
		"recording with annotation": {Record: "a:b", Expr: "up", Annotations: map[string]string{"a": "b"}},
		"recording name":            {Record: "a{b=\"c\"}", Expr: "up"},
		"reserved label":            {Alert: "A", Expr: "up", Labels: map[string]string{"__name__": "x"}},
		"empty label":               {Alert: "A", Expr: "up", Labels: map[string]string{"": "x"}},
		"label not in UTF-8":        {Alert: "A", Expr: "up", Labels: map[string]string{"\xff": "x"}},
		"label value not in UTF-8":  {Alert: "A", Expr: "up", Labels: map[string]string{"a": "\xff"}},
		"template":                  {Alert: "A", Expr: "up", Annotations: map[string]string{"s": "{{ end }}"}},
		"template's function":       {Alert: "A", Expr: "up", Labels: map[string]string{"s": "{{ nope }}"}},
		"template's variable":       {Alert: "A", Expr: "up", Labels: map[string]string{"s": "{{ $nope }}"}},
		"template of a recording":   {Record: "a:b", Expr: "up", Labels: map[string]string{"s": "{{ nope"}},
	}
	promql := parser.NewParser(parser.Options{})
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			theirs := rulefmt.Rule{Alert: r.Alert, Record: r.Record, Expr: r.Expr, Labels: r.Labels, Annotations: r.Annotations}
			if r.For != "" {
				d, err := model.ParseDuration(r.For)
				if err != nil {
					t.Fatal(err)
				}
				theirs.For = d
			}
			refused := theirs.Validate(rulefmt.RuleNode{}, model.UTF8Validation, promql)
			got := check.Values([]any{r}, nil)
			if got.HasErrors() != (len(refused) > 0) {
				t.Errorf("promtool: %v\nharmonyscript: %v", refused, got)
			}
		})
	}
}
