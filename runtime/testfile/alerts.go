// SPDX-License-Identifier: Apache-2.0

// This file judges test_alert and test_expr.

package testfile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/alerttest"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Alert judges test_alert.
func (t *tester) Alert(run *host.Thread, a builtins.AlertTest) {
	t.judge(run, "test_alert", a.Name, a.Origin, func(ctx context.Context) diag.List {
		c, failures := t.caseOf(a.RuleInput)
		if unknown := unknownAlerts(a, c.Groups); failures == nil {
			failures = unknown
		}
		if failures != nil {
			return failures
		}
		state, failures := t.evaluate(ctx, a.RuleInput, c)
		if failures != nil {
			return failures
		}
		expected := make([]alerttest.Expected, len(a.Expect))
		for i, e := range a.Expect {
			expected[i] = alerttest.Expected{Alert: e.Alert, Labels: e.Labels, Annotations: e.Annotations}
		}
		difference := state.Compare(expected, a.Only, c.Namespace)
		if difference == nil {
			return nil
		}
		fires := 0
		for _, f := range state.Alerts {
			if f.Firing && (len(a.Only) == 0 || slices.Contains(a.Only, f.Name)) {
				fires++
			}
		}
		summary := fmt.Sprintf("got %s at %s, want %d", counted(fires, "firing alert"), a.At, len(expected))
		if fires == len(expected) {
			summary = "got other alerts at " + a.At + " than expected"
		}
		return diag.List{failure(a.Origin, "", summary, difference.String())}
	})
}

// unknownAlerts finds expectations and choices of alerts that no rule could make.
func unknownAlerts(a builtins.AlertTest, groups []score.RuleGroup) diag.List {
	var names []string
	for _, g := range groups {
		for _, r := range g.Rules {
			names = append(names, r.Alert)
		}
	}
	var failures diag.List
	look := func(origin score.Origin, argument, name string) {
		if slices.Contains(names, name) {
			return
		}
		d := failure(origin, argument, fmt.Sprintf("got the alert %q, which no rule makes", name), "")
		if near := diag.Nearest(name, names); near != "" {
			d.Fix = fmt.Sprintf("did you mean %q?", near)
		}
		failures = append(failures, d)
	}
	for i, e := range a.Expect {
		if e.Origin.Site() == a.Origin.Site() {
			look(a.Origin, fmt.Sprintf("expect[%d]", i), e.Alert)
		} else {
			look(e.Origin, "alert", e.Alert)
		}
	}
	for i, name := range a.Only {
		look(a.Origin, fmt.Sprintf("only[%d]", i), name)
	}
	return failures
}

// caseOf reads what rules are tried on.
func (t *tester) caseOf(in builtins.RuleInput) (alerttest.Case, diag.List) {
	c := alerttest.Case{Groups: in.Groups}
	var failures diag.List
	refuse := func(argument, got, want, fix string) {
		d := failure(in.Origin, argument, fmt.Sprintf("argument %q: got %q, want %s", argument, got, want), "")
		d.Fix = fix
		failures = append(failures, d)
	}
	switch s := in.Score.(type) {
	case nil:
	case score.MonitoringStack:
		c.Groups, c.ExternalLabels = s.AlertRules, s.ExternalLabels
	case score.TenantMonitoring:
		c.Groups, c.ExternalLabels, c.Namespace = s.Stack.AlertRules, s.Stack.ExternalLabels, s.Tenant.Name
	default:
		refuse("score", s.Title(), "a score with rules", "give the monitoring_stack or tenant_monitoring")
	}
	for _, series := range in.Series {
		c.Series = append(c.Series, alerttest.Series{Name: series[0], Values: series[1]})
	}
	duration := func(argument, text, fix string) time.Duration {
		d, err := model.ParseDuration(text)
		if err != nil {
			refuse(argument, text, `a duration such as "30s", "5m" or "1h30m"`, fix)
		}
		return time.Duration(d)
	}
	c.Interval = duration("interval", in.Interval, `write interval = "1m"`)
	c.At = duration("at", in.At, `write at = "10m"`)
	start, err := time.Parse(time.RFC3339Nano, in.Start)
	if err != nil {
		refuse("start", in.Start, "a time in RFC 3339", `write start = "2026-12-24T18:00:00Z"`)
	}
	c.Start = start.UTC()
	return c, failures
}

