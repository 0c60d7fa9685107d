// SPDX-License-Identifier: Apache-2.0

// This file judges test_route, once for each version of the monitoring API.

package testfile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/alerttest"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Route judges test_route.
func (t *tester) Route(run *host.Thread, r builtins.RouteTest) {
	t.judge(run, "test_route", r.Name, r.Origin, func(context.Context) diag.List {
		c := alerttest.RouteCase{Labels: r.Labels, Firing: r.Firing}
		if r.At != "" {
			at, err := time.Parse(time.RFC3339Nano, r.At)
			if err != nil {
				d := failure(r.Origin, "at", fmt.Sprintf("argument \"at\": got %q, want a time in RFC 3339", r.At), "")
				d.Fix = `write at = "2026-12-24T22:00:00Z"`
				return diag.List{d}
			}
			c.At = at
		}
		t.coverage.seen(r.Score, nil)
		if failures := unknownChannels(r); failures != nil {
			return failures
		}
		versions, failures := t.versionsOf(r)
		return append(failures, t.routeAll(r, c, versions)...)
	})
}

// outcome is what came of an alert in some versions.
type outcome struct {
	versions []string
	got      []string
	reasons  string
}

// routeAll routes the alert in every version. Versions that fail alike are told together.
func (t *tester) routeAll(r builtins.RouteTest, c alerttest.RouteCase, versions []score.APIVersion) diag.List {
	want := slices.Sorted(slices.Values(r.Expect))
	var wrong []outcome
	for _, v := range versions {
		moved := deployment.Retarget(score.Deployment{Scores: []score.Score{r.Score}}, v).Scores[0]
		router, err := alerttest.NewRouter(moved)
		if err != nil {
			return diag.List{failure(r.Origin, "score", err.Error(), "")}
		}
		routed := router.Route(c)
		t.coverage.reachChannels(r.Score, routed.Channels)
		got := slices.Sorted(slices.Values(routed.Channels))
		if slices.Equal(got, want) {
			continue
		}
		reasons := strings.Join(routed.Reasons, "\n")
		i := slices.IndexFunc(wrong, func(o outcome) bool { return slices.Equal(o.got, got) && o.reasons == reasons })
		if i < 0 {
			wrong = append(wrong, outcome{got: got, reasons: reasons})
			i = len(wrong) - 1
		}
		wrong[i].versions = append(wrong[i].versions, v.String())
	}
	var failures diag.List
	for _, o := range wrong {
		summary := fmt.Sprintf("in %s: got %s, want %s", strings.Join(o.versions, ", "), channelsText(o.got), channelsText(want))
		failures = append(failures, failure(r.Origin, "", summary, o.reasons))
	}
	return failures
}

func channelsText(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// versionsOf returns the versions to look at, and what keeps those that were asked for from having the score.
func (t *tester) versionsOf(r builtins.RouteTest) ([]score.APIVersion, diag.List) {
	if _, ok := r.Score.(score.Versioned); !ok {
		return nil, diag.List{failure(r.Origin, "score", fmt.Sprintf("got %s, want a monitoring_stack or tenant_monitoring", r.Score.Title()), "")}
	}
	asked := r.Versions
	if len(asked) == 0 {
		for _, b := range t.options.Registry.Backends() {
			asked = append(asked, b.Version())
		}
	}
	var possible []score.APIVersion
	var failures diag.List
	for _, v := range asked {
		lacks := t.lacks(r.Score, v)
		switch {
		case lacks == nil:
			possible = append(possible, v)
		case len(r.Versions) > 0:
			failures = append(failures, failure(r.Origin, "versions", fmt.Sprintf("in %s: the score cannot be expressed", v), lacks.Error()))
		}
	}
	if len(possible) == 0 && failures == nil {
		failures = diag.List{failure(r.Origin, "score", "no version of the monitoring API can express the score", "")}
	}
	return possible, failures
}

// lacks returns what of a score a version cannot express.
func (t *tester) lacks(s score.Score, v score.APIVersion) diag.List {
	key := lackKey{fmt.Sprintf("%s %s %v", s.Title(), s.Source().Position(), s.Source().Callers()), v}
	if known, ok := t.lacking[key]; ok {
		return known
	}
	moved := deployment.Retarget(score.Deployment{Name: "test", Scores: []score.Score{s}}, v)
	var found diag.List
	for _, d := range check.Deployment(moved, t.options.Registry) {
		if d.Severity == diag.Error && (strings.HasPrefix(d.Code, "unsupported-") || d.Code == "no-backend") {
			found = append(found, d)
		}
	}
	t.lacking[key] = found
	return found
}

// unknownChannels finds expectations of channels that the score does not have.
func unknownChannels(r builtins.RouteTest) diag.List {
	stack, ok := stackOf(r.Score)
	if !ok {
		return nil
	}
	var names []string
	for _, c := range stack.AlertChannels {
		names = append(names, c.Name)
	}
	var failures diag.List
	for i, name := range r.Expect {
		if slices.Contains(names, name) {
			continue
		}
		d := failure(r.Origin, fmt.Sprintf("expect[%d]", i), fmt.Sprintf("got the channel %q, which %s does not have", name, r.Score.Title()), "")
		if near := diag.Nearest(name, names); near != "" {
			d.Fix = fmt.Sprintf("did you mean %q?", near)
		}
		failures = append(failures, d)
	}
	return failures
}

// stackOf returns the stack of a score that has one.
func stackOf(s score.Score) (score.MonitoringStack, bool) {
	switch s := s.(type) {
	case score.MonitoringStack:
		return s, true
	case score.TenantMonitoring:
		return s.ScopedStack(), true
	default:
		return score.MonitoringStack{}, false
	}
}
