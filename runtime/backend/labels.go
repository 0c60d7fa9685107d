// SPDX-License-Identifier: Apache-2.0

// This file holds the labels that every backend puts on its objects.

package backend

// Labels that every backend puts on its objects. Prometheus and Alertmanager select by the first two.
const (
	// LabelManagedBy is on every object, with the value ManagedBy.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy says that harmonyscript made the object.
	ManagedBy = "harmonyscript"
	// LabelStack names the stack that an object belongs to, by its resource name (see StackName).
	LabelStack = "harmonyscript.io/stack"
	// LabelTenant names the tenant that an object belongs to; objects of a stack without a tenant lack it.
	LabelTenant = "harmonyscript.io/tenant"
	// LabelNamespaceName is the label by which every cluster marks a Namespace with its own name, for selectors.
	LabelNamespaceName = "kubernetes.io/metadata.name"
)

// StackSelector returns the labels by which a stack recognises its own objects. It holds as few labels as
// tell two stacks in one namespace apart, so that objects keep being selected when other labels change.
func StackSelector(stack string) map[string]string {
	return map[string]string{LabelManagedBy: ManagedBy, LabelStack: StackName(stack)}
}

// StackLabels returns the labels of a stack's objects: those of StackSelector and, unless tenant is empty,
// the tenant's.
func StackLabels(stack, tenant string) map[string]string {
	labels := StackSelector(stack)
	if tenant != "" {
		labels[LabelTenant] = tenant
	}
	return labels
}
