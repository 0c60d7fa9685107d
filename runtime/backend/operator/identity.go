// SPDX-License-Identifier: Apache-2.0

// This file makes the identities of the two servers and what they may do.

package operator

import (
	rbacv1 "k8s.io/api/rbac/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// AddIdentity adds the service accounts, and a Role that lets Prometheus discover targets in its own namespace.
// What cannot be listed cannot leak: rights elsewhere come only with targets that ask for them.
func (s Scope) AddIdentity(b *backend.Builder) {
	b.Add(corev1ac.ServiceAccount(s.Prometheus.Name, s.Namespace).WithLabels(s.Labels).WithAutomountServiceAccountToken(false), s.Origin)
	b.Add(corev1ac.ServiceAccount(s.Alertmanager.Name, s.Namespace).WithLabels(s.Labels).WithAutomountServiceAccountToken(false), s.Origin)
	b.Add(rbacv1ac.Role(s.Prometheus.Name, s.Namespace).WithLabels(s.Labels).WithRules(discoveryRules()...), s.Origin)
	b.Add(rbacv1ac.RoleBinding(s.Prometheus.Name, s.Namespace).WithLabels(s.Labels).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("Role").WithName(s.Prometheus.Name)).
		WithSubjects(rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithNamespace(s.Namespace).WithName(s.Prometheus.Name)), s.Origin)
}
