// SPDX-License-Identifier: Apache-2.0

// This file describes prometheus-operator, which reconciles the monitoring.coreos.com resources.

package components

import (
	"context"
	"net/http"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
)

// prometheusOperatorName is also the name of its program and of its ClusterRole.
const prometheusOperatorName = "prometheus-operator"

// The manifests of the operators, under the programs' folder.
const (
	// DefinitionsFolder is the folder with one folder of CustomResourceDefinitions for each operator.
	DefinitionsFolder = "crds"
	// RolesFolder is the folder of the operators' ClusterRoles.
	RolesFolder = "roles"
)

// OperatorUsers tells which user gets which ClusterRole of the RolesFolder. The roles have the names of the operators.
func OperatorUsers() map[string]string {
	return map[string]string{
		operatorUser(prometheusOperatorName):    prometheusOperatorName,
		operatorUser(oboPrometheusOperatorName): oboPrometheusOperatorName,
		operatorUser(observabilityOperatorName): observabilityOperatorName,
	}
}

// Operators are the real operators. Each ends at once, or does nothing for minutes, when its CustomResourceDefinitions are not served yet.
func (s Setup) Operators() []Component {
	return []Component{s.PrometheusOperator(), s.OboPrometheusOperator(), s.ObservabilityOperator()}
}

// PrometheusOperator reconciles what is in monitoring.coreos.com.
func (s Setup) PrometheusOperator() Component {
	return s.prometheusOperator(prometheusOperatorName, s.Ports.PrometheusOperator)
}

// prometheusOperator is prometheus-operator or a fork of it.
func (s Setup) prometheusOperator(name string, port int, args ...string) Component {
	url := "http://" + ports.Address(port)
	return Component{
		Name: name, Program: name, URL: url,
		Args: append([]string{
			"--web.listen-address=" + ports.Address(port),
			// Without a service for the kubelets there is nothing to keep up to date.
			"--kubelet-endpoints=false",
		}, args...),
		Environment: []string{"KUBECONFIG=" + s.componentKubeconfig(name)},
		Ready:       func(ctx context.Context) error { return get(ctx, http.DefaultClient, url+"/healthz") },
		Grace:       time.Second,
	}
}
