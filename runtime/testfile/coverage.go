// SPDX-License-Identifier: Apache-2.0

// This file tells which rules and channels the tests reach.

package testfile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Kinds of what tests can reach.
const (
	KindAlert     = "alert"
	KindRecording = "recording"
	KindChannel   = "channel"
)

// Item is a rule or channel of a score that some test looks at.
type Item struct {
	// Kind is KindAlert, KindRecording or KindChannel.
	Kind string
	Name string
	// Group is the rule's; empty for channels.
	Group string
	// Position is where a script makes it.
	Position score.Position
	// Reached says that an alert fired, a series was recorded, or a channel got an alert in some test.
	Reached bool
}

// Coverage is what tests reach of the scores that they look at. A rule or channel that several scores share is there
// once.
type Coverage struct{ items map[string]*Item }

func newCoverage() *Coverage { return &Coverage{items: map[string]*Item{}} }

// Items are ordered by position, kind and name.
func (c *Coverage) Items() []Item {
	all := make([]Item, 0, len(c.items))
	for _, item := range c.items {
		all = append(all, *item)
	}
	slices.SortFunc(all, func(a, b Item) int {
		return cmp.Or(a.Position.Compare(b.Position), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Count returns how many rules and channels there are, and how many of them are reached.
func (c *Coverage) Count() (rules, rulesReached, channels, channelsReached int) {
	for _, item := range c.items {
		total, reached := &rules, &rulesReached
		if item.Kind == KindChannel {
			total, reached = &channels, &channelsReached
		}
		*total++
		if item.Reached {
			*reached++
		}
	}
	return rules, rulesReached, channels, channelsReached
}

func (c *Coverage) add(other *Coverage) {
	for key, item := range other.items {
		c.item(key, *item).Reached = c.items[key].Reached || item.Reached
	}
}

// item returns the item under key, which it adds when it is new.
func (c *Coverage) item(key string, item Item) *Item {
	if _, known := c.items[key]; !known {
		c.items[key] = &item
	}
	return c.items[key]
}

// seen adds what a test looks at: the rules and channels of a score, or groups given alone.
func (c *Coverage) seen(s score.Score, groups []score.RuleGroup) {
	if stack, ok := stackOf(s); ok {
		groups = stack.AlertRules
		for _, channel := range stack.AlertChannels {
			c.channel(channel)
		}
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			c.rule(g, r)
		}
	}
}

func (c *Coverage) rule(g score.RuleGroup, r score.Rule) *Item {
	item := Item{Kind: KindAlert, Name: r.Name(), Group: g.Name, Position: r.Origin.Position()}
	if r.Alert == "" {
		item.Kind = KindRecording
	}
	return c.item(fmt.Sprint(item.Kind, item.Name, item.Group, item.Position, r.Origin.Callers(), r.Labels), item)
}

func (c *Coverage) channel(channel score.AlertChannel) *Item {
	item := Item{Kind: KindChannel, Name: channel.Name, Position: channel.Origin.Position()}
	return c.item(fmt.Sprint(item.Kind, item.Name, item.Position, channel.Origin.Callers()), item)
}

func (c *Coverage) reachRule(g score.RuleGroup, r score.Rule) { c.rule(g, r).Reached = true }

func (c *Coverage) reachChannels(s score.Score, names []string) {
	stack, _ := stackOf(s)
	for _, channel := range stack.AlertChannels {
		if slices.Contains(names, channel.Name) {
			c.channel(channel).Reached = true
		}
	}
}
