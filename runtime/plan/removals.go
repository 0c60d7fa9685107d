// SPDX-License-Identifier: Apache-2.0

// This file says what is never removed unasked, and in which order the rest goes.

package plan

import (
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// keeps reports whether the object stays because its deletion would take along what this deployment did not make: a
// Namespace all that is in it, a PersistentVolumeClaim its data, a CustomResourceDefinition every object of its kind.
func keeps(id backend.ID, deleteNamespaces bool) (keep bool, reason string) {
	if deleteNamespaces {
		return false, ""
	}
	switch id.Group + "/" + id.Kind {
	case "/Namespace":
		return true, "kept, with all that is in it: --delete-namespaces deletes it"
	case "/PersistentVolumeClaim":
		return true, "kept, with its data: --delete-namespaces deletes it"
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return true, "kept, with all objects of its kind: --delete-namespaces deletes it"
	}
	return false, ""
}

// StageOf returns the stage of an object that only its identity is known of.
func StageOf(id backend.ID) backend.Stage {
	manifest := map[string]any{"apiVersion": id.APIVersion(), "kind": id.Kind, "metadata": map[string]any{"name": id.Name, "namespace": id.Namespace}}
	o, err := backend.NewObject(manifest, score.Origin{}, "")
	if err != nil {
		return backend.StageResources
	}
	return o.Stage
}

// sortRemovals orders removals by stage, last first, then ID.
func sortRemovals(removals []*Removal) {
	slices.SortFunc(removals, func(a, b *Removal) int {
		if a.Member.Stage != b.Member.Stage {
			return int(b.Member.Stage) - int(a.Member.Stage)
		}
		return a.ID.Compare(b.ID)
	})
}
