// SPDX-License-Identifier: Apache-2.0

package routing_test

import (
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestUTC compares intervals of a time zone, as Alertmanager itself has them, with what they are in UTC, at random
// times and around every change of the zone's offset.
func TestUTC(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	pick := func(list ...string) []string {
		if random.Intn(3) == 0 {
			return nil
		}
		return []string{list[random.Intn(len(list))]}
	}
	zones := append(routing.Zones(), "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago", "Asia/Jerusalem", "Pacific/Kiritimati", "Pacific/Pago_Pago")
	told, refused := map[string]int{}, map[string]int{}
	for _, name := range zones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			given := score.TimeInterval{
				Times: pick("09:00-17:00", "00:00-06:00", "22:00-24:00", "23:59-24:00", "00:00-24:00"), Weekdays: pick("monday:friday", "sunday", "saturday", "tuesday:sunday"),
				Location: name,
			}
			if strings.HasPrefix(strings.Join(given.Weekdays, ""), "tuesday") {
				given.Weekdays = []string{"tuesday:saturday", "sunday"}
			}
			if random.Intn(3) == 0 {
				given.DaysOfMonth, given.Months, given.Years = pick("1:7", "-1", "-7:-2", "29:31", "15"), pick("march", "february", "october:december", "april"), pick("2026", "2027:2040")
			}
			read, problems := routing.ParseInterval(given)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			utc, err := routing.Intervals(score.MuteTime{Name: "m", Intervals: []score.TimeInterval{given}})
			if err != nil {
				refused[name]++
				continue
			}
			told[name]++
			check := func(at time.Time) {
				want, got := read.ContainsTime(at), false
				for _, i := range utc {
					got = got || i.ContainsTime(at.UTC())
				}
				if got != want {
					t.Fatalf("%+v at %s (%s): got %v in UTC, want %v; it is %+v", given, at, at.UTC(), got, want, utc)
				}
			}
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 60 {
				check(start.Add(time.Duration(random.Int63n(int64(39 * 365 * 24 * time.Hour)))).Truncate(time.Minute).In(zone))
			}
			for at := start.In(zone); ; {
				_, end := at.ZoneBounds()
				if end.IsZero() || end.Year() > 2029 || !end.After(at) {
					break
				}
				for _, hours := range []int{-40, -24, -7, -3, -1, 0, 1, 3, 7, 24, 40} {
					check(end.Add(time.Duration(hours) * time.Hour))
					check(end.Add(time.Duration(hours)*time.Hour - time.Minute))
				}
				at = end
			}
		}
	}
	for _, name := range zones {
		if told[name] == 0 && name != "Africa/Casablanca" && name != "Africa/Cairo" {
			t.Errorf("%s: nothing could be told in UTC", name)
		}
	}
	t.Logf("told %v, refused %v", told, refused)
}

func TestIntervalProblems(t *testing.T) {
	for _, test := range []struct {
		given score.TimeInterval
		fix   string
	}{
		{score.TimeInterval{Times: []string{"22:00-06:00"}}, `"22:00-24:00", "00:00-06:00"`},
		{score.TimeInterval{Times: []string{"22:00-00:00"}}, `write "22:00-24:00"`},
		{score.TimeInterval{Times: []string{"9-17"}}, `write "09:00-17:00"`},
		{score.TimeInterval{Times: []string{"17-9"}}, ""},
		{score.TimeInterval{Weekdays: []string{"Sat"}}, `write "saturday"`},
		{score.TimeInterval{Weekdays: []string{"fri-mon"}}, `"friday:saturday", "sunday:monday"`},
		{score.TimeInterval{Weekdays: []string{"someday"}}, ""},
		{score.TimeInterval{Months: []string{"11:2"}}, `"november:december", "january:february"`},
		{score.TimeInterval{Months: []string{"0"}}, ""},
		{score.TimeInterval{Years: []string{"3000"}}, ""},
		{score.TimeInterval{Location: "Local"}, ""},
	} {
		_, problems := routing.ParseInterval(test.given)
		if len(problems) != 1 || !strings.Contains(problems[0].Fix, test.fix) || test.fix == "" && problems[0].Fix != "" {
			t.Errorf("%+v: got %+v, want one problem with the fix %q", test.given, problems, test.fix)
		}
	}
}

// FuzzInterval parses anything, and tells in UTC what parses.
func FuzzInterval(f *testing.F) {
	f.Add("09:00-17:00", "monday:friday", "1:7", "june:8", "2027", "Europe/Berlin")
	f.Add("24:00-00:00", "sunday:0", "-31:-1", ":", "2999", "UTC")
	f.Fuzz(func(t *testing.T, times, weekdays, days, months, years, location string) {
		given := score.TimeInterval{Times: []string{times}, Weekdays: []string{weekdays}, DaysOfMonth: []string{days}, Months: []string{months}, Years: []string{years}, Location: location}
		read, problems := routing.ParseInterval(given)
		if len(problems) > 0 {
			return
		}
		utc, err := routing.Intervals(score.MuteTime{Intervals: []score.TimeInterval{given}})
		if err != nil {
			return
		}
		at := time.Date(2027, 6, 15, 12, 0, 0, 0, time.UTC)
		got := false
		for _, i := range utc {
			got = got || i.ContainsTime(at)
		}
		if want := read.ContainsTime(at); got != want {
			t.Errorf("%+v: got %v in UTC, want %v", given, got, want)
		}
	})
}
