// SPDX-License-Identifier: Apache-2.0

// This file holds what a run did.

package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// State is how a run ended.
type State string

const (
	// Done means that the cluster is as it should be, and works as far as was waited for.
	Done State = "done"
	// Failed means that at least one object failed or was not tried.
	Failed State = "failed"
	// NotReady means that everything was applied, and not all of it worked in time.
	NotReady State = "not-ready"
	// Interrupted means that the context ended before the run did.
	Interrupted State = "interrupted"
)

// Status is what became of one object.
type Status string

const (
	// Unchanged means that it was as it should be.
	Unchanged Status = "unchanged"
	// Created means that it did not exist before.
	Created Status = "created"
	// Updated means that it was changed.
	Updated Status = "updated"
	// Adopted means that it existed and is ours now.
	Adopted Status = "adopted"
	// Deleted means that it is gone.
	Deleted Status = "deleted"
	// Kept means that it is no longer wanted and stays all the same.
	Kept Status = "kept"
	// ObjectFailed means that the API server refused, or did not answer; see Result.Uncertain.
	ObjectFailed Status = "failed"
	// NotTried means that something that it depends on failed, or the run was interrupted before its turn.
	NotTried Status = "not-tried"
	// ObjectNotReady means that it was applied and does not work yet.
	ObjectNotReady Status = "not-ready"
)

// Outcome is what a run did. As JSON it is stable: fields are added, never changed.
type Outcome struct {
	Deployment string `json:"deployment"`
	// Cluster is the address of the API server.
	Cluster string `json:"cluster"`
	State   State  `json:"state"`
	// Results are ordered by stage, then ID; removals come last, stages backwards.
	Results []Result `json:"results"`
	// Releases are what became of Helm releases, ordered by key.
	Releases []ReleaseResult `json:"releases,omitempty"`
	// Diagnostics are the problems, at the script's lines.
	Diagnostics diag.List `json:"diagnostics,omitempty"`
	Started     time.Time `json:"started"`
	Finished    time.Time `json:"finished"`
}

// Result is what became of one object.
type Result struct {
	ID    backend.ID `json:"id"`
	Stage string     `json:"stage"`
	Score string     `json:"score,omitempty"`
	// Release is the key of the Helm release that the object belongs to, or belonged to when it was removed.
	Release string `json:"release,omitempty"`
	// Position is where the script makes the object; of a removed one, where it once did.
	Position score.Position `json:"position,omitzero"`
	Status   Status         `json:"status"`
	// Reason says more about Status, in a line.
	Reason string `json:"reason,omitempty"`
	// Uncertain tells that the write may have been carried out although it failed: its answer was lost, for example. The next run
	// looks.
	Uncertain bool `json:"uncertain,omitempty"`
	// Diagnostic tells what went wrong.
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
}

// ReleaseResult is what became of one Helm release.
type ReleaseResult struct {
	// Release is its key: "namespace/name".
	Release string             `json:"release"`
	Action  plan.ReleaseAction `json:"action"`
	Status  Status             `json:"status"`
	Chart   inventory.Chart    `json:"chart"`
	// Revision is the number that Helm gave the last one; 0 when there is none, or when it is not known.
	Revision int    `json:"revision,omitempty"`
	Score    string `json:"score,omitempty"`
	// Position is where the script makes the release; of a removed one, where it once did.
	Position score.Position `json:"position,omitzero"`
	// Reason says more about Status, in a line.
	Reason string `json:"reason,omitempty"`
	// Uncertain is that of Result, for what Helm does.
	Uncertain bool `json:"uncertain,omitempty"`
	// Diagnostic tells what went wrong.
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
}

// Count returns how many results there are of each status.
func (o *Outcome) Count() map[Status]int {
	count := map[Status]int{}
	for _, r := range o.Results {
		count[r.Status]++
	}
	return count
}

