// SPDX-License-Identifier: Apache-2.0

// This file holds alerting and recording rules.

package score

// RuleGroup is a named list of rules that Prometheus evaluates together, in order.
type RuleGroup struct {
	Origin Origin
	// Name is unique in the stack.
	Name string
	// Interval is the time between two evaluations; empty means Prometheus' default.
	Interval string
	// QueryOffset is how far in the past the expressions are evaluated; empty means Prometheus' default.
	QueryOffset string
	// Limit is the most series or alerts that a rule may give; 0 means no limit.
	Limit int
	// PartialResponseStrategy says what Thanos Ruler does when some of its sources do not answer: "warn" or "abort";
	// empty means its default. Prometheus has no use for it.
	PartialResponseStrategy string
	// Labels are added to what every rule of the group gives; a rule's own label of the same name wins.
	Labels map[string]string
	// Requires are names of metrics without which the rules give nothing. They change nothing in the cluster: checks compare
	// them with what the stack's targets expose.
	Requires []string
	// Rules are evaluated one after the other in this order: each sees what those in front of it recorded.
	Rules []Rule
}

// Rule is an alerting rule (Alert is set) or a recording rule (Record is set).
type Rule struct {
	Origin Origin
	// Alert is the alert's name; empty for a recording rule.
	Alert string
	// Record is the name of the series that is recorded; empty for an alerting rule.
	Record string
	// Expr is the PromQL expression.
	Expr string
	// For is how long the expression must hold before the alert fires; empty means at once.
	For string
	// KeepFiringFor is how long the alert goes on after the expression no longer holds; empty means not at all.
	KeepFiringFor string
	// Labels are added to the alert or the series.
	Labels map[string]string
	// Annotations are added to the alert; their values are Go templates.
	Annotations map[string]string
}

// Name returns the alert's or the recorded series' name.
func (r Rule) Name() string {
	if r.Alert != "" {
		return r.Alert
	}
	return r.Record
}
