// SPDX-License-Identifier: Apache-2.0

// This file waits until what was applied works.

package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const (
	ready = status.Ready
	// gone stands for the identity of an object that is not there.
	gone types.UID = "gone"

	firstPoll = 300 * time.Millisecond
	maxPoll   = 3 * time.Second
	// getUpTo is how many objects of a kind are read one by one; more are listed.
	getUpTo = 16
	// failedFor is how long an object must have failed without a break before that is final: a controller that has not
	// seen a Secret yet reports failure and tries again.
	failedFor = 30 * time.Second
	// explainUpTo bounds for how many objects that are not ready pods and events are read.
	explainUpTo = 20
	// explainWithin bounds how long that may take, and other looks that come after the wait.
	explainWithin = 15 * time.Second
)

// target is one object that is waited for.
type target struct {
	item      *plan.Item
	condition status.Condition
	// uid is that of the object that was read last, gone when there was none, "" before.
	uid types.UID
	// resent is how often the item was sent again because something else stood in its place.
	resent int
	// failing is since when it has failed without a break.
	failing time.Time
}

// tracked reports whether objects of the kind have to come to work, rather than being done when they exist.
func tracked(kinds status.Kinds, kind schema.GroupKind) bool {
	k, known := kinds[kind]
	if !known || kind == (schema.GroupKind{Kind: "Namespace"}) || kind.Kind == "CustomResourceDefinition" {
		return false
	}
	return len(k.Rejections) == 0 && (k.Judge != nil || len(k.Owns) > 0)
}

// waitReady waits until every tracked object that was applied or unchanged is ready.
func (r *runner) waitReady(ctx context.Context) {
	if r.request.NoWait && !r.moving || interrupted(ctx) || r.isLost() {
		return
	}
	var waiting []*target
	for _, i := range r.work.Items {
		s := r.statusOf(i.Key())
		if tracked(r.kinds, cluster.KindOf(i.Object.ID).GroupKind()) && s != ObjectFailed && s != NotTried && s != ObjectNotReady && s != "" {
			waiting = append(waiting, &target{item: i})
		}
	}
	total, deadline, poll, told := len(waiting), time.Now().Add(r.timeout), firstPoll, time.Time{}
	first := true
	for len(waiting) > 0 {
		// A server that keeps silent must not make the wait longer than it may be.
		looking, stop := context.WithDeadline(ctx, later(deadline, time.Now().Add(shortTimeout)))
		r.read(looking, waiting)
		stop()
		if interrupted(ctx) {
			return
		}
		r.resend(ctx, waiting)
		var left []*target
		for _, t := range waiting {
			s := r.statusOf(t.item.Key())
			switch {
			case s == ObjectFailed || s == NotTried:
				// Sending it again did not work, which is told already.
				continue
			case t.condition.State != ready:
				left = append(left, t)
				continue
			}
			r.readySince[t.item.Key()] = t.condition.Since
			// What the run has written is always told to be ready, however soon; what was ready before is no news.
			if !first || s != Unchanged {
				id := t.item.Object.ID
				r.observe(Event{Type: ObjectReady, ID: id, Score: t.item.Object.Score, Position: t.item.Object.Origin.Position(), Done: total - len(left), Total: total})
			}
		}
		changed := len(left) != len(waiting)
		waiting, first = left, false
		if len(waiting) == 0 {
			break
		}
		if changed || time.Since(told) >= 2*time.Second {
			r.tellWaiting(waiting, total)
			told = time.Now()
		}
		if allFailed(waiting) || time.Now().Add(poll).After(deadline) {
			r.giveUp(ctx, waiting)
			break
		}
		if !pause(ctx, poll) {
			return
		}
		poll = min(poll*3/2, maxPoll)
	}
	r.reportRejected(ctx)
}

// allFailed reports whether nothing that is waited for can still be hoped for.
func allFailed(waiting []*target) bool {
	return !slices.ContainsFunc(waiting, func(t *target) bool { return t.failing.IsZero() || time.Since(t.failing) < failedFor })
}

func (r *runner) tellWaiting(waiting []*target, total int) {
	awaited := make([]Awaited, len(waiting))
	for n, t := range waiting {
		awaited[n] = Awaited{ID: t.item.Object.ID, Score: t.item.Object.Score, Reason: t.condition.Reason, Message: t.condition.Message}
	}
	r.observe(Event{Type: WaitingForReady, Waiting: awaited, Done: total - len(waiting), Total: total})
}

// read judges the targets anew: kinds with many by one list, others one by one.
func (r *runner) read(ctx context.Context, targets []*target) {
	kinds := map[schema.GroupVersionKind][]*target{}
	for _, t := range targets {
		kind := cluster.KindOf(t.item.Object.ID)
		kinds[kind] = append(kinds[kind], t)
	}
	var group sync.WaitGroup
	var single []*target
	for kind, here := range kinds {
		if len(here) <= getUpTo {
			single = append(single, here...)
			continue
		}
		group.Go(func() {
			objects, err := r.request.Client.List(ctx, kind, "", inventory.MemberLabel+"="+r.work.Inventory.ApplySetID(), "")
			if err != nil {
				r.readEach(ctx, here)
				return
			}
			found := make(map[inventory.Key]*unstructured.Unstructured, len(objects))
			for n := range objects {
				o := &objects[n]
				found[inventory.Key{Group: kind.Group, Kind: kind.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}] = o
			}
			forEach(r.parallel, here, func(t *target) { r.judge(ctx, t, found[t.item.Key()]) })
		})
	}
	group.Go(func() { r.readEach(ctx, single) })
	group.Wait()
}

