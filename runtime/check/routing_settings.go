// SPDX-License-Identifier: Apache-2.0

// This file checks what stands in single routes, and that the names in them are those of the stack.

package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// alertmanagerRetention is how long the operator's Alertmanager remembers what it sent.
const alertmanagerRetention = "120h"

// allLabels in group_by means all labels.
const allLabels = "..."

// routeKey identifies the settings of one route.
type routeKey struct {
	at       score.Position
	settings string
}

// route checks what a route says by itself, and reports whether its matchers are right.
func (c *checker) route(r score.Route) (sound bool) {
	key := routeKey{r.Origin.Position(), fmt.Sprint(r.Channel, r.Matchers, r.GroupBy, r.GroupBy == nil, r.GroupWait, r.GroupInterval, r.RepeatInterval)}
	if known, seen := c.soundRoutes[key]; seen {
		return known
	}
	who := whoRoute(r)
	_, sound = c.matchers(who, r.Matchers, r.Origin, "matchers")
	c.groupBy(who, r)
	c.duration(who, r.GroupWait, r.Origin, "group_wait", true)
	c.duration(who, r.GroupInterval, r.Origin, "group_interval", false)
	c.duration(who, r.RepeatInterval, r.Origin, "repeat_interval", false)
	c.soundRoutes[key] = sound
	return sound
}

func (c *checker) groupBy(who string, r score.Route) {
	seen := map[string]bool{}
	for i, label := range r.GroupBy {
		p := problem{code: "invalid-group-by", origin: r.Origin, argument: element("group_by", i), value: label}
		switch {
		case seen[label]:
			p.summary = fmt.Sprintf("%s: group_by: got %s twice, want it once", who, shown(label))
			p.fix = "leave one of them out"
		case label == allLabels && len(r.GroupBy) > 1:
			p.summary = fmt.Sprintf("%s: group_by: got \"...\" with other labels, want it alone", who)
			p.detail = "\"...\" means all labels."
			p.fix = `write group_by = ["..."]`
		case label != allLabels && !model.UTF8Validation.IsValidLabelName(label):
			p.summary = fmt.Sprintf("%s: group_by: got %s, want the name of a label", who, shown(label))
		default:
			seen[label] = true
			continue
		}
		seen[label] = true
		c.report(p)
	}
}

// settings checks every route of the stack, its mute times and the names by which they call each other. It reports
// whether a tree can be made of them.
func (r stackRouting) settings() (sound bool) {
	sound = true
	for _, channel := range r.stack.AlertChannels {
		if _, ok := r.matchersAgain(channel.Matchers); !ok {
			sound = false
		}
	}
	usedChannels, usedTimes := map[string]bool{}, map[string]bool{}
	r.muteTimes()
	if top := r.stack.Route; top != nil {
		sound = r.top(*top) && sound
		inherited := timing{routing.GroupInterval, routing.RepeatInterval}
		sound = r.routes(*top, inherited, usedChannels, usedTimes) && sound
		r.unusedChannels(usedChannels)
	}
	for _, mute := range r.stack.MuteTimes {
		if !usedTimes[mute.Name] && mute.Name != "" {
			r.report(problem{
				code: "unused-mute-time", origin: mute.Origin, argument: "name", value: mute.Name,
				summary: fmt.Sprintf("mute_time %q: no route of %s names it", mute.Name, r.who),
				fix:     fmt.Sprintf("add mute_times = [%q] to a route, or leave it out", mute.Name),
			})
			usedTimes[mute.Name] = true
		}
	}
	return sound
}

// matchersAgain parses matchers that were reported on elsewhere.
func (c *checker) matchersAgain(texts []string) (found int, ok bool) {
	for _, text := range texts {
		parsed := c.parseMatchers(text)
		if parsed.fault != nil {
			return found, false
		}
		found += len(parsed.matchers)
	}
	return found, true
}

