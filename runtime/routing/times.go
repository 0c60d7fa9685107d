// SPDX-License-Identifier: Apache-2.0

// This file reads time intervals, with Alertmanager's own parser.

package routing

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TimeProblem is something wrong with a time interval.
type TimeProblem struct {
	// Field is the argument of time_interval: "times".
	Field string
	// Index is the place in the field's list, or -1.
	Index int
	// Value is what was given, Message says why it is refused, Fix what to write, if that is known.
	Value, Message, Fix string
}

// Error returns the message with the field and the value.
func (p TimeProblem) Error() string {
	return fmt.Sprintf("%s: got %q: %s", p.Field, p.Value, p.Message)
}

// ParseInterval reads a time interval and reports everything that is wrong with it.
func ParseInterval(given score.TimeInterval) (timeinterval.TimeInterval, []TimeProblem) {
	p := intervalParser{}
	var read timeinterval.TimeInterval
	for i, text := range given.Times {
		r, fix, err := parseTimes(text)
		if p.accept("times", i, text, fix, err) {
			read.Times = append(read.Times, r)
		}
	}
	for i, text := range given.Weekdays {
		var r timeinterval.WeekdayRange
		err := r.UnmarshalJSON([]byte(strconv.Quote(text)))
		if err != nil && r.Begin > r.End {
			err = errors.New("the end is before the start, since a week begins with Sunday")
		}
		if p.accept("weekdays", i, text, weekdayFix(text), err) {
			read.Weekdays = append(read.Weekdays, r)
		}
	}
	for i, text := range given.DaysOfMonth {
		var r timeinterval.DayOfMonthRange
		if p.accept("days_of_month", i, text, "", r.UnmarshalJSON([]byte(strconv.Quote(text)))) {
			read.DaysOfMonth = append(read.DaysOfMonth, r)
		}
	}
	for i, text := range given.Months {
		var r timeinterval.MonthRange
		err := r.UnmarshalJSON([]byte(strconv.Quote(text)))
		if err == nil && (r.Begin < 1 || r.End > 12) {
			// Alertmanager takes them and never gets there; the operator refuses them.
			err = errors.New("a month is 1 to 12 or has a name")
		}
		if p.accept("months", i, text, splitFix(text, monthNames(), err), err) {
			read.Months = append(read.Months, r)
		}
	}
	for i, text := range given.Years {
		var r timeinterval.YearRange
		err := r.UnmarshalJSON([]byte(strconv.Quote(text)))
		if err == nil && (r.Begin < 2000 || r.End > 2999) {
			err = errors.New("the operator takes the years 2000 to 2999")
		}
		if p.accept("years", i, text, "", err) {
			read.Years = append(read.Years, r)
		}
	}
	if given.Location != "" {
		// "Local" is the zone of whoever happens to look.
		zone, err := time.LoadLocation(given.Location)
		if err == nil && given.Location == "Local" {
			err = errors.New("unknown time zone Local")
		}
		if p.accept("location", -1, given.Location, "", err) {
			read.Location = &timeinterval.Location{Location: zone}
		}
	}
	return read, p.problems
}

type intervalParser struct{ problems []TimeProblem }

func (p *intervalParser) accept(field string, index int, value, fix string, err error) bool {
	if err == nil {
		return true
	}
	p.problems = append(p.problems, TimeProblem{Field: field, Index: index, Value: value, Message: err.Error(), Fix: fix})
	return false
}

var timeRange = regexp.MustCompile(`^(\d\d:\d\d)-(\d\d:\d\d)$`)

