// SPDX-License-Identifier: Apache-2.0

package alerttest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/alerttest"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func groups(rules ...score.Rule) []score.RuleGroup {
	return []score.RuleGroup{{Name: "group", Rules: rules}}
}

func evaluate(t *testing.T, c alerttest.Case) *alerttest.State {
	t.Helper()
	if c.Interval == 0 {
		c.Interval = time.Minute
	}
	state, err := alerttest.Evaluate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestFor(t *testing.T) {
	t.Parallel()
	down := score.Rule{Alert: "Down", Expr: `up == 0`, For: "5m", KeepFiringFor: "3m", Labels: map[string]string{"severity": "critical"}, Annotations: map[string]string{"summary": "{{ $labels.job }} gives {{ $value }}"}}
	// Down from the 2nd to the 9th minute.
	series := []alerttest.Series{{Name: `up{job="web"}`, Values: "1x1 0x7 1x20"}}
	for at, want := range map[time.Duration]string{
		time.Minute:                    "",
		2 * time.Minute:                "pending",
		6*time.Minute + 59*time.Second: "pending",
		7 * time.Minute:                "firing",
		9 * time.Minute:                "firing",
		12 * time.Minute:               "firing", // kept since the 10th
		13 * time.Minute:               "",
	} {
		state := evaluate(t, alerttest.Case{Groups: groups(down), Series: series, At: at})
		got := ""
		for _, a := range state.Alerts {
			got = "pending"
			if a.Firing {
				got = "firing"
			}
			if a.Annotations["summary"] != "web gives 0" || a.Labels["severity"] != "critical" {
				t.Errorf("%s: got %v", at, a)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", at, got, want)
		}
	}
}

func TestTenant(t *testing.T) {
	t.Parallel()
	down := score.Rule{Alert: "Down", Expr: `up{namespace="red"} == 0`, Labels: map[string]string{"namespace": "red"}}
	state := evaluate(t, alerttest.Case{
		Groups: groups(down, score.Rule{Record: "count:up", Expr: "count(up)"}), Namespace: "blue",
		Series: []alerttest.Series{{Name: `up{job="ours"}`, Values: "0"}, {Name: `up{namespace="red", job="theirs"}`, Values: "0"}},
	})
	if d := state.Compare([]alerttest.Expected{{Alert: "Down", Labels: map[string]string{"job": "ours"}}}, nil, "blue"); d != nil {
		t.Error(d)
	}
	if d := state.Compare([]alerttest.Expected{{Alert: "Down", Labels: map[string]string{"job": "ours", "namespace": "blue"}}}, nil, "blue"); d != nil {
		t.Error(d)
	}
	samples, err := state.Query(t.Context(), "count:up")
	if err != nil || len(samples) != 1 || samples[0].Series != `{__name__="count:up", namespace="blue"}` || samples[0].Value != "1" {
		t.Errorf("got %v, %v", samples, err)
	}
}

// TestIntervals has a group that looks only every five minutes.
func TestIntervals(t *testing.T) {
	t.Parallel()
	slow := []score.RuleGroup{{Name: "slow", Interval: "5m", Rules: []score.Rule{{Alert: "Down", Expr: "up == 0"}}}}
	series := []alerttest.Series{{Name: "up", Values: "1x5 0x10"}}
	for at, want := range map[time.Duration]int{6 * time.Minute: 0, 9 * time.Minute: 0, 10 * time.Minute: 1, 11 * time.Minute: 1} {
		if got := len(evaluate(t, alerttest.Case{Groups: slow, Series: series, At: at}).Alerts); got != want {
			t.Errorf("%s: got %d alerts, want %d", at, got, want)
		}
	}
}

func TestRuleErrors(t *testing.T) {
	t.Parallel()
	both := []alerttest.Series{{Name: `up{job="a"}`, Values: "0"}, {Name: `up{job="b"}`, Values: "0"}}
	for name, c := range map[string]struct {
		group score.RuleGroup
		want  string
	}{
		"limit of alerts": {score.RuleGroup{Name: "g", Limit: 1, Rules: []score.Rule{{Alert: "Down", Expr: "up == 0"}}}, "got 2 alerts, want at most the group's limit of 1"},
		"limit of series": {score.RuleGroup{Name: "g", Limit: 1, Rules: []score.Rule{{Record: "down", Expr: "up == 0"}}}, "got 2 series, want at most the group's limit of 1"},
		"same labels":     {score.RuleGroup{Name: "g", Rules: []score.Rule{{Alert: "Down", Expr: "up == 0", Labels: map[string]string{"job": "x"}}}}, "two alerts with the same labels"},
		"same series":     {score.RuleGroup{Name: "g", Rules: []score.Rule{{Record: "x", Expr: "up", Labels: map[string]string{"job": "x"}}}}, "two series with the same labels"},
		"no vector":       {score.RuleGroup{Name: "g", Rules: []score.Rule{{Alert: "Down", Expr: "up[5m]"}}}, "want a vector or a scalar"},
		"no expression":   {score.RuleGroup{Name: "g", Rules: []score.Rule{{Alert: "Down", Expr: "up ="}}}, "got no PromQL"},
		"twice":           {score.RuleGroup{Name: "g", Rules: []score.Rule{{Record: "x", Expr: "vector(1)"}, {Record: "x", Expr: "vector(2)"}}}, "duplicate sample for timestamp"},
		"no duration":     {score.RuleGroup{Name: "g", Rules: []score.Rule{{Alert: "Down", Expr: "up", For: "soon"}}}, `for: got "soon"`},
		"no interval":     {score.RuleGroup{Name: "g", Interval: "soon"}, `interval: got "soon"`},
	} {
		_, err := alerttest.Evaluate(t.Context(), alerttest.Case{Groups: []score.RuleGroup{c.group}, Series: both, Interval: time.Minute})
		var failed *alerttest.RuleError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &failed) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestInputErrors(t *testing.T) {
	t.Parallel()
	series := func(name, values string) alerttest.Case {
		return alerttest.Case{Interval: time.Minute, Series: []alerttest.Series{{Name: name, Values: values}}}
	}
	for name, c := range map[string]struct {
		c        alerttest.Case
		argument string
	}{
		"no name":            {series("up{", "1"), "series[up{]"},
		"values in the name": {series("up 1", "1"), "series[up 1]"},
		"no values":          {series("up", "one"), "series[up]"},
		"too many":           {series("up", "0x999999999"), "series[up]"},
		"far too many":       {series("up", "0x99999999999999999999999999"), "series[up]"},
		"many with spaces":   {series("up", "0+1x 999999999"), "series[up]"},
		"no interval":        {alerttest.Case{}, "interval"},
		"before the start":   {alerttest.Case{Interval: time.Minute, At: -1}, "at"},
		"too many rounds":    {alerttest.Case{Interval: time.Millisecond, At: time.Hour * 24, Groups: groups()}, "at"},
		"one series twice":   {alerttest.Case{Interval: time.Minute, Series: []alerttest.Series{{Name: "up{}", Values: "1"}, {Name: "up", Values: "1"}}}, "series[up]"},
	} {
		_, err := alerttest.Evaluate(t.Context(), c.c)
		var input *alerttest.InputError
		if !errors.As(err, &input) || input.Argument != c.argument {
			t.Errorf("%s: got %v, want a problem with %s", name, err, c.argument)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := alerttest.Evaluate(ctx, alerttest.Case{Interval: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

// TestCompare has an expectation that takes any alert before one that takes only one.
func TestCompare(t *testing.T) {
	t.Parallel()
	state := evaluate(t, alerttest.Case{
		Groups: groups(score.Rule{Alert: "Down", Expr: "up == 0"}, score.Rule{Alert: "Late", Expr: "up == 0", For: "1h"}),
		Series: []alerttest.Series{{Name: `up{job="a"}`, Values: "0"}, {Name: `up{job="b"}`, Values: "0"}},
	})
	a := alerttest.Expected{Alert: "Down", Labels: map[string]string{"job": "a"}}
	anyDown, none := alerttest.Expected{Alert: "Down"}, alerttest.Expected{Alert: "Down", Annotations: map[string]string{}}
	for _, c := range []struct {
		expected []alerttest.Expected
		only     []string
		want     string
	}{
		{[]alerttest.Expected{anyDown, a}, nil, ""},
		{[]alerttest.Expected{a, none}, nil, ""},
		{nil, []string{"Late"}, ""},
		{[]alerttest.Expected{a}, nil, `unexpected: Down{job="b"}`},
		{[]alerttest.Expected{a, a}, nil, "missing:    Down{job=\"a\"}\nunexpected: Down{job=\"b\"}"},
		{[]alerttest.Expected{{Alert: "Late", Labels: map[string]string{"job": "a"}}}, []string{"Late"}, "missing:    Late{job=\"a\"}\npending:    Late{job=\"a\"} (pending since 0s, for 1h)\npending:    Late{job=\"b\"} (pending since 0s, for 1h)"},
		{[]alerttest.Expected{anyDown, {Alert: "Down", Annotations: map[string]string{"x": "y"}}}, nil, "missing:    Down with annotations {x=\"y\"}\nunexpected: Down{job=\"b\"} with annotations {}"},
	} {
		got := ""
		if d := state.Compare(c.expected, c.only, ""); d != nil {
			got = d.String()
		}
		if got != c.want {
			t.Errorf("%v: got\n%s\nwant\n%s", c.expected, got, c.want)
		}
	}
}
