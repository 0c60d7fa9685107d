// SPDX-License-Identifier: Apache-2.0

// This file checks mute times.

package check

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type timeKey struct {
	at       score.Position
	settings string
}

// muteTimes checks the mute times of the stack.
func (r stackRouting) muteTimes() {
	names := map[string]score.Origin{}
	for _, mute := range r.stack.MuteTimes {
		r.muteTime(mute)
		if before, twice := names[mute.Name]; twice && mute.Name != "" {
			r.report(problem{
				code: "duplicate-mute-time", origin: mute.Origin, argument: "name", value: mute.Name,
				summary: fmt.Sprintf("mute_time %q: got a second of this name in one stack, want different names", mute.Name),
				fix:     "rename one of them, or put the intervals into one",
				related: firstDefinition(before),
			})
			continue
		}
		names[mute.Name] = mute.Origin
	}
}

// muteTime checks what a mute time says by itself.
func (c *checker) muteTime(mute score.MuteTime) {
	who := fmt.Sprintf("mute_time %q", mute.Name)
	if c.once(timeKey{mute.Origin.Position(), fmt.Sprint(mute.Name, len(mute.Intervals))}) {
		if mute.Name == "" {
			c.report(problem{code: "empty-mute-time", origin: mute.Origin, argument: "name", summary: who + ": got no name, want one"})
		}
		if len(mute.Intervals) == 0 {
			c.report(problem{
				code: "empty-mute-time", origin: mute.Origin, argument: "intervals",
				summary: who + ": got no intervals, want one at least",
				fix:     `add one: intervals = [time_interval(times = ["22:00-24:00"])]`,
			})
		}
	}
	for _, interval := range mute.Intervals {
		c.timeInterval(who, interval)
	}
}

func (c *checker) timeInterval(who string, interval score.TimeInterval) {
	origin := interval.Origin
	settings := interval
	settings.Origin = score.Origin{}
	if !c.once(timeKey{origin.Position(), fmt.Sprintf("%+v", settings)}) {
		return
	}
	read, problems := routing.ParseInterval(interval)
	for _, found := range problems {
		p := problem{
			code: "invalid-time-interval", origin: origin, argument: found.Field, value: found.Value,
			summary: fmt.Sprintf("%s: %s: got %s: %s", who, found.Field, shown(found.Value), found.Message), fix: found.Fix,
		}
		if found.Index >= 0 {
			p.argument = element(found.Field, found.Index)
		}
		if found.Field == "location" {
			p.summary = fmt.Sprintf("%s: location: got %s, want a time zone of the IANA database such as \"Europe/Berlin\"", who, shown(found.Value))
			if near := diag.Nearest(found.Value, routing.Zones()); near != "" {
				p.fix = fmt.Sprintf("did you mean %q?", near)
			}
		}
		c.report(p)
	}
	if len(problems) > 0 {
		return
	}
	if err := routing.InUTC(read); err != nil {
		c.report(problem{
			code: "unsupported-location", origin: origin, argument: "location", value: interval.Location,
			summary: fmt.Sprintf("%s: location: %s", who, err),
			detail:  "The resources of all versions hold times in UTC only, so harmonyscript turns them into UTC where that is exact.",
			fix:     "give the times in UTC, without location",
		})
	}
	if len(interval.Times)+len(interval.Weekdays)+len(interval.DaysOfMonth)+len(interval.Months)+len(interval.Years) == 0 {
		c.report(problem{
			code: "always-muted", origin: origin,
			summary: who + ": got a time_interval without any field, which is always",
			fix:     `give it times, weekdays, days_of_month, months or years`,
		})
	}
}
