// SPDX-License-Identifier: Apache-2.0

// This file holds what a run tells while it is under way.

package apply

import (
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// EventType says what an event tells.
type EventType string

const (
	// Planned tells that what there is to do is known; Counts tells how many objects of each action.
	Planned EventType = "planned"
	// WaitingForLock tells that another run holds the deployment, or that the lock could not be renewed and the run holds its
	// writes back; Message says which.
	WaitingForLock EventType = "waiting-for-lock"
	// LockLost tells that the run lost its lock and stops; Message says how.
	LockLost EventType = "lock-lost"
	// Disconnected tells that the API server does not answer any more. A run waits for it Until then.
	Disconnected EventType = "disconnected"
	// Connected tells that it answers again.
	Connected EventType = "connected"
	// StageBegun tells that Stage begins; Total is how many of its objects are to be written.
	StageBegun EventType = "stage"
	// ObjectSettled tells, in Status, what became of ID. Unchanged objects are not told one by one.
	ObjectSettled EventType = "object"
	// ReleaseBegun tells that Helm begins with Release: Action says what it does.
	ReleaseBegun EventType = "release"
	// ReleaseSettled tells, in Status, what became of Release. Unchanged releases are not told.
	ReleaseSettled EventType = "release-settled"
	// WaitingForReady tells, in Waiting, what is awaited; Done of Total work.
	WaitingForReady EventType = "waiting"
	// ObjectReady tells that ID works.
	ObjectReady EventType = "ready"
	// Removing tells, in Waiting, what is being deleted, Done of Total are gone.
	Removing EventType = "removing"
	// Recorded tells that the inventory says what was done.
	Recorded EventType = "recorded"
	// Finished tells that the run is over; State says how it ended.
	Finished EventType = "finished"
)

// Event is one thing that happened. As JSON it is stable: fields are added, never changed.
type Event struct {
	Type EventType `json:"type"`
	Time time.Time `json:"time"`
	// ID, Score and Position name the object, where there is one.
	ID       backend.ID     `json:"id,omitzero"`
	Score    string         `json:"score,omitempty"`
	Position score.Position `json:"position,omitzero"`
	Stage    string         `json:"stage,omitempty"`
	// Release is the key of a Helm release, Action what is done to it, Chart and Revision what it has then.
	Release  string             `json:"release,omitempty"`
	Action   plan.ReleaseAction `json:"action,omitempty"`
	Chart    inventory.Chart    `json:"chart,omitzero"`
	Revision int                `json:"revision,omitempty"`
	Status   Status             `json:"status,omitempty"`
	// Uncertain says the same as Result.Uncertain.
	Uncertain bool  `json:"uncertain,omitempty"`
	State     State `json:"state,omitempty"`
	// Message says more, in a line.
	Message string `json:"message,omitempty"`
	// Manager is the field manager that changed the object, where that is known.
	Manager string `json:"manager,omitempty"`
	// RetryAt is when a watch goes on with what it left alone.
	RetryAt time.Time `json:"retryAt,omitzero"`
	// Until is how long a run waits for an API server that does not answer.
	Until time.Time `json:"until,omitzero"`
	// Done of Total objects are through.
	Done  int `json:"done,omitempty"`
	Total int `json:"total,omitempty"`
	// Counts are the objects by action.
	Counts map[plan.Action]int `json:"counts,omitempty"`
	// Waiting is what is awaited, ordered by ID.
	Waiting    []Awaited        `json:"waiting,omitempty"`
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
}

// Awaited is one object that is waited for.
type Awaited struct {
	ID    backend.ID `json:"id"`
	Score string     `json:"score,omitempty"`
	// Reason is a word for what it lacks, Message a sentence.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// observe tells an event, one at a time.
func (r *runner) observe(e Event) {
	if r.request.Observe == nil {
		return
	}
	r.observing.Lock()
	defer r.observing.Unlock()
	e.Time = time.Now()
	if r.work != nil {
		e.Message = r.work.Secrets.Redactor.Text(e.Message)
		for n := range e.Waiting {
			e.Waiting[n].Message = r.work.Secrets.Redactor.Text(e.Waiting[n].Message)
		}
	}
	r.request.Observe(e)
}

// tellAway tells that the API server is away, or back. What comes after the end of the run, when its lock is given back, is no
// news of it.
func (r *runner) tellAway(away cluster.Away) {
	if r.over.Load() {
		return
	}
	e := Event{Type: Disconnected, Message: away.String(), Until: away.Until}
	if away.Back {
		e = Event{Type: Connected, Message: away.String()}
	}
	r.observe(e)
}

func (r *runner) tellPlan() {
	r.observe(Event{Type: Planned, Counts: r.planned(), Total: len(r.work.Items) + len(r.work.Removals)})
}