// top checks what Alertmanager does not allow for the top of the tree.
func (r stackRouting) top(top score.Route) (sound bool) {
	sound = true
	for _, wrong := range []struct {
		argument string
		given    bool
	}{
		{"matchers", len(top.Matchers) > 0},
		{"continue_", top.Continue},
		{"mute_times", len(top.MuteTimes) > 0},
		{"active_times", len(top.ActiveTimes) > 0},
	} {
		if wrong.given {
			sound = false
			r.report(problem{
				code: "invalid-root-route", origin: top.Origin, argument: wrong.argument,
				summary: fmt.Sprintf("%s: %s: got it at the top of the tree, want it in a child", whoRoute(top), wrong.argument),
				detail:  "Alertmanager's top route takes every alert, at all times: it is what all others fall back to.",
				fix:     fmt.Sprintf("put a route with it into routes: route(routes = [route(%s = …)])", wrong.argument),
			})
		}
	}
	return sound
}

// timing is what children take over.
type timing struct{ groupInterval, repeatInterval string }

func (r stackRouting) routes(route score.Route, inherited timing, usedChannels, usedTimes map[string]bool) (sound bool) {
	sound = r.route(route)
	sound = r.channelOf(route, usedChannels) && sound
	r.timesOf(route, "mute_times", route.MuteTimes, route.MuteTimeValues, usedTimes)
	r.timesOf(route, "active_times", route.ActiveTimes, route.ActiveTimeValues, usedTimes)
	inherited = r.intervals(route, inherited)
	for _, child := range route.Routes {
		sound = r.routes(child, inherited, usedChannels, usedTimes) && sound
	}
	return sound
}

func (r stackRouting) channelOf(route score.Route, used map[string]bool) (known bool) {
	if route.Channel == "" {
		return true
	}
	used[route.Channel] = true
	var names []string
	for _, channel := range r.stack.AlertChannels {
		if channel.Name == route.Channel {
			if route.ChannelValue != nil && !sameChannel(*route.ChannelValue, channel) {
				r.report(problem{
					code: "undefined-channel", origin: route.Origin, argument: "channel", value: route.Channel,
					summary: fmt.Sprintf("%s: channel: got another %s than alert_channels of %s has", whoRoute(route), whoChannel(channel), r.who),
					fix:     fmt.Sprintf("give both the same value, or write channel = %q", route.Channel),
					related: here(channel.Origin, "name", "that of the stack is here"),
				})
			}
			return true
		}
		names = append(names, channel.Name)
	}
	p := problem{
		code: "undefined-channel", origin: route.Origin, argument: "channel", value: route.Channel,
		summary: fmt.Sprintf("%s: channel: %s has no alert channel of this name", whoRoute(route), r.who),
		fix:     "add the channel to alert_channels",
	}
	if near := diag.Nearest(route.Channel, names); near != "" && route.ChannelValue == nil {
		p.fix = fmt.Sprintf("did you mean %q?", near)
		used[near] = true
	}
	r.report(p)
	return false
}

// sameChannel compares two channels without regard to where they were made.
func sameChannel(a, b score.AlertChannel) bool {
	return a.Constructor == b.Constructor && a.Name == b.Name && slices.Equal(a.Matchers, b.Matchers) &&
		a.Receiver.Integration == b.Receiver.Integration && fmt.Sprint(withoutOrigins(a.Receiver.Fields)) == fmt.Sprint(withoutOrigins(b.Receiver.Fields))
}

func withoutOrigins(value any) any {
	switch value := value.(type) {
	case []score.Field:
		plain := make([]any, len(value))
		for i, f := range value {
			plain[i] = [2]any{f.Name, withoutOrigins(f.Value)}
		}
		return plain
	case score.Secret:
		return [3]any{value.Source, value.Name, value.Key}
	default:
		return value
	}
}

