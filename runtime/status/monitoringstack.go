// SPDX-License-Identifier: Apache-2.0

// This file judges the MonitoringStack of observability-operator.

package status

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// stackGroup is the API group of observability-operator and of the fork of prometheus-operator that it works with.
const stackGroup = "monitoring.rhobs"

var (
	stackPrometheusKind   = schema.GroupVersionKind{Group: stackGroup, Version: "v1", Kind: "Prometheus"}
	stackAlertmanagerKind = schema.GroupVersionKind{Group: stackGroup, Version: "v1", Kind: "Alertmanager"}
)

// StackKinds returns the kinds of group monitoring.rhobs: MonitoringStack, and those of its fork of
// prometheus-operator.
func StackKinds() Kinds {
	kinds := MonitoringKinds(stackGroup)
	kinds[schema.GroupKind{Group: stackGroup, Kind: "MonitoringStack"}] = Kind{
		Judge: JudgeMonitoringStack, Companions: stackCompanions,
		Owns: []schema.GroupVersionKind{stackPrometheusKind, stackAlertmanagerKind},
	}
	return kinds
}

// JudgeMonitoringStack judges a MonitoringStack by its conditions ResourceDiscovery, Reconciled and Available. They
// say nothing about its Alertmanager, and may be about the Prometheus of the generation before: the controller
// writes them from its cache. So a MonitoringStack has both as companions. Its conditions do not tell since
// when they hold, because the controller writes the time of its last look.
func JudgeMonitoringStack(obj *unstructured.Unstructured) Condition {
	conditions, generation := conditionsOf(obj), generationOf(obj)
	// Only ResourceDiscovery always has the generation that was looked at. The others keep that of the last success, so that
	// a failure of now would look like one of an older specification.
	discovery, _ := findCondition(conditions, "ResourceDiscovery")
	seen := discovery.ObservedGeneration == generation
	for i := range conditions {
		c := &conditions[i]
		c.LastTransition = time.Time{}
		if seen && c.Status != "True" {
			c.ObservedGeneration = generation
		}
	}
	return judgeConditions(conditions, generation, []string{"ResourceDiscovery", "Reconciled", "Available"})
}

// stackCompanions are the servers of a MonitoringStack, which have its name.
func stackCompanions(obj *unstructured.Unstructured) []backend.ID {
	id := backend.ID{
		Group: stackGroup, Version: "v1", Kind: stackPrometheusKind.Kind,
		Namespace: textField(obj.Object, "metadata", "namespace"), Name: textField(obj.Object, "metadata", "name"),
	}
	companions := []backend.ID{id}
	if !boolField(obj.Object, "spec", "alertmanagerConfig", "disabled") {
		id.Kind = stackAlertmanagerKind.Kind
		companions = append(companions, id)
	}
	return companions
}
