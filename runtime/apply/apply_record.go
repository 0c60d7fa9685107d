// SPDX-License-Identifier: Apache-2.0

// This file keeps the inventory true: what is intended before anything is written, what was done afterwards.

package apply

import (
	"context"
	"fmt"
	"os"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// storeIntent stores the identity of everything that the run may touch. Whatever happens to the run afterwards, the next
// one knows where to look, and takes no object of it for unchanged.
func (r *runner) storeIntent(ctx context.Context) error {
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
	if err := inv.Forecast(); err != nil {
		return err
	}
	inv.Run = &inventory.Run{Started: r.outcome.Started.UTC(), By: holderName()}
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
	limit := recordTimeout
	if r.isLost() {
		limit = shortTimeout
	}
	ctx, cancel := detached(ctx, limit)
	defer cancel()
	inv := r.work.Inventory
	r.mutex.Lock()
	inv.Members, inv.Pending = r.members(state)
	r.mutex.Unlock()
	if state != "" {
		inv.Run.Finished, inv.Run.State = r.outcome.Finished.UTC(), string(state)
	}
	var err error
	if len(inv.Members)+len(inv.Pending) == 0 && len(r.work.Items) == 0 && state != "" {
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
				r.outcome.State = Failed
			}
		}
		return
	}
	r.observe(Event{Type: Recorded})
}

// members returns the records of what exists now, and what is not known for certain.
func (r *runner) members(state State) (members []inventory.Member, pending []backend.ID) {
	for _, i := range r.work.Items {
		key := i.Key()
		_, uncertain := r.uncertain[key]
		record, written := r.records[key]
		switch {
		case written:
		case i.Member == nil && (uncertain || r.earlier[key]):
			pending = append(pending, i.Object.ID)
			continue
		case i.Member == nil:
			continue
		default:
			record = *i.Member
			record.Position, record.Score = i.Object.Origin.Position(), i.Object.Score
			if uncertain || r.earlier[key] {
				// A hash would claim to know what was left there.
				record.Sent = ""
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
