// SPDX-License-Identifier: Apache-2.0

// This file tells who gets an alert, and why.

package alerttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Router is the Alertmanager of a stack, as far as it decides who gets an alert.
type Router struct {
	tree     *routing.Tree
	external map[string]string
	mutes    map[string][]timeinterval.TimeInterval
	inhibits []inhibit
}

// inhibit is an inhibit rule with the matchers on a tenant's namespace that the operator adds.
type inhibit struct {
	sources, targets labels.Matchers
	equal            []string
}

// RouteCase is an alert whose way is asked for.
type RouteCase struct {
	Labels map[string]string
	// At is when it fires; the zero time is one at which no mute time applies.
	At time.Time
	// Firing are the labels of other alerts that fire then.
	Firing []map[string]string
}

// Routed says who gets an alert.
type Routed struct {
	// Channels in the order in which Alertmanager finds them; one that gets the alert twice is there twice.
	Channels []string
	// Reasons tell the ways on which the alert gets to them, or why it gets to nobody.
	Reasons []string
}

// NewRouter returns the Router of a monitoring_stack or tenant_monitoring. The error tells everything that is wrong with
// its routes, mute times and inhibit rules.
func NewRouter(s score.Score) (*Router, error) {
	tree, err := routing.OfScore(s)
	if err != nil {
		return nil, err
	}
	stack, ok := s.(score.MonitoringStack)
	if tenant, is := s.(score.TenantMonitoring); is {
		stack, ok = tenant.ScopedStack(), true
	}
	if !ok {
		return nil, fmt.Errorf("%s: got a score of kind %q, want a monitoring_stack or tenant_monitoring", s.Title(), s.Kind())
	}
	r := &Router{tree: tree, external: stack.ExternalLabels, mutes: map[string][]timeinterval.TimeInterval{}}
	for _, mute := range stack.MuteTimes {
		if r.mutes[mute.Name], err = routing.Intervals(mute); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Title(), err)
		}
	}
	for _, rule := range stack.InhibitRules {
		made := inhibit{equal: rule.Equal}
		if made.sources, err = routing.ParseMatchers(rule.SourceMatchers); err != nil {
			return nil, fmt.Errorf("%s: inhibit_rule: %w", s.Title(), err)
		}
		if made.targets, err = routing.ParseMatchers(rule.TargetMatchers); err != nil {
			return nil, fmt.Errorf("%s: inhibit_rule: %w", s.Title(), err)
		}
		if tree.Namespace != "" {
			own := &labels.Matcher{Type: labels.MatchEqual, Name: namespaceLabel, Value: tree.Namespace}
			made.sources, made.targets = append(made.sources, own), append(made.targets, own)
		}
		r.inhibits = append(r.inhibits, made)
	}
	return r, nil
}

// sent returns the labels with what Prometheus adds before it sends an alert.
func (r *Router) sent(given map[string]string) map[string]string {
	all := maps.Clone(r.external)
	if all == nil {
		all = map[string]string{}
	}
	if r.tree.Namespace != "" {
		all[namespaceLabel] = r.tree.Namespace
	}
	maps.Copy(all, given)
	return all
}

// Route returns who gets the alert.
func (r *Router) Route(c RouteCase) Routed {
	alert := r.sent(c.Labels)
	if by := r.inhibitor(alert, c.Firing); by != nil {
		return Routed{Reasons: []string{"inhibited by " + labelText(by)}}
	}
	deliveries := r.tree.Deliveries(alert)
	if len(deliveries) == 0 {
		return Routed{Reasons: []string{r.refusal(alert)}}
	}
	var routed Routed
	for _, d := range deliveries {
		way := wayText(d)
		end := d.End()
		switch mute := r.mute(end, c.At); {
		case end.Channel == "":
			routed.Reasons = append(routed.Reasons, way+" → nobody")
		case mute != "":
			routed.Reasons = append(routed.Reasons, fmt.Sprintf("%s → %s, but %s", way, end.Channel, mute))
		default:
			routed.Channels = append(routed.Channels, end.Channel)
			routed.Reasons = append(routed.Reasons, way+" → "+end.Channel)
		}
	}
	return routed
}

// refusal says why a stack does not take an alert at all.
func (r *Router) refusal(alert map[string]string) string {
	if r.tree.Namespace != "" && alert[namespaceLabel] != r.tree.Namespace {
		return fmt.Sprintf("the tenant's tree takes alerts with %s=%q only", namespaceLabel, r.tree.Namespace)
	}
	return "the tree does not take it"
}

// mute says why a node notifies nobody at a time, or "".
func (r *Router) mute(n *routing.Node, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	contains := func(name string) bool {
		return slices.ContainsFunc(r.mutes[name], func(i timeinterval.TimeInterval) bool { return i.ContainsTime(at.UTC()) })
	}
	for _, name := range n.MuteTimes {
		if contains(name) {
			return fmt.Sprintf("muted by %q", name)
		}
	}
	if len(n.ActiveTimes) > 0 && !slices.ContainsFunc(n.ActiveTimes, contains) {
		return fmt.Sprintf("outside of its active times %q", n.ActiveTimes)
	}
	return ""
}

// inhibitor returns the firing alert that inhibits this one, or nil. As in Alertmanager an alert that both sides of a
// rule match is not inhibited by another of that kind, or it might inhibit itself.
func (r *Router) inhibitor(alert map[string]string, firing []map[string]string) map[string]string {
	for _, rule := range r.inhibits {
		if !matchesMap(rule.targets, alert) {
			continue
		}
		both := matchesMap(rule.sources, alert)
		for _, given := range firing {
			other := r.sent(given)
			if !matchesMap(rule.sources, other) || both && matchesMap(rule.targets, other) {
				continue
			}
			if !slices.ContainsFunc(rule.equal, func(name string) bool { return alert[name] != other[name] }) {
				return other
			}
		}
	}
	return nil
}

func matchesMap(matchers labels.Matchers, alert map[string]string) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(alert[m.Name]) })
}

// wayText tells the nodes that an alert passes.
func wayText(d routing.Delivery) string {
	var steps []string
	for i, hop := range d.Way {
		step := fmt.Sprintf("routes[%d]", hop.Index)
		switch {
		case i == 0:
			step = "route"
		case hop.Node.Part == routing.Taken:
			step = "taken by a route that continues"
		case hop.Node.Part == routing.Filtered:
			step = "the channel's matchers"
		case hop.Node.Part == routing.Direct:
			step = fmt.Sprintf("channel %q", hop.Node.Channel)
		}
		if len(hop.Node.Matchers) > 0 {
			step += " " + matchersText(hop.Node.Matchers)
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, " → ")
}

func matchersText(matchers labels.Matchers) string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = m.String()
	}
	return "{" + strings.Join(texts, ", ") + "}"
}
