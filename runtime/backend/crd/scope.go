// SPDX-License-Identifier: Apache-2.0

// This file holds the names, labels and selectors that a stack's objects share.

package crd

import (
	"cmp"
	"maps"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// scope is a stack together with what its place in the cluster says: names, labels and how much it is shut in.
type scope struct {
	score.MonitoringStack
	// name is the resource name of the stack.
	name string
	// labels are put on every object, selector is the part of them that Prometheus and Alertmanager select by.
	labels, selector map[string]string
	// confined stacks belong to a tenant: nothing that the tenant puts into its namespace may reach out of it.
	confined bool
	// isolated stacks live where network traffic is refused unless a policy lets it through.
	isolated bool
}

// newScope completes a stack that Go code left partly empty. tenant is nil for a stack that stands alone.
func newScope(stack score.MonitoringStack, tenant *score.Tenant) scope {
	stack.Name = cmp.Or(stack.Name, score.DefaultStackName)
	stack.Namespace = cmp.Or(stack.Namespace, score.DefaultStackNamespace)
	stack.Retention = cmp.Or(stack.Retention, score.DefaultRetention)
	stack.Replicas = cmp.Or(stack.Replicas, score.DefaultReplicas)
	stack.Shards = cmp.Or(stack.Shards, score.DefaultShards)
	s := scope{MonitoringStack: stack, name: backend.StackName(stack.Name), selector: backend.StackSelector(stack.Name)}
	owner := ""
	if tenant != nil {
		owner, s.confined, s.isolated = tenant.Name, true, tenant.Network.Isolated
	}
	s.labels = backend.StackLabels(stack.Name, owner)
	return s
}

// prometheus and alertmanager name the objects around the two servers: service account, service, role, policies.
// They are those of the kube-prometheus-stack chart, so that a move between the two versions keeps them.
func (s scope) prometheus() string   { return s.name + "-prometheus" }
func (s scope) alertmanager() string { return s.name + "-alertmanager" }

// prometheusPods and alertmanagerPods are labels that the operator puts on the pods of this stack alone.
func (s scope) prometheusPods() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "prometheus", "operator.prometheus.io/name": s.name}
}

func (s scope) alertmanagerPods() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "alertmanager", "alertmanager": s.name}
}

// own selects the objects of this stack.
func (s scope) own() *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(s.selector)
}

// stack adds the objects of a stack in the order in which a reader wants to see them.
func (c compiler) stack(b *backend.Builder, s scope) {
	if !s.confined {
		// Only labels that all stacks of a namespace agree on: two stacks in one namespace make it alike.
		b.Add(corev1ac.Namespace(s.Namespace).WithLabels(map[string]string{backend.LabelManagedBy: backend.ManagedBy}), s.Origin)
	}
	s.addIdentity(b)
	s.addNetwork(b)
	s.addServers(b)
	b.Append(c.sender.Send(backend.Delivery{
		Namespace: s.Namespace, Stack: s.Name, Labels: maps.Clone(s.labels), Channels: s.AlertChannels, Origin: s.Origin, Score: b.Title,
	}))
	s.addTargets(b)
	s.addRules(b)
}
