// SPDX-License-Identifier: Apache-2.0

// This file holds tenants and tenants with monitoring.

package score

import "fmt"

// Tenant declares a namespace and its borders: quota, limits, network isolation and administrators.
type Tenant struct {
	Origin Origin
	// Name of the tenant and of its namespace.
	Name string
	// Labels of the namespace.
	Labels map[string]string
	// Quota is the ResourceQuota's hard limits by resource name ("requests.cpu", "pods"), as quantities;
	// empty means no ResourceQuota.
	Quota map[string]string
	// Limits are the LimitRange for containers. When it is empty and Quota limits cpu or memory, a LimitRange
	// with defaults is made all the same: under a quota a container without limits is refused.
	Limits Limits
	// Network says who may talk to the tenant's pods.
	Network Network
	// Admins get the cluster's "admin" role in the namespace: "user:jane", "group:team-blue" or
	// "serviceaccount:namespace:name"; without a prefix it is a user.
	Admins []string
}

// Limits are a LimitRange's values for containers, each by resource name, as quantities.
type Limits struct {
	// Default is the limit of a container that names none.
	Default map[string]string
	// DefaultRequest is the request of a container that names none.
	DefaultRequest map[string]string
	Max            map[string]string
	Min            map[string]string
}

// IsZero reports whether no limit is set.
func (l Limits) IsZero() bool {
	return len(l.Default)+len(l.DefaultRequest)+len(l.Max)+len(l.Min) == 0
}

// Network says what may reach a tenant's pods and what they may reach. Traffic inside the namespace and DNS
// always pass.
type Network struct {
	// Origin is the place of the network's own call; without one the tenant's argument "network" has it.
	Origin Origin
	// Isolated makes NetworkPolicies that refuse everything else; when false there are none.
	Isolated bool
	// IngressNamespaces may reach the tenant's pods.
	IngressNamespaces []string
	// EgressNamespaces may be reached by the tenant's pods.
	EgressNamespaces []string
	// EgressCIDRs may be reached by the tenant's pods.
	EgressCIDRs []string
}

// Kind returns "tenant".
func (Tenant) Kind() string { return "tenant" }

// Title names the tenant.
func (t Tenant) Title() string { return fmt.Sprintf("tenant %q", t.Name) }

// Source tells where the script made the tenant.
func (t Tenant) Source() Origin { return t.Origin }

// TenantMode says how a tenant is monitored.
type TenantMode string

const (
	// TenantDedicated gives the tenant a Prometheus and an Alertmanager of its own.
	TenantDedicated TenantMode = "dedicated"
	// TenantShared gives the tenant only rules, targets and routes, served by a platform's stack.
	TenantShared TenantMode = "shared"
)

// TenantMonitoring declares a tenant together with its monitoring. Everything is scoped to the tenant's
// namespace; the stack's own namespace plays no part.
type TenantMonitoring struct {
	Origin Origin
	Tenant Tenant
	// Stack is as the script gave it.
	Stack MonitoringStack
	Mode  TenantMode
}

// Kind returns "tenant_monitoring".
func (TenantMonitoring) Kind() string { return "tenant_monitoring" }

// Title names the tenant.
func (t TenantMonitoring) Title() string { return fmt.Sprintf("tenant_monitoring %q", t.Tenant.Name) }

// Source tells where the script made the score.
func (t TenantMonitoring) Source() Origin { return t.Origin }

// MonitoringAPIVersion returns the stack's version.
func (t TenantMonitoring) MonitoringAPIVersion() APIVersion { return t.Stack.APIVersion }

// ScopedStack returns the stack moved into the tenant's namespace.
func (t TenantMonitoring) ScopedStack() MonitoringStack {
	stack := t.Stack
	stack.Namespace = t.Tenant.Name
	return stack
}
