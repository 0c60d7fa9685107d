// SPDX-License-Identifier: Apache-2.0

// This file checks the routing of a stack: whether it has all that belongs together, and whether its alerts get
// anywhere.

package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// routingKey identifies what decides where a stack's alerts go.
type routingKey struct {
	channels channelsKey
	rules    rulesKey
	route    routeIdentity
	inhibits *score.InhibitRule
	mutes    *score.MuteTime
	numbers  [2]int
	external uintptr
	// tenant is empty when nothing speaks of the namespace: then all tenants are alike.
	tenant string
}

// routeIdentity identifies a tree: copies of a stack have copies of its top, which share the children.
type routeIdentity struct {
	at       score.Position
	children *score.Route
	number   int
	channel  string
}

func treeOf(r *score.Route) routeIdentity {
	if r == nil {
		return routeIdentity{number: -1}
	}
	return routeIdentity{r.Origin.Position(), first(r.Routes), len(r.Routes), r.Channel}
}

// routing checks the routing of a stack. tenant is the tenant that it is in, or empty.
func (c *checker) routing(who string, s score.MonitoringStack, tenant string) {
	key := routingKey{
		channels: channelsKey{channels: first(s.AlertChannels), number: len(s.AlertChannels)}, rules: keyOfRules(s.AlertRules),
		route: treeOf(s.Route), inhibits: first(s.InhibitRules), mutes: first(s.MuteTimes), numbers: [2]int{len(s.InhibitRules), len(s.MuteTimes)},
		external: mapIdentity(s.ExternalLabels),
	}
	if tenant != "" {
		// The names of two tenants make no difference to what does not name one; that there is one always does.
		key.tenant = "-"
		if speaksOfNamespace(s) {
			key.tenant = tenant
		}
	}
	if !c.once(key) {
		return
	}
	r := stackRouting{checker: c, who: who, stack: s, tenant: tenant}
	sound := r.settings()
	r.inhibitRules()
	if alerts := countAlerts(s.AlertRules); len(s.AlertChannels) == 0 {
		r.noChannel(alerts)
	} else if alerts == 0 && !platform(s, tenant) {
		c.report(problem{
			code: "no-rules", origin: s.Origin, argument: "alert_rules",
			summary: fmt.Sprintf("%s: got alert channels and no alerts, so nothing is ever sent", who),
			fix:     "add alerts with alert_rules, or load some from @stdlib//",
		})
	}
	if !sound || len(s.AlertChannels) == 0 {
		return
	}
	tree, err := routing.Of(s, tenant)
	if err != nil {
		return // the tree is not sound, which was reported
	}
	r.tree = tree
	r.reach()
	r.alerts()
}

// stackRouting is the work on one stack.
type stackRouting struct {
	*checker
	who    string
	stack  score.MonitoringStack
	tenant string
	tree   *routing.Tree
}

// reportKey identifies what was reported about a place.
type reportKey struct {
	at                      score.Position
	code, argument, summary string
}

// report adds a problem, unless the same was told about the same place for another tenant or a copy of the stack.
func (r stackRouting) report(p problem) {
	at := p.origin.Position()
	if !at.IsValid() || r.once(reportKey{at, p.code, p.argument, p.summary}) {
		r.checker.report(p)
	}
}

func countAlerts(groups []score.RuleGroup) int {
	alerts := 0
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts++
			}
		}
	}
	return alerts
}

func (r stackRouting) noChannel(alerts int) {
	p := problem{
		code: "no-channel", origin: r.stack.Origin, argument: "alert_channels", summary: r.who + ": got no alert channels, so alerts reach nobody",
		fix: "add a channel: alert_channels = [discord(name = \"on-call\", webhook_url = secret(env = \"DISCORD_WEBHOOK_URL\"))]",
	}
	switch {
	case alerts == 1:
		p.summary = r.who + ": got an alert and no alert channels, so it reaches nobody"
	case alerts > 1:
		p.summary = fmt.Sprintf("%s: got no alert channels, so its alerts reach nobody", r.who)
	}
	r.report(p)
}

// speaksOfNamespace reports whether anything in the routing has a matcher on the namespace.
func speaksOfNamespace(s score.MonitoringStack) bool {
	speaks := func(texts []string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, routing.NamespaceLabel) })
	}
	var inRoute func(r score.Route) bool
	inRoute = func(r score.Route) bool { return speaks(r.Matchers) || slices.ContainsFunc(r.Routes, inRoute) }
	return s.Route != nil && inRoute(*s.Route) ||
		slices.ContainsFunc(s.AlertChannels, func(c score.AlertChannel) bool { return speaks(c.Matchers) }) ||
		slices.ContainsFunc(s.InhibitRules, func(i score.InhibitRule) bool { return speaks(i.SourceMatchers) || speaks(i.TargetMatchers) })
}

