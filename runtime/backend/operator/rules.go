// SPDX-License-Identifier: Apache-2.0

// This file compiles rules.

package operator

import (
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// AddRules adds a PrometheusRule per group, so that a group that is refused is reported at its place in the
// script and does not take the others with it.
func (s Scope) AddRules(b *backend.Builder) {
	for _, group := range s.AlertRules {
		b.Add(monitoringv1ac.PrometheusRule(backend.ObjectName(s.Name, group.Name), s.Namespace).WithAPIVersion(s.v1()).WithLabels(s.Labels).
			WithSpec(monitoringv1ac.PrometheusRuleSpec().WithGroups(ruleGroup(group))), group.Origin)
	}
}

func ruleGroup(group score.RuleGroup) *monitoringv1ac.RuleGroupApplyConfiguration {
	compiled := monitoringv1ac.RuleGroup().WithName(group.Name)
	given(monitoringv1.Duration(group.Interval), compiled.WithInterval)
	given(monitoringv1.Duration(group.QueryOffset), compiled.WithQueryOffset)
	given(group.PartialResponseStrategy, compiled.WithPartialResponseStrategy)
	given(group.Limit, compiled.WithLimit)
	if len(group.Labels) > 0 {
		compiled.WithLabels(group.Labels)
	}
	for _, r := range group.Rules {
		rule := monitoringv1ac.Rule().WithExpr(intstr.FromString(r.Expr))
		given(r.Alert, rule.WithAlert)
		given(r.Record, rule.WithRecord)
		given(monitoringv1.Duration(r.For), rule.WithFor)
		given(monitoringv1.NonEmptyDuration(r.KeepFiringFor), rule.WithKeepFiringFor)
		if len(r.Labels) > 0 {
			rule.WithLabels(r.Labels)
		}
		if len(r.Annotations) > 0 {
			rule.WithAnnotations(r.Annotations)
		}
		compiled.WithRules(rule)
	}
	return compiled
}

// given calls set with a value that the script gave: the zero value means Prometheus' default, which an object
// must not spell out, or every later default of the operator would be a conflict.
func given[T comparable, R any](value T, set func(T) R) {
	var zero T
	if value != zero {
		set(value)
	}
}
