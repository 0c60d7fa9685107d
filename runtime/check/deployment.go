// SPDX-License-Identifier: Apache-2.0

// This file checks how the scores of a deployment fit together.

package check

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Deployment returns every problem of what a script deploys, sorted by position. r says which versions of
// the monitoring API there are and what they can express; nil leaves that out.
func Deployment(d score.Deployment, r *backend.Registry) diag.List {
	c := newChecker(r)
	if len(d.Scores) == 0 {
		c.list = append(c.list, diag.Diagnostic{
			Severity: severities["nothing-deployed"], Code: "nothing-deployed", Position: d.Position,
			Summary: "script deploys nothing", Fix: "add deploy(...) with the scores at the end of the script",
		})
		return c.list
	}
	c.deploymentName(d)
	c.clusters(d)
	c.prepare(d.Scores)
	for _, s := range d.Scores {
		c.score(s)
	}
	c.together(d.Scores)
	c.operators(d.Scores)
	return c.list.Sorted()
}

// Values returns every problem of single values, for a script that stopped before it deployed anything:
// scores, channels, rules, groups, targets and secrets, in any order and also one inside the other. What
// only shows in a whole deployment is left out, and so are values of types that are not of package score.
func Values(values []any, r *backend.Registry) diag.List {
	c := newChecker(r)
	for _, v := range values {
		c.value(v)
	}
	return c.list.Sorted()
}

func (c *checker) value(v any) {
	switch v := v.(type) {
	case score.Score:
		c.score(v)
	case score.AlertChannel:
		c.channel(v, nil)
	case score.RuleGroup:
		c.ruleGroup(v)
	case score.Rule:
		c.rule(v)
	case score.ScrapeTarget:
		c.target(v)
	case score.RemoteWrite:
		c.remoteWrites("remote_write", []score.RemoteWrite{v})
	case score.HelmChart:
		c.helmChart(v)
	case score.Network:
		c.network("tenant_network", v, score.Origin{})
	case score.Route:
		c.route(v)
	case score.InhibitRule:
		c.inhibitRule(v)
	case score.MuteTime:
		c.muteTime(v)
	case score.TimeInterval:
		c.timeInterval("time_interval", v)
	case score.Secret:
		c.secret("secret", v, v.Origin, "")
	}
}

func (c *checker) score(s score.Score) {
	switch s := s.(type) {
	case score.MonitoringStack:
		c.stack(s, "")
		c.requirements(s, false)
		c.helm(s, false)
	case score.TenantMonitoring:
		c.tenantMonitoring(s)
	case score.Tenant:
		c.tenant(s, score.Origin{})
		c.compiled(s)
	case nil:
	default:
		c.compiled(s)
	}
}

// compiled reports a score that nothing can turn into objects.
func (c *checker) compiled(s score.Score) {
	if c.registry == nil || c.registry.Compiles(s.Kind()) {
		return
	}
	p := problem{
		code: "no-backend", origin: s.Source(),
		summary: fmt.Sprintf("%s: this build of harmonyscript has nothing that compiles a %s", s.Title(), s.Kind()),
	}
	if versioned, ok := s.(score.Versioned); ok {
		if _, found := c.registry.Backend(versioned.MonitoringAPIVersion()); found {
			return
		}
		p.summary = fmt.Sprintf("%s: this build of harmonyscript has no backend for %s", s.Title(), versioned.MonitoringAPIVersion())
	}
	c.report(p)
}

// together checks the scores against each other.
func (c *checker) together(scores []score.Score) {
	type stackName struct{ namespace, name string }
	tenants, stacks := map[string]score.Score{}, map[stackName]score.Score{}
	var loneTenants []score.Tenant
	var loneStacks []score.MonitoringStack
	addTenant := func(s score.Score, name string) {
		if before, twice := tenants[name]; twice {
			c.report(problem{
				code: "duplicate-tenant", origin: s.Source(), argument: tenantArgument(s),
				summary: fmt.Sprintf("%s: got a second score for the tenant %q, want one", s.Title(), name),
				fix:     "remove one; a tenant_monitoring makes the tenant, too",
				related: firstScore(before, s),
			})
			return
		}
		tenants[name] = s
	}
	addStack := func(s score.Score, stack score.MonitoringStack) {
		name := stackName{stack.Namespace, stack.Name}
		if before, twice := stacks[name]; twice {
			c.report(problem{
				code: "duplicate-stack", origin: s.Source(),
				summary: fmt.Sprintf("%s: got a second stack called %q in the namespace %q, want different names or namespaces", s.Title(), stack.Name, stack.Namespace),
				fix:     "give one of them another name",
				related: firstScore(before, s),
			})
			return
		}
		stacks[name] = s
	}
	for _, s := range scores {
		switch s := s.(type) {
		case score.Tenant:
			addTenant(s, s.Name)
			loneTenants = append(loneTenants, s)
		case score.MonitoringStack:
			addStack(s, s)
			loneStacks = append(loneStacks, s)
		case score.TenantMonitoring:
			if _, twice := tenants[s.Tenant.Name]; !twice {
				// The same tenant twice has the same stack twice; that need not be told again.
				addStack(s, s.ScopedStack())
			}
			addTenant(s, s.Tenant.Name)
		}
	}
	c.separate(loneTenants, loneStacks, tenants)
}

// separate reports stacks that most likely belong into a tenant.
func (c *checker) separate(loneTenants []score.Tenant, loneStacks []score.MonitoringStack, tenants map[string]score.Score) {
	told := false
	for _, stack := range loneStacks {
		tenant, inside := tenants[stack.Namespace]
		if !inside {
			continue
		}
		told = true
		c.report(problem{
			code: "separate-tenant-and-stack", origin: stack.Origin, argument: "namespace", value: stack.Namespace,
			summary: fmt.Sprintf("%s: got a stack in the namespace of the tenant %q, want both in one score", stack.Title(), stack.Namespace),
			detail:  "Deployed apart, the stack is not confined to the tenant: nothing scopes its rules, targets and alerts.",
			fix:     fmt.Sprintf("deploy tenant_monitoring(tenant = %q, stack = …) instead of the two", stack.Namespace),
			related: []diag.Related{{Position: tenant.Source().Position(), Message: "the tenant is here"}},
		})
	}
	if !told && len(loneTenants) == 1 && len(loneStacks) == 1 && len(tenants) == 1 {
		c.report(problem{
			code: "tenant-beside-stack", origin: loneStacks[0].Origin,
			summary: fmt.Sprintf("%s: got one stack and one tenant, %q, that have nothing to do with each other", loneStacks[0].Title(), loneTenants[0].Name),
			detail:  "The stack does not see the tenant's namespace.",
			fix:     fmt.Sprintf("deploy tenant_monitoring(tenant = %q, stack = …) if the stack is the tenant's", loneTenants[0].Name),
			related: []diag.Related{{Position: loneTenants[0].Origin.Position(), Message: "the tenant is here"}},
		})
	}
}

func tenantArgument(s score.Score) string {
	if s.Kind() == (score.Tenant{}).Kind() {
		return "name"
	}
	return "tenant"
}

// firstScore points at the first of two scores, unless they are the same one deployed twice.
func firstScore(before, second score.Score) []diag.Related {
	at := before.Source().Position()
	if !at.IsValid() || at == second.Source().Position() {
		return nil
	}
	return []diag.Related{{Position: at, Message: "the first is here"}}
}
