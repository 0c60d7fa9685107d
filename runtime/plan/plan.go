// SPDX-License-Identifier: Apache-2.0

// Package plan finds out, without changing anything, what would make a cluster match a deployment: which objects are
// missing, which differ and in what, which are as they should be, which have to go, and which others stand in the way.
//
// An object that was applied before is unchanged exactly when two hashes match those in the inventory: that of what
// would be sent, and that of the set of fields that we own (see inventory.SentHash and inventory.OwnedHash). Both come
// from the inventory and from one metadata-only list per kind, so that what is unchanged costs no request of its own.
// Only what differs is read, and dry-run on the server.
package plan

import (
	"slices"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Action says what a step does to its object.
type Action string

const (
	// Create makes an object that does not exist.
	Create Action = "create"
	// Update changes an object of ours.
	Update Action = "update"
	// Adopt takes over an object that exists without being ours; fields of others stay.
	Adopt Action = "adopt"
	// Conflict would take fields that other managers own, and is refused without TakeOwnership.
	Conflict Action = "conflict"
	// Unchanged leaves an object as it is, since it is as it should be.
	Unchanged Action = "unchanged"
	// Delete removes an object of ours that the script no longer has.
	Delete Action = "delete"
	// Keep leaves an object of ours that the script no longer has, because its deletion would take data along.
	Keep Action = "keep"
	// Blocked cannot be done as things are: the kind is not installed, the namespace is being deleted, the API server
	// refuses. The step's Diagnostic tells why.
	Blocked Action = "blocked"
)

// Schema is the version of the JSON form of Plan. It grows when a field changes its meaning or goes away.
const Schema = 1

// Plan is the ordered list of steps that would make the cluster match. As JSON it is stable: fields are added, never
// changed within one Schema.
type Plan struct {
	// Schema is the constant of that name.
	Schema int `json:"schema"`
	// Deployment is the name.
	Deployment string `json:"deployment"`
	// Cluster is the address of the API server.
	Cluster string `json:"cluster"`
	// Steps are ordered by stage, then group, kind, namespace and name; removals come last, stages backwards.
	Steps []Step `json:"steps"`
	// Migrations are the scores that move to another version of the monitoring API, and how.
	Migrations []Migration `json:"migrations,omitempty"`
	// Releases are what happens to Helm releases, ordered by key.
	Releases []ReleaseStep `json:"releases,omitempty"`
	// Diagnostics are the problems that were found, at the script's lines.
	Diagnostics diag.List `json:"diagnostics,omitempty"`
}

// Step is what happens to one object.
type Step struct {
	Action Action     `json:"action"`
	ID     backend.ID `json:"id"`
	// Stage is the name of the stage, see backend.Stage.
	Stage string `json:"stage"`
	// Score is the title of the score that the object belongs to.
	Score string `json:"score,omitempty"`
	// Position is where the script makes the object; of a removal, where it once did.
	Position score.Position `json:"position,omitzero"`
	// Release is the key of the Helm release that the object belongs to.
	Release string `json:"release,omitempty"`
	// Reason says more about the action, in a line.
	Reason string `json:"reason,omitempty"`
	// Changes are the fields that would change, by path. A created object has none: all of it is new.
	Changes []Change `json:"changes,omitempty"`
	// Conflicts are the fields that others own and the script sets.
	Conflicts []cluster.Conflict `json:"conflicts,omitempty"`
	// Drift is what others did to our fields since the last apply.
	Drift []Drift `json:"drift,omitempty"`
	// Diagnostic tells why a step is blocked or in conflict.
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
}

// Change is one field that differs.
type Change struct {
	// Path of the field: ".spec.replicas", `.spec.containers[name="web"].image`.
	Path string `json:"path"`
	// Before and After are JSON values; nil where the field is absent. Nil both when Secret.
	Before any `json:"before,omitempty"`
	After  any `json:"after,omitempty"`
	// Secret tells that the values are secret: all that is told is that they differ.
	Secret bool `json:"secret,omitempty"`
	// Drift tells that others made the difference since the last apply, and not the script.
	Drift bool `json:"drift,omitempty"`
}

// DriftKind says what others did to an object of ours.
type DriftKind string

const (
	// DriftChanged means that they changed or removed fields of ours.
	DriftChanged DriftKind = "changed"
	// DriftDeleted means that they deleted it. Nobody is on record for that, here and with the next two.
	DriftDeleted DriftKind = "deleted"
	// DriftRecreated means that they deleted it and made it again.
	DriftRecreated DriftKind = "recreated"
	// DriftUnlabelled means that they took off the label by which objects are known to be ours.
	DriftUnlabelled DriftKind = "unlabelled"
)

// Drift is what one other manager did to an object of ours since the last apply.
type Drift struct {
	Kind DriftKind `json:"kind"`
	// Manager that has them now; empty when they were removed and nobody owns them.
	Manager string `json:"manager,omitempty"`
	// Operation is "Apply" or "Update".
	Operation string `json:"operation,omitempty"`
	// Time of the manager's last change.
	Time time.Time `json:"time,omitzero"`
	// Fields are paths, sorted.
	Fields []string `json:"fields,omitempty"`
	// Values are the fields with their values: Before is what the last apply left, as long as the script asks for the same,
	// After what there is now. Whatever an apply would do to them is in the step's Changes.
	Values []Change `json:"values,omitempty"`
}

// HasChanges reports whether carrying out the plan would write anything, or would try to.
func (p *Plan) HasChanges() bool {
	for _, s := range p.Steps {
		if s.Action != Unchanged && s.Action != Keep {
			return true
		}
	}
	return slices.ContainsFunc(p.Releases, func(s ReleaseStep) bool { return s.Action != ReleaseUnchanged })
}

// Drifted returns how many of the steps put right what others did.
func (p *Plan) Drifted() int {
	n := 0
	for _, s := range p.Steps {
		if s.Action != Unchanged && s.Action != Keep && len(s.Drift) > 0 {
			n++
		}
	}
	return n
}

// Count returns how many steps there are of each action.
func (p *Plan) Count() map[Action]int {
	count := map[Action]int{}
	for _, s := range p.Steps {
		count[s.Action]++
	}
	return count
}
