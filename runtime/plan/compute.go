// SPDX-License-Identifier: Apache-2.0

// This file makes the plan out of the work.

package plan

import (
	"context"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"golang.org/x/sync/errgroup"
)

// Compute returns the plan of a request. It changes nothing. A secret without a value is a diagnostic of the plan and
// no error. The error is a diag.List, one that cluster.Diagnostics explains, or the context's.
func Compute(ctx context.Context, request Request) (*Plan, error) {
	if err := request.Validate(); err != nil {
		return nil, err
	}
	inv, err := request.Load(ctx)
	if err != nil {
		return nil, err
	}
	w, err := Prepare(ctx, request, inv)
	if err != nil {
		return nil, err
	}
	if request.NoPreflight {
		return w.Plan(ctx)
	}
	missing, err := w.Preflight(ctx)
	if err != nil {
		return nil, err
	}
	// Who may only look can plan all the same.
	for _, d := range missing {
		d.Severity = diag.Warning
		w.Warnings = append(w.Warnings, d)
	}
	return w.Plan(ctx)
}

// Plan returns the plan of the work; unless the request is Brief, what differs is dry-run and read.
func (w *Work) Plan(ctx context.Context) (*Plan, error) {
	p := &Plan{Schema: Schema, Deployment: w.Request.Deployment, Cluster: w.Request.Client.Host(), Migrations: w.Migrations(), Diagnostics: append(slices.Clone(w.Missing), w.Warnings...)}
	steps := make([]*Step, len(w.Items))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(w.Request.parallel())
	for n, i := range w.Items {
		steps[n] = &Step{
			Action: i.Action, ID: i.Object.ID, Stage: i.Object.Stage.String(), Score: i.Object.Score,
			Position: i.Object.Origin.Position(), Release: i.Object.Release, Reason: i.Reason, Diagnostic: i.Problem,
		}
		if i.Drift != "" {
			// Who did it, and to what, takes a look at the object.
			steps[n].Drift = []Drift{{Kind: i.Drift}}
		}
		if w.Request.Brief || i.Action == Unchanged || i.Action == Blocked || i.Awaits {
			continue
		}
		if w.denied(i) {
			steps[n].Reason = strings.TrimPrefix(i.Reason+"; it is not compared field by field: no right to try it out", "; ")
			continue
		}
		group.Go(func() error { return w.detail(groupCtx, i, steps[n]) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, s := range steps {
		p.Steps = append(p.Steps, *s)
		if s.Diagnostic != nil {
			p.Diagnostics = append(p.Diagnostics, *s.Diagnostic)
		}
	}
	for _, r := range w.Removals {
		if r.Live == nil {
			// It is gone already; only the record goes.
			continue
		}
		step := Step{Action: Delete, ID: r.ID, Stage: r.Member.Stage.String(), Score: r.Member.Score, Position: r.Member.Position, Release: r.Member.Release, Reason: r.Reason}
		if r.Keep {
			step.Action = Keep
		} else if r.Live.DeletionTimestamp != nil {
			step.Reason = "it is being deleted already"
		}
		p.Steps = append(p.Steps, step)
	}
	for _, r := range w.Releases {
		if r.Action == ReleaseGone {
			continue
		}
		p.Releases = append(p.Releases, r.step())
		if r.Problem != nil {
			p.Diagnostics = append(p.Diagnostics, *r.Problem)
		}
	}
	p.Diagnostics = Collapse(p.Diagnostics)
	return p, nil
}

// Collapse returns the diagnostics with those that many objects share told once: a kind that is not installed is one
// problem, however many objects of it there are.
func Collapse(diagnostics diag.List) diag.List {
	var collapsed diag.List
	first, more := map[string]int{}, map[int]int{}
	for _, d := range diagnostics.Sorted() {
		if d.Code != "kind-not-installed" {
			collapsed = append(collapsed, d)
			continue
		}
		if at, ok := first[d.Fix]; ok {
			more[at]++
			continue
		}
		first[d.Fix] = len(collapsed)
		collapsed = append(collapsed, d)
	}
	for at, n := range more {
		collapsed[at].Detail = plural(n, "more object needs it", "more objects need it")
	}
	return collapsed
}
