// SPDX-License-Identifier: Apache-2.0

// This file tells from an object alone whether others changed it, for those who read back and compare with no script.

package plan

import (
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Foreign returns what others did to a live object since the last run left it as its record says, or nil. The manager is
// who wrote the object last besides us and no earlier than we did; which fields they are, only a plan tells.
func Foreign(m inventory.Member, live metav1.Object, applySetID string) *Drift {
	writer := cluster.FieldManager
	if m.Release != "" {
		writer = helm.FieldManager
	}
	d := &Drift{Kind: DriftChanged}
	switch {
	case m.Owned == "":
		// How it was left is not on record.
		return nil
	case m.UID != string(live.GetUID()):
		d.Kind = DriftRecreated
	case live.GetLabels()[inventory.MemberLabel] != applySetID:
		d.Kind = DriftUnlabelled
	case m.Owned == inventory.OwnedHash(live.GetManagedFields(), writer):
		return nil
	}
	d.Manager, d.Operation, d.Time = LastWriter(live.GetManagedFields())
	return d
}

// LastWriter returns the field manager that changed more than the status of an object last, no earlier than we did, with
// the operation and the time; or "" when there is none.
func LastWriter(managed []metav1.ManagedFieldsEntry) (manager, operation string, at time.Time) {
	var own time.Time
	for n := range managed {
		e := &managed[n]
		switch {
		case e.Time == nil || e.Subresource == "status":
		case isWriter(e):
			if e.Time.After(own) {
				own = e.Time.Time
			}
		case !e.Time.Time.Before(at):
			manager, operation, at = e.Manager, string(e.Operation), e.Time.UTC()
		}
	}
	if manager == "" || at.Before(own) {
		return "", "", time.Time{}
	}
	return manager, operation, at
}
