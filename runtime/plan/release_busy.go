// SPDX-License-Identifier: Apache-2.0

// This file leaves alone what others are at work on with Helm.

package plan

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
)

// leaveAlone refuses to touch a release that others may be at work on, and what is its. Of one that goes, all of its score waits:
// what is to take its place would stand beside it.
func (s *survey) leaveAlone(r *Release) {
	busy := helm.BusyError{Namespace: r.Namespace, Name: r.Name, Operation: *r.State.Operation}
	d := busy.Diagnostic()
	d.Position, d.Related = r.Position, diag.Callers(r.Origin)
	r.Action, r.Problem, r.Reason = ReleaseBlocked, &d, fmt.Sprintf("%s, and it has not ended", &busy.Operation)
	r.block(r.Items...)
	for _, i := range s.work.Items {
		if r.takesAlong(i.Object.Score) || i.Member != nil && i.Member.Release == r.Key() {
			r.block(i)
		}
	}
	for _, removal := range s.work.Removals {
		if r.Holds(removal) {
			removal.Keep, removal.Reason = true, r.KeptFor()
		}
	}
}

// mayTouch reports whether there is a release that is ours, or may be taken over.
func (s *survey) mayTouch(r *Release) bool {
	if r.State == nil {
		return false
	}
	if r.State.Owner == s.work.Inventory.ApplySetID() {
		return true
	}
	return r.Rendered != nil && r.State.Owner == "" && s.work.Request.TakeOwnership.TakesRelease(r.Key())
}

// block has items wait for their release.
func (r *Release) block(items ...*Item) {
	for _, i := range items {
		if i.Action != Blocked && i.Action != Unchanged {
			i.Action, i.Reason = Blocked, fmt.Sprintf("Helm release %s: %s", r.Key(), r.Reason)
		}
	}
}

// takesAlong reports whether a score goes with the release.
func (r *Release) takesAlong(title string) bool {
	return r.Rendered == nil && r.Score != "" && title == r.Score
}

// Holds reports whether an object must not be removed while others are at work on the release: it is the release's, the namespace
// that the release is in, or of the score that goes with it.
func (r *Release) Holds(removal *Removal) bool {
	house := removal.ID.Kind == "Namespace" && removal.ID.Group == "" && removal.ID.Name == r.Namespace
	return house || removal.Member.Release == r.Key() || r.takesAlong(removal.Member.Score)
}

// KeptFor says why an object stays that the release holds.
func (r *Release) KeptFor() string {
	return fmt.Sprintf("kept as long as others are at work on Helm release %s", r.Key())
}
