// SPDX-License-Identifier: Apache-2.0

// Package operator compiles what a stack is made of in every version of the monitoring API, since all of them end
// at a prometheus-operator: names, labels and selectors, identities, network policies, scrape targets, rules, and
// what Prometheus and Alertmanager are told. The versions differ in what makes the two servers, in the names of
// these, and in the API group.
//
// Equal stacks get equal objects from every backend that asks for them with equal names, byte by byte: that is what
// lets a stack move from one version to another in place.
package operator

import (
	"cmp"
	"maps"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// The API groups of prometheus-operator and of the fork that observability-operator brings along. Their resources
// are the same but for a few fields that the fork does not have yet.
const (
	GroupCoreOS = "monitoring.coreos.com"
	GroupRHOBS  = "monitoring.rhobs"
)

// Scope is a stack together with what its place in the cluster says: names, labels and how much it is shut in.
type Scope struct {
	score.MonitoringStack
	// Group is the API group of the monitoring resources.
	Group string
	// Resource is the name of the resources that stand for the whole stack: Prometheus, Alertmanager, MonitoringStack.
	Resource string
	// Labels are put on every object, Selector is the part of them that Prometheus and Alertmanager select by.
	Labels, Selector map[string]string
	// Confined stacks belong to a tenant: nothing that the tenant puts into its namespace may reach out of it.
	Confined bool
	// Isolated stacks live where network traffic is refused unless a policy lets it through.
	Isolated bool
	// AlertmanagerSecrets are the Secrets that Alertmanager mounts because the configuration of its channels names files
	// of them.
	AlertmanagerSecrets []string
	// Prometheus and Alertmanager are the two servers.
	Prometheus, Alertmanager Server
}

// Server says how one of a stack's two servers is called and found.
type Server struct {
	// Name is that of the objects around the server: service account, service, role, policies, disruption budget.
	Name string
	// Pods are labels that the operator puts on the pods of this server alone.
	Pods map[string]string
	// Port is the number of the web port, WebPort its name.
	Port int32
	// Beside are further ports that are as open as the web port, because they tell the same.
	Beside []int32
}

// NewScope completes a stack that Go code left partly empty, with the names that prometheus-operator and the
// kube-prometheus-stack chart agree on, in GroupCoreOS. tenant is nil for a stack that stands alone.
func NewScope(stack score.MonitoringStack, tenant *score.Tenant) Scope {
	stack.Name = cmp.Or(stack.Name, score.DefaultStackName)
	stack.Namespace = cmp.Or(stack.Namespace, score.DefaultStackNamespace)
	stack.Retention = cmp.Or(stack.Retention, score.DefaultRetention)
	stack.Replicas = cmp.Or(stack.Replicas, score.DefaultReplicas)
	stack.Shards = cmp.Or(stack.Shards, score.DefaultShards)
	name := backend.StackName(stack.Name)
	s := Scope{
		MonitoringStack: stack, Group: GroupCoreOS, Resource: name, Selector: backend.StackSelector(stack.Name),
		Prometheus: Server{
			Name: name + "-prometheus", Port: PrometheusPort,
			Pods: map[string]string{"app.kubernetes.io/name": "prometheus", "operator.prometheus.io/name": name},
		},
		Alertmanager: Server{
			Name: name + "-alertmanager", Port: AlertmanagerPort,
			Pods: map[string]string{"app.kubernetes.io/name": "alertmanager", "alertmanager": name},
		},
	}
	owner := ""
	if tenant != nil {
		owner, s.Confined, s.Isolated = tenant.Name, true, tenant.Network.Isolated
	}
	s.Labels = backend.StackLabels(stack.Name, owner)
	return s
}

// AddNamespace adds the namespace of a stack that stands alone; a tenant's is the tenant's own affair.
func (s Scope) AddNamespace(b *backend.Builder) {
	if !s.Confined {
		// Only labels that all stacks of a namespace agree on: two stacks in one namespace make it alike.
		b.Add(corev1ac.Namespace(s.Namespace).WithLabels(map[string]string{backend.LabelManagedBy: backend.ManagedBy}), s.Origin)
	}
}

// Delivery is what the stack asks a Sender for, in the name of the score called title.
func (s Scope) Delivery(title string) backend.Delivery {
	return backend.Delivery{
		Namespace: s.Namespace, Stack: s.Name, Labels: maps.Clone(s.Labels), Channels: s.AlertChannels,
		Alertmanager: s.Resource, Confined: s.Confined,
		Route: s.Route, InhibitRules: s.InhibitRules, MuteTimes: s.MuteTimes, Origin: s.Origin, Score: title,
	}
}

// Own selects the objects of this stack.
func (s Scope) Own() *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(s.Selector)
}

// Requires lists the resources that hold a stack's targets, rules and channels in group; provider is what installs
// them, in words for a user.
func Requires(group, provider string) []backend.CRD {
	var required []backend.CRD
	for _, kind := range []string{
		monitoringv1.PrometheusesKind, monitoringv1.AlertmanagersKind, monitoringv1.PrometheusRuleKind,
		monitoringv1.ServiceMonitorsKind, monitoringv1.PodMonitorsKind, monitoringv1.ProbesKind,
	} {
		required = append(required, backend.CRD{Group: group, Version: monitoringv1.Version, Kind: kind, Provider: provider})
	}
	for _, kind := range []string{v1alpha1.ScrapeConfigsKind, v1alpha1.AlertmanagerConfigKind} {
		required = append(required, backend.CRD{Group: group, Version: v1alpha1.Version, Kind: kind, Provider: provider})
	}
	return required
}

// v1 and v1alpha1 are the API versions in the stack's group.
func (s Scope) v1() string       { return s.Group + "/" + monitoringv1.Version }
func (s Scope) v1alpha1() string { return s.Group + "/" + v1alpha1.Version }