// Wrote reports whether the run changed any object of the deployment.
func (o *Outcome) Wrote() bool {
	c := o.Count()
	return c[Created]+c[Updated]+c[Adopted]+c[Deleted] > 0 || slices.ContainsFunc(o.Releases, func(r ReleaseResult) bool {
		return r.Status == Created || r.Status == Updated || r.Status == Deleted
	})
}

// settle records what became of an item.
func (r *runner) settle(i *plan.Item, status Status, problem *diag.Diagnostic) {
	o := i.Object
	r.put(inventory.KeyOf(o.ID), Result{ID: o.ID, Stage: o.Stage.String(), Score: o.Score, Release: o.Release, Position: o.Origin.Position(), Status: status, Diagnostic: problem})
}

// settleWith is settle with a reason.
func (r *runner) settleWith(i *plan.Item, status Status, reason string) {
	o := i.Object
	r.put(inventory.KeyOf(o.ID), Result{ID: o.ID, Stage: o.Stage.String(), Score: o.Score, Release: o.Release, Position: o.Origin.Position(), Status: status, Reason: reason})
}

// settleUncertain records an item of which it is not known whether it was applied. The reason is that of the problem, if there is
// one.
func (r *runner) settleUncertain(i *plan.Item, problem *diag.Diagnostic, reason string) {
	o := i.Object
	if problem != nil {
		reason, problem.Detail = problem.Summary, strings.TrimPrefix(problem.Detail+"\n"+notKnown("applied"), "\n")
	}
	r.put(inventory.KeyOf(o.ID), Result{
		ID: o.ID, Stage: o.Stage.String(), Score: o.Score, Release: o.Release, Position: o.Origin.Position(), Status: ObjectFailed,
		Reason: reason + "; " + notKnown("applied"), Uncertain: true, Diagnostic: problem,
	})
}

// notKnown tells that the answer to a write was lost.
func notKnown(done string) string {
	return "whether it was " + done + " is not known; the next run looks"
}

func (r *runner) settleRemoval(removal *plan.Removal, status Status, reason string, problem *diag.Diagnostic) {
	r.put(inventory.KeyOf(removal.ID), Result{
		ID: removal.ID, Stage: removal.Member.Stage.String(), Score: removal.Member.Score, Release: removal.Member.Release,
		Position: removal.Member.Position, Status: status, Reason: reason, Diagnostic: problem,
	})
}

// settleRemovalUncertain is settleUncertain for an object that was to be deleted.
func (r *runner) settleRemovalUncertain(removal *plan.Removal, problem *diag.Diagnostic, reason string) {
	if problem != nil {
		reason, problem.Detail = problem.Summary, strings.TrimPrefix(problem.Detail+"\n"+notKnown("deleted"), "\n")
	}
	r.put(inventory.KeyOf(removal.ID), Result{
		ID: removal.ID, Stage: removal.Member.Stage.String(), Score: removal.Member.Score, Release: removal.Member.Release,
		Position: removal.Member.Position, Status: ObjectFailed, Reason: reason + "; " + notKnown("deleted"), Uncertain: true, Diagnostic: problem,
	})
}

func (r *runner) put(key inventory.Key, result Result) {
	if result.Diagnostic != nil && result.Reason == "" {
		result.Reason = result.Diagnostic.Summary
	}
	r.mutex.Lock()
	r.results[key] = &result
	r.mutex.Unlock()
	if result.Status != Unchanged {
		r.observe(Event{
			Type: ObjectSettled, ID: result.ID, Score: result.Score, Position: result.Position, Stage: result.Stage,
			Release: result.Release, Status: result.Status, Uncertain: result.Uncertain, Message: result.Reason, Diagnostic: result.Diagnostic,
		})
	}
}

// settleRelease records what became of a release.
func (r *runner) settleRelease(release *plan.Release, status Status, revision int, reason string, problem *diag.Diagnostic) {
	r.putRelease(release, &ReleaseResult{Status: status, Revision: revision, Reason: reason, Diagnostic: problem})
}

