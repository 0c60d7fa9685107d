// SPDX-License-Identifier: Apache-2.0

// This file holds alert_rule, recording_rule and alert_rule_group.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const kindRule = "rule"

func ruleSignatures() []Signature {
	expr := Argument{Name: "expr", Type: String(), Required: true, Doc: "PromQL expression.", Hint: `expr = 'up == 0'`}
	labels := Argument{Name: "labels", Type: MapOf(String()), Doc: "Labels added to the alert or the series.", Hint: `labels = {"severity": "critical"}`}
	return []Signature{
		{
			Name: "alert_rule", Family: "rules", Result: kindRule,
			Summary: "an alerting rule",
			Doc:     "The field `for` of Prometheus is the argument for_, since `for` is a reserved word.",
			Arguments: []Argument{
				{Name: "alert", Type: String(), Required: true, Doc: "Name of the alert.", Hint: `alert = "WebDown"`},
				expr,
				{Name: "for_", Type: String(), Doc: "How long the expression must hold before the alert fires, as a duration; at once without it.", Hint: `for_ = "5m"`},
				{Name: "keep_firing_for", Type: String(), Doc: "How long the alert goes on after the expression no longer holds, as a duration.", Hint: `keep_firing_for = "10m"`},
				labels,
				{Name: "annotations", Type: MapOf(String()), Doc: "Texts added to the alert, as Go templates: {{ $labels.instance }}, {{ $value }}.", Hint: `annotations = {"summary": "…"}`},
			},
			Example: ruleExample,
			Build: func(c *Call) (any, error) {
				return score.Rule{
					Origin: c.Origin(), Alert: c.String("alert"), Expr: c.String("expr"), For: c.String("for_"), KeepFiringFor: c.String("keep_firing_for"),
					Labels: c.StringMap("labels"), Annotations: c.StringMap("annotations"),
				}, nil
			},
		},
		{
			Name: "recording_rule", Family: "rules", Result: kindRule,
			Summary: "a rule that records the result of an expression as a new series",
			Arguments: []Argument{
				{Name: "record", Type: String(), Required: true, Doc: "Name of the new series.", Hint: `record = "job:up:sum"`},
				expr, labels,
			},
			Example: `rules = alert_rule_group(name = "web", rules = [
    recording_rule(record = "job:up:sum", expr = "sum by (job) (up)"),
])
deploy(monitoring_stack(V2_CRD, alert_rules = [rules]))`,
			Build: func(c *Call) (any, error) {
				return score.Rule{Origin: c.Origin(), Record: c.String("record"), Expr: c.String("expr"), Labels: c.StringMap("labels")}, nil
			},
		},
		{
			Name: "alert_rule_group", Family: "rules", Result: kindGroup,
			Summary: "rules that Prometheus evaluates together, in order",
			Arguments: []Argument{
				{Name: "name", Type: String(), Required: true, Doc: "Name of the group, unique in its stack."},
				{Name: "rules", Type: ListOf(ValueOf(kindRule)), Required: true, Doc: "alert_rule and recording_rule values.", Hint: `rules = [alert_rule(alert = "WebDown", expr = 'up == 0')]`},
				{Name: "interval", Type: String(), Doc: "Time between two evaluations, as a duration; Prometheus' default without it.", Hint: `interval = "30s"`},
				{Name: "query_offset", Type: String(), Doc: "How far in the past the expressions are evaluated, as a duration, for samples that come late; Prometheus' default without it.", Hint: `query_offset = "1m"`},
				{Name: "limit", Type: Int(), Default: 0, Doc: "The most series or alerts that a rule may give; 0 means no limit."},
				{Name: "labels", Type: MapOf(String()), Doc: "Labels added to the alerts and series of every rule; a rule's own label of the same name wins.", Hint: `labels = {"team": "web"}`},
				{Name: "partial_response_strategy", Type: String(), Values: []string{"warn", "abort"}, Doc: "What Thanos Ruler does when some of its sources do not answer. Prometheus has no use for it.", Hint: `partial_response_strategy = "warn"`},
				{Name: "requires", Type: ListOf(String()), Doc: "Metrics without which the rules give nothing; check warns when no target of the stack says that it exposes them.", Hint: `requires = ["kube_pod_status_phase"]`},
			},
			Example: ruleExample,
			Build: func(c *Call) (any, error) {
				return score.RuleGroup{
					Origin: c.Origin(), Name: c.String("name"), Interval: c.String("interval"), QueryOffset: c.String("query_offset"),
					Limit: c.Int("limit"), Labels: c.StringMap("labels"), PartialResponseStrategy: c.String("partial_response_strategy"),
					Requires: c.Strings("requires"), Rules: Values[score.Rule](c, "rules"),
				}, nil
			},
		},
	}
}

const ruleExample = `rules = alert_rule_group(name = "web", rules = [
    alert_rule(
        alert = "WebDown",
        expr = 'up{job="web"} == 0',
        for_ = "5m",
        labels = {"severity": "critical"},
        annotations = {"summary": "{{ $labels.instance }} is down"},
    ),
])
deploy(monitoring_stack(V2_CRD, alert_rules = [rules]))`