func (r *runner) readEach(ctx context.Context, targets []*target) {
	forEach(r.parallel, targets, func(t *target) {
		object, err := r.request.Client.Get(ctx, t.item.Object.ID)
		switch {
		case err == nil:
			r.judge(ctx, t, object)
		case apierrors.IsNotFound(err):
			r.judge(ctx, t, nil)
		default:
			message := "the API server does not answer"
			if !errors.Is(err, context.DeadlineExceeded) {
				message = r.explain(err, t.item).Summary
			}
			t.judge(status.Condition{State: status.Unknown, Reason: "Unread", Message: message})
		}
	})
}

// judge gives a target the verdict on what was read of it, nil for nothing.
func (r *runner) judge(ctx context.Context, t *target, object *unstructured.Unstructured) {
	if object == nil {
		t.uid = gone
		t.judge(r.kinds.Judge(nil))
		return
	}
	t.uid = object.GetUID()
	t.judge(r.kinds.JudgeWith(ctx, r.request.Client, object))
}

// resend sends those again that are gone since they were applied, or whose place another object has taken: the garbage
// collector may remove what a controller makes anew, and with it our fields.
func (r *runner) resend(ctx context.Context, targets []*target) {
	if !r.recordNeeded() {
		// A run without changes holds no lock.
		return
	}
	forEach(r.parallel, targets, func(t *target) {
		key := t.item.Key()
		r.mutex.Lock()
		record, written := r.records[key]
		r.mutex.Unlock()
		if !written && t.item.Member != nil {
			record, written = *t.item.Member, true
		}
		if t.uid == "" || !written || string(t.uid) == record.UID || t.item.Object.Release != "" || t.resent >= changeAttempts || interrupted(ctx) {
			return
		}
		t.resent++
		before := r.statusOf(key)
		r.send(ctx, t.item)
		t.uid, t.condition = "", status.Condition{State: status.InProgress, Reason: "MadeAgain", Message: "something else has taken its place; it was applied again"}
		switch r.statusOf(key) {
		case ObjectFailed, NotTried:
		default:
			if before == Unchanged {
				before = Updated
			}
			r.settleWith(t.item, before, "something else had taken its place since")
		}
	})
}

func (t *target) judge(c status.Condition) {
	switch final := c.State == status.Failed || c.State == status.Terminating; {
	case !final:
		t.failing = time.Time{}
	case t.failing.IsZero():
		t.failing = time.Now()
	}
	t.condition = c
}

// giveUp reports what does not work, with what surrounds it.
func (r *runner) giveUp(ctx context.Context, waiting []*target) {
	ctx, cancel := context.WithTimeout(ctx, explainWithin)
	defer cancel()
	reader := &status.Reader{Client: r.request.Client, Kinds: r.kinds}
	forEach(r.parallel, waiting[:min(len(waiting), explainUpTo)], func(t *target) {
		object, err := reader.Explain(ctx, t.item.Object.ID)
		detail := ""
		if err == nil {
			detail = object.Detail()
		}
		r.settle(t.item, ObjectNotReady, r.notReady(t, detail))
	})
	for _, t := range waiting[min(len(waiting), explainUpTo):] {
		r.settle(t.item, ObjectNotReady, r.notReady(t, t.condition.Message))
	}
}

func (r *runner) notReady(t *target, detail string) *diag.Diagnostic {
	o := t.item.Object
	// The message says more than the state, which the words around it tell already.
	why := cmp.Or(t.condition.Message, t.condition.String())
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "not-ready", Position: o.Origin.Position(), Detail: detail,
		Summary: fmt.Sprintf("%s does not work after %s: %s", o.ID, r.timeout, why), Related: diag.Callers(o.Origin),
		Fix: "look at the conditions and events above; give it more time with --timeout, or see how it goes on with status",
	}
	if !t.failing.IsZero() {
		d.Summary = fmt.Sprintf("%s failed: %s", o.ID, why)
		d.Fix = "correct what its controller reports, then run the same command again"
	}
	d = r.work.Secrets.Redactor.Diagnostic(d)
	return &d
}

// reportRejected looks once at the configuration objects that this run wrote, and at those that the last run left in doubt:
// their operator tells by an event that it does not accept one.
func (r *runner) reportRejected(ctx context.Context) {
	request := status.Request{Deployment: r.request.Deployment}
	asked := map[inventory.Key]*plan.Item{}
	for _, i := range r.work.Items {
		key := i.Key()
		if k := r.kinds[cluster.KindOf(i.Object.ID).GroupKind()]; len(k.Rejections) == 0 {
			continue
		}
		s := r.statusOf(key)
		if s == Created || s == Updated || s == Adopted || s == Unchanged && r.doubts.about(key) {
			request.Items = append(request.Items, status.Item{ID: i.Object.ID, Score: i.Object.Score, Position: i.Object.Origin.Position()})
			asked[key] = i
		}
	}
	if len(request.Items) == 0 || interrupted(ctx) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, explainWithin)
	defer cancel()
	request.LabelSelector = inventory.MemberLabel + "=" + r.work.Inventory.ApplySetID()
	tree, err := (&status.Reader{Client: r.request.Client, Kinds: r.kinds}).Read(ctx, request)
	if err != nil {
		return
	}
	for _, s := range tree.Scores {
		for _, object := range s.Objects {
			i := asked[inventory.KeyOf(object.ID)]
			if object.State != status.Failed || i == nil {
				continue
			}
			d := r.work.Secrets.Redactor.Diagnostic(diag.Diagnostic{
				Severity: diag.Error, Code: "not-ready", Position: object.Position,
				Summary: fmt.Sprintf("%s is not accepted: %s", object.ID, object.Reason), Detail: object.Message,
				Related: diag.Callers(i.Object.Origin), Fix: "correct it in the script, or the Secret that it refers to: until then the operator leaves it out",
			})
			r.settle(i, ObjectNotReady, &d)
		}
	}
}