// putRelease records what became of a release, and tells it.
func (r *runner) putRelease(release *plan.Release, result *ReleaseResult) {
	status, reason := result.Status, result.Reason
	result.Release, result.Action, result.Chart, result.Score, result.Position = release.Key(), release.Action, release.Chart(), release.Score, release.Position
	result.Reason = r.work.Secrets.Redactor.Text(reason)
	r.mutex.Lock()
	r.releaseResults[release.Key()] = result
	r.mutex.Unlock()
	if status != Unchanged {
		r.observeRelease(ReleaseSettled, release, status, reason, result)
	}
}

// releaseResult returns what became of a release, or nil.
func (r *runner) releaseResult(key string) *ReleaseResult {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.releaseResults[key]
}

// observeRelease tells of a release; result is nil before there is one.
func (r *runner) observeRelease(event EventType, release *plan.Release, status Status, message string, result *ReleaseResult) {
	e := Event{
		Type: event, Release: release.Key(), Action: release.Action, Chart: release.Chart(), Score: release.Score, Position: release.Position,
		Stage: backend.StageReleases.String(), Status: status, Message: message,
	}
	if result != nil {
		e.Revision, e.Uncertain, e.Diagnostic = result.Revision, result.Uncertain, result.Diagnostic
	}
	r.observe(e)
}

// problem adds a diagnostic that is about no single object.
func (r *runner) problem(list ...diag.Diagnostic) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, d := range list {
		r.outcome.Diagnostics = append(r.outcome.Diagnostics, r.work.Secrets.Redactor.Diagnostic(d))
	}
}

// complete puts the results in order and says how the run ended.
func (r *runner) complete(ctx context.Context) {
	o := r.outcome
	o.Results = slices.Grow(o.Results, len(r.work.Items)+len(r.work.Removals))
	for _, i := range r.work.Items {
		if result := r.results[i.Key()]; result != nil {
			o.Results = append(o.Results, *result)
		}
	}
	for _, removal := range r.work.Removals {
		if result := r.results[inventory.KeyOf(removal.ID)]; result != nil {
			o.Results = append(o.Results, *result)
		}
	}
	for _, release := range r.work.Releases {
		if result := r.releaseResults[release.Key()]; result != nil {
			o.Releases = append(o.Releases, *result)
			if result.Diagnostic != nil {
				o.Diagnostics = append(o.Diagnostics, *result.Diagnostic)
			}
		}
	}
	for _, result := range o.Results {
		if result.Diagnostic != nil {
			o.Diagnostics = append(o.Diagnostics, *result.Diagnostic)
		}
	}
	o.Diagnostics = append(o.Diagnostics, r.work.Warnings...)
	count := o.Count()
	switch left := count[NotTried]; {
	case interrupted(ctx):
		o.State = Interrupted
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "interrupted", Summary: fmt.Sprintf("interrupted: %d of %d objects were not tried", left, len(o.Results)),
			Fix: "run the same command again: it goes on where this run ended",
		}
		if left == 0 {
			d.Summary = "interrupted: everything was applied, and not waited for"
			if r.destroying {
				d.Summary = "interrupted: everything was removed that is to be"
			}
		}
		if lost := cluster.Diagnostics(context.Cause(ctx)); len(lost) == 1 && lost[0].Code == "lock-lost" {
			d = lost[0]
			o.State = Failed
		}
		o.Diagnostics = append(o.Diagnostics, d)
	case count[ObjectFailed]+left > 0 || slices.ContainsFunc(o.Diagnostics, func(d diag.Diagnostic) bool { return d.Severity == diag.Error && d.Code != "not-ready" }):
		o.State = Failed
	case count[ObjectNotReady] > 0:
		o.State = NotReady
	default:
		o.State = Done
	}
	o.Diagnostics = plan.Collapse(o.Diagnostics)
}
