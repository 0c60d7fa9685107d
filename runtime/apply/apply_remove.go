// SPDX-License-Identifier: Apache-2.0

// This file removes what is no longer wanted.

package apply

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reportKept settles the removals that stay.
func (r *runner) reportKept() {
	for _, removal := range r.work.Removals {
		if removal.Keep && removal.Live != nil {
			r.settleRemoval(removal, Kept, removal.Reason, nil)
		}
	}
}

// prunable returns the removals whose time has come. What belongs to a score of which something failed or does not work yet
// stays: the old must not go before the new has taken its place.
func (r *runner) prunable() []*plan.Removal {
	bad := r.troubled()
	var due []*plan.Removal
	for _, removal := range r.work.Removals {
		switch {
		case removal.Keep || removal.Live == nil:
		case r.statusOf(inventory.KeyOf(removal.ID)) != "":
			// Its release was carried out, and it went with that.
		case bad[removal.Member.Score] != "":
			r.settleRemoval(removal, Kept, fmt.Sprintf("kept until %s works", removal.Member.Score), nil)
		default:
			due = append(due, removal)
		}
	}
	return due
}

// remove deletes what is given, which is ordered by stage, last first, and waits after each stage until it is gone. Of scores
// that move, nothing goes before the old Alertmanager has lost its receivers.
func (r *runner) remove(ctx context.Context, removals []*plan.Removal, moves map[string]*move) {
	total := 0
	for _, removal := range removals {
		if removal.Live != nil {
			total++
		}
	}
	done := 0
	for begin := 0; begin < len(removals); {
		stage, end := removals[begin].Member.Stage, begin
		for end < len(removals) && removals[end].Member.Stage == stage {
			end++
		}
		group := r.withheld(removals[begin:end], moves)
		switch {
		case stage == backend.StageReleases:
			group = r.uninstallReleases(ctx, group)
		case stage < backend.StageReleases:
			r.uninstallReleases(ctx, nil)
			group = r.withoutBusy(group)
		}
		left := r.deleteStage(ctx, group)
		r.awaitGone(ctx, left, done+(end-begin)-len(left), total)
		if stage == backend.StageReceivers && len(moves) > 0 {
			r.awaitDropped(ctx, moves)
		}
		done += end - begin
		begin = end
	}
	r.uninstallReleases(ctx, nil)
}

// deleteStage deletes the objects and returns those that are still there.
func (r *runner) deleteStage(ctx context.Context, removals []*plan.Removal) []*plan.Removal {
	var mutex sync.Mutex
	var left []*plan.Removal
	forEach(r.parallel, removals, func(removal *plan.Removal) {
		if removal.Live == nil {
			return
		}
		if interrupted(ctx) {
			r.settleRemoval(removal, NotTried, whyStopped(ctx)+" before its turn", nil)
			return
		}
		if r.isLost() {
			r.settleRemoval(removal, NotTried, "the API server was lost before its turn", nil)
			return
		}
		// The UID makes sure that it is the object that was looked at, label and all, and not a new one of its name.
		gone, err := r.request.Client.Delete(ctx, removal.ID, cluster.Preconditions{UID: removal.Live.UID})
		switch {
		case err != nil && isCancel(ctx, err) && cluster.IsUncertain(err):
			r.settleRemovalUncertain(removal, nil, whyStopped(ctx))
		case err != nil && isCancel(ctx, err):
			r.settleRemoval(removal, NotTried, whyStopped(ctx), nil)
		case apierrors.IsConflict(err):
			r.settleRemoval(removal, ObjectFailed, "", r.removalProblem(removal, diag.Diagnostic{
				Code:    "object-changed",
				Summary: fmt.Sprintf("%s was deleted and made again by others at the same time", removal.ID), Fix: "run the same command again",
			}))
		case err != nil:
			r.noteLost(err)
			if problem := r.removalProblem(removal, cluster.Explain(err, r.work.Subject("delete", removal.ID))); cluster.IsUncertain(err) {
				r.settleRemovalUncertain(removal, problem, "")
			} else {
				r.settleRemoval(removal, ObjectFailed, "", problem)
			}
		case gone:
			r.settleGone(removal)
		default:
			mutex.Lock()
			left = append(left, removal)
			mutex.Unlock()
		}
	})
	return left
}

func (r *runner) settleGone(removal *plan.Removal) {
	r.mutex.Lock()
	r.removed[inventory.KeyOf(removal.ID)] = true
	r.mutex.Unlock()
	r.settleRemoval(removal, Deleted, "", nil)
}

func (r *runner) removalProblem(removal *plan.Removal, d diag.Diagnostic) *diag.Diagnostic {
	d.Severity, d.Position = diag.Error, removal.Member.Position
	d = r.work.Secrets.Redactor.Diagnostic(d)
	return &d
}

// awaitGone waits until the objects are gone, for as long as the request allows.
func (r *runner) awaitGone(ctx context.Context, left []*plan.Removal, done, total int) {
	deadline, poll, told := time.Now().Add(r.timeout), firstPoll, time.Time{}
	for len(left) > 0 {
		if time.Since(told) >= 2*time.Second {
			r.tellRemoving(left, done, total)
			told = time.Now()
		}
		if !pause(ctx, poll) {
			for _, removal := range left {
				r.settleRemoval(removal, NotTried, "it is being deleted; "+whyStopped(ctx)+" before it was gone", nil)
			}
			return
		}
		poll = min(poll*3/2, maxPoll)
		var mutex sync.Mutex
		var still []*plan.Removal
		looking, stop := context.WithDeadline(ctx, later(deadline, time.Now().Add(shortTimeout)))
		forEach(r.parallel, left, func(removal *plan.Removal) {
			live, err := r.request.Client.GetMetadata(looking, removal.ID)
			if apierrors.IsNotFound(err) || cluster.IsKindMissing(err) || err == nil && live.UID != removal.Live.UID {
				r.settleGone(removal)
				return
			}
			if err == nil {
				removal.Live = live
			}
			mutex.Lock()
			defer mutex.Unlock()
			still = append(still, removal)
		})
		stop()
		done += len(left) - len(still)
		left = still
		if len(left) > 0 && time.Now().After(deadline) {
			for _, removal := range left {
				r.settleRemoval(removal, ObjectFailed, "", r.removalProblem(removal, r.stuck(removal)))
			}
			return
		}
	}
}

func (r *runner) tellRemoving(left []*plan.Removal, done, total int) {
	waiting := make([]Awaited, len(left))
	for n, removal := range left {
		waiting[n] = Awaited{ID: removal.ID, Score: removal.Member.Score, Reason: "Terminating", Message: held(removal.ID, removal.Live)}
	}
	r.observe(Event{Type: Removing, Waiting: waiting, Done: done, Total: total})
}

// held says what holds an object that is being deleted.
func held(id backend.ID, live *metav1.PartialObjectMetadata) string {
	switch {
	case len(live.Finalizers) > 0:
		return "waits for finalizers: " + strings.Join(live.Finalizers, ", ")
	case id.Kind == "Namespace":
		return "waits until everything in it is gone"
	}
	return "is being deleted"
}

func (r *runner) stuck(removal *plan.Removal) diag.Diagnostic {
	d := diag.Diagnostic{
		Code: "not-gone", Summary: fmt.Sprintf("%s is not gone after %s: it %s", removal.ID, r.timeout, held(removal.ID, removal.Live)),
		Fix: "see what holds it, then run the same command again",
	}
	if removal.ID.Kind == "Namespace" {
		d.Fix = fmt.Sprintf("see its conditions with kubectl get namespace %s -o yaml, then run the same command again", removal.ID.Name)
	}
	return d
}
