// SPDX-License-Identifier: Apache-2.0

// This file holds route and matcher.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Results of the constructors of routing.
const (
	kindRoute        = "route"
	kindMatcher      = "matcher"
	kindInhibitRule  = "inhibit_rule"
	kindMuteTime     = "mute_time"
	kindTimeInterval = "time_interval"
)

const routingFamily = "routing"

func routingSignatures() []Signature {
	return []Signature{routeSignature(), matcherSignature(), inhibitRuleSignature(), muteTimeSignature(), timeIntervalSignature()}
}

// matchersType takes matchers as values and in Alertmanager's syntax.
func matchersType() Type { return ListOf(OneOf(String(), ValueOf(kindMatcher))) }

// routingArguments are monitoring_stack's.
func routingArguments() []Argument {
	return []Argument{
		{
			Name: "route", Type: ValueOf(kindRoute),
			Doc:  "Top of the routing tree, which decides which channel gets an alert. Without it each channel gets every alert that its matchers let through.",
			Hint: "route = route(channel = on_call, routes = [ … ])",
		},
		{
			Name: "inhibit_rules", Type: ListOf(ValueOf(kindInhibitRule)), Doc: "Which alerts are muted while others fire.",
			Hint: `inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity="warning"'], equal = ["namespace"])]`,
		},
		{
			Name: "mute_times", Type: ListOf(ValueOf(kindMuteTime)), Doc: "Times that the routes of the stack may name.",
			Hint: `mute_times = [mute_time(name = "nights", intervals = [time_interval(times = ["22:00-24:00"])])]`,
		},
	}
}

func routeSignature() Signature {
	times := OneOf(String(), ValueOf(kindMuteTime))
	return Signature{
		Name: "route", Family: routingFamily, Result: kindRoute,
		Summary: "a node of the tree that decides which channel gets an alert",
		Doc: `The tree is Alertmanager's: an alert enters at the top, goes down the first child whose matchers all match, and is delivered by the deepest route that it gets to; with continue_ it goes on to the next siblings as well. What no child takes is delivered by the route itself. The top takes every alert: it has no matchers, no continue_ and no times.

A channel's own matchers hold with a route, too: the tree decides which channel an alert goes to, and that channel takes what its matchers let through. What it does not take is not sent elsewhere instead.

In a tenant the tree sees the tenant's alerts only.`,
		Arguments: []Argument{
			{
				Name: "channel", Type: OneOf(ValueOf(kindChannel), String()),
				Doc:  "Alert channel of the stack, or its name. Without it the parent's; a top without a channel delivers nowhere what no child takes.",
				Hint: "channel = on_call",
			},
			{
				Name: "matchers", Type: matchersType(),
				Doc:  "Which alerts the route takes: matcher values or Alertmanager's syntax. All must match; without any, every alert does.",
				Hint: `matchers = ['team="web"']`,
			},
			{
				Name: "group_by", Type: ListOf(String()),
				Doc:  `Labels whose values make a group, which is one notification; ["..."] means all labels, [] means one group for all. Without it the parent's; at the top ["alertname", "namespace"].`,
				Hint: `group_by = ["alertname"]`,
			},
			{Name: "group_wait", Type: String(), Doc: "How long the first notification of a group waits for more alerts, as a duration. Without it the parent's; at the top 30s.", Hint: `group_wait = "30s"`},
			{Name: "group_interval", Type: String(), Doc: "How long a group waits before it tells of alerts that joined later, as a duration. Without it the parent's; at the top 5m.", Hint: `group_interval = "5m"`},
			{Name: "repeat_interval", Type: String(), Doc: "Time until a notification is sent again while its alerts still fire, as a duration. Without it the parent's; at the top 4h.", Hint: `repeat_interval = "4h"`},
			{Name: "continue_", Type: Bool(), Default: false, Doc: "Whether an alert that the route takes goes on to the next siblings. Alertmanager's name for it is a reserved word here."},
			{Name: "mute_times", Type: ListOf(times), Doc: "Mute times of the stack, or their names, in which the route notifies nobody. Its children do not take them over.", Hint: `mute_times = ["nights"]`},
			{Name: "active_times", Type: ListOf(times), Doc: "Mute times of the stack, or their names, outside of which the route notifies nobody. Its children do not take them over.", Hint: `active_times = ["office-hours"]`},
			{Name: "routes", Type: ListOf(ValueOf(kindRoute)), Doc: "Children, in the order in which they are tried.", Hint: `routes = [route(matchers = ['team="web"'], channel = web)]`},
		},
		Example: `on_call = discord(name = "on-call", webhook_url = secret(env = "DISCORD_WEBHOOK_URL"))
tickets = webhook(name = "tickets", url = secret(env = "TICKETS_URL"))

deploy(monitoring_stack(
    api_version = V2_CRD,
    alert_channels = [on_call, tickets],
    route = route(
        channel = tickets,
        routes = [route(matchers = ['severity="critical"'], channel = on_call, group_wait = "10s")],
    ),
))`,
		Build: func(c *Call) (any, error) {
			r := score.Route{
				Origin: c.Origin(), Matchers: c.matchers("matchers"), GroupBy: c.Strings("group_by"),
				GroupWait: c.String("group_wait"), GroupInterval: c.String("group_interval"), RepeatInterval: c.String("repeat_interval"),
				Continue: c.Bool("continue_"), Routes: Values[score.Route](c, "routes"),
			}
			if c.Given("group_by") && r.GroupBy == nil {
				r.GroupBy = []string{} // one group for all, which is not the same as the parent's
			}
			switch channel := goValue(c.Value("channel")).(type) {
			case score.AlertChannel:
				r.Channel, r.ChannelValue = channel.Name, &channel
			case string:
				r.Channel = channel
			}
			r.MuteTimes, r.MuteTimeValues = c.times("mute_times")
			r.ActiveTimes, r.ActiveTimeValues = c.times("active_times")
			return r, nil
		},
	}
}

