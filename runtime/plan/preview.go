// SPDX-License-Identifier: Apache-2.0

// This file finds out what becomes of an object that Helm writes, or that changes hands between Helm and us.
//
// A server-side apply alone does not tell: it leaves alone what another writer set, and when an object changes hands, what
// the former writer set and nobody asks for any more goes away.

package plan

import (
	"context"
	"errors"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// previewed is what the API server says would become of an object.
type previewed struct {
	object *unstructured.Unstructured
	// of is the resource version of the object that it would be made of.
	of string
	// wanted are the fields that the item sets.
	wanted *fieldpath.Set
	// conflicts are the fields of strangers that it would take.
	conflicts []cluster.Conflict
	refused   error
}

// preview tries the item out. live is nil when there is no such object.
func (w *Work) preview(ctx context.Context, i *Item, body []byte, live *unstructured.Unstructured) (previewed, error) {
	client, id := w.Request.Client, i.Object.ID
	options := cluster.ApplyOptions{DryRun: true, Whole: true, Manager: i.Writer(), Force: i.Release != nil, Lenient: i.Release != nil}
	var p previewed
	applied, err := client.Apply(ctx, id, body, options)
	if conflicts := cluster.Conflicts(err); len(conflicts) > 0 {
		p.conflicts = slices.DeleteFunc(conflicts, func(c cluster.Conflict) bool { return i.HandOver && c.Manager == helm.FieldManager })
		if len(p.conflicts) > 0 {
			p.refused = err
			if i.HandOver {
				// What Helm wrote for us is handed over, and is no conflict.
				p.refused = cluster.WithoutConflicts(err, helm.FieldManager)
			}
		}
		options.Force = true
		applied, err = client.Apply(ctx, id, body, options)
	}
	if err != nil {
		return p, err
	}
	p.object, p.of, p.wanted = applied.Object, applied.Metadata.ResourceVersion, setOf(applied.Metadata.ManagedFields, i.Writer())
	if live == nil || !i.HandOver {
		return p, nil
	}
	gone := setOf(live.GetManagedFields(), i.Former()).Difference(p.wanted)
	for _, e := range live.GetManagedFields() {
		if !isWriter(&e) {
			gone = gone.Difference(entrySet(&e))
		}
	}
	if gone.Empty() {
		return p, nil
	}
	without := p.object.DeepCopy()
	removeFields(without.Object, gone)
	tried, err := client.TryReplace(ctx, id, without)
	var status apierrors.APIStatus
	switch {
	case err == nil:
		p.object = tried
	case !errors.As(err, &status):
		return p, err
	}
	// What the API server does not let go of stays, as far as can be told.
	return p, nil
}

// setOf returns what a manager owns by applying.
func setOf(managed []metav1.ManagedFieldsEntry, manager string) *fieldpath.Set {
	return entrySet(inventory.OwnedEntry(managed, manager))
}

// removeFields takes the fields of a set out of an object that was decoded from JSON. Elements of lists go as a whole, and
// maps when nothing is left in them.
func removeFields(object map[string]any, fields *fieldpath.Set) {
	var elements, leaves, containers []fieldpath.Path
	fields.Iterate(func(p fieldpath.Path) {
		p = p.Copy()
		if p[len(p)-1].FieldName == nil {
			elements = append(elements, p)
			return
		}
		leaves = append(leaves, p)
		containers = append(containers, p)
	})
	for _, p := range elements {
		removeAt(object, p, func(any) bool { return true })
	}
	scalar := func(v any) bool {
		m, isMap := v.(map[string]any)
		return !isMap || len(m) == 0
	}
	leaf := fields.Leaves()
	for _, p := range leaves {
		if leaf.Has(p) {
			removeAt(object, p, func(any) bool { return true })
		}
	}
	// Deepest first, so that what becomes empty takes what is around it along.
	slices.SortFunc(containers, func(a, b fieldpath.Path) int { return len(b) - len(a) })
	for _, p := range containers {
		removeAt(object, p, scalar)
	}
}

// removeAt removes what is at a path, if which says so, and returns what is left of node.
func removeAt(node any, path fieldpath.Path, which func(any) bool) any {
	step, last := path[0], len(path) == 1
	switch v := node.(type) {
	case map[string]any:
		if step.FieldName == nil {
			return v
		}
		child, ok := v[*step.FieldName]
		switch {
		case !ok:
		case !last:
			v[*step.FieldName] = removeAt(child, path[1:], which)
		case which(child):
			delete(v, *step.FieldName)
		}
		return v
	case []any:
		for n, child := range v {
			if !elementIs(step, n, child) {
				continue
			}
			if last && which(child) {
				return slices.Delete(slices.Clone(v), n, n+1)
			}
			if !last {
				v[n] = removeAt(child, path[1:], which)
			}
			return v
		}
	}
	return node
}

// elementIs reports whether a step of a path leads to the element n of a list.
func elementIs(step fieldpath.PathElement, n int, element any) bool {
	switch {
	case step.Index != nil:
		return *step.Index == n
	case step.Value != nil:
		return value.Equals(*step.Value, value.NewValueInterface(element))
	case step.Key != nil:
		fields, ok := element.(map[string]any)
		if !ok {
			return false
		}
		for _, key := range *step.Key {
			if !value.Equals(key.Value, value.NewValueInterface(fields[key.Name])) {
				return false
			}
		}
		return true
	}
	return false
}
