// SPDX-License-Identifier: Apache-2.0

// This file carries out the runs of a watch and says what follows from them.

package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// correct makes the cluster match again.
func (w *watcher) correct(ctx, streaming context.Context) error {
	request := w.request
	request.TakeBack = true
	request.NoWait = w.request.NoWait || !w.waiting
	quiet := newQuiet(w.request.Observe)
	var r *runner
	request.Observe = func(e Event) {
		if e.Type == Planned {
			w.tellFound(r.work)
		}
		if w.down && (e.Type == Disconnected || e.Type == Connected) {
			// The watch has told it, and tells when its streams are back.
			return
		}
		quiet.observe(e)
	}
	r = newRunner(request, false)
	r.verb, r.guard = inventory.VerbWatch, w.guard
	w.plan(time.Now())
	outcome, err := r.run(ctx)
	var superseded *SupersededError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil //nolint:nilerr // the watch was told to end
	case errors.As(err, &superseded):
		return superseded
	default:
		w.failed(err)
		return nil
	}
	w.before, w.waiting = nil, false
	w.learn(r)
	if outcome.Wrote() || outcome.State == Failed || outcome.State == Interrupted {
		quiet.flush()
		w.tell(outcome)
	}
	w.judge(outcome)
	clear(w.dirty)
	w.follow(streaming)
	return nil
}

// failed goes on after a run that wrote nothing.
func (w *watcher) failed(err error) {
	list := cluster.Diagnostics(err)
	if w.before != nil && !cluster.IsUnreachable(err) && !isLocked(err) {
		// What was taken up cannot be applied at all.
		w.request, w.before = *w.before, nil
		w.waiting = false
		for _, d := range list {
			w.observe(Event{Type: ReloadFailed, Diagnostic: &d, Message: d.Summary})
		}
		w.wanted = true
		return
	}
	w.wanted = true
	now := time.Now()
	w.notBefore = now.Add(w.retries.next())
	for _, d := range list {
		w.observe(Event{Type: Retrying, Diagnostic: &d, RetryAt: w.notBefore, Message: fmt.Sprintf("%s; tried again %s", d.Summary, shortly(now, w.notBefore))})
	}
}

func isLocked(err error) bool {
	var held *LockedError
	return errors.As(err, &held)
}

// judge says when the next run is after one that came to its end.
func (w *watcher) judge(o *Outcome) {
	now := time.Now()
	var corrected []inventory.Key
	for _, result := range o.Results {
		key := inventory.KeyOf(result.ID)
		if _, dirty := w.dirty[key]; dirty && (result.Status == Created || result.Status == Updated || result.Status == Adopted) {
			corrected = append(corrected, key)
		}
	}
	w.fights.note(corrected, now)
	w.wanted = false
	if o.State != Failed {
		clear(w.found)
		w.retries.reset()
		w.notBefore = time.Time{}
		return
	}
	w.wanted = true
	w.notBefore = now.Add(w.retries.next())
	w.observe(Event{Type: Retrying, RetryAt: w.notBefore, Message: fmt.Sprintf("not everything could be applied; tried again %s", shortly(now, w.notBefore))})
}

// learn takes over what a run left behind.
func (w *watcher) learn(r *runner) {
	inv := r.work.Inventory
	w.last, w.version = inv.Run, inv.ResourceVersion()
	w.members = make(map[inventory.Key]inventory.Member, len(inv.Members))
	for _, m := range inv.Members {
		w.members[inventory.KeyOf(m.ID)] = m
	}
}

// guard refuses to undo what another run did on purpose.
func (w *watcher) guard(inv *inventory.Inventory) error {
	run := inv.Run
	switch {
	case w.last == nil:
		// Nothing of this deployment was ever written.
		return nil
	case run == nil:
		return &SupersededError{Deployment: inv.Deployment}
	case run.Started.Equal(w.last.Started) && run.By == w.last.By && run.Number == w.last.Number:
		return nil
	case run.Verb == inventory.VerbDestroy:
		return &SupersededError{Deployment: inv.Deployment, Run: run}
	case run.SameCause(&inventory.Run{ScriptHash: w.request.Cause.ScriptHash, Parameters: inv.ParameterHashes(w.request.Cause.Parameters)}):
		return nil
	case w.before != nil && run.SameCause(&inventory.Run{ScriptHash: w.before.Cause.ScriptHash, Parameters: inv.ParameterHashes(w.before.Cause.Parameters)}):
		return nil
	}
	return &SupersededError{Deployment: inv.Deployment, Run: run}
}

// reloadScript takes over what is to be applied from now on, if that has changed.
func (w *watcher) reloadScript(ctx context.Context) {
	request, err := w.options.Reload(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		for _, d := range cluster.Diagnostics(err) {
			w.observe(Event{Type: ReloadFailed, Diagnostic: &d, Message: d.Summary})
		}
	case request != nil && request.Deployment != w.request.Deployment:
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "deployment-renamed", Summary: fmt.Sprintf("the script deploys %q now, and the watch keeps %q", request.Deployment, w.request.Deployment),
			Fix: "give the deployment its name back, or start a watch of its own for the other one",
		}
		w.observe(Event{Type: ReloadFailed, Diagnostic: &d, Message: d.Summary})
	case request != nil:
		before := w.request
		w.before, w.request = &before, *request
		w.request.Observe = before.Observe
		w.wanted, w.waiting, w.notBefore = true, true, time.Time{}
		w.retries.reset()
		w.observe(Event{Type: Reloaded, Message: "the script has changed; what it declares now is applied"})
	}
}

// tell gives an outcome to whoever wants it.
func (w *watcher) tell(o *Outcome) {
	w.outcome = o
	if w.options.Outcome != nil {
		w.options.Outcome(o)
	}
}

// observe tells an event of the watch itself. Runs tell theirs while it waits.
func (w *watcher) observe(e Event) {
	if w.request.Observe != nil {
		e.Time = time.Now()
		w.request.Observe(e)
	}
}

// quiet holds back what a run tells until it does something: most find that there is nothing to do.
type quiet struct {
	next func(Event)
	held []Event
	open bool
}

func newQuiet(next func(Event)) *quiet { return &quiet{next: next} }

func (q *quiet) observe(e Event) {
	if !q.open && (e.Type == Planned || e.Type == Finished || e.Type == ObjectSettled && e.Status == Kept) {
		q.held = append(q.held, e)
		return
	}
	q.flush()
	if q.next != nil {
		q.next(e)
	}
}

func (q *quiet) flush() {
	q.open = true
	for _, e := range q.held {
		if q.next != nil {
			q.next(e)
		}
	}
	q.held = nil
}

func problemOf(err error) diag.Diagnostic {
	if list := cluster.Diagnostics(err); len(list) > 0 {
		return list[0]
	}
	return diag.Diagnostic{}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
