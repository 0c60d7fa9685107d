// SPDX-License-Identifier: Apache-2.0

// This file applies the objects, stage by stage.

package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// changeAttempts bounds how often an object is sent again because somebody else wrote it at the same moment.
	changeAttempts = 4
	// servedWithin is how long a kind may take to be served after its definition is established.
	servedWithin = 15 * time.Second
)

// applyStages applies items, which are ordered by stage, one stage after the other, each in parallel.
func (r *runner) applyStages(ctx context.Context, items []*plan.Item) {
	for begin := 0; begin < len(items); {
		stage, end := items[begin].Object.Stage, begin
		for end < len(items) && items[end].Object.Stage == stage {
			end++
		}
		if stage >= backend.StageReleases {
			r.carryOutReleases(ctx)
		}
		r.applyStage(ctx, stage, items[begin:end])
		begin = end
	}
	r.carryOutReleases(ctx)
}

func (r *runner) applyStage(ctx context.Context, stage backend.Stage, items []*plan.Item) {
	var send []*plan.Item
	for _, i := range items {
		switch {
		case i.Release != nil:
			// Helm writes it, see carryOutReleases.
		case r.statusOf(i.Key()) != "":
			// It was sent ahead, see sendAhead.
		case i.Action == plan.Unchanged:
			r.settle(i, Unchanged, nil)
		case i.Action == plan.Blocked:
			r.fail(i, i.Problem, i.Reason)
		default:
			send = append(send, i)
		}
	}
	if len(send) > 0 {
		r.observe(Event{Type: StageBegun, Stage: stage.String(), Total: len(send)})
	}
	forEach(r.parallel, send, func(i *plan.Item) {
		if reason := r.dependsOnFailed(i); reason != "" {
			r.fail(i, nil, reason)
			return
		}
		if interrupted(ctx) {
			r.settleWith(i, NotTried, whyStopped(ctx)+" before its turn")
			return
		}
		r.send(ctx, i)
	})
	switch stage {
	case backend.StageCRDs:
		r.awaitDefinitions(ctx, send)
	case backend.StageFoundations:
		r.awaitQuotas(ctx, send)
	}
}

// forEach calls do for every element, at most limit at once, and returns when all are done.
func forEach[T any](limit int, elements []T, do func(T)) {
	var group sync.WaitGroup
	work := make(chan T)
	for range min(limit, len(elements)) {
		group.Go(func() {
			for e := range work {
				do(e)
			}
		})
	}
	for _, e := range elements {
		work <- e
	}
	close(work)
	group.Wait()
}

// dependsOnFailed says on which failure the item depends, or "".
func (r *runner) dependsOnFailed(i *plan.Item) string {
	id := i.Object.ID
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.lost != "" {
		return r.lost
	}
	if r.lostNamespaces[id.Namespace] && id.Namespace != "" {
		return fmt.Sprintf("its namespace %s failed", id.Namespace)
	}
	if reason := r.heldBack[i.Object.Score]; reason != "" && i.Object.Stage == backend.StageReceivers {
		return reason
	}
	if i.Object.Stage > backend.StageFoundations && r.lostScores[scope{i.Object.Score, id.Namespace}] {
		return fmt.Sprintf("something that %s needs in namespace %s failed", i.Object.Score, id.Namespace)
	}
	return ""
}

// fail records that an item could not be applied, or was not tried when there is no problem of its own, and what depends
// on it.
func (r *runner) fail(i *plan.Item, problem *diag.Diagnostic, reason string) {
	r.lose(i)
	if problem == nil {
		r.settleWith(i, NotTried, reason)
		return
	}
	r.settle(i, ObjectFailed, problem)
}

// lose notes that nothing which depends on an item can be applied.
func (r *runner) lose(i *plan.Item) {
	id := i.Object.ID
	r.mutex.Lock()
	defer r.mutex.Unlock()
	switch i.Object.Stage {
	case backend.StageNamespaces:
		r.lostNamespaces[id.Name] = true
	case backend.StageFoundations:
		r.lostScores[scope{i.Object.Score, id.Namespace}] = true
	}
}

