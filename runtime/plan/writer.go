// SPDX-License-Identifier: Apache-2.0

// This file knows the two that write objects of a deployment, we and Helm, and what it means that an object changes hands.

package plan

import (
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Helm puts these on every object of a release, whatever the chart says.
const (
	managedByLabel             = "app.kubernetes.io/managed-by"
	managedByHelm              = "Helm"
	releaseNameAnnotation      = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// Writer returns the field manager that applies the item: ours, or Helm's for an object of a release.
func (i *Item) Writer() string {
	if i.Object.Release != "" {
		return helm.FieldManager
	}
	return cluster.FieldManager
}

// Former returns the field manager that applied the item before, if it changes hands.
func (i *Item) Former() string {
	if i.Object.Release != "" {
		return cluster.FieldManager
	}
	return helm.FieldManager
}

// isWriter reports whether an entry is of one of the two.
func isWriter(e *metav1.ManagedFieldsEntry) bool {
	return (e.Manager == cluster.FieldManager || e.Manager == helm.FieldManager) && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
}

// handOver notes that a live object of ours is to change hands: its former writer still owns fields of it.
func (i *Item) handOver() {
	i.HandOver = i.Live != nil && inventory.OwnedEntry(i.Live.ManagedFields, i.Former()) != nil
}

// handOverReason says between whom an object changes hands.
func (i *Item) handOverReason() string {
	switch {
	case i.Object.Release != "":
		return fmt.Sprintf("Helm release %s takes it over", i.Object.Release)
	case i.Member != nil && i.Member.Release != "":
		return fmt.Sprintf("it is taken over from Helm release %s", i.Member.Release)
	}
	return "it is taken over from Helm"
}

// manifest returns the item's manifest with what Helm puts on it.
func (i *Item) manifest() ([]byte, error) {
	if i.Release == nil {
		return i.Object.Manifest, nil
	}
	return withRelease(i.Object.Manifest, i.Release.Namespace, i.Release.Name)
}

// withRelease returns a manifest with the ownership metadata of a Helm release in it.
func withRelease(manifest []byte, namespace, name string) ([]byte, error) {
	var fields map[string]json.RawMessage
	var metadata map[string]any
	if err := json.Unmarshal(manifest, &fields); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if err := json.Unmarshal(fields["metadata"], &metadata); err != nil {
		return nil, fmt.Errorf("manifest: metadata: %w", err)
	}
	put := func(section string, values map[string]string) {
		known, _ := metadata[section].(map[string]any)
		if known == nil {
			known = map[string]any{}
		}
		for key, value := range values {
			known[key] = value
		}
		metadata[section] = known
	}
	put("labels", map[string]string{managedByLabel: managedByHelm})
	put("annotations", map[string]string{releaseNameAnnotation: name, releaseNamespaceAnnotation: namespace})
	var err error
	if fields["metadata"], err = json.Marshal(metadata); err != nil {
		return nil, fmt.Errorf("manifest: metadata: %w", err)
	}
	return json.Marshal(fields)
}

// releaseOf returns the key of the Helm release that says that an object is its own, or "".
func releaseOf(m *metav1.PartialObjectMetadata) string {
	name, namespace := m.Annotations[releaseNameAnnotation], m.Annotations[releaseNamespaceAnnotation]
	if name == "" || namespace == "" || m.Labels[managedByLabel] != managedByHelm {
		return ""
	}
	return backend.Release{Namespace: namespace, Name: name}.Key()
}
