// SPDX-License-Identifier: Apache-2.0

// This file holds what a run tells while it is under way.

package apply

import (
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// EventType says what an event tells.
type EventType string

const (
	// Planned tells that what there is to do is known; Counts tells how many objects of each action.
	Planned EventType = "planned"
	// WaitingForLock tells that another run holds the deployment; Message says who.
	WaitingForLock EventType = "waiting-for-lock"
	// StageBegun tells that Stage begins; Total is how many of its objects are to be written.
	StageBegun EventType = "stage"
	// ObjectSettled tells, in Status, what became of ID. Unchanged objects are not told one by one.
	ObjectSettled EventType = "object"
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
	Status   Status         `json:"status,omitempty"`
	State    State          `json:"state,omitempty"`
	// Message says more, in a line.
	Message string `json:"message,omitempty"`
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

func (r *runner) tellPlan() {
	counts := map[plan.Action]int{}
	for _, i := range r.work.Items {
		counts[i.Action]++
	}
	for _, removal := range r.work.Removals {
		switch {
		case removal.Keep && removal.Live != nil:
			counts[plan.Keep]++
		case removal.Live != nil:
			counts[plan.Delete]++
		}
	}
	r.observe(Event{Type: Planned, Counts: counts, Total: len(r.work.Items) + len(r.work.Removals)})
}
