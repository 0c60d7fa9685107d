// SPDX-License-Identifier: Apache-2.0

package alerttest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/alerttest"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type labelSet = map[string]string

func TestRoute(t *testing.T) {
	t.Parallel()
	channel := func(name string, matchers ...string) score.AlertChannel {
		return score.AlertChannel{Name: name, Matchers: matchers}
	}
	stack := score.MonitoringStack{
		Namespace: "n", Name: "s", AlertChannels: []score.AlertChannel{channel("a"), channel("b", `severity="critical"`)},
		ExternalLabels: labelSet{"cluster": "c1"},
		Route: &score.Route{Channel: "a", Routes: []score.Route{
			{Matchers: []string{`cluster="c2"`}, Channel: "b"},
			{Matchers: []string{`team="night"`}, Channel: "a", MuteTimes: []string{"night"}},
			{Matchers: []string{`team="day"`}, Channel: "a", ActiveTimes: []string{"day"}, Continue: true},
			{Matchers: []string{`team="day"`}, Channel: "b"},
		}},
		MuteTimes: []score.MuteTime{
			{Name: "night", Intervals: []score.TimeInterval{{Times: []string{"20:00-24:00"}, Location: "Europe/Berlin"}}},
			{Name: "day", Intervals: []score.TimeInterval{{Times: []string{"08:00-16:00"}}}},
		},
		InhibitRules: []score.InhibitRule{
			{SourceMatchers: []string{`severity="critical"`}, TargetMatchers: []string{`severity=~"info|critical"`}, Equal: []string{"team", "zone"}},
		},
	}
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	tenant := score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack}
	for name, c := range map[string]struct {
		score  score.Score
		c      alerttest.RouteCase
		want   []string
		reason string
	}{
		"top":                        {stack, alerttest.RouteCase{}, []string{"a"}, "route → a"},
		"external label":             {stack, alerttest.RouteCase{Labels: labelSet{"cluster": "c2"}}, nil, "nobody"},
		"own matchers":               {stack, alerttest.RouteCase{Labels: labelSet{"cluster": "c2", "severity": "critical"}}, []string{"b"}, "the channel's matchers"},
		"mute time without a time":   {stack, alerttest.RouteCase{Labels: labelSet{"team": "night"}}, []string{"a"}, ""},
		"mute time in its zone":      {stack, alerttest.RouteCase{Labels: labelSet{"team": "night"}, At: at("2026-07-01T18:30:00Z")}, nil, `muted by "night"`},
		"before the mute time":       {stack, alerttest.RouteCase{Labels: labelSet{"team": "night"}, At: at("2026-07-01T17:30:00Z")}, []string{"a"}, ""},
		"active":                     {stack, alerttest.RouteCase{Labels: labelSet{"team": "day", "severity": "critical"}, At: at("2026-07-01T12:00:00+02:00")}, []string{"a", "b"}, ""},
		"not active":                 {stack, alerttest.RouteCase{Labels: labelSet{"team": "day", "severity": "critical"}, At: at("2026-07-01T16:00:00Z")}, []string{"b"}, "outside of its active times"},
		"inhibited":                  {stack, alerttest.RouteCase{Labels: labelSet{"severity": "info", "team": "x"}, Firing: []labelSet{{"severity": "critical", "team": "x"}}}, nil, "inhibited by"},
		"an equal label differs":     {stack, alerttest.RouteCase{Labels: labelSet{"severity": "info", "team": "x"}, Firing: []labelSet{{"severity": "critical", "team": "y"}}}, []string{"a"}, ""},
		"an equal label is missing":  {stack, alerttest.RouteCase{Labels: labelSet{"severity": "info", "team": "x", "zone": "z"}, Firing: []labelSet{{"severity": "critical", "team": "x"}}}, []string{"a"}, ""},
		"both sides match both":      {stack, alerttest.RouteCase{Labels: labelSet{"severity": "critical"}, Firing: []labelSet{{"severity": "critical"}}}, []string{"a"}, ""},
		"no target":                  {stack, alerttest.RouteCase{Labels: labelSet{"severity": "none"}, Firing: []labelSet{{"severity": "critical"}}}, []string{"a"}, ""},
		"tenant":                     {tenant, alerttest.RouteCase{}, []string{"a"}, `{namespace="blue"}`},
		"not the tenant's":           {tenant, alerttest.RouteCase{Labels: labelSet{"namespace": "red"}}, nil, `with namespace="blue" only`},
		"inhibited in the tenant":    {tenant, alerttest.RouteCase{Labels: labelSet{"severity": "info"}, Firing: []labelSet{{"severity": "critical"}}}, nil, "inhibited by"},
		"not inhibited by another's": {tenant, alerttest.RouteCase{Labels: labelSet{"severity": "info"}, Firing: []labelSet{{"severity": "critical", "namespace": "red"}}}, []string{"a"}, ""},
	} {
		router, err := alerttest.NewRouter(c.score)
		if err != nil {
			t.Fatal(err)
		}
		got := router.Route(c.c)
		if !slices.Equal(got.Channels, c.want) || !strings.Contains(strings.Join(got.Reasons, "\n"), c.reason) {
			t.Errorf("%s: got %v because of %q, want %v because of %q", name, got.Channels, got.Reasons, c.want, c.reason)
		}
	}
}

func TestRouterRefuses(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]score.Score{
		"a tenant alone":    score.Tenant{Name: "blue"},
		"a wrong matcher":   score.MonitoringStack{Route: &score.Route{Routes: []score.Route{{Matchers: []string{"=~"}}}}},
		"a wrong time":      score.MonitoringStack{MuteTimes: []score.MuteTime{{Name: "m", Intervals: []score.TimeInterval{{Times: []string{"noon"}}}}}},
		"a wrong source":    score.MonitoringStack{InhibitRules: []score.InhibitRule{{SourceMatchers: []string{"=~"}}}},
		"a wrong target":    score.MonitoringStack{InhibitRules: []score.InhibitRule{{TargetMatchers: []string{"=~"}}}},
		"an absent channel": score.MonitoringStack{Route: &score.Route{Channel: "nobody's"}},
	} {
		if _, err := alerttest.NewRouter(s); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// FuzzSeries gives the reader of series anything: it must neither panic nor take more than it may.
func FuzzSeries(f *testing.F) {
	for _, values := range []string{"1 2 3", "0+1x10", "_x5 stale", "{{schema:0 count:3 sum:5 buckets:[1 2]}}x3", "1-2x", "{{count:1}}+{{count:1}}x99999", "0x99999999999"} {
		f.Add(`up{job="a"}`, values)
	}
	f.Fuzz(func(t *testing.T, name, values string) {
		_, err := alerttest.Evaluate(t.Context(), alerttest.Case{Interval: time.Minute, Series: []alerttest.Series{{Name: name, Values: values}}})
		_, again := alerttest.ParseSample(name, values)
		_, _ = err, again
	})
}