func matcherSignature() Signature {
	return Signature{
		Name: "matcher", Family: routingFamily, Result: kindMatcher, Positional: 3,
		Summary: "a comparison of a label with a value",
		Doc:     `It is the same as Alertmanager's syntax in a string: matcher("team", "=~", "web|shop") is 'team=~"web|shop"'.`,
		Arguments: []Argument{
			{Name: "label", Type: String(), Required: true, Doc: "Name of the label. An alert that lacks it has the empty string there."},
			{Name: "op", Type: String(), Required: true, Values: []string{"=", "!=", "=~", "!~"}, Doc: "Comparison: equal, not equal, or whether a regular expression fits the whole value."},
			{Name: "value", Type: String(), Required: true, Doc: "Value, or regular expression in Go's (RE2) syntax."},
		},
		Example: `web = webhook(name = "web", url = secret(env = "WEB_URL"), matchers = [matcher("team", "=~", "web|shop")])
deploy(monitoring_stack(V2_CRD, alert_channels = [web]))`,
		Build: func(c *Call) (any, error) {
			return score.Matcher{Origin: c.Origin(), Label: c.String("label"), Operator: c.String("op"), Value: c.String("value")}, nil
		},
	}
}

// matchers returns a list of matchers in Alertmanager's syntax.
func (c *Call) matchers(name string) []string {
	elems, _ := c.Value(name).(list)
	if len(elems) == 0 {
		return nil
	}
	texts := make([]string, len(elems))
	for i, elem := range elems {
		switch m := goValue(elem).(type) {
		case score.Matcher:
			texts[i] = m.String()
		case string:
			texts[i] = m
		}
	}
	return texts
}

// times returns the names of a list of mute times, and for each the value if there is one.
func (c *Call) times(name string) ([]string, []*score.MuteTime) {
	elems, _ := c.Value(name).(list)
	if len(elems) == 0 {
		return nil, nil
	}
	names, values := make([]string, len(elems)), make([]*score.MuteTime, len(elems))
	for i, elem := range elems {
		switch t := goValue(elem).(type) {
		case score.MuteTime:
			names[i], values[i] = t.Name, &t
		case string:
			names[i] = t
		}
	}
	return names, values
}

// route returns the stack's route, or nil.
func (c *Call) route() *score.Route {
	if !c.Given("route") {
		return nil
	}
	r := ValueAs[score.Route](c, "route")
	return &r
}
