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
	// Limit is the most series or alerts that a rule may give; 0 means no limit.
	Limit int
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
