// SPDX-License-Identifier: Apache-2.0

// This file makes the Prometheus, the Alertmanager, their services and disruption budgets.

package crd

import (
	"fmt"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

const (
	prometheusPort   = 9090
	alertmanagerPort = 9093
	meshPort         = 9094
	reloaderPort     = 8080
	// webPort is the operator's name for the port of both servers.
	webPort = "web"
	// namespaceLabel is what the namespace of a series or alert is called everywhere.
	namespaceLabel = "namespace"
	// unprivileged users of the servers' containers, the same as the kube-prometheus-stack chart's: volumes stay
	// readable when a stack moves between the versions.
	serverUser, serverGroup = 1000, 2000
)

func (s scope) addServers(b *backend.Builder) {
	for _, server := range []struct {
		name string
		port int32
		pods map[string]string
	}{{s.prometheus(), prometheusPort, s.prometheusPods()}, {s.alertmanager(), alertmanagerPort, s.alertmanagerPods()}} {
		// The operator's own `*-operated` services span all servers of the namespace, other stacks' too.
		b.Add(corev1ac.Service(server.name, s.Namespace).WithLabels(s.labels).WithSpec(corev1ac.ServiceSpec().
			WithSelector(server.pods).WithPorts(corev1ac.ServicePort().WithName(webPort).WithProtocol(corev1.ProtocolTCP).
			WithPort(server.port).WithTargetPort(intstr.FromString(webPort)))), s.Origin)
		if s.Replicas > 1 {
			b.Add(policyv1ac.PodDisruptionBudget(server.name, s.Namespace).WithLabels(s.labels).
				WithSpec(policyv1ac.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).
					WithSelector(metav1ac.LabelSelector().WithMatchLabels(server.pods))), s.Origin)
		}
	}
	spec, err := s.prometheusSpec(b)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.Title, err))
		return
	}
	b.Add(monitoringv1ac.Prometheus(s.name, s.Namespace).WithLabels(s.labels).WithSpec(spec), s.Origin)
	b.Add(monitoringv1ac.Alertmanager(s.name, s.Namespace).WithLabels(s.labels).WithSpec(s.alertmanagerSpec()), s.Origin)
}

// alertmanagerSpec selects this stack's configuration in its own namespace. A tenant's routes match only alerts
// of its namespace. A stack that stands alone has alerts about other namespaces and without one (such as
// Watchdog), which that matcher would hide.
func (s scope) alertmanagerSpec() *monitoringv1ac.AlertmanagerSpecApplyConfiguration {
	strategy := monitoringv1.AlertmanagerConfigMatcherStrategyType("None")
	if s.confined {
		strategy = monitoringv1.OnNamespaceConfigMatcherStrategyType
	}
	spec := monitoringv1ac.AlertmanagerSpec().
		WithReplicas(int32(s.Replicas)).
		WithServiceAccountName(s.alertmanager()).
		WithAutomountServiceAccountToken(false).
		WithSecurityContext(podSecurity()).
		WithPortName(webPort).
		WithAlertmanagerConfigSelector(s.own()).
		WithAlertmanagerConfigMatcherStrategy(monitoringv1ac.AlertmanagerConfigMatcherStrategy().WithType(strategy))
	if s.Replicas > 1 {
		spec.WithAffinity(apart(s.alertmanagerPods()))
	}
	return spec
}

// podSecurity is what the "restricted" Pod Security level asks of a pod; the operator sees to the containers.
func podSecurity() corev1.PodSecurityContext {
	nonRoot, user, group := true, int64(serverUser), int64(serverGroup)
	return corev1.PodSecurityContext{
		RunAsNonRoot: &nonRoot, RunAsUser: &user, RunAsGroup: &group, FSGroup: &group,
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// apart prefers different nodes for the replicas, and does not insist: a small cluster has to work too.
func apart(pods map[string]string) corev1.Affinity {
	const weight = 100
	return corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: weight,
			PodAffinityTerm: corev1.PodAffinityTerm{
				LabelSelector: &metav1.LabelSelector{MatchLabels: pods}, TopologyKey: corev1.LabelHostname,
			},
		}},
	}}
}
