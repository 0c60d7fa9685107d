// SPDX-License-Identifier: Apache-2.0

// This file checks tenants, and stacks inside them.

package check

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// tenant checks a tenant. around is the score that names it, for a tenant that was given by its name alone.
func (c *checker) tenant(t score.Tenant, around score.Origin) {
	origin, argument := t.Origin, "name"
	if !origin.Position().IsValid() {
		origin, argument = around, "tenant"
	}
	who := fmt.Sprintf("tenant %q", t.Name)
	if c.dnsLabel(who, "name", t.Name, origin, argument) {
		c.reservedNamespace(who, t.Name, origin, argument)
	}
	c.kubernetesLabels(who, t.Labels, t.Origin, "labels")
	c.reservedTenantLabels(who, t)
	c.quantities(who+": quota", t.Quota, t.Origin, "quota", quotaResources, knowsQuotaResource)
	c.limits(who, t)
	c.network(who+": network", t.Network, t.Origin)
	for i, admin := range t.Admins {
		c.admin(who, admin, t.Origin, element("admins", i))
	}
}

func (c *checker) limits(who string, t score.Tenant) {
	if t.Limits.IsZero() {
		return
	}
	read := func(name string, amounts map[string]string) (string, map[string]resource.Quantity) {
		argument := "limits[" + name + "]"
		return argument, c.quantities(who+": limits: "+name, amounts, t.Origin, argument, containerResources, knowsContainerResource)
	}
	atDefault, standard := read("default", t.Limits.Default)
	atRequest, request := read("default_request", t.Limits.DefaultRequest)
	_, most := read("max", t.Limits.Max)
	atLeast, least := read("min", t.Limits.Min)
	who += ": limits"
	c.order(who, request, standard, "default request", "default", t.Limits.DefaultRequest, t.Origin, atRequest)
	c.order(who, standard, most, "default", "maximum", t.Limits.Default, t.Origin, atDefault)
	c.order(who, request, most, "default request", "maximum", t.Limits.DefaultRequest, t.Origin, atRequest)
	c.order(who, least, most, "minimum", "maximum", t.Limits.Min, t.Origin, atLeast)
	c.order(who, least, request, "minimum", "default request", t.Limits.Min, t.Origin, atLeast)
	c.order(who, least, standard, "minimum", "default", t.Limits.Min, t.Origin, atLeast)
}

func (c *checker) network(who string, n score.Network, around score.Origin) {
	origin, inside := n.Origin, ""
	if !origin.Position().IsValid() {
		origin, inside = around, "network"
	}
	place := func(argument string, i int) string {
		if inside != "" {
			argument = entry(inside, argument)
		}
		return element(argument, i)
	}
	for i, namespace := range n.IngressNamespaces {
		c.dnsLabel(who, "ingress namespace", namespace, origin, place("ingress_namespaces", i))
	}
	for i, namespace := range n.EgressNamespaces {
		c.dnsLabel(who, "egress namespace", namespace, origin, place("egress_namespaces", i))
	}
	for i, text := range n.EgressCIDRs {
		p := problem{code: "invalid-cidr", origin: origin, argument: place("egress_cidrs", i), value: text}
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			p.summary = fmt.Sprintf("%s: got the address range %s, want CIDR notation such as \"10.0.0.0/8\"", who, shown(text))
			if ip, err := netip.ParseAddr(text); err == nil {
				p.fix = fmt.Sprintf("write %q for this one address", netip.PrefixFrom(ip, ip.BitLen()).String())
			}
		case prefix.Masked() != prefix:
			p.summary = fmt.Sprintf("%s: got the address range %s, whose address has bits outside of its mask", who, shown(text))
			p.fix = fmt.Sprintf("write %q", prefix.Masked().String())
		default:
			continue
		}
		c.report(p)
	}
}

