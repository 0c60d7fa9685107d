// SPDX-License-Identifier: Apache-2.0

// This file tells who took fields that were ours.

package plan

import (
	"bytes"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// drift tells where the fields went that writer wants in a live object and has lost. Those that other managers own now were
// taken. What nobody owns was removed, when the script asks for the same as at the last apply; else it may as well be new
// in the script.
func drift(live []metav1.ManagedFieldsEntry, writer string, lost *fieldpath.Set, sameScript bool) []Drift {
	var drifts []Drift
	for n := range live {
		entry := &live[n]
		if entry.Manager == writer && isWriter(entry) {
			continue
		}
		taken := entrySet(entry).Intersection(lost)
		if taken.Empty() {
			continue
		}
		d := Drift{Kind: DriftChanged, Manager: entry.Manager, Operation: string(entry.Operation), Fields: paths(taken)}
		if entry.Time != nil {
			d.Time = entry.Time.UTC().Truncate(time.Second)
		}
		drifts = append(drifts, d)
		lost = lost.Difference(taken)
	}
	slices.SortStableFunc(drifts, func(a, b Drift) int { return strings.Compare(a.Manager, b.Manager) })
	if sameScript && !lost.Empty() {
		drifts = append(drifts, Drift{Kind: DriftChanged, Fields: paths(lost)})
	}
	return drifts
}

// driftValues completes drifts with what the fields were and are, and marks the changes that take them back. lost are all
// fields that were ours.
func driftValues(drifts []Drift, changes []Change, lost *fieldpath.Set, live, wanted map[string]any, sameScript bool) {
	places := map[string]fieldpath.Path{}
	lost.Iterate(func(p fieldpath.Path) { places[p.String()] = p.Copy() })
	secret := secretPaths(live)
	for n := range drifts {
		d := &drifts[n]
		for _, field := range d.Fields {
			value := Change{Path: field, After: valueAt(live, places[field])}
			if sameScript {
				value.Before = valueAt(wanted, places[field])
			}
			if secret != nil && secret(field) {
				value.Before, value.After, value.Secret = nil, nil, true
			}
			d.Values = append(d.Values, value)
			for m := range changes {
				if within(changes[m].Path, field) {
					changes[m].Drift = true
				}
			}
		}
	}
	if len(drifts) > 0 && sameScript {
		// The script asks for what it asked for then; so all that differs was made by others.
		for m := range changes {
			changes[m].Drift = true
		}
	}
}

// within reports whether the field at path is that at outer, or inside it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// valueAt returns what is at a path of an object that was decoded from JSON, or nil.
func valueAt(node any, path fieldpath.Path) any {
	for _, step := range path {
		switch v := node.(type) {
		case map[string]any:
			if step.FieldName == nil {
				return nil
			}
			node = v[*step.FieldName]
		case []any:
			var found any
			for n, element := range v {
				if elementIs(step, n, element) {
					found = element
					break
				}
			}
			node = found
		default:
			return nil
		}
	}
	return node
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