// otherNamespace reports matchers that no alert of the tenant can match, and whether there are such.
func (r stackRouting) otherNamespace(who string, texts []string, origin score.Origin, argument string) bool {
	if r.tenant == "" {
		return false
	}
	for i, text := range texts {
		for _, m := range r.parseMatchers(text).matchers {
			if m.Name != routing.NamespaceLabel || m.Matches(r.tenant) || r.verdict(labels.Matchers{m}) == routing.No {
				continue
			}
			if r.once(namespaceWarning{origin.Position(), who + text}) {
				r.report(problem{
					code: "matcher-other-namespace", origin: origin, argument: element(argument, i), value: text,
					summary: fmt.Sprintf("%s: %s: got %s, which no alert of the tenant %q can match", who, argument, m, r.tenant),
					detail:  "All alerts of a tenant have its namespace as their label, and its Alertmanager takes no others.",
					fix:     "leave the matcher out",
				})
			}
			return true
		}
	}
	return false
}

// known returns the labels that every alert of a rule has. Those with templates, and those of the series that
// its expression does not drop, may be anything.
func (r stackRouting) known(group score.RuleGroup, rule score.Rule) map[string]string {
	known := r.lacking(rule)
	for name, value := range withLabels(group.Labels, rule.Labels) {
		delete(known, name)
		_, external := r.stack.ExternalLabels[name]
		if strings.Contains(value, "{{") || value == "" && external {
			continue
		}
		known[name] = value
	}
	known[model.AlertNameLabel] = rule.Alert
	if r.tenant != "" {
		known[routing.NamespaceLabel] = r.tenant
	}
	return known
}

// lacking returns the labels that matchers ask for and that no result of the rule's expression has: they are empty, or
// the stack's external label.
func (r stackRouting) lacking(rule score.Rule) map[string]string {
	lacking := map[string]string{}
	result := r.expression(rule.Expr).shape
	if r.tree == nil || !result.closed && len(result.names) == 0 {
		return lacking
	}
	var visit func(nodes []*routing.Node)
	visit = func(nodes []*routing.Node) {
		for _, n := range nodes {
			for _, m := range n.Matchers {
				if !result.may(m.Name) {
					lacking[m.Name] = r.stack.ExternalLabels[m.Name]
				}
			}
			visit(n.Routes)
		}
	}
	visit(r.tree.Top.Routes)
	return lacking
}

// alerts reports alerts that no channel gets, whatever their series bring.
func (r stackRouting) alerts() {
	for _, g := range r.stack.AlertRules {
		for _, rule := range g.Rules {
			if rule.Alert == "" {
				continue
			}
			known := r.known(g, rule)
			if _, verdict := r.tree.Delivers(&r.solver, known); verdict != routing.No {
				continue
			}
			p := problem{
				code: "alert-reaches-nobody", origin: rule.Origin, argument: "labels",
				summary: fmt.Sprintf("%s: no channel of %s lets it through", whoRule(rule), r.who),
				detail:  "Its labels are not among those that the channels' matchers want.",
				fix:     "change its labels or a channel's matchers, or add a channel without matchers",
			}
			if r.stack.Route != nil {
				p.summary = fmt.Sprintf("%s: no route of %s takes it to a channel", whoRule(rule), r.who)
				p.detail = r.way(known)
				p.fix = "change its labels, add a route for it, or give the top of the tree a channel"
			}
			r.report(p)
		}
	}
}

// way tells where an alert with these labels ends.
func (r stackRouting) way(known map[string]string) string {
	var given []string
	for _, name := range slices.Sorted(maps.Keys(known)) {
		given = append(given, fmt.Sprintf("%s=%q", name, known[name]))
	}
	lines := []string{fmt.Sprintf("An alert {%s} goes this way:", strings.Join(given, ","))}
	for _, d := range r.tree.Deliveries(known) {
		steps := []string{"the top"}
		for _, hop := range d.Way[1:] {
			if hop.Node.Part == routing.Whole {
				steps = append(steps, fmt.Sprintf("routes[%d] %s", hop.Index, hop.Node.Matchers))
			}
		}
		why := "which has no channel"
		if filter := filterOf(d.End()); filter != nil {
			why = fmt.Sprintf("whose channel %q takes %s only", filter.Channel, filter.Matchers)
		} else if d.End().Part == routing.Taken {
			continue
		}
		lines = append(lines, strings.Join(steps, ", then ")+", "+why+".")
	}
	return strings.Join(lines, "\n")
}

// filterOf returns the part of a node that its channel's own matchers stand in.
func filterOf(n *routing.Node) *routing.Node {
	for _, child := range n.Routes {
		if child.Part == routing.Filtered {
			return child
		}
	}
	return nil
}

// whoRoute names a route in messages.
func whoRoute(r score.Route) string {
	if r.Channel != "" {
		return fmt.Sprintf("route to %q", r.Channel)
	}
	return "route"
}

// here points at where something was written.
func here(origin score.Origin, argument, message string) []diag.Related {
	if !origin.Position().IsValid() {
		return nil
	}
	return []diag.Related{{Position: origin.Of(argument), Message: message}}
}
