// SPDX-License-Identifier: Apache-2.0

// This file makes the identities of the two servers and what they may do.

package crd

import (
	rbacv1 "k8s.io/api/rbac/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// addIdentity adds the service accounts, and a Role that lets Prometheus discover targets in its own namespace.
// It is never a ClusterRole: what cannot be listed cannot leak.
func (s scope) addIdentity(b *backend.Builder) {
	b.Add(corev1ac.ServiceAccount(s.prometheus(), s.Namespace).WithLabels(s.labels).WithAutomountServiceAccountToken(false), s.Origin)
	b.Add(corev1ac.ServiceAccount(s.alertmanager(), s.Namespace).WithLabels(s.labels).WithAutomountServiceAccountToken(false), s.Origin)
	verbs := []string{"get", "list", "watch"}
	b.Add(rbacv1ac.Role(s.prometheus(), s.Namespace).WithLabels(s.labels).WithRules(
		rbacv1ac.PolicyRule().WithAPIGroups("").WithResources("services", "endpoints", "pods").WithVerbs(verbs...),
		rbacv1ac.PolicyRule().WithAPIGroups("discovery.k8s.io").WithResources("endpointslices").WithVerbs(verbs...),
	), s.Origin)
	b.Add(rbacv1ac.RoleBinding(s.prometheus(), s.Namespace).WithLabels(s.labels).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("Role").WithName(s.prometheus())).
		WithSubjects(rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithNamespace(s.Namespace).WithName(s.prometheus())), s.Origin)
}
