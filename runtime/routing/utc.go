// SPDX-License-Identifier: Apache-2.0

// This file tells time intervals of a time zone in UTC, because prometheus-operator's resources have no time zones.

package routing

import (
	"errors"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // where the machine has no time zones of its own

	"github.com/prometheus/alertmanager/timeinterval"
)

const minutesOfDay = 24 * 60

// InUTC reports why a time interval, which ParseInterval read, cannot be told in UTC.
func InUTC(read timeinterval.TimeInterval) error {
	_, err := inUTC(read)
	return err
}

// inUTC returns intervals in UTC that together hold the same times as one in its time zone, from 2026 on and by the
// zone's rules as they are known today.
func inUTC(read timeinterval.TimeInterval) ([]timeinterval.TimeInterval, error) {
	zone := read.Location
	read.Location = nil
	if zone == nil || zone.Location == time.UTC {
		return []timeinterval.TimeInterval{read}, nil
	}
	seasons, err := seasonsOf(zone.Location)
	if err != nil {
		return nil, fmt.Errorf("the time zone %s cannot be told in UTC: %w", zone, err)
	}
	var c collector
	for _, s := range seasons {
		for _, p := range s.pieces {
			if err := c.add(read, p, s.offset); err != nil {
				return nil, fmt.Errorf("the time zone %s cannot be told in UTC: %w", zone, err)
			}
		}
	}
	return c.intervals(), nil
}

// season is a part of each year in which the zone is offset minutes ahead of UTC.
type season struct {
	offset int
	pieces []piece
}

// piece is a set of times in UTC.
type piece struct {
	from, to int // minutes of the day; to is not part of it
	weekdays [7]bool
	months   [13]bool // from 1
	// first and last are days of the one month that there is then; 0 means all days.
	first, last int
}

// turn is a rule for when the zone changes its offset each year: on the only day of the given weekday in the seven days
// from day on, counted in month, where 0 is the last day of the month before.
type turn struct {
	month   time.Month
	day     int
	weekday time.Weekday
	minute  int // of the day
	offset  int // minutes ahead of UTC from then on
}

// The years in which rules are looked for. In 28 years each date falls on each weekday.
const (
	firstYear = 2026
	lastYear  = 2065
)

func seasonsOf(zone *time.Location) ([]season, error) {
	whole := piece{to: minutesOfDay, weekdays: everyDay()}
	for m := range whole.months {
		whole.months[m] = m > 0
	}
	var turns [2][]time.Time
	var offsets [2][]int
	at := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	_, start := at.Zone()
	count := map[int]int{}
	for {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.UTC().Year() > lastYear {
			break
		}
		if !end.After(at) {
			// At the end of some leap years package time finds a change that is none, again and again.
			at = at.Add(48 * time.Hour)
			continue
		}
		_, before := at.Zone()
		_, offset := end.Zone()
		at = end
		if before == offset {
			continue // where the table of changes ends, and at each new year behind it
		}
		year := end.UTC().Year()
		if count[year] > 1 {
			return nil, errors.New("it changes more than twice a year")
		}
		turns[count[year]], offsets[count[year]] = append(turns[count[year]], end.UTC()), append(offsets[count[year]], offset)
		count[year]++
	}
	if len(count) == 0 {
		if start%60 != 0 {
			return nil, errors.New("it is not whole minutes ahead")
		}
		return []season{{start / 60, []piece{whole}}}, nil
	}
	first, firstErr := rule(turns[0], offsets[0])
	second, secondErr := rule(turns[1], offsets[1])
	if err := errors.Join(firstErr, secondErr); err != nil {
		return nil, err
	}
	between := slices.Concat(first.around(true), second.around(false), months(whole, first.month+1, second.firstMonth()-1))
	outside := slices.Concat(second.around(true), first.around(false), months(whole, second.month+1, time.December), months(whole, time.January, first.firstMonth()-1))
	return []season{{first.offset, between}, {second.offset, outside}}, nil
}

