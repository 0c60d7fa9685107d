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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

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
	live, err := w.live(ctx, i)
	if err != nil {
		return w.refused(err, "get", i, step)
	}
	after, err := w.Request.Client.Apply(ctx, i.Object.ID, body, cluster.ApplyOptions{DryRun: true, Whole: true})
	if conflicts := cluster.Conflicts(err); len(conflicts) > 0 {
		step.Conflicts = conflicts
		if !w.Request.TakeOwnership {
			d := w.Explain(err, "patch", i.Object)
			step.Action, step.Diagnostic = Conflict, &d
		}
		after, err = w.Request.Client.Apply(ctx, i.Object.ID, body, cluster.ApplyOptions{DryRun: true, Whole: true, Force: true})
	}
	if err != nil {
		return w.refused(err, "patch", i, step)
	}
	if live == nil {
		return nil
	}
	step.Changes = w.redactChanges(Diff(live.Object, after.Object.Object))
	if m := i.Member; m != nil && m.UID == string(live.GetUID()) && m.Owned != inventory.OwnedHash(i.Live.ManagedFields, cluster.FieldManager) {
		step.Drift = drift(live.GetManagedFields(), after.Metadata.ManagedFields, m.Sent == i.Sent)
	}
	if step.Action == Update && len(step.Changes) == 0 && len(step.Conflicts) == 0 && sameOwned(live.GetManagedFields(), after.Metadata.ManagedFields) {
		step.Action = Unchanged
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

func sameOwned(before, after []metav1.ManagedFieldsEntry) bool {
	a, b := ownedSet(before), ownedSet(after)
	return a.Equals(b) && inventory.OwnedEntry(before, cluster.FieldManager) != nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
