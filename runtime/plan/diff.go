// SPDX-License-Identifier: Apache-2.0

// This file compares two objects field by field.

package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// serverFields are the metadata that the API server keeps by itself and that no one asks for.
var serverFields = map[string]bool{"managedFields": true, "resourceVersion": true, "generation": true, "uid": true, "creationTimestamp": true, "selfLink": true}

// Diff returns the fields in which two objects, decoded from JSON, differ: leaf by leaf, sorted by path, without their
// status and what the API server keeps by itself. Elements of lists that have unique names are compared by name, others by
// place. Of a Secret nothing is told but which fields differ.
func Diff(before, after map[string]any) []Change {
	d := &differ{secret: secretPaths(before)}
	d.fields("", objectFields(before), objectFields(after))
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return d.changes
}

// secretPaths tells which paths of an object hold secret values; nil means none.
func secretPaths(object map[string]any) func(path string) bool {
	if object["kind"] != "Secret" || object["apiVersion"] != "v1" {
		return nil
	}
	// An annotation may repeat the data: kubectl keeps what it last applied in one.
	return func(path string) bool {
		return !strings.HasPrefix(path, ".metadata.labels") && path != ".type" && path != ".immutable"
	}
}

// objectFields returns the fields of an object that are compared.
func objectFields(object map[string]any) map[string]any {
	fields := make(map[string]any, len(object))
	for name, value := range object {
		if name != "status" {
			fields[name] = value
		}
	}
	if metadata, ok := object["metadata"].(map[string]any); ok {
		kept := make(map[string]any, len(metadata))
		for name, value := range metadata {
			if !serverFields[name] {
				kept[name] = value
			}
		}
		fields["metadata"] = kept
	}
	return fields
}

type differ struct {
	changes []Change
	// secret tells which paths hold secret values; nil means none.
	secret func(path string) bool
}

func (d *differ) value(path string, before, after any) {
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			d.fields(path, b, a)
			return
		}
		if after == nil && len(b) > 0 {
			d.fields(path, b, nil)
			return
		}
	case []any:
		if a, ok := after.([]any); ok {
			d.list(path, b, a)
			return
		}
	case nil:
		if a, ok := after.(map[string]any); ok && len(a) > 0 {
			d.fields(path, nil, a)
			return
		}
	}
	if reflect.DeepEqual(before, after) {
		return
	}
	change := Change{Path: path, Before: before, After: after}
	if d.secret != nil && d.secret(path) {
		change = Change{Path: path, Secret: true}
	}
	d.changes = append(d.changes, change)
}

func (d *differ) fields(path string, before, after map[string]any) {
	for name := range before {
		d.value(path+"."+name, before[name], after[name])
	}
	for name := range after {
		if _, known := before[name]; !known {
			d.value(path+"."+name, nil, after[name])
		}
	}
}

func (d *differ) list(path string, before, after []any) {
	b, named := byName(before)
	a, alsoNamed := byName(after)
	if named && alsoNamed {
		for name := range b {
			d.value(fmt.Sprintf("%s[name=%q]", path, name), b[name], a[name])
		}
		for name := range a {
			if _, known := b[name]; !known {
				d.value(fmt.Sprintf("%s[name=%q]", path, name), nil, a[name])
			}
		}
		if order, wanted := names(before, a), names(after, b); !slices.Equal(order, wanted) {
			// The same elements in another order.
			d.value(path+"[order]", strings.Join(order, ", "), strings.Join(wanted, ", "))
		}
		return
	}
	for n := range max(len(before), len(after)) {
		d.value(fmt.Sprintf("%s[%d]", path, n), at(before, n), at(after, n))
	}
}

func at(list []any, n int) any {
	if n < len(list) {
		return list[n]
	}
	return nil
}

// names returns the names of a list's elements that are also in the other, in the list's order.
func names(list []any, other map[string]any) []string {
	var names []string
	for _, element := range list {
		name := element.(map[string]any)["name"].(string)
		if _, shared := other[name]; shared {
			names = append(names, name)
		}
	}
	return names
}

// byName returns the elements by their field "name", if each has one of its own.
func byName(list []any) (map[string]any, bool) {
	named := make(map[string]any, len(list))
	for _, element := range list {
		fields, _ := element.(map[string]any)
		name, ok := fields["name"].(string)
		if !ok {
			return nil, false
		}
		if _, twice := named[name]; twice {
			return nil, false
		}
		named[name] = element
	}
	return named, len(list) > 0
}
