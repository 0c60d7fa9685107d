// SPDX-License-Identifier: Apache-2.0

// This file keeps a cluster as a deployment wants it: it applies, follows what was applied, and corrects what others change.
//
// Metadata-only watches tell of every change at once; the hashes in the inventory tell whether it concerns us. A resync now
// and then finds what no watch tells, such as a release that Helm changed. Corrections are runs like any other, so that they
// take the lock only for as long as they have something to do, and other runs go in between.

package apply

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// WatchOptions say how a watch goes about it. The zero value is meant for use.
type WatchOptions struct {
	// Resync is how often everything is compared, whatever the watches tell; 0 means 5 minutes.
	Resync time.Duration
	// Settle is for how long after a change more changes are waited for before they are corrected; 0 means 500 ms.
	Settle time.Duration
	// Backoff is what is waited before an object is corrected a second time, and before a run that failed is tried again;
	// it doubles each time up to MaxBackoff. 0 means 1 second, and 5 minutes.
	Backoff, MaxBackoff time.Duration
	// Reload is asked every ReloadEvery (0 means 2 seconds) for what is to be applied from now on: nil without an error
	// means the same as before. An error is told, and leaves what was loaded before in force. Nil means never.
	Reload      func(context.Context) (*Request, error)
	ReloadEvery time.Duration
	// Outcome is told of the first run, and of every other that wrote anything or did not do what it should.
	Outcome func(*Outcome)

	watchLimit time.Duration
}

func (o *WatchOptions) complete() {
	o.Resync, o.Settle = cmp.Or(o.Resync, 5*time.Minute), cmp.Or(o.Settle, 500*time.Millisecond)
	o.Backoff, o.MaxBackoff = cmp.Or(o.Backoff, time.Second), cmp.Or(o.MaxBackoff, 5*time.Minute)
	o.ReloadEvery, o.watchLimit = cmp.Or(o.ReloadEvery, 2*time.Second), cmp.Or(o.watchLimit, watchLimit)
}

// drifted is an object that is not as it was left.
type drifted struct {
	first, last time.Time
	told        bool
}

// watcher is one watch.
type watcher struct {
	request Request
	// before is what was applied before the last reload; nil once the reload has shown to be good.
	before  *Request
	options WatchOptions
	inbox   *inbox
	streams map[place]context.CancelFunc
	group   sync.WaitGroup
	// narrow are the kinds that may not be followed in all namespaces at once; refused are the places that may not be at all.
	narrow  map[schema.GroupKind]bool
	refused map[place]bool

	members map[inventory.Key]inventory.Member
	// selector chooses the members; record is the key of the inventory's Secret, version how we left that.
	selector string
	record   inventory.Key
	version  string
	// last is what the inventory said of the last run that we know of.
	last  *inventory.Run
	dirty map[inventory.Key]*drifted
	// found are the objects of which it was told that others changed them, until they are corrected.
	found map[inventory.Key]bool
	// told is after which correction a fight was told last.
	told    map[inventory.Key]int
	fights  fights
	retries backoff
	// notBefore is when a run may begin again after one that failed; wanted tells that one is to begin then.
	notBefore time.Time
	wanted    bool
	waiting   bool
	resync    time.Time
	reload    time.Time
	down      bool
	outcome   *Outcome
}

// Watch makes the cluster match the request, as Run does, and then keeps it so until ctx ends: what others change, delete or
// take the label off is corrected, even where they own the fields now. Fields that were not ours when the run before ended
// are left to them unless the request takes ownership.
//
// The outcome is that of the last run that Options.Outcome was told of. The error is that of the first run, or a
// *SupersededError. That ctx ends is no error: the outcome's state is Interrupted when that cut a run short.
func Watch(ctx context.Context, request Request, options WatchOptions) (*Outcome, error) {
	options.complete()
	w := &watcher{
		request: request, options: options, inbox: newInbox(), streams: map[place]context.CancelFunc{}, narrow: map[schema.GroupKind]bool{}, refused: map[place]bool{},
		dirty: map[inventory.Key]*drifted{}, found: map[inventory.Key]bool{}, told: map[inventory.Key]int{}, retries: backoff{first: options.Backoff, most: options.MaxBackoff},
		fights: fights{objects: map[inventory.Key]*fight{}, first: options.Backoff, most: options.MaxBackoff, calm: 2 * options.MaxBackoff},
	}
	store := inventory.NewStore(request.Client, request.InventoryNamespace)
	w.record = inventory.KeyOf(store.ID(request.Deployment))
	w.selector = inventory.Selector(request.Deployment, store.Namespace())
	request.TakeBack = true
	r := newRunner(request, false)
	outcome, err := r.run(ctx)
	if err != nil {
		return nil, err
	}
	w.tell(outcome)
	if ctx.Err() != nil {
		return outcome, nil
	}
	w.learn(r)
	w.judge(outcome)
	// The streams end with the watch, however it ends.
	streaming, stop := context.WithCancel(ctx)
	defer w.group.Wait()
	defer stop()
	w.follow(streaming)
	w.observe(Event{Type: Watching, Total: len(w.members), Message: fmt.Sprintf("watching %s; what others change is corrected", plural(len(w.members), "object"))})
	err = w.loop(ctx, streaming)
	return w.outcome, err
}

// loop corrects until ctx ends.
func (w *watcher) loop(ctx, streaming context.Context) error {
	w.plan(time.Now())
	w.reload = time.Now().Add(w.options.ReloadEvery)
	for {
		timer := time.NewTimer(time.Until(w.wake()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-w.inbox.ready:
		case <-timer.C:
		}
		timer.Stop()
		w.look(streaming)
		now := time.Now()
		if w.options.Reload != nil && !now.Before(w.reload) {
			w.reloadScript(ctx)
			w.reload = time.Now().Add(w.options.ReloadEvery)
		}
		if now = time.Now(); !w.due(now) {
			continue
		}
		if err := w.correct(ctx, streaming); err != nil {
			return err
		}
	}
}

// plan says when the next resync is.
func (w *watcher) plan(now time.Time) {
	w.resync = now.Add(w.options.Resync - w.options.Resync/10 + jitter(w.options.Resync/5))
}

// wake returns when there is something to do at the latest.
func (w *watcher) wake() time.Time {
	at := later(w.resync, w.notBefore)
	if w.wanted && w.notBefore.Before(at) {
		at = w.notBefore
	}
	for key, d := range w.dirty {
		if next := later(w.correctable(key, d), w.notBefore); next.Before(at) {
			at = next
		}
	}
	if w.options.Reload != nil && w.reload.Before(at) {
		at = w.reload
	}
	return at
}

// correctable returns when an object that is not as it was left is to be corrected.
func (w *watcher) correctable(key inventory.Key, d *drifted) time.Time {
	// Whoever goes on changing things does not put it off for ever.
	settled := d.last.Add(w.options.Settle)
	if most := d.first.Add(10 * w.options.Settle); settled.After(most) {
		settled = most
	}
	return later(settled, w.fights.due(key))
}

// due reports whether a run is to begin now.
func (w *watcher) due(now time.Time) bool {
	if now.Before(w.notBefore) {
		return false
	}
	if w.wanted || !now.Before(w.resync) {
		return true
	}
	for key, d := range w.dirty {
		if !now.Before(w.correctable(key, d)) {
			return true
		}
	}
	return false
}