// send applies one item.
func (r *runner) send(ctx context.Context, i *plan.Item) {
	body, err := r.work.Body(i)
	if err != nil {
		r.fail(i, r.explain(err, i), "")
		return
	}
	if i.Going != nil && !r.awaitGoing(ctx, i) {
		return
	}
	applied, err := r.attempt(ctx, i, body)
	key := i.Key()
	switch {
	case err != nil && isCancel(ctx, err):
		// A write that has begun is let finish; this one may have been cut off all the same, after a while. What was never sent
		// is as it was, unless it was on its way from one writer to the other.
		if cluster.IsUncertain(err) || i.HandOver {
			r.doubt(key, i.Object.ID)
		}
		if cluster.IsUncertain(err) {
			r.settleUncertain(i, nil, whyStopped(ctx))
		} else {
			r.settleWith(i, NotTried, whyStopped(ctx))
		}
		return
	case err != nil:
		if !cluster.IsDefinite(err) {
			r.doubt(key, i.Object.ID)
		}
		r.noteLost(err)
		r.lose(i)
		if problem := r.explain(err, i); cluster.IsUncertain(err) {
			r.settleUncertain(i, problem, "")
		} else {
			r.settle(i, ObjectFailed, problem)
		}
		return
	}
	m := applied.Metadata
	r.mutex.Lock()
	r.records[key] = inventory.Member{
		ID: i.Object.ID, Stage: i.Object.Stage, UID: string(m.UID), Sent: i.Sent,
		Owned: inventory.OwnedHash(m.ManagedFields, i.Writer()), ResourceVersion: m.ResourceVersion, Generation: m.Generation,
		Position: i.Object.Origin.Position(), Score: i.Object.Score,
	}
	r.mutex.Unlock()
	switch {
	case m.DeletionTimestamp != nil && i.Going == nil && i.Object.Stage != backend.StageNamespaces:
		// It began to go after we had looked.
		i.Going, i.Live, i.Action = m, nil, plan.Create
		r.send(ctx, i)
	case m.DeletionTimestamp != nil:
		r.fail(i, r.terminating(i), "")
	case i.Live == nil && i.Action == plan.Create && (applied.Created || applied.Attempts > 1):
		r.settleWith(i, Created, i.Reason)
	case i.Live == nil:
		// It came to be between the look and the write.
		r.settleWith(i, Adopted, "it existed and was not ours yet")
	case i.Action == plan.Adopt:
		r.settleWith(i, Adopted, i.Reason)
	case m.ResourceVersion == i.Live.ResourceVersion:
		r.settle(i, Unchanged, nil)
	default:
		r.settleWith(i, Updated, i.Reason)
	}
}

// awaitGoing waits until what is being deleted in the place of an item is gone. false tells that the item is settled.
func (r *runner) awaitGoing(ctx context.Context, i *plan.Item) bool {
	deadline := time.Now().Add(r.timeout)
	for {
		live, err := r.request.Client.GetMetadata(ctx, i.Object.ID)
		switch {
		case apierrors.IsNotFound(err) || err == nil && live.UID != i.Going.UID:
			return true
		case interrupted(ctx):
			r.settleWith(i, NotTried, whyStopped(ctx)+" before its turn")
			return false
		case err != nil && cluster.IsDefinite(err):
			r.fail(i, r.explain(err, i), "")
			return false
		case time.Now().After(deadline):
			r.fail(i, r.terminating(i), "")
			return false
		}
		r.observe(Event{Type: Removing, Total: 1, Waiting: []Awaited{{ID: i.Object.ID, Score: i.Object.Score, Reason: "Terminating", Message: held(i.Object.ID, i.Going)}}})
		pause(ctx, time.Second)
	}
}

