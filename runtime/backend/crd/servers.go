// SPDX-License-Identifier: Apache-2.0

// This file makes the Prometheus, the Alertmanager, their services and disruption budgets.

package crd

import (
	"fmt"

	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
)

func addServers(b *backend.Builder, s operator.Scope) {
	for _, server := range []operator.Server{s.Prometheus, s.Alertmanager} {
		// The operator's own `*-operated` services span all servers of the namespace, other stacks' too.
		b.Add(corev1ac.Service(server.Name, s.Namespace).WithLabels(s.Labels).WithSpec(corev1ac.ServiceSpec().
			WithSelector(server.Pods).WithPorts(corev1ac.ServicePort().WithName(operator.WebPort).WithProtocol(corev1.ProtocolTCP).
			WithPort(server.Port).WithTargetPort(intstr.FromString(operator.WebPort)))), s.Origin)
		s.AddDisruptionBudget(b, server)
	}
	spec, err := s.PrometheusSpec(b)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.Title, err))
		return
	}
	b.Add(monitoringv1ac.Prometheus(s.Resource, s.Namespace).WithLabels(s.Labels).WithSpec(spec), s.Origin)
	b.Add(monitoringv1ac.Alertmanager(s.Resource, s.Namespace).WithLabels(s.Labels).WithSpec(s.AlertmanagerSpec()), s.Origin)
}
