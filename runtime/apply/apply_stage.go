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

// applyStages applies all items, one stage after the other, each in parallel.
func (r *runner) applyStages(ctx context.Context) {
	for begin := 0; begin < len(r.work.Items); {
		stage, end := r.work.Items[begin].Object.Stage, begin
		for end < len(r.work.Items) && r.work.Items[end].Object.Stage == stage {
			end++
		}
		r.applyStage(ctx, stage, r.work.Items[begin:end])
		begin = end
	}
}

func (r *runner) applyStage(ctx context.Context, stage backend.Stage, items []*plan.Item) {
	var send []*plan.Item
	for _, i := range items {
		switch i.Action {
		case plan.Unchanged:
			r.settle(i, Unchanged, nil)
		case plan.Blocked:
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
			r.settleWith(i, NotTried, "the run was interrupted before its turn")
			return
		}
		r.send(ctx, i)
	})
	if stage == backend.StageCRDs {
		r.awaitDefinitions(ctx, send)
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
	if i.Object.Stage > backend.StageFoundations && r.lostScores[scope{i.Object.Score, id.Namespace}] {
		return fmt.Sprintf("something that %s needs in namespace %s failed", i.Object.Score, id.Namespace)
	}
	return ""
}

// fail records that an item could not be applied, or was not tried when there is no problem of its own, and what depends
// on it.
func (r *runner) fail(i *plan.Item, problem *diag.Diagnostic, reason string) {
	id := i.Object.ID
	r.mutex.Lock()
	switch i.Object.Stage {
	case backend.StageNamespaces:
		r.lostNamespaces[id.Name] = true
	case backend.StageFoundations:
		r.lostScores[scope{i.Object.Score, id.Namespace}] = true
	}
	r.mutex.Unlock()
	if problem == nil {
		r.settleWith(i, NotTried, reason)
		return
	}
	r.settle(i, ObjectFailed, problem)
}

// send applies one item.
func (r *runner) send(ctx context.Context, i *plan.Item) {
	body, err := r.work.Body(i)
	if err != nil {
		r.fail(i, r.explain(err, i), "")
		return
	}
	applied, err := r.attempt(ctx, i, body)
	key := i.Key()
	switch {
	case err != nil && isCancel(ctx, err):
		// A write that has begun is let finish; this one may have been cut off all the same, after a while.
		r.doubt(key, i.Object.ID)
		r.settleWith(i, NotTried, "the run was interrupted")
		return
	case err != nil:
		if !cluster.IsDefinite(err) {
			r.doubt(key, i.Object.ID)
		}
		r.noteLost(err)
		r.fail(i, r.explain(err, i), "")
		return
	}
	m := applied.Metadata
	r.mutex.Lock()
	r.records[key] = inventory.Member{
		ID: i.Object.ID, Stage: i.Object.Stage, UID: string(m.UID), Sent: i.Sent,
		Owned: inventory.OwnedHash(m.ManagedFields, cluster.FieldManager), Position: i.Object.Origin.Position(), Score: i.Object.Score,
	}
	r.mutex.Unlock()
	switch {
	case m.DeletionTimestamp != nil:
		r.fail(i, &diag.Diagnostic{
			Severity: diag.Error, Code: "object-terminating", Position: i.Object.Origin.Position(),
			Summary: fmt.Sprintf("%s is being deleted", i.Object.ID), Fix: "wait until it is gone, then run the same command again",
		}, "")
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

// attempt sends an item, again where that is all it takes.
func (r *runner) attempt(ctx context.Context, i *plan.Item, body []byte) (cluster.Applied, error) {
	deadline := time.Now().Add(servedWithin)
	for try := 1; ; try++ {
		applied, err := r.request.Client.Apply(ctx, i.Object.ID, body, cluster.ApplyOptions{Force: r.request.TakeOwnership})
		switch {
		case err == nil:
			return applied, nil
		case apierrors.IsConflict(err) && len(cluster.Conflicts(err)) == 0 && try < changeAttempts:
		case cluster.IsKindMissing(err) && i.Awaits && time.Now().Before(deadline):
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