func everyDay() [7]bool { return [7]bool{true, true, true, true, true, true, true} }

// months returns whole months, from first to last, or nothing.
func months(whole piece, first, last time.Month) []piece {
	if first > last {
		return nil
	}
	whole.months = [13]bool{}
	for m := first; m <= last; m++ {
		whole.months[m] = true
	}
	return []piece{whole}
}

var errIrregular = errors.New("its changes follow no rule that is the same each year")

// rule finds the rule behind the changes of all years.
func rule(turns []time.Time, offsets []int) (turn, error) {
	if len(turns) != lastYear-firstYear+1 {
		return turn{}, errIrregular
	}
	last := turns[0]
	for _, t := range turns {
		if t.Month() > last.Month() {
			last = t
		}
	}
	r := turn{month: last.Month(), weekday: last.Weekday(), minute: last.Hour()*60 + last.Minute(), offset: offsets[0] / 60}
	least, most := 100, -100
	for i, t := range turns {
		day := t.Day()
		if t.Month() == r.month-1 && r.month != time.March {
			day -= daysOf(r.month - 1)
		} else if t.Month() != r.month {
			return turn{}, errIrregular
		}
		least, most = min(least, day), max(most, day)
		if t.Weekday() != r.weekday || t.Hour()*60+t.Minute() != r.minute || t.Second() != 0 || offsets[i] != r.offset*60 {
			return turn{}, errIrregular
		}
	}
	if most-least != 6 || r.month == time.February || r.month == time.January {
		return turn{}, errIrregular
	}
	r.day = least
	return r, nil
}

