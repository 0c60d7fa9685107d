// SPDX-License-Identifier: Apache-2.0

// Package tenant compiles a tenant to its Namespace, ResourceQuota, LimitRange, NetworkPolicies and RoleBinding.
// Tenants are the same in every version of the monitoring API: the backends of all versions share this package
// for the tenant inside a tenant_monitoring.
package tenant

import (
	"fmt"
	"maps"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Pod Security levels of an isolated tenant's namespace. A pod on the host's network or with the host's folders
// gets around NetworkPolicies and quotas, so isolation that leaves them in is none: "baseline" refuses such pods.
const (
	labelPodSecurityEnforce = "pod-security.kubernetes.io/enforce"
	podSecurityLevel        = "baseline"
)

// adminRole is the ClusterRole that Kubernetes ships for administrators of a namespace.
const adminRole = "admin"

// compiler implements backend.Compiler for tenants.
type compiler struct{}

// New returns the compiler for scores of kind "tenant".
func New() backend.Compiler { return compiler{} }

// Compile returns the objects of s, which has to be a score.Tenant.
func (compiler) Compile(s score.Score) ([]backend.Object, error) {
	t, ok := s.(score.Tenant)
	if !ok {
		return nil, fmt.Errorf("%s: got a score of kind %q, want a tenant", s.Title(), s.Kind())
	}
	return Objects(t, t.Title(), t.Origin)
}

// Objects returns the objects of t on behalf of the score called title. origin stands in for a tenant without a
// place in the script, such as one that a tenant_monitoring makes from a name.
func Objects(t score.Tenant, title string, origin score.Origin) ([]backend.Object, error) {
	if t.Origin.Position().IsValid() {
		origin = t.Origin
	}
	b := backend.Builder{Title: title}
	b.Add(namespace(t), origin)
	if len(t.Quota) > 0 {
		quota, err := resourceQuota(t)
		if err != nil {
			b.Fail(fmt.Errorf("%s: %w", title, err))
		} else {
			b.Add(quota, origin)
		}
	}
	limits, err := limitRange(t)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", title, err))
	} else if limits != nil {
		b.Add(limits, origin)
	}
	if t.Network.Isolated {
		for _, policy := range networkPolicies(t) {
			b.Add(policy, origin)
		}
	}
	if len(t.Admins) > 0 {
		binding, err := adminBinding(t)
		if err != nil {
			b.Fail(fmt.Errorf("%s: %w", title, err))
		} else {
			b.Add(binding, origin)
		}
	}
	return b.Objects()
}

// Labels returns the labels of a tenant's own objects.
func Labels(t score.Tenant) map[string]string {
	return map[string]string{backend.LabelManagedBy: backend.ManagedBy, backend.LabelTenant: t.Name}
}

// namespace bears the script's labels under ours: what we are recognised by is not the script's to change,
// while its own Pod Security level wins over our default.
func namespace(t score.Tenant) *corev1ac.NamespaceApplyConfiguration {
	labels := map[string]string{}
	if t.Network.Isolated {
		labels[labelPodSecurityEnforce] = podSecurityLevel
	}
	maps.Copy(labels, t.Labels)
	maps.Copy(labels, Labels(t))
	return corev1ac.Namespace(t.Name).WithLabels(labels)
}

func adminBinding(t score.Tenant) (*rbacv1ac.RoleBindingApplyConfiguration, error) {
	binding := rbacv1ac.RoleBinding("tenant-admins", t.Name).WithLabels(Labels(t)).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(adminRole))
	for _, admin := range t.Admins {
		subject, err := subjectOf(admin)
		if err != nil {
			return nil, err
		}
		binding.WithSubjects(subject)
	}
	return binding, nil
}

// subjectOf reads "user:jane", "group:team-blue" and "serviceaccount:namespace:name"; what has none of these
// prefixes is a user, colons included, as user names of the cluster itself have them.
func subjectOf(admin string) (*rbacv1ac.SubjectApplyConfiguration, error) {
	kind, name, _ := strings.Cut(admin, ":")
	subject := rbacv1ac.Subject()
	switch kind {
	case "serviceaccount":
		namespace, account, _ := strings.Cut(name, ":")
		if namespace == "" || account == "" {
			return nil, fmt.Errorf("admin: got %q, want serviceaccount:<namespace>:<name>", admin)
		}
		return subject.WithKind(rbacv1.ServiceAccountKind).WithNamespace(namespace).WithName(account), nil
	case "group":
		subject.WithKind(rbacv1.GroupKind)
	case "user":
		subject.WithKind(rbacv1.UserKind)
	default:
		subject.WithKind(rbacv1.UserKind)
		name = admin
	}
	if name == "" {
		return nil, fmt.Errorf("admin: got %q, want a name behind the colon", admin)
	}
	return subject.WithAPIGroup(rbacv1.GroupName).WithName(name), nil
}