// terminating reports an object that is being deleted and does not go.
func (r *runner) terminating(i *plan.Item) *diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "object-terminating", Position: i.Object.Origin.Position(), Related: diag.Callers(i.Object.Origin),
		Summary: fmt.Sprintf("%s is being deleted", i.Object.ID), Fix: "wait until it is gone, then run the same command again",
	}
	if i.Going != nil {
		d.Detail = "it " + held(i.Object.ID, i.Going)
	}
	return &d
}

// attempt sends an item, again where that is all it takes.
func (r *runner) attempt(ctx context.Context, i *plan.Item, body []byte) (cluster.Applied, error) {
	if i.HandOver {
		if err := r.takeOver(ctx, i); err != nil {
			return cluster.Applied{}, err
		}
	}
	begun := time.Now()
	deadline := begun.Add(servedWithin)
	for try := 1; ; try++ {
		applied, err := r.request.Client.Apply(ctx, i.Object.ID, body, cluster.ApplyOptions{Force: r.request.TakeOwnership.Takes(i.Object.ID) || r.takesBack(i)})
		switch {
		case err == nil:
			return applied, nil
		case apierrors.IsConflict(err) && len(cluster.Conflicts(err)) == 0 && try < changeAttempts:
		case (cluster.IsKindMissing(err) && i.Awaits || isNotServed(err)) && time.Now().Before(deadline), r.awaitsQuota(err, i.Object.ID.Namespace, begun):
			if !pause(ctx, 200*time.Millisecond) {
				return applied, context.Cause(ctx)
			}
		default:
			return applied, err
		}
		if interrupted(ctx) {
			return applied, context.Cause(ctx)
		}
	}
}

// takesBack reports whether the fields of an item that others own now are taken back from them: the last run left all that
// the item sets in our hands.
func (r *runner) takesBack(i *plan.Item) bool {
	m := i.Member
	return r.request.TakeBack && m != nil && i.Live != nil && m.UID == string(i.Live.UID) && m.Sent != "" && m.Sent == i.Sent && !i.HandOver
}

// isNotServed reports that an API server does not know the path of a kind, of which discovery had told that it is served: it
// came a moment ago, and not all API servers know it yet. An apply of an object that is absent makes it, so that nothing
// else but a missing namespace is not found.
func isNotServed(err error) bool {
	return apierrors.IsNotFound(err) && !inventory.IsNamespaceMissing(err)
}

// noteLost stops asking a server that does not answer any more or does not know us any more: each request would wait
// for its whole time to try again.
func (r *runner) noteLost(err error) {
	reason := ""
	switch {
	case cluster.IsUnreachable(err):
		reason = "the API server cannot be reached any more"
	case cluster.IsUnauthorized(err):
		reason = "the API server does not accept the credentials any more"
	default:
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.lost = reason
}

// isLost reports whether the server is not asked any more.
func (r *runner) isLost() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.lost != ""
}

// doubt notes that a write may or may not have reached an object.
func (r *runner) doubt(key inventory.Key, id backend.ID) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.uncertain[key] = id
}

func (r *runner) explain(err error, i *plan.Item) *diag.Diagnostic {
	d := r.work.Explain(err, "patch", i.Object)
	return &d
}

// pause waits; false tells that ctx ended first.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// awaitDefinitions waits until custom resource definitions that were written are established: before that the API server
// does not serve their kinds.
func (r *runner) awaitDefinitions(ctx context.Context, items []*plan.Item) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	forEach(r.parallel, items, func(i *plan.Item) {
		if r.statusOf(i.Key()) == ObjectFailed || r.statusOf(i.Key()) == NotTried {
			return
		}
		for {
			live, err := r.request.Client.Get(ctx, i.Object.ID)
			if err == nil {
				condition := r.kinds.Judge(live)
				if condition.State == ready {
					return
				}
			} else if !errors.Is(err, context.DeadlineExceeded) && cluster.IsDefinite(err) {
				r.fail(i, r.explain(err, i), "")
				return
			}
			if !pause(ctx, 200*time.Millisecond) {
				return
			}
		}
	})
}

func (r *runner) statusOf(key inventory.Key) Status {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if result := r.results[key]; result != nil {
		return result.Status
	}
	return ""
}
