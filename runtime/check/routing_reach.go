// SPDX-License-Identifier: Apache-2.0

// This file finds routes that no alert gets to, and routes whose own channel gets nothing.

package check

import (
	"fmt"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// reach goes through the tree from the top. Below a route that nothing gets to, nothing more is reported.
func (r stackRouting) reach() {
	if r.stack.Route == nil {
		for _, channel := range r.stack.AlertChannels {
			r.otherNamespace(whoChannel(channel), channel.Matchers, channel.Origin, "matchers")
		}
		return
	}
	r.tree.Spots(func(s routing.Spot) bool {
		switch n := s.Node(); n.Part {
		case routing.Whole:
			return r.whole(s, *n.Route)
		case routing.Filtered:
			r.filtered(s, *s.Way[len(s.Way)-2].Node.Route)
		}
		return true
	})
}

func (r stackRouting) solve(f routing.Formula) routing.Verdict {
	_, verdict := r.solver.Solve(f)
	return verdict
}

// whole reports on a route, and whether to go on below it.
func (r stackRouting) whole(s routing.Spot, route score.Route) bool {
	n := s.Node()
	if len(s.Way) > 1 {
		own := n.Matchers
		if r.verdict(own) == routing.No {
			return false // reported as matchers that nothing can match
		}
		if r.otherNamespace(whoRoute(route), route.Matchers, route.Origin, "matchers") {
			return false
		}
		if r.solve(s.Matching()) == routing.No {
			r.contradiction(s, route)
			return false
		}
		if r.solve(s.Arriving()) == routing.No {
			r.blocked(s, route)
			return false
		}
	}
	// The top may well have a channel for nothing: it says what becomes of alerts that nobody has thought of.
	if n.Channel != "" && len(s.Way) > 1 && r.solve(s.Delivering()) == routing.No {
		r.shadowed(route, n)
	}
	return true
}

// contradiction reports a route whose matchers contradict those around it.
func (r stackRouting) contradiction(s routing.Spot, route score.Route) {
	p := problem{
		code: "unreachable-route", origin: route.Origin, argument: "matchers",
		summary: fmt.Sprintf("%s: no alert gets here: %s contradicts the matchers of the routes around it", whoRoute(route), s.Node().Matchers),
		fix:     "move it out of the route that it is in, or change the matchers",
	}
	for i := len(s.Way) - 2; i > 0; i-- {
		around := s.Way[i].Node
		if r.verdict(append(append(labels.Matchers{}, around.Matchers...), s.Node().Matchers...)) == routing.No {
			p.summary = fmt.Sprintf("%s: no alert gets here: %s contradicts %s of the route around it", whoRoute(route), s.Node().Matchers, around.Matchers)
			p.related = here(around.Route.Origin, "matchers", "the route around it is here")
			break
		}
	}
	r.report(p)
}

// blocked reports a route whose alerts are all taken by siblings in front of it.
func (r stackRouting) blocked(s routing.Spot, route score.Route) {
	p := problem{
		code: "unreachable-route", origin: route.Origin,
		summary: fmt.Sprintf("%s: no alert gets here: the routes in front of it take all that it would", whoRoute(route)),
		detail:  "Alertmanager tries siblings in order, and an alert goes on to the next only behind a route with continue_.",
		fix:     "move it in front of them, or give them continue_ = True",
	}
	for _, sibling := range s.Before {
		f := s.Matching()
		f.Refuse(sibling.Matchers)
		if r.solve(f) == routing.No && sibling.Route != nil {
			taken := sibling.Matchers.String()
			if len(sibling.Matchers) == 0 {
				taken = "everything"
			}
			p.summary = fmt.Sprintf("%s: no alert gets here: a route in front of it takes %s", whoRoute(route), taken)
			p.fix = "move it in front of that route, or give that one continue_ = True"
			p.related = here(sibling.Route.Origin, "", "the route in front of it is here")
			break
		}
	}
	if p.related == nil {
		for _, sibling := range s.Before {
			if sibling.Route != nil {
				p.related = append(p.related, here(sibling.Route.Origin, "", "this is one of them")...)
			}
		}
	}
	r.report(p)
}

// shadowed reports a route whose children take everything, so that its own channel gets nothing.
func (r stackRouting) shadowed(route score.Route, n *routing.Node) {
	if route.Channel == "" {
		return // its channel is the parent's, for children that have none
	}
	var related []diag.Related
	for _, child := range n.Routes {
		if child.Route != nil {
			related = append(related, here(child.Route.Origin, "", "this child takes "+orEverything(child.Matchers))...)
		}
	}
	for _, child := range n.Routes {
		if child.Route != nil && child.Route.Channel == "" {
			return // a child delivers to the channel in its place
		}
	}
	r.report(problem{
		code: "shadowed-route", origin: route.Origin, argument: "channel",
		summary: fmt.Sprintf("%s: its children take every alert, so %q gets nothing here", whoRoute(route), route.Channel),
		fix:     "leave the channel out, or change the children's matchers",
		related: related,
	})
}

func orEverything(matchers labels.Matchers) string {
	if len(matchers) == 0 {
		return "everything"
	}
	return matchers.String()
}

// filtered reports a route whose channel, by matchers of its own, takes nothing of what the route has.
func (r stackRouting) filtered(s routing.Spot, route score.Route) {
	n := s.Node()
	if r.verdict(n.Matchers) == routing.No || r.solve(s.Delivering()) != routing.No {
		return
	}
	channel, found := r.channelNamed(n.Channel)
	if !found || r.otherNamespace(whoChannel(channel), channel.Matchers, channel.Origin, "matchers") {
		return
	}
	p := problem{
		code: "route-contradicts-channel", origin: route.Origin, argument: "channel", value: n.Channel,
		summary: fmt.Sprintf("%s: the channel takes %s only, and no such alert gets here", whoRoute(route), n.Matchers),
		detail:  "A channel's own matchers hold with a route, too.",
		fix:     "change the matchers of one of the two, or take another channel",
		related: here(channel.Origin, "matchers", "the channel's matchers are here"),
	}
	if route.Channel == "" {
		p.summary = fmt.Sprintf("route: the channel %q, which it has from the route around it, takes %s only, and no such alert gets here", n.Channel, n.Matchers)
		p.argument = "matchers"
	}
	if top := len(s.Way) == 2; top && r.solve(s.Matching()) != routing.No {
		return // a channel at the top may be for nothing
	}
	r.report(p)
}

func (r stackRouting) channelNamed(name string) (score.AlertChannel, bool) {
	for _, channel := range r.stack.AlertChannels {
		if strings.EqualFold(channel.Name, name) && channel.Name == name {
			return channel, true
		}
	}
	return score.AlertChannel{}, false
}
