// SPDX-License-Identifier: Apache-2.0

// This file judges the kinds of prometheus-operator and of its forks.

package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// JudgeWorkload judges a Prometheus, PrometheusAgent, Alertmanager or ThanosRuler: its conditions Available
// and Reconciled must be True for the current generation, it must not be paused, and its pods must all be
// of the newest revision (the operator calls the old pods of a rollout available too).
func JudgeWorkload(obj *unstructured.Unstructured) Condition {
	// A paused object keeps the conditions of before, although the operator does nothing for it.
	if boolField(obj.Object, "spec", "paused") {
		return Condition{
			State: Failed, Reason: "Paused",
			Message: "spec.paused is true, so the operator makes no changes; set it to false",
		}
	}
	verdict := judgeConditions(conditionsOf(obj), generationOf(obj), []string{"Reconciled", "Available"})
	if verdict.State != Ready {
		return verdict
	}
	pods, known := intField(obj.Object, "status", "replicas")
	updated, _ := intField(obj.Object, "status", "updatedReplicas")
	if known && updated < pods {
		return Condition{State: InProgress, Reason: "RollingOut", Message: fmt.Sprintf("%d of %d pods are of the newest revision", updated, pods)}
	}
	return verdict
}

// RequireConditions returns a judge for objects that are ready when all the given conditions are True for
// the current generation. A condition that is absent or about an older generation is in progress. Available
// may be False while pods start; any other condition that is False for the current generation is a failure.
func RequireConditions(types ...string) func(*unstructured.Unstructured) Condition {
	return func(obj *unstructured.Unstructured) Condition {
		return judgeConditions(conditionsOf(obj), generationOf(obj), types)
	}
}

func judgeConditions(conditions []ObjectCondition, generation int64, required []string) Condition {
	verdict := Condition{State: Ready}
	for _, name := range required {
		c, found := findCondition(conditions, name)
		var next Condition
		switch {
		case !found:
			next = Condition{State: InProgress, Reason: "NotReported", Message: fmt.Sprintf("the controller has not reported the condition %s yet", name)}
		case c.ObservedGeneration != generation:
			next = Condition{
				State: InProgress, Reason: "LatestGenerationNotObserved",
				Message: fmt.Sprintf("the condition %s is about generation %d, want %d", name, c.ObservedGeneration, generation),
			}
		case c.Status == "True":
			next = Condition{State: Ready, Since: c.LastTransition}
		case c.Status == "False" && name != "Available":
			next = told(Failed, c)
		default:
			next = told(InProgress, c)
		}
		if next.State.severity() > verdict.State.severity() {
			verdict = next
		} else if next.State == Ready && verdict.State == Ready && next.Since.After(verdict.Since) {
			verdict.Since = next.Since
		}
	}
	return verdict
}

// told turns a condition that is not True into a verdict with the controller's own words.
func told(state State, c ObjectCondition) Condition {
	verdict := Condition{State: state, Reason: c.Reason, Since: c.LastTransition}
	verdict.Message = fmt.Sprintf("%s is %s", c.Type, orUnset(c.Status))
	if c.Reason != "" {
		verdict.Message += " (" + c.Reason + ")"
	} else {
		verdict.Reason = c.Type + orUnset(c.Status)
	}
	if message := strings.TrimSpace(c.Message); message != "" {
		verdict.Message += ": " + message
	}
	return verdict
}

func orUnset(status string) string {
	if status == "" {
		return "unset"
	}
	return status
}

// JudgeConfiguration judges what prometheus-operator selects: ServiceMonitor, PodMonitor, Probe,
// ScrapeConfig, PrometheusRule and AlertmanagerConfig. When the operator reports on them (it needs its
// feature gate StatusForConfigurationResources), a refusal for the current generation is a failure.
// Without a report such an object is ready as soon as it exists.
func JudgeConfiguration(obj *unstructured.Unstructured) Condition {
	generation := generationOf(obj)
	verdict := Condition{State: Ready}
	for _, binding := range mapsField(obj.Object, "status", "bindings") {
		c, found := findCondition(conditionsIn(binding, "conditions"), "Accepted")
		if !found {
			continue
		}
		by := fmt.Sprintf("%s %s/%s", textField(binding, "resource"), textField(binding, "namespace"), textField(binding, "name"))
		var next Condition
		switch {
		case c.ObservedGeneration != generation:
			next = Condition{
				State: InProgress, Reason: "LatestGenerationNotObserved",
				Message: fmt.Sprintf("%s has seen generation %d, want %d", by, c.ObservedGeneration, generation),
			}
		case c.Status == "True":
			next = Condition{State: Ready, Since: c.LastTransition}
		case c.Status == "False":
			next = told(Failed, c)
			next.Message = by + ": " + next.Message
		default:
			next = told(InProgress, c)
			next.Message = by + ": " + next.Message
		}
		if next.State.severity() > verdict.State.severity() {
			verdict = next
		} else if next.State == Ready && verdict.State == Ready && next.Since.After(verdict.Since) {
			verdict.Since = next.Since
		}
	}
	return verdict
}
