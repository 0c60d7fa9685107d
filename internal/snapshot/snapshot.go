// SPDX-License-Identifier: Apache-2.0

// Package snapshot writes down what is in a cluster so that tests can compare it: what people and programs set on objects,
// without what the API server keeps about them.
package snapshot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// Snapshot is what was there: texts by names that the taker gives.
type Snapshot map[string]string

// Clean returns a copy of an object without what the server keeps about it by itself.
func Clean(o *unstructured.Unstructured) map[string]any {
	object := o.DeepCopy().Object
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "ownerReferences"} {
		unstructured.RemoveNestedField(object, "metadata", field)
	}
	delete(object, "status")
	if o.GetKind() == "Service" {
		unstructured.RemoveNestedField(object, "spec", "clusterIP")
		unstructured.RemoveNestedField(object, "spec", "clusterIPs")
	}
	return object
}

// Text writes a value down, keys sorted.
func Text(value any) (string, error) {
	encoded, err := json.MarshalIndent(value, "", " ")
	return string(encoded), err
}

// Difference returns what two snapshots do not have in common, in lines for a test's failure; "" when they are equal.
func (s Snapshot) Difference(want Snapshot) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(s)) {
		switch other, exists := want[key]; {
		case !exists:
			lines = append(lines, "left over: "+key)
		case other != s[key]:
			lines = append(lines, fmt.Sprintf("differs: %s\n--- got\n%s\n--- want\n%s", key, s[key], other))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, exists := s[key]; !exists {
			lines = append(lines, "missing: "+key)
		}
	}
	return strings.Join(lines, "\n")
}

// Kinds returns all kinds that can be listed, each in the version that the server prefers.
func Kinds(client *cluster.Client) ([]schema.GroupVersionKind, error) {
	found, err := discovery.NewDiscoveryClientForConfig(client.RESTConfig())
	if err != nil {
		return nil, err
	}
	lists, err := found.ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	var kinds []schema.GroupVersionKind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") {
				kinds = append(kinds, version.WithKind(resource.Kind))
			}
		}
	}
	return kinds, nil
}
