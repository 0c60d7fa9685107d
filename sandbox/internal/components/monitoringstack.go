// SPDX-License-Identifier: Apache-2.0

// This file describes the two operators of the monitoring.rhobs resources, set up as observability-operator deploys them.

package components

import (
	"context"
	"net/http"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
)

// The names of the operators are also those of their programs and ClusterRoles.
const (
	oboPrometheusOperatorName = "obo-prometheus-operator"
	observabilityOperatorName = "observability-operator"
)

// madeByStacks selects what belongs to a MonitoringStack.
const madeByStacks = "app.kubernetes.io/managed-by=observability-operator"

// OboPrometheusOperator is the fork of prometheus-operator that reconciles what is in monitoring.rhobs. It looks only at servers that a MonitoringStack made.
func (s Setup) OboPrometheusOperator() Component {
	return s.prometheusOperator(oboPrometheusOperatorName, s.Ports.OboPrometheusOperator,
		"--prometheus-instance-selector="+madeByStacks,
		"--alertmanager-instance-selector="+madeByStacks,
		"--thanos-ruler-instance-selector="+madeByStacks,
	)
}

// ObservabilityOperator makes the Prometheus and the Alertmanager of every MonitoringStack.
func (s Setup) ObservabilityOperator() Component {
	url := "http://" + ports.Address(s.Ports.ObservabilityOperator)
	return Component{
		Name: observabilityOperatorName, Program: observabilityOperatorName, URL: url,
		Args: []string{
			"--kubeconfig=" + s.componentKubeconfig(observabilityOperatorName),
			"--web-bind-address=" + ports.Address(s.Ports.ObservabilityOperator),
		},
		Ready: func(ctx context.Context) error { return get(ctx, http.DefaultClient, url+"/readyz") },
		Grace: time.Second,
	}
}