// admin checks who administers a tenant: user:NAME, group:NAME, serviceaccount:NAMESPACE:NAME, or a user's name.
func (c *checker) admin(who, admin string, origin score.Origin, argument string) {
	p := problem{
		code: "invalid-admin", origin: origin, argument: argument, value: admin,
		detail: "An administrator is \"user:jane\", \"group:team-blue\" or \"serviceaccount:namespace:name\"; without a prefix it is a user.",
	}
	kind, name, prefixed := strings.Cut(admin, ":")
	switch {
	case strings.TrimSpace(admin) == "":
		p.summary = who + ": admins: got an empty name, want a user, group or service account"
	case strings.TrimSpace(admin) != admin || strings.ContainsFunc(admin, unicode.IsControl):
		p.summary = fmt.Sprintf("%s: admins: got %s, want no white space around it", who, shown(admin))
		p.fix = fmt.Sprintf("write %q", strings.TrimSpace(admin))
	case !prefixed:
		return
	case kind == "user" || kind == "group":
		if name != "" {
			return
		}
		p.summary = fmt.Sprintf("%s: admins: got no name behind %q, want one", who, kind+":")
	case kind == "serviceaccount":
		namespace, account, found := strings.Cut(name, ":")
		if found && len(validation.IsDNS1123Label(namespace)) == 0 && len(validation.IsDNS1123Subdomain(account)) == 0 {
			return
		}
		p.summary = fmt.Sprintf("%s: admins: got %s, want \"serviceaccount:namespace:name\"", who, shown(admin))
	case kind == "system":
		// Users and groups of Kubernetes itself, such as system:masters, are users here.
		p.summary = fmt.Sprintf("%s: admins: got %s, want \"user:\" or \"group:\" in front of it", who, shown(admin))
		p.fix = fmt.Sprintf("write %q or %q", "group:"+admin, "user:"+admin)
	default:
		p.summary = fmt.Sprintf("%s: admins: got the prefix %s, want \"user\", \"group\" or \"serviceaccount\"", who, shown(kind))
		p.fix = fmt.Sprintf("write %q if it is a user's name", "user:"+admin)
	}
	c.report(p)
}

// tenantMonitoring checks a tenant with its stack, and what of the stack cannot work inside the tenant.
func (c *checker) tenantMonitoring(t score.TenantMonitoring) {
	c.tenant(t.Tenant, t.Origin)
	c.stack(t.Stack, t.Tenant.Name)
	c.helm(t.Stack, true)
	who := t.Title()
	if b, ok := c.registeredBackend(t.Stack.APIVersion); ok {
		feature := backend.Feature(t.Kind() + "." + string(t.Mode))
		c.feature(b, feature, who, t.Origin, "mode")
	}
	if t.Mode == score.TenantShared {
		return
	}
	c.requirements(t.Stack, true)
	for _, m := range c.namespaceMatches(t.Stack.AlertRules) {
		if !m.namespace.matcher.Matches(t.Tenant.Name) && c.once(namespaceWarning{m.rule.Origin.Position(), m.rule.Expr}) {
			c.report(problem{
				code: "promql-other-namespace", origin: m.rule.Origin, argument: "expr", value: m.rule.Expr,
				part: true, offset: m.namespace.offset, length: m.namespace.length,
				summary: fmt.Sprintf("%s: expr: got %s in a rule of the tenant %q, whose Prometheus sees its own namespace only", whoRule(m.rule), m.namespace.matcher, t.Tenant.Name),
				fix:     "leave the matcher on namespace out",
			})
		}
	}
	c.overriddenInTenant(t)
	c.targetsOfTenant(t)
	for _, m := range c.foreignMetrics(t.Stack) {
		if c.once(metricWarning{m.rule.Origin.Position(), m.metric.name}) {
			c.report(problem{
				code: "metric-without-source", origin: m.rule.Origin, argument: "expr", value: m.rule.Expr,
				part: true, offset: m.metric.offset, length: m.metric.length,
				summary: fmt.Sprintf("%s: expr: got the metric %q, which comes from %s, and nothing in the tenant's stack provides it", whoRule(m.rule), m.metric.name, m.source),
				detail:  "A tenant's Prometheus scrapes the tenant's own targets; the cluster's exporters are not among them, so this rule never gives anything.",
				fix:     "deploy such rules in the platform's monitoring_stack, or add a target that provides the metric",
			})
		}
	}
}

func (c *checker) registeredBackend(version score.APIVersion) (backend.Backend, bool) {
	if c.registry == nil {
		return nil, false
	}
	return c.registry.Backend(version)
}
