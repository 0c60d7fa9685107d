// SPDX-License-Identifier: Apache-2.0

// This file holds inhibit_rule, mute_time and time_interval.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func inhibitRuleSignature() Signature {
	return Signature{
		Name: "inhibit_rule", Family: routingFamily, Result: kindInhibitRule,
		Summary: "alerts that are muted while other alerts fire",
		Doc:     `While an alert fires that source_matchers match (the source), nobody is notified of those that target_matchers match (the targets), if both have the same values for all labels in equal. An alert that is both is not muted by another that is both. In a tenant a rule sees the tenant's alerts only.`,
		Arguments: []Argument{
			{Name: "source_matchers", Type: matchersType(), Required: true, Doc: "Which alerts mute others: matcher values or Alertmanager's syntax. All must match.", Hint: `source_matchers = ['severity="critical"']`},
			{Name: "target_matchers", Type: matchersType(), Required: true, Doc: "Which alerts are muted. All must match.", Hint: `target_matchers = ['severity="warning"']`},
			{Name: "equal", Type: ListOf(String()), Doc: "Labels that must be the same in both; a label that both lack is the same.", Hint: `equal = ["alertname", "namespace"]`},
		},
		Example: `tickets = webhook(name = "tickets", url = secret(env = "TICKETS_URL"))
deploy(monitoring_stack(
    api_version = V2_CRD,
    alert_channels = [tickets],
    inhibit_rules = [inhibit_rule(
        source_matchers = ['severity="critical"'],
        target_matchers = ['severity=~"warning|info"'],
        equal = ["alertname", "namespace"],
    )],
))`,
		Build: func(c *Call) (any, error) {
			return score.InhibitRule{
				Origin: c.Origin(), SourceMatchers: c.matchers("source_matchers"), TargetMatchers: c.matchers("target_matchers"), Equal: c.Strings("equal"),
			}, nil
		},
	}
}

const muteTimeExample = `tickets = webhook(name = "tickets", url = secret(env = "TICKETS_URL"))
nights = mute_time(name = "nights", intervals = [
    time_interval(times = ["20:00-24:00", "00:00-06:00"]),
    time_interval(weekdays = ["saturday", "sunday"]),
])
deploy(monitoring_stack(
    api_version = V2_CRD,
    alert_channels = [tickets],
    route = route(routes = [
        route(channel = tickets, matchers = ['severity="info"'], mute_times = [nights]),
        route(channel = tickets),
    ]),
    mute_times = [nights],
))`

func muteTimeSignature() Signature {
	return Signature{
		Name: "mute_time", Family: routingFamily, Result: kindMuteTime,
		Summary: "a named set of times in which routes are mute, or outside of which they are",
		Arguments: []Argument{
			{Name: "name", Type: String(), Required: true, Doc: "Name of the set, unique in its stack.", Hint: `name = "nights"`},
			{Name: "intervals", Type: ListOf(ValueOf(kindTimeInterval)), Required: true, Doc: "time_interval values; a time is in the set when one of them has it.", Hint: `intervals = [time_interval(times = ["22:00-24:00"])]`},
		},
		Example: muteTimeExample,
		Build: func(c *Call) (any, error) {
			return score.MuteTime{Origin: c.Origin(), Name: c.String("name"), Intervals: Values[score.TimeInterval](c, "intervals")}, nil
		},
	}
}

func timeIntervalSignature() Signature {
	return Signature{
		Name: "time_interval", Family: routingFamily, Result: kindTimeInterval,
		Summary: "times that fit all fields that are given",
		Doc:     "Each field lists alternatives. Ranges have both ends, but for times, whose end is not part of them. No range goes over the end of the day, week, month or year: write two.",
		Arguments: []Argument{
			{Name: "times", Type: ListOf(String()), Doc: `Times of the day, from 00:00 to 24:00.`, Hint: `times = ["09:00-17:00"]`},
			{Name: "weekdays", Type: ListOf(String()), Doc: `Days of the week, which begins with Sunday: "saturday", "monday:friday".`, Hint: `weekdays = ["monday:friday"]`},
			{Name: "days_of_month", Type: ListOf(String()), Doc: `Days of the month, from 1, or from its end, from -1: "1:7", "-1".`, Hint: `days_of_month = ["1:7"]`},
			{Name: "months", Type: ListOf(String()), Doc: `Months by name or number: "december", "6:8".`, Hint: `months = ["december"]`},
			{Name: "years", Type: ListOf(String()), Doc: `Years: "2027", "2027:2030".`, Hint: `years = ["2027"]`},
			{Name: "location", Type: String(), Doc: `Time zone of the IANA database, such as "Europe/Berlin"; UTC without it. It is turned into UTC, with its daylight-saving time, by the rules known when the script is applied.`, Hint: `location = "Europe/Berlin"`},
		},
		Example: muteTimeExample,
		Build: func(c *Call) (any, error) {
			return score.TimeInterval{
				Origin: c.Origin(), Times: c.Strings("times"), Weekdays: c.Strings("weekdays"), DaysOfMonth: c.Strings("days_of_month"),
				Months: c.Strings("months"), Years: c.Strings("years"), Location: c.String("location"),
			}, nil
		},
	}
}