// evaluate evaluates the rules, and takes note of those that it reached.
func (t *tester) evaluate(ctx context.Context, in builtins.RuleInput, c alerttest.Case) (*alerttest.State, diag.List) {
	t.coverage.seen(in.Score, c.Groups)
	state, err := alerttest.Evaluate(ctx, c)
	if err != nil {
		return nil, t.evaluationFailures(in.Origin, err)
	}
	for index := range state.Reached {
		group := c.Groups[index[0]]
		t.coverage.reachRule(group, group.Rules[index[1]])
	}
	return state, nil
}

// evaluationFailures tells what kept rules from being evaluated, at the rule where it is one.
func (t *tester) evaluationFailures(origin score.Origin, err error) diag.List {
	if errors.Is(err, context.DeadlineExceeded) {
		d := failure(origin, "", fmt.Sprintf("got no end of the evaluation within %s", t.limits.Time), "")
		d.Fix = "look at an earlier time, or raise the limit of time (--max-script-time)"
		return diag.List{d}
	}
	var input *alerttest.InputError
	if errors.As(err, &input) {
		argument, _, _ := strings.Cut(input.Argument, "[")
		d := failure(origin, input.Argument, fmt.Sprintf("argument %q: %s", argument, input.Problem), "")
		d.Fix = input.Fix
		return diag.List{d}
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	var failures diag.List
	for _, err := range errs {
		d := failure(origin, "", err.Error(), "")
		var failed *alerttest.RuleError
		if errors.As(err, &failed) {
			at, related := failed.Rule.Origin.Of("expr"), "the rule is here"
			var expression *alerttest.ExpressionError
			if errors.As(err, &expression) {
				at, _ = failed.Rule.Origin.Inside("expr", expression.Offset)
			}
			if !at.IsValid() {
				at, related = failed.Group.Origin.Position(), "the group is here"
			}
			if at.IsValid() {
				d.Related = append(d.Related, diag.Related{Position: at, Message: related})
			}
		}
		failures = append(failures, d)
	}
	return failures
}

// Expression judges test_expr.
func (t *tester) Expression(run *host.Thread, e builtins.ExpressionTest) {
	t.judge(run, "test_expr", e.Name, e.Origin, func(ctx context.Context) diag.List {
		c, failures := t.caseOf(e.RuleInput)
		if failures != nil {
			return failures
		}
		state, failures := t.evaluate(ctx, e.RuleInput, c)
		if failures != nil {
			return failures
		}
		got, err := state.Query(ctx, e.Expr)
		if err != nil {
			return t.evaluationFailures(e.Origin, err)
		}
		var want []alerttest.Sample
		for _, pair := range e.Expect {
			sample, err := alerttest.ParseSample(pair[0], pair[1])
			if err != nil {
				return t.evaluationFailures(e.Origin, err)
			}
			want = append(want, sample)
		}
		if detail := samplesDiffer(got, want); detail != "" {
			return diag.List{failure(e.Origin, "", fmt.Sprintf("got other series at %s than expected", e.At), detail)}
		}
		return nil
	})
}

// samplesDiffer tells the differences line by line, or nothing.
func samplesDiffer(got, want []alerttest.Sample) string {
	var lines []string
	rest := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(rest, func(g alerttest.Sample) bool { return g.Series == w.Series })
		switch {
		case i < 0:
			lines = append(lines, fmt.Sprintf("missing:    %s %s", w.Series, w.Value))
			continue
		case !sameValue(rest[i].Value, w.Value):
			lines = append(lines, fmt.Sprintf("different:  %s\n    got:  %s\n    want: %s", w.Series, rest[i].Value, w.Value))
		}
		rest = slices.Delete(rest, i, i+1)
	}
	for _, g := range rest {
		lines = append(lines, fmt.Sprintf("unexpected: %s %s", g.Series, g.Value))
	}
	return strings.Join(lines, "\n")
}

// sameValue compares as promtool does with its fuzzy comparison: what differs in the last bit alone, as sums in another
// order do, is the same.
func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && (x == y || math.Nextafter(x, math.Inf(-1)) == y || math.Nextafter(x, math.Inf(1)) == y)
}

// counted returns "1 alert", "2 alerts".
func counted(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}
