// SPDX-License-Identifier: Apache-2.0

// This file lets an object change hands between Helm and us as it stands: nothing is deleted, so that pods and volume
// claims stay. First the new owner gets the fields of the former one, which changes nothing but who owns what. Then the new
// owner's own apply takes away, in one write, what it does not ask for, so that no controller ever sees a mixture.

package apply

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// takeOver gives the item's writer what the former one owns. A run that is killed before the apply that follows leaves an
// object that is as it was, and that either writer can go on with.
func (r *runner) takeOver(ctx context.Context, i *plan.Item) error {
	for try := 1; ; try++ {
		live, err := r.request.Client.GetMetadata(ctx, i.Object.ID)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		managed, err := passOn(live.ManagedFields, i.Former(), i.Writer())
		if err != nil {
			return fmt.Errorf("%s: managed fields: %w", i.Object.ID, err)
		}
		if managed == nil {
			return nil
		}
		_, err = r.request.Client.PatchOwnership(ctx, i.Object.ID, managed, live.ResourceVersion)
		if !apierrors.IsConflict(err) || try == changeAttempts {
			return err
		}
	}
}

// takeOverAll gives Helm what we own in the objects of a release.
func (r *runner) takeOverAll(ctx context.Context, release *plan.Release) error {
	var mutex sync.Mutex
	var failures []error
	forEach(min(r.parallel, 8), release.Items, func(i *plan.Item) {
		if !i.HandOver {
			return
		}
		if err := r.takeOver(ctx, i); err != nil {
			mutex.Lock()
			defer mutex.Unlock()
			failures = append(failures, fmt.Errorf("%s: %w", i.Object.ID, err))
		}
	})
	return errors.Join(failures...)
}

// passOn returns managed with what one manager applied as what another one did, or nil when there is nothing of it.
func passOn(managed []metav1.ManagedFieldsEntry, from, to string) ([]metav1.ManagedFieldsEntry, error) {
	given := inventory.OwnedEntry(managed, from)
	if given == nil {
		return nil, nil
	}
	entry := *given
	entry.Manager = to
	if own := inventory.OwnedEntry(managed, to); own != nil {
		fields, err := union(own.FieldsV1, given.FieldsV1)
		if err != nil {
			return nil, err
		}
		// A manager applies through one version of an API at a time; the paths are the same.
		entry.FieldsV1 = fields
	}
	all := slices.DeleteFunc(slices.Clone(managed), func(e metav1.ManagedFieldsEntry) bool {
		return (e.Manager == from || e.Manager == to) && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
	})
	return append(all, entry), nil
}

func union(a, b *metav1.FieldsV1) (*metav1.FieldsV1, error) {
	all := &fieldpath.Set{}
	for _, fields := range []*metav1.FieldsV1{a, b} {
		if fields == nil {
			continue
		}
		var set fieldpath.Set
		if err := set.FromJSON(bytes.NewReader(fields.GetRawBytes())); err != nil {
			return nil, err
		}
		all = all.Union(&set)
	}
	encoded, err := all.ToJSON()
	if err != nil {
		return nil, err
	}
	return metav1.NewFieldsV1(string(encoded)), nil
}
