// SPDX-License-Identifier: Apache-2.0

// This file tells who took fields that were ours.

package plan

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// drift compares what we own in a live object with what we would own after an apply. What is missing was taken by the
// managers that own it now. What nobody owns was removed, when the script asks for the same as at the last apply; else
// it may as well be new in the script.
func drift(live, after []metav1.ManagedFieldsEntry, sameScript bool) []Drift {
	lost := ownedSet(after).Difference(ownedSet(live))
	var drifts []Drift
	for n := range live {
		entry := &live[n]
		if entry.Manager == cluster.FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply {
			continue
		}
		taken := entrySet(entry).Intersection(lost)
		if taken.Empty() {
			continue
		}
		d := Drift{Manager: entry.Manager, Operation: string(entry.Operation), Fields: paths(taken)}
		if entry.Time != nil {
			d.Time = entry.Time.UTC().Truncate(time.Second)
		}
		drifts = append(drifts, d)
		lost = lost.Difference(taken)
	}
	slices.SortStableFunc(drifts, func(a, b Drift) int { return strings.Compare(a.Manager, b.Manager) })
	if sameScript && !lost.Empty() {
		drifts = append(drifts, Drift{Fields: paths(lost)})
	}
	return drifts
}

// ownedSet returns the fields that we own.
func ownedSet(managed []metav1.ManagedFieldsEntry) *fieldpath.Set {
	return entrySet(inventory.OwnedEntry(managed, cluster.FieldManager))
}

func entrySet(entry *metav1.ManagedFieldsEntry) *fieldpath.Set {
	set := &fieldpath.Set{}
	if entry == nil || entry.FieldsV1 == nil {
		return set
	}
	if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		// A set that cannot be read takes part in nothing; the dry-run has told what differs all the same.
		return &fieldpath.Set{}
	}
	return set
}

// paths returns the leaves of a set, sorted.
func paths(set *fieldpath.Set) []string {
	var list []string
	set.Leaves().Iterate(func(p fieldpath.Path) { list = append(list, p.String()) })
	slices.Sort(list)
	return list
}
