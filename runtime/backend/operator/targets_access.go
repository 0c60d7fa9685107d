// SPDX-License-Identifier: Apache-2.0

// This file lets Prometheus find targets in other namespaces than its own, where the script asks for it.

package operator

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// otherNamespaces returns where else than in the stack's own namespace targets are looked for, sorted; everywhere is
// every namespace. A tenant's targets are in its own namespace whatever they say.
func (s Scope) otherNamespaces() (names []string, everywhere bool) {
	if s.Confined {
		return nil, false
	}
	for _, target := range s.ScrapeTargets {
		for _, name := range score.NamespacesOf(target) {
			switch name {
			case score.AllNamespaces:
				everywhere = true
			case s.Namespace:
			default:
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), everywhere
}

// namesNamespaces reports whether a target says where to look. Without one the operator is told to ignore what any
// monitor says about it, so that none that somebody else made looks elsewhere.
func (s Scope) namesNamespaces() bool {
	return !s.Confined && slices.ContainsFunc(s.ScrapeTargets, func(t score.ScrapeTarget) bool { return len(score.NamespacesOf(t)) > 0 })
}

// addAccess adds the rights to find targets elsewhere: a Role in each namespace that is named, a ClusterRole for all.
func (s Scope) addAccess(b *backend.Builder) {
	names, everywhere := s.otherNamespaces()
	name := s.Namespace + "." + s.Prometheus.Name
	subject := rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithNamespace(s.Namespace).WithName(s.Prometheus.Name)
	if everywhere {
		b.Add(rbacv1ac.ClusterRole(name).WithLabels(s.Labels).WithRules(discoveryRules()...), s.Origin)
		b.Add(rbacv1ac.ClusterRoleBinding(name).WithLabels(s.Labels).WithSubjects(subject).
			WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(name)), s.Origin)
		return
	}
	for _, namespace := range names {
		b.Add(rbacv1ac.Role(name, namespace).WithLabels(s.Labels).WithRules(discoveryRules()...), s.Origin)
		b.Add(rbacv1ac.RoleBinding(name, namespace).WithLabels(s.Labels).WithSubjects(subject).
			WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("Role").WithName(name)), s.Origin)
	}
}

// discoveryRules let Prometheus find the targets of monitors.
func discoveryRules() []*rbacv1ac.PolicyRuleApplyConfiguration {
	verbs := []string{"get", "list", "watch"}
	return []*rbacv1ac.PolicyRuleApplyConfiguration{
		rbacv1ac.PolicyRule().WithAPIGroups("").WithResources("services", "endpoints", "pods").WithVerbs(verbs...),
		rbacv1ac.PolicyRule().WithAPIGroups("discovery.k8s.io").WithResources("endpointslices").WithVerbs(verbs...),
	}
}
