// SPDX-License-Identifier: Apache-2.0

// This file asks the API server what applying one object would do.

package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// detailAttempts bounds how often an object is read and tried out that others write meanwhile.
const detailAttempts = 4

// detail completes a step with what differs. Errors of the API server about the object block the step; the error that is
// returned is one of the connection or the context.
func (w *Work) detail(ctx context.Context, i *Item, step *Step) error {
	if i.Sent == "" {
		// A secret of it has no value: what it would become cannot be asked.
		return nil
	}
	body, err := w.Body(i)
	if err != nil {
		return err
	}
	var live *unstructured.Unstructured
	var after previewed
	for range detailAttempts {
		if live, err = w.live(ctx, i); err != nil {
			return w.refused(err, "get", i, step)
		}
		after, err = w.preview(ctx, i, body, live)
		if err != nil || live == nil || after.of == live.GetResourceVersion() {
			break
		}
		// Somebody else wrote it in between: what they changed is no change of ours.
	}
	if step.Conflicts = w.redactConflicts(after.conflicts); after.refused != nil && !w.Request.TakeOwnership.takesItem(i) {
		d := w.Explain(after.refused, "patch", i.Object)
		step.Action, step.Diagnostic = Conflict, &d
	}
	if err != nil {
		return w.refused(err, "patch", i, step)
	}
	if live == nil {
		return nil
	}
	step.Changes = Diff(live.Object, after.object.Object)
	owned := setOf(live.GetManagedFields(), i.Writer())
	if m := i.Member; m != nil && !i.HandOver && m.UID == string(live.GetUID()) && m.Owned != inventory.OwnedHash(i.Live.ManagedFields, i.Writer()) {
		lost := after.wanted.Difference(owned)
		if found := drift(live.GetManagedFields(), i.Writer(), lost, m.Sent == i.Sent); len(found) > 0 {
			step.Drift = found
		}
		for n := range step.Drift {
			if i.Drift == DriftUnlabelled && step.Drift[n].Manager == "" {
				step.Drift[n].Kind = DriftUnlabelled
			}
		}
		driftValues(step.Drift, step.Changes, lost, live.Object, after.object.Object, m.Sent == i.Sent)
		for n := range step.Drift {
			w.redactChanges(step.Drift[n].Values)
		}
	}
	if i.Drift == DriftRecreated && i.Member.Sent == i.Sent {
		for n := range step.Changes {
			step.Changes[n].Drift = true
		}
	}
	step.Changes = w.redactChanges(step.Changes)
	if step.Action == Update && !i.HandOver && len(step.Changes) == 0 && len(step.Conflicts) == 0 && owned.Equals(after.wanted) && !owned.Empty() {
		step.Action, step.Drift = Unchanged, nil
	}
	return nil
}

// live reads the object as it is, or nil when there is none.
func (w *Work) live(ctx context.Context, i *Item) (*unstructured.Unstructured, error) {
	if i.Action == Create {
		return nil, nil
	}
	live, err := w.Request.Client.Get(ctx, i.Object.ID)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return live, err
}

// refused records that the API server refuses the object. It returns errors that are not about the object.
func (w *Work) refused(err error, verb string, i *Item, step *Step) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err
	}
	if strings.Contains(status.Status().Message, "does not support dry run") {
		// A webhook with side effects: the apply itself will tell.
		step.Reason = "it cannot be tried out beforehand: an admission webhook does not support dry runs"
		return nil
	}
	d := w.Explain(err, verb, i.Object)
	step.Action, step.Reason, step.Diagnostic = Blocked, d.Summary, &d
	return nil
}

func (w *Work) redactChanges(changes []Change) []Change {
	for n := range changes {
		c := &changes[n]
		c.Path, c.Before, c.After = w.Secrets.Redactor.Text(c.Path), w.Secrets.Redactor.Value(c.Before), w.Secrets.Redactor.Value(c.After)
	}
	return changes
}

func (w *Work) redactConflicts(conflicts []cluster.Conflict) []cluster.Conflict {
	var told []cluster.Conflict
	for _, c := range conflicts {
		owner := cluster.Conflict{Manager: w.Secrets.Redactor.Text(c.Manager)}
		for _, field := range c.Fields {
			owner.Fields = append(owner.Fields, w.Secrets.Redactor.Text(field))
		}
		told = append(told, owner)
	}
	return told
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
