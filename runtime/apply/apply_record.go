// SPDX-License-Identifier: Apache-2.0

// This file keeps the inventory true: what is intended before anything is written, what was done afterwards.

package apply

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// storeIntent stores the identity of everything that the run may touch. Whatever happens to the run afterwards, the next
// one knows where to look, and takes no object of it for unchanged.
func (r *runner) storeIntent(ctx context.Context, user string) error {
	inv := r.work.Inventory
	r.earlier = inv.IsPending()
	for _, i := range r.work.Items {
		if i.Action != plan.Unchanged && i.Action != plan.Blocked {
			inv.Pending = append(inv.Pending, i.Object.ID)
		}
	}
	for _, removal := range r.work.Removals {
		if removal.Live != nil && !removal.Keep {
			inv.Pending = append(inv.Pending, removal.ID)
		}
	}
	for _, release := range r.work.Releases {
		if !release.CarriedOut() {
			continue
		}
		// Helm may touch all that it has, whatever differs.
		for _, i := range release.Items {
			inv.Pending = append(inv.Pending, i.Object.ID)
		}
		if known := inv.ReleaseIndex()[release.Key()]; known != nil {
			known.Pending = true
		} else {
			inv.Releases = append(inv.Releases, release.Intent())
		}
	}
	if err := inv.Forecast(); err != nil {
		return err
	}
	if err := r.begin(user); err != nil {
		return err
	}
	return r.store.Save(ctx, inv)
}

func holderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("process %d on %s", os.Getpid(), host)
}

// recordNeeded reports whether the run has a record to write: it stored an intent.
func (r *runner) recordNeeded() bool {
	run := r.work.Inventory.Run
	return run != nil && run.State == "" && run.Started.Equal(r.outcome.Started.UTC())
}

// record stores what is known of every object. It is done even when ctx has ended. state "" means that the run goes on.
func (r *runner) record(ctx context.Context, state State) {
	ctx, cancel := lastWords(ctx, r.recordLimit(ctx))
	defer cancel()
	inv := r.work.Inventory
	r.mutex.Lock()
	inv.Members, inv.Pending = r.members(state)
	inv.Releases = r.releaseList(state)
	r.mutex.Unlock()
	if state != "" {
		r.tellHistory()
	}
	var err error
	if len(inv.Members)+len(inv.Pending)+len(inv.Releases) == 0 && len(r.work.Items) == 0 && state != "" {
		err = r.store.Delete(ctx, inv)
	} else {
		err = r.store.Save(ctx, inv)
	}
	if err != nil {
		// The intent is still stored: the next run looks at everything that this one meant to touch.
		for _, d := range cluster.Diagnostics(err) {
			d.Detail = "what was done could not be recorded; the next run finds it all the same"
			r.problem(d)
			if state != "" {
				r.outcome.Diagnostics = plan.Collapse(append(diag.List{}, r.outcome.Diagnostics...))
				if r.outcome.State != Interrupted {
					r.outcome.State = Failed
				}
			}
		}
		return
	}
	r.observe(Event{Type: Recorded})
}

// recordLimit is how long the last words of a run may take.
func (r *runner) recordLimit(ctx context.Context) time.Duration {
	switch {
	case r.isLost(), interrupted(ctx) && r.request.Client.IsAway():
		return shortTimeout
	case interrupted(ctx):
		return recordTimeout
	}
	// A server that is away is waited for.
	return recordTimeout + r.request.Client.AwayFor()
}

// members returns the records of what exists now, and what is not known for certain. state "" means that the run goes on: then
// what is still to be written is not known for certain either.
func (r *runner) members(state State) (members []inventory.Member, pending []backend.ID) {
	members = slices.Grow(members, len(r.work.Items)+len(r.work.Removals))
	for _, i := range r.work.Items {
		key := i.Key()
		_, uncertain := r.uncertain[key]
		record, written := r.records[key]
		toCome := state == "" && r.results[key] == nil && i.Action != plan.Unchanged && i.Action != plan.Blocked
		switch {
		case written:
		case i.Member == nil && (uncertain || r.earlier[key] || toCome):
			pending = append(pending, i.Object.ID)
			continue
		case i.Member == nil:
			continue
		default:
			record = *i.Member
			record.Position, record.Score = i.Object.Origin.Position(), i.Object.Score
			if i.Action == plan.Unchanged && i.Verified {
				// What others wrote meanwhile was looked at, and need not be again. Where it cost no request it is not recorded
				// either: controllers write to some kinds all the time, and each object of them would have its part of the record
				// be written anew.
				record.ResourceVersion, record.Generation = i.Live.ResourceVersion, i.Live.Generation
			}
			if uncertain || r.earlier[key] {
				// A hash would claim to know what was left there.
				record.Sent = ""
			}
			if toCome {
				pending = append(pending, i.Object.ID)
			}
		}
		members = append(members, record)
	}
	for _, removal := range r.work.Removals {
		if removal.Live == nil || r.removed[inventory.KeyOf(removal.ID)] {
			continue
		}
		record := removal.Member
		record.ID, record.UID = removal.ID, string(removal.Live.UID)
		if r.releasesGone[record.Release] {
			record.Release = ""
		}
		if r.earlier[inventory.KeyOf(removal.ID)] {
			record.Sent = ""
		}
		members = append(members, record)
		if !removal.Keep && state == "" {
			// The removal is still to come.
			pending = append(pending, removal.ID)
		}
	}
	return members, pending
}
