// SPDX-License-Identifier: Apache-2.0

// This file holds tenant, tenant_network and tenant_monitoring.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	networkIsolated = "isolated"
	networkOpen     = "open"
)

func tenantSignatures() []Signature {
	name := Argument{Name: "name", Type: String(), Required: true, Doc: "Name of the tenant and of its namespace."}
	return []Signature{
		{
			Name: "tenant", Family: "scores", Result: kindScore, Positional: 1,
			Summary: "a namespace with its borders: quota, limits, network isolation and administrators",
			Doc:     "To monitor a tenant, deploy tenant_monitoring, which makes the tenant too.",
			Arguments: []Argument{
				name,
				{Name: "labels", Type: MapOf(String()), Doc: "Labels of the namespace."},
				{
					Name: "quota", Type: MapOf(String()), Doc: "Hard limits of the ResourceQuota by resource name, as quantities. Without it there is no quota.",
					Hint: `quota = {"requests.cpu": "4", "requests.memory": "8Gi", "pods": "50"}`,
				},
				{
					Name: "limits", Type: MapOf(MapOf(String()), "default", "default_request", "max", "min"),
					Doc:  "The LimitRange for containers: default is the limit and default_request the request of a container that names none. Under a quota for cpu or memory there is a LimitRange even without it.",
					Hint: `limits = {"default": {"cpu": "500m", "memory": "512Mi"}}`,
				},
				{
					Name: "network", Type: OneOf(String(), ValueOf("tenant_network")), Default: networkIsolated, Values: []string{networkIsolated, networkOpen},
					Doc:  `Who may talk to the tenant's pods: "isolated" lets only the namespace itself and DNS through, "open" makes no NetworkPolicy, tenant_network(…) says more.`,
					Hint: `network = "isolated"`,
				},
				{Name: "admins", Type: ListOf(String()), Doc: `Who gets the role "admin" in the namespace: "user:jane", "group:team-blue", "serviceaccount:namespace:name"; without a prefix it is a user.`},
			},
			Example: `deploy(tenant(
    name = "blue",
    quota = {"requests.cpu": "4", "requests.memory": "8Gi"},
    admins = ["group:team-blue"],
))`,
			Build: buildTenant,
		},
		{
			Name: "tenant_network", Family: "settings", Result: "tenant_network",
			Summary: "who may reach an isolated tenant's pods and whom they may reach",
			Doc:     "Traffic inside the namespace and DNS always pass. What is not listed is refused.",
			Arguments: []Argument{
				{Name: "ingress_namespaces", Type: ListOf(String()), Doc: "Namespaces that may reach the tenant's pods."},
				{Name: "egress_namespaces", Type: ListOf(String()), Doc: "Namespaces that the tenant's pods may reach."},
				{Name: "egress_cidrs", Type: ListOf(String()), Doc: "Address ranges that the tenant's pods may reach.", Hint: `egress_cidrs = ["10.0.0.0/8"]`},
			},
			Example: `deploy(tenant(name = "blue", network = tenant_network(ingress_namespaces = ["ingress-nginx"])))`,
			Build: func(c *Call) (any, error) {
				return score.Network{
					Origin:            c.Origin(),
					Isolated:          true,
					IngressNamespaces: c.Strings("ingress_namespaces"),
					EgressNamespaces:  c.Strings("egress_namespaces"),
					EgressCIDRs:       c.Strings("egress_cidrs"),
				}, nil
			},
		},
		{
			Name: "tenant_monitoring", Family: "scores", Result: kindScore, Positional: 2,
			Summary: "a tenant together with its monitoring, scoped to the tenant's namespace",
			Arguments: []Argument{
				{Name: "tenant", Type: OneOf(String(), ValueOf("tenant")), Required: true, Doc: "The tenant: its name, or a tenant(…).", Hint: `tenant = "blue"`},
				{Name: "stack", Type: ValueOf("monitoring_stack"), Required: true, Doc: "The monitoring; the tenant's namespace takes the place of its own.", Hint: "stack = monitoring_stack(V2_CRD)"},
				{
					Name: "mode", Type: String(), Default: string(score.TenantDedicated), Values: []string{string(score.TenantDedicated), string(score.TenantShared)},
					Doc: `"dedicated" gives the tenant a Prometheus and an Alertmanager of its own; "shared" only rules, targets and routes, which a platform's stack serves.`,
				},
			},
			Example: `deploy(tenant_monitoring(tenant = "blue", stack = monitoring_stack(V2_CRD)))`,
			Build:   buildTenantMonitoring,
		},
	}
}

func buildTenant(c *Call) (any, error) {
	limits := c.StringMaps("limits")
	network, given := goValue(c.Value("network")).(score.Network)
	if !given {
		network = score.Network{Isolated: c.String("network") == networkIsolated}
	}
	return score.Tenant{
		Origin: c.Origin(),
		Name:   c.String("name"),
		Labels: c.StringMap("labels"),
		Quota:  c.StringMap("quota"),
		Limits: score.Limits{
			Default: limits["default"], DefaultRequest: limits["default_request"], Max: limits["max"], Min: limits["min"],
		},
		Network: network,
		Admins:  c.Strings("admins"),
	}, nil
}

func buildTenantMonitoring(c *Call) (any, error) {
	owner, given := goValue(c.Value("tenant")).(score.Tenant)
	if !given {
		// What a tenant(name) without further arguments is. Its name stands in this call.
		site := score.CallSite{Position: c.Origin().Position(), Arguments: map[string]score.Argument{}}
		if at, ok := c.Origin().Arguments()["tenant"]; ok {
			site.Arguments["name"] = at
		}
		owner = score.Tenant{Origin: score.NewOrigin(&site, c.Origin().Callers()), Name: c.String("tenant"), Network: score.Network{Isolated: true}}
	}
	return score.TenantMonitoring{
		Origin: c.Origin(),
		Tenant: owner,
		Stack:  ValueAs[score.MonitoringStack](c, "stack"),
		Mode:   score.TenantMode(c.String("mode")),
	}, nil
}
