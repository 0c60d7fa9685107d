// SPDX-License-Identifier: Apache-2.0

// This file says what the pods of both servers have in common.

package operator

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Ports of the servers' pods.
const (
	PrometheusPort   = 9090
	AlertmanagerPort = 9093
	meshPort         = 9094
	reloaderPort     = 8080
	// WebPort is the operator's name for the web port of both servers.
	WebPort = "web"
)

const (
	// namespaceLabel is what the namespace of a series or alert is called everywhere.
	namespaceLabel = "namespace"
	// unprivileged users of the servers' containers, the same as the kube-prometheus-stack chart's: volumes stay
	// readable when a stack moves between the versions.
	serverUser, serverGroup = 1000, 2000
)

// AddDisruptionBudget lets no more than one pod of server be evicted at a time. A server with one replica gets no
// budget: it would only keep nodes from being drained.
func (s Scope) AddDisruptionBudget(b *backend.Builder, server Server) {
	if s.Replicas > 1 {
		b.Add(policyv1ac.PodDisruptionBudget(server.Name, s.Namespace).WithLabels(s.Labels).
			WithSpec(policyv1ac.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).
				WithSelector(metav1ac.LabelSelector().WithMatchLabels(server.Pods))), s.Origin)
	}
}

// Address is where the Service of server is found inside the cluster. It is what links in notifications point to.
func (s Scope) Address(server Server) string {
	return fmt.Sprintf("http://%s.%s:%d", server.Name, s.Namespace, server.Port)
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