func (r stackRouting) unusedChannels(used map[string]bool) {
	for _, channel := range r.stack.AlertChannels {
		if used[channel.Name] || channel.Name == "" {
			continue
		}
		used[channel.Name] = true
		r.report(problem{
			code: "unused-channel", origin: channel.Origin, argument: "name", value: channel.Name,
			summary: fmt.Sprintf("%s: no route of %s leads to it, so it gets nothing", whoChannel(channel), r.who),
			fix:     fmt.Sprintf("add route(channel = %q, …) to the tree, or leave the channel out", channel.Name),
			related: here(r.stack.Route.Origin, "", "the top of the tree is here"),
		})
	}
}

// timesOf checks the names of mute times in a route.
func (r stackRouting) timesOf(route score.Route, argument string, names []string, values []*score.MuteTime, used map[string]bool) {
	for i, name := range names {
		used[name] = true
		var have []string
		for _, mute := range r.stack.MuteTimes {
			have = append(have, mute.Name)
		}
		if slices.Contains(have, name) {
			continue
		}
		p := problem{
			code: "undefined-mute-time", origin: route.Origin, argument: element(argument, i), value: name,
			summary: fmt.Sprintf("%s: %s: %s has no mute time %q", whoRoute(route), argument, r.who, name),
			fix:     "add it to the stack's mute_times",
		}
		if near := diag.Nearest(name, have); near != "" && (i >= len(values) || values[i] == nil) {
			p.fix = fmt.Sprintf("did you mean %q?", near)
			used[near] = true
		}
		r.report(p)
	}
	if len(names) > 0 && len(route.Routes) > 0 {
		r.report(problem{
			code: "times-not-inherited", origin: route.Origin, argument: argument,
			summary: fmt.Sprintf("%s: %s: got them in a route with children, which do not take them over", whoRoute(route), argument),
			detail:  "Alertmanager heeds them only for what the route delivers itself, not for what its children deliver.",
			fix:     "give them to each child that shall have them",
		})
	}
}

// intervals checks the times of a route against each other, with those that it takes over.
func (r stackRouting) intervals(route score.Route, inherited timing) timing {
	group := r.parseDuration(inherited.groupInterval)
	repeat := r.parseDuration(inherited.repeatInterval)
	given := route.GroupInterval != "" || route.RepeatInterval != ""
	if route.GroupInterval != "" {
		inherited.groupInterval, group = route.GroupInterval, r.parseDuration(route.GroupInterval)
	}
	if route.RepeatInterval != "" {
		inherited.repeatInterval, repeat = route.RepeatInterval, r.parseDuration(route.RepeatInterval)
	}
	if !given || group.err != nil || repeat.err != nil || group.value == 0 || repeat.value == 0 {
		return inherited
	}
	argument := "repeat_interval"
	if route.RepeatInterval == "" {
		argument = "group_interval"
	}
	switch {
	case repeat.value < group.value:
		r.report(problem{
			code: "repeat-interval", origin: route.Origin, argument: argument,
			summary: fmt.Sprintf("%s: got repeat_interval %q below group_interval %q", whoRoute(route), inherited.repeatInterval, inherited.groupInterval),
			detail:  "Alertmanager looks at a group once in each group_interval, so nothing is repeated more often than that.",
			fix:     fmt.Sprintf("write repeat_interval = %q, or a shorter group_interval", inherited.groupInterval),
		})
	case route.RepeatInterval != "" && repeat.value > r.parseDuration(alertmanagerRetention).value:
		r.report(problem{
			code: "repeat-interval", origin: route.Origin, argument: argument,
			summary: fmt.Sprintf("%s: got repeat_interval %q, want at most %s", whoRoute(route), inherited.repeatInterval, model.Duration(r.parseDuration(alertmanagerRetention).value/time.Second*time.Second)),
			detail:  "Alertmanager forgets after five days what it sent, and sends it again.",
			fix:     `write repeat_interval = "5d"`,
		})
	}
	return inherited
}