// parseTimes reads "09:00-17:00".
func parseTimes(text string) (r timeinterval.TimeRange, fix string, err error) {
	parts := timeRange.FindStringSubmatch(text)
	if parts == nil {
		err = errors.New(`want a start and an end such as "09:00-17:00"`)
		if loose := regexp.MustCompile(`^\s*(\d{1,2})(?::(\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d\d))?\s*$`).FindStringSubmatch(text); loose != nil {
			start, end := pad(loose[1])+":"+pad(loose[2]), pad(loose[3])+":"+pad(loose[4])
			if start < end && end <= "24:00" {
				fix = fmt.Sprintf("write %q", start+"-"+end)
			}
		}
		return r, fix, err
	}
	err = r.UnmarshalJSON([]byte(fmt.Sprintf(`{"start_time": %q, "end_time": %q}`, parts[1], parts[2])))
	if err != nil && parts[1] > parts[2] && parts[1] < "24:00" {
		err = errors.New("the end is not after the start, and a range cannot go on after midnight")
		fix = fmt.Sprintf("write two ranges: %q, %q; the second is in the next day, which counts for weekdays", parts[1]+"-24:00", "00:00-"+parts[2])
		if parts[2] == "00:00" {
			fix = fmt.Sprintf("write %q", parts[1]+"-24:00")
		}
	}
	return r, fix, err
}

func pad(number string) string { return strings.Repeat("0", max(0, 2-len(number))) + number }

func weekdayNames() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

func monthNames() []string {
	return []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
}

// weekdayFix says how to write a weekday that was shortened, or a range that goes over the end of the week.
func weekdayFix(text string) string {
	parts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ':' || r == '-' || r == ' ' || r == '–' })
	if len(parts) == 0 || len(parts) > 2 {
		return ""
	}
	var days []int
	for _, part := range parts {
		found := -1
		for i, name := range weekdayNames() {
			if len(part) >= 2 && strings.HasPrefix(name, part) {
				found = i
			}
		}
		if found < 0 {
			return ""
		}
		days = append(days, found)
	}
	names := weekdayNames()
	switch {
	case len(days) == 1:
		return fmt.Sprintf("write %q", names[days[0]])
	case days[0] <= days[1]:
		return fmt.Sprintf("write %q", names[days[0]]+":"+names[days[1]])
	case days[1] == 0:
		return fmt.Sprintf("write two ranges: %q, %q", rangeOf(names, days[0], 6), "sunday")
	default:
		return fmt.Sprintf("write two ranges: %q, %q", rangeOf(names, days[0], 6), rangeOf(names, 0, days[1]))
	}
}

func rangeOf(names []string, from, to int) string {
	if from == to {
		return names[from]
	}
	return names[from] + ":" + names[to]
}

// splitFix says how to write a range of months that goes over the end of the year.
func splitFix(text string, names []string, err error) string {
	first, last, isRange := strings.Cut(strings.ToLower(text), ":")
	if err == nil || !isRange {
		return ""
	}
	from, to := -1, -1
	for i, name := range names {
		if name == first || strconv.Itoa(i+1) == first {
			from = i
		}
		if name == last || strconv.Itoa(i+1) == last {
			to = i
		}
	}
	if from < 0 || to < 0 || from <= to {
		return ""
	}
	return fmt.Sprintf("write two ranges: %q, %q", rangeOf(names, from, 11), rangeOf(names, 0, to))
}

// Intervals returns the time intervals of a mute time in UTC, as which the resources of all versions hold them. The
// error tells everything that is wrong.
func Intervals(mute score.MuteTime) ([]timeinterval.TimeInterval, error) {
	var all []timeinterval.TimeInterval
	var errs []error
	for _, given := range mute.Intervals {
		read, problems := ParseInterval(given)
		for _, problem := range problems {
			errs = append(errs, fmt.Errorf("mute_time %q: %w", mute.Name, problem))
		}
		if len(problems) > 0 {
			continue
		}
		utc, err := inUTC(read)
		if err != nil {
			errs = append(errs, fmt.Errorf("mute_time %q: location: %w", mute.Name, err))
		}
		all = append(all, utc...)
	}
	return all, errors.Join(errs...)
}

// Zones returns the names of time zones that people most often mean, to suggest one for a misspelt name.
func Zones() []string {
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Argentina/Buenos_Aires", "America/Bogota",
		"America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo",
		"America/Toronto", "America/Vancouver", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Karachi", "Asia/Kolkata",
		"Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Brisbane", "Australia/Melbourne", "Australia/Perth",
		"Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Brussels", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul",
		"Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome",
		"Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland",
	}
}
