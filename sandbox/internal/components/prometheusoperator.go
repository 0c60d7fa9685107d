// SPDX-License-Identifier: Apache-2.0

// This file describes prometheus-operator, which reconciles the monitoring.coreos.com resources.

package components

import (
	"context"
	"net/http"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
)

const (
	prometheusOperatorName    = "prometheus-operator"
	prometheusOperatorProgram = "prometheus-operator"
)

// The manifests of prometheus-operator, under the programs' folder.
const (
	// DefinitionsFolder is the folder with one folder of CustomResourceDefinitions for each operator.
	DefinitionsFolder = "crds"
	// RolesFolder is the folder of the operators' ClusterRoles.
	RolesFolder = "roles"
)

// OperatorUsers tells which user gets which ClusterRole of the RolesFolder.
func OperatorUsers() map[string]string {
	return map[string]string{operatorUser: "prometheus-operator"}
}

// PrometheusOperator is the real operator. It ends at once when its CustomResourceDefinitions are not served yet.
func (s Setup) PrometheusOperator() Component {
	url := "http://" + ports.Address(s.Ports.PrometheusOperator)
	return Component{
		Name: prometheusOperatorName, Program: prometheusOperatorProgram, URL: url,
		Args: []string{
			"--web.listen-address=" + ports.Address(s.Ports.PrometheusOperator),
			// Without a service for the kubelets there is nothing to keep up to date.
			"--kubelet-endpoints=false",
		},
		Environment: []string{"KUBECONFIG=" + s.componentKubeconfig(prometheusOperatorName)},
		Ready:       func(ctx context.Context) error { return get(ctx, http.DefaultClient, url+"/healthz") },
		Grace:       time.Second,
	}
}
