// SPDX-License-Identifier: Apache-2.0

// This file says what is never removed unasked, and in which order the rest goes.

package plan

import (
	"slices"
	"strings"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"

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
	case definitionGroup + "/" + definitionKind:
		return true, "kept, with all objects of its kind: --delete-namespaces deletes it"
	}
	return false, ""
}

// componentLabel is what kube-prometheus-stack tells its parts apart by; those of the operator begin with
// operatorComponent.
const (
	componentLabel    = "app.kubernetes.io/component"
	operatorComponent = "prometheus-operator"
)

// keepOperator keeps the prometheus-operator that a Helm release brought along for a score that now has resources of
// its own: without an operator they would be dead. Once the release is gone only the label tells where they came from.
func (r *Removal) keepOperator(orphans map[string]bool) {
	if r.Keep || r.Live == nil || !orphans[r.Member.Score] {
		return
	}
	if strings.HasPrefix(r.Live.Labels[componentLabel], operatorComponent) {
		r.Keep = true
		r.Reason = "kept, since the stack needs an operator: delete it when another prometheus-operator has taken over"
	}
}

// handMade returns the scores whose servers are resources of prometheus-operator that no Helm release makes.
func (w *Work) handMade() map[string]bool {
	scores := map[string]bool{}
	for _, i := range w.Items {
		if i.Object.ID.Group == monitoring.GroupName && IsServer(i.Object.ID) && i.Object.Release == "" {
			scores[i.Object.Score] = true
		}
	}
	return scores
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
