// SPDX-License-Identifier: Apache-2.0

// This file checks what in a tenant's stack points out of the tenant, or claims another namespace.

package check

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const overriddenDetail = "Everything that the tenant's Prometheus scrapes, records and sends bears the tenant's namespace, whatever it claims."

type overriddenKey struct {
	at   score.Position
	what string
}

// overridden reports something that writes the label "namespace".
func (c *checker) overridden(p problem, what, tenant string) {
	if !c.once(overriddenKey{p.origin.Position(), what}) {
		return
	}
	p.code = "namespace-overridden"
	p.summary = fmt.Sprintf("%s: got a value for the label namespace, which is %q in this tenant all the same", what, tenant)
	p.detail, p.fix = overriddenDetail, "leave it out"
	c.report(p)
}

// overriddenInTenant finds rules and targets that write the label "namespace".
func (c *checker) overriddenInTenant(t score.TenantMonitoring) {
	tenant := t.Tenant.Name
	for _, g := range t.Stack.AlertRules {
		if value, ok := g.Labels["namespace"]; ok && value != tenant {
			c.overridden(problem{origin: g.Origin, argument: entry("labels", "namespace")}, fmt.Sprintf("alert_rule_group %q: labels", g.Name), tenant)
		}
		for _, r := range g.Rules {
			if value, ok := r.Labels["namespace"]; ok && value != tenant {
				c.overridden(problem{origin: r.Origin, argument: entry("labels", "namespace")}, whoRule(r)+": labels", tenant)
			}
			for _, call := range c.expression(r.Expr).written {
				c.overridden(problem{origin: r.Origin, argument: "expr", value: r.Expr, part: true, offset: call.offset, length: call.length},
					whoRule(r)+": expr: "+call.name+"()", tenant)
			}
		}
	}
	for _, target := range t.Stack.ScrapeTargets {
		if target == nil {
			continue
		}
		who := fmt.Sprintf("%s %q", target.Kind(), target.TargetName())
		e := score.EndpointOf(target)
		for list, steps := range map[string][]score.Relabeling{"relabelings": e.Relabelings, "metric_relabelings": e.MetricRelabelings} {
			for i, step := range steps {
				if step.TargetLabel != "namespace" {
					continue
				}
				p := problem{origin: step.Origin, argument: "target_label"}
				if !step.Origin.Position().IsValid() {
					p.origin, p.argument = target.Source(), element(list, i)
				}
				c.overridden(p, who+": "+element(list, i), tenant)
			}
		}
		if value, ok := targetLabelsOf(target)["namespace"]; ok && value != tenant {
			c.overridden(problem{origin: target.Source(), argument: entry("labels", "namespace")}, who+": labels", tenant)
		}
	}
}

func targetLabelsOf(target score.ScrapeTarget) map[string]string {
	switch t := target.(type) {
	case score.StaticTargets:
		return t.Labels
	case score.Probe:
		return t.Labels
	default:
		return nil
	}
}

// targetsOfTenant finds targets that are not the tenant's.
func (c *checker) targetsOfTenant(t score.TenantMonitoring) {
	for _, target := range t.Stack.ScrapeTargets {
		if target == nil {
			continue
		}
		who := fmt.Sprintf("%s %q", target.Kind(), target.TargetName())
		for i, name := range score.NamespacesOf(target) {
			if name != t.Tenant.Name && c.once(overriddenKey{target.Source().Position(), who + name}) {
				c.report(problem{
					code: "namespaces-in-tenant", origin: target.Source(), argument: element("namespaces", i), value: name,
					summary: fmt.Sprintf("%s: namespaces: got %q in the tenant %q, which sees its own namespace only", who, name, t.Tenant.Name),
					fix:     "leave namespaces out, or put the target into the platform's monitoring_stack",
				})
			}
		}
		switch target := target.(type) {
		case score.StaticTargets:
			for i, address := range target.Targets {
				c.outside(t, who, address, target.Origin, element("targets", i))
			}
		case score.Probe:
			// One prober for all tenants is what most clusters have.
			for i, address := range target.Targets {
				c.outside(t, who, address, target.Origin, element("targets", i))
			}
		case score.HTTPDiscovery:
			c.outside(t, who, target.URL, target.Origin, "url")
		case score.DNSDiscovery:
			for i, name := range target.Names {
				c.outside(t, who, name, target.Origin, element("names", i))
			}
		}
	}
}

// outside reports an address in another namespace of the cluster, or of the machine that a pod is on.
func (c *checker) outside(t score.TenantMonitoring, who, address string, origin score.Origin, argument string) {
	host := hostOf(address)
	p := problem{code: "target-outside-tenant", origin: origin, argument: argument, value: address}
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsLoopback() || ip.IsLinkLocalUnicast()) || host == "localhost" {
		p.summary = fmt.Sprintf("%s: got the address %s, which is no host of the tenant %q but the machine or the pod that asks", who, shown(host), t.Tenant.Name)
		p.fix = "write the name of a service or a host"
	} else {
		namespace := namespaceOfService(host)
		if namespace == "" || namespace == t.Tenant.Name || slices.Contains(t.Tenant.Network.EgressNamespaces, namespace) {
			return
		}
		p.summary = fmt.Sprintf("%s: got the address %s in the namespace %q, want one in the tenant's, %q", who, shown(host), namespace, t.Tenant.Name)
		p.detail = "Its series get the tenant's namespace, and whoever owns the other namespace has not been asked."
		p.fix = fmt.Sprintf("put the target into the platform's monitoring_stack, or let the tenant get there: tenant_network(egress_namespaces = [%q])", namespace)
	}
	if c.once(overriddenKey{origin.Position(), p.summary}) {
		c.report(p)
	}
}

func hostOf(address string) string {
	if !strings.Contains(address, "://") {
		address = "//" + address
	}
	if u, err := url.Parse(address); err == nil {
		return u.Hostname()
	}
	return ""
}

// namespaceOfService returns the namespace in the DNS name of a service or of a pod behind one, or "".
func namespaceOfService(host string) string {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case len(parts) >= 3 && parts[2] == "svc":
		return parts[1]
	case len(parts) >= 4 && parts[3] == "svc":
		return parts[2]
	default:
		return ""
	}
}
