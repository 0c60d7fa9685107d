// SPDX-License-Identifier: Apache-2.0

// This file lists the values without which a chart cannot be used.

package helm

// requiredValue is a value that has to be known to the chart when a release sets it: what harmonyscript does relies on it.
type requiredValue struct {
	path []string
	// why tells what would go wrong.
	why string
	// always means even when the release does not set it.
	always bool
}

// requiredValues returns them. A misspelt value of the user only does nothing; one of these would give a stack that is
// another than the one that was asked for.
func requiredValues() []requiredValue {
	return []requiredValue{
		{path: []string{"prometheus", "prometheusSpec"}, why: "it is not a chart like kube-prometheus-stack", always: true},
		{path: []string{"alertmanager", "alertmanagerSpec"}, why: "it is not a chart like kube-prometheus-stack", always: true},
		{path: []string{"fullnameOverride"}, why: "without it, its objects would have other names than those of the stack"},
		{path: []string{"cleanPrometheusOperatorObjectNames"}, why: "without it, Prometheus and Alertmanager would have other names than the stack, and no move between versions could keep them"},
		{path: []string{"prometheusOperator", "enabled"}, why: "without it, a tenant would get an operator of its own"},
		{path: []string{"defaultRules", "create"}, why: "without it, a tenant would get rules for the whole cluster"},
		{path: []string{"grafana", "enabled"}, why: "without it, a tenant would get a Grafana"},
		{path: []string{"kubeStateMetrics", "enabled"}, why: "without it, a tenant would get an exporter for the whole cluster"},
		{path: []string{"nodeExporter", "enabled"}, why: "without it, a tenant would get an exporter on every node"},
		{path: []string{"prometheus", "serviceAccount", "create"}, why: "without it, Prometheus would have another identity than its own"},
		{path: []string{"alertmanager", "serviceAccount", "create"}, why: "without it, Alertmanager would have another identity than its own"},
		{path: []string{"alertmanager", "alertmanagerSpec", "useExistingSecret"}, why: "without it, the chart would put Alertmanager's configuration into the release"},
	}
}
