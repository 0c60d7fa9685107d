// SPDX-License-Identifier: Apache-2.0

// This file compiles channels and a route into the tree that senders send.

package routing

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// How notifications are grouped and timed where nothing else is said. The times are Alertmanager's own defaults,
// written out so that they are the same whatever version of Alertmanager runs.
const (
	// GroupWait is how long the first notification of a group waits for other alerts to join it.
	GroupWait = "30s"
	// GroupInterval is how long a group waits before it tells of alerts that joined later.
	GroupInterval = "5m"
	// RepeatInterval is how long it takes until a notification is sent again while its alerts still fire.
	RepeatInterval = "4h"
)

// GroupBy returns the labels whose values make a group where nothing else is said: one notification per alert and
// namespace.
func GroupBy() []string { return []string{"alertname", "namespace"} }

// Node is a node of the tree that Alertmanager gets.
type Node struct {
	// Channel is the name of the channel that the node delivers to; empty means that it notifies nobody. Nothing is
	// inherited: every node says its own.
	Channel string
	// Matchers must all match.
	Matchers labels.Matchers
	// Continue lets an alert that the node matched go on to its next sibling.
	Continue bool
	// GroupBy nil and empty times take the parent's.
	GroupBy                                  []string
	GroupWait, GroupInterval, RepeatInterval string
	MuteTimes, ActiveTimes                   []string
	Routes                                   []*Node
	// Route is what the script says; nil for a node that stands for no single route.
	Route *score.Route
	// Part says what a node is for that stands beside the script's own routes.
	Part Part
}

// Part says what a node is for.
type Part int

const (
	// Whole is the node of a route, or the top.
	Whole Part = iota
	// Taken stops an alert that another route took and let continue, so that its parent's channel does not get it, too.
	Taken
	// Filtered delivers what its parent's route gets, as far as the channel's own matchers let it through.
	Filtered
	// Direct delivers to a channel of a stack without a route.
	Direct
)

// Compile returns the routing tree of a stack with the given channels and route; route may be nil.
//
// Without a route the top notifies nobody, and every channel has a child that goes on to the next, so that channels
// do not take alerts from each other. With one, the tree is the route's. Where its channel has matchers of its own,
// the node notifies nobody itself and gets a last child that bears them.
//
// The error tells every matcher that does not parse, every route to a channel that there is not, and what the top of a
// tree cannot have.
func Compile(channels []score.AlertChannel, route *score.Route) (*Node, error) {
	c := compiler{own: map[string]labels.Matchers{}}
	for _, channel := range channels {
		c.own[channel.Name] = c.matchers(channel.Constructor, channel.Name, channel.Matchers)
	}
	var top *Node
	if route != nil {
		if len(route.Matchers) > 0 || route.Continue || len(route.MuteTimes) > 0 || len(route.ActiveTimes) > 0 {
			c.errs = append(c.errs, errors.New("route: the top of the tree takes every alert, always: got matchers, continue or times, want none"))
		}
		top = c.node(route, "")
	} else {
		top = &Node{}
		for _, channel := range channels {
			top.Routes = append(top.Routes, &Node{Channel: channel.Name, Matchers: c.own[channel.Name], Continue: true, Part: Direct})
		}
	}
	if top.GroupBy == nil {
		top.GroupBy = GroupBy()
	}
	top.GroupWait = cmp.Or(top.GroupWait, GroupWait)
	top.GroupInterval = cmp.Or(top.GroupInterval, GroupInterval)
	top.RepeatInterval = cmp.Or(top.RepeatInterval, RepeatInterval)
	return top, errors.Join(c.errs...)
}

type compiler struct {
	// own are the channels' matchers.
	own  map[string]labels.Matchers
	errs []error
}

func (c *compiler) node(route *score.Route, inherited string) *Node {
	if _, known := c.own[route.Channel]; !known && route.Channel != "" {
		c.errs = append(c.errs, fmt.Errorf("route: got the channel %q, want one of the stack's", route.Channel))
	}
	n := &Node{
		Channel: cmp.Or(route.Channel, inherited), Matchers: c.matchers("route", route.Channel, route.Matchers), Continue: route.Continue,
		GroupBy: route.GroupBy, GroupWait: route.GroupWait, GroupInterval: route.GroupInterval, RepeatInterval: route.RepeatInterval,
		MuteTimes: route.MuteTimes, ActiveTimes: route.ActiveTimes, Route: route,
	}
	for i := range route.Routes {
		n.Routes = append(n.Routes, c.node(&route.Routes[i], n.Channel))
	}
	if own := c.own[n.Channel]; len(own) > 0 {
		c.filter(n, own)
	}
	return n
}

// filter lets a node deliver only what its channel's own matchers let through. An alert that a child took and let
// continue would get to the last child as well, so such children are repeated without a channel before it.
func (c *compiler) filter(n *Node, own labels.Matchers) {
	for _, child := range n.Routes[:len(n.Routes):len(n.Routes)] {
		if child.Continue {
			n.Routes = append(n.Routes, &Node{Matchers: child.Matchers, Part: Taken})
		}
	}
	n.Routes = append(n.Routes, &Node{Channel: n.Channel, Matchers: own, MuteTimes: n.MuteTimes, ActiveTimes: n.ActiveTimes, Part: Filtered})
	n.Channel, n.MuteTimes, n.ActiveTimes = "", nil, nil
}

func (c *compiler) matchers(constructor, name string, texts []string) labels.Matchers {
	var all labels.Matchers
	for _, text := range texts {
		parsed, err := parse.Matchers(text)
		if err != nil {
			c.errs = append(c.errs, fmt.Errorf("%s %q: matcher %q: %w", constructor, name, text, err))
			continue
		}
		all = append(all, parsed...)
	}
	return all
}

// ParseMatchers reads matchers in Alertmanager's syntax: each text is one, or several in braces.
func ParseMatchers(texts []string) (labels.Matchers, error) {
	c := compiler{}
	all := c.matchers("matchers", "", texts)
	return all, errors.Join(c.errs...)
}