// daysOf returns the length of a month that is not February.
func daysOf(m time.Month) int {
	return time.Date(firstYear, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// firstMonth is the first month in which the change may be.
func (r turn) firstMonth() time.Month {
	if r.day <= 0 {
		return r.month - 1
	}
	return r.month
}

// around returns the times after the change, or before it, in the months in which it may be.
func (r turn) around(after bool) []piece {
	var pieces []piece
	for m := r.firstMonth(); m <= r.month; m++ {
		length, day := daysOf(m), r.day
		if m < r.month {
			day += length
		}
		add := func(weekday, first, last, from, to int) {
			first, last = max(first, 1), min(last, length)
			if first > last || from >= to {
				return
			}
			p := piece{from: from, to: to, first: first, last: last}
			p.months[m], p.weekdays[weekday] = true, true
			pieces = append(pieces, p)
		}
		for weekday := range 7 {
			// The change was on the last such day at or before this one, if that is not before the seven days.
			since := (weekday - int(r.weekday) + 7) % 7
			switch {
			case since == 0 && after:
				add(weekday, day, day+6, r.minute, minutesOfDay)
				add(weekday, day+7, length, 0, minutesOfDay)
			case since == 0:
				add(weekday, day, day+6, 0, r.minute)
				add(weekday, 1, day-1, 0, minutesOfDay)
			case after:
				add(weekday, day+since, length, 0, minutesOfDay)
			default:
				add(weekday, 1, day+since-1, 0, minutesOfDay)
			}
		}
	}
	return pieces
}

// collector puts pieces together that differ in their times or weekdays only.
type collector struct{ found []timeinterval.TimeInterval }

var errDates = errors.New("its days begin at another time, which days_of_month, months and years cannot tell; give times that do not touch UTC's midnight")

// add adds the times of an interval, whose zone is offset minutes ahead, that lie in p.
func (c *collector) add(read timeinterval.TimeInterval, p piece, offset int) error {
	times := read.Times
	if times == nil {
		times = []timeinterval.TimeRange{{StartMinute: 0, EndMinute: minutesOfDay}}
	}
	for _, r := range times {
		for shift := -1; shift <= 1; shift++ {
			// In the zone it is the day that is shift days after UTC's.
			from := max(r.StartMinute-offset+shift*minutesOfDay, p.from)
			to := min(r.EndMinute-offset+shift*minutesOfDay, p.to)
			if from >= to {
				continue
			}
			if shift != 0 && (read.DaysOfMonth != nil || read.Months != nil || read.Years != nil) {
				return errDates
			}
			if err := c.day(read, p, shift, from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// day adds times of one day of UTC.
func (c *collector) day(read timeinterval.TimeInterval, p piece, shift, from, to int) error {
	made := timeinterval.TimeInterval{Years: read.Years}
	if from > 0 || to < minutesOfDay {
		made.Times = []timeinterval.TimeRange{{StartMinute: from, EndMinute: to}}
	}
	days := p.weekdays
	for weekday := range days {
		local := (weekday + shift + 7) % 7
		days[weekday] = days[weekday] && (read.Weekdays == nil || slices.ContainsFunc(read.Weekdays, func(r timeinterval.WeekdayRange) bool {
			return r.Begin <= local && local <= r.End
		}))
	}
	inMonths := p.months
	for month := range inMonths {
		inMonths[month] = inMonths[month] && (read.Months == nil || slices.ContainsFunc(read.Months, func(r timeinterval.MonthRange) bool {
			return r.Begin <= month && month <= r.End
		}))
	}
	made.DaysOfMonth = read.DaysOfMonth
	if p.first > 0 {
		made.DaysOfMonth = daysIn(read.DaysOfMonth, p, daysOf(time.Month(slices.Index(p.months[:], true))))
		if len(made.DaysOfMonth) == 0 {
			return nil
		}
	}
	if days == [7]bool{} || inMonths == [13]bool{} {
		return nil
	}
	if days != everyDay() {
		for _, r := range ranges(days[:]) {
			made.Weekdays = append(made.Weekdays, timeinterval.WeekdayRange{InclusiveRange: r})
		}
	}
	if all := ranges(inMonths[:]); all[0] != (timeinterval.InclusiveRange{Begin: 1, End: 12}) {
		for _, r := range all {
			made.Months = append(made.Months, timeinterval.MonthRange{InclusiveRange: r})
		}
	}
	c.found = append(c.found, made)
	return nil
}

// daysIn returns the days of the piece that are among those given, in a month of this length.
func daysIn(given []timeinterval.DayOfMonthRange, p piece, length int) []timeinterval.DayOfMonthRange {
	all := timeinterval.DayOfMonthRange{InclusiveRange: timeinterval.InclusiveRange{Begin: 1, End: length}}
	if given == nil {
		given = []timeinterval.DayOfMonthRange{all}
	}
	var days []timeinterval.DayOfMonthRange
	for _, r := range given {
		begin, end := r.Begin, r.End
		if begin < 0 {
			begin += length + 1
		}
		if end < 0 {
			end += length + 1
		}
		begin, end = max(begin, p.first), min(end, p.last)
		if begin <= end {
			days = append(days, timeinterval.DayOfMonthRange{InclusiveRange: timeinterval.InclusiveRange{Begin: begin, End: end}})
		}
	}
	return days
}

// ranges returns the runs of what is set.
func ranges(set []bool) []timeinterval.InclusiveRange {
	var runs []timeinterval.InclusiveRange
	for i, is := range set {
		switch {
		case !is:
		case i > 0 && set[i-1]:
			runs[len(runs)-1].End = i
		default:
			runs = append(runs, timeinterval.InclusiveRange{Begin: i, End: i})
		}
	}
	return runs
}

// intervals returns what was collected; those that differ in their times only are one.
func (c *collector) intervals() []timeinterval.TimeInterval {
	var merged []timeinterval.TimeInterval
	index := map[string]int{}
	for _, i := range c.found {
		key := fmt.Sprint(i.Weekdays, i.DaysOfMonth, i.Months, i.Years, i.Times == nil)
		if at, known := index[key]; known {
			merged[at].Times = append(merged[at].Times, i.Times...)
			continue
		}
		index[key] = len(merged)
		merged = append(merged, i)
	}
	return merged
}
