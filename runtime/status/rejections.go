// SPDX-License-Identifier: Apache-2.0

// This file finds out whether an operator has refused an object as it is now.

package status

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// findRejections collects the events that say that objects were not accepted. Only an object with such an event costs
// requests: then it is asked when the Secrets and ConfigMaps that it refers to were changed, because a value that was wrong
// or missing is a reason for a rejection, too. Their content is not read.
func (run *reading) findRejections(ctx context.Context, found []fetched, around surroundings) error {
	var mu sync.Mutex // guards around.rejections
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(run.limit)
	for _, f := range found {
		if f.object == nil {
			continue
		}
		reasons := run.kinds[groupKind(f.object)].Rejections
		if len(reasons) == 0 {
			continue
		}
		uid, created := textField(f.object.Object, "metadata", "uid"), timeField(f.object.Object, "metadata", "creationTimestamp")
		events := around.events.about(uid, f.object.GetKind(), f.object.GetNamespace(), f.object.GetName(), created)
		event, rejected := rejection(f.object, events, reasons)
		if !rejected {
			continue
		}
		group.Go(func() error {
			for _, id := range references(f.object) {
				// Of one that cannot be read it is not known that it has changed.
				if m, err := run.client.GetMetadata(asking, id); err == nil && event.Last.Before(changedAt(&m.ObjectMeta)) {
					return nil
				}
			}
			mu.Lock()
			defer mu.Unlock()
			around.rejections[uid] = event
			return asking.Err()
		})
	}
	return group.Wait()
}

// rejection finds the event that says that obj as it is now was not accepted. Nobody records that it was accepted later, so
// the event must be about this very version of the object, or clearly newer than its last change.
func rejection(obj *unstructured.Unstructured, events []Event, reasons []string) (Event, bool) {
	changed := changedAt(metadataOf(obj))
	for _, event := range events {
		if !slices.Contains(reasons, event.Reason) {
			continue
		}
		switch event.resourceVersion {
		case "":
			if !event.Last.Before(changed) {
				return event, true
			}
		case obj.GetResourceVersion():
			return event, true
		default:
			// Changes are recorded in whole seconds; within the same one the event is about what was before.
			if !event.Last.Before(changed.Add(time.Second)) {
				return event, true
			}
		}
	}
	return Event{}, false
}

func metadataOf(obj *unstructured.Unstructured) *metav1.ObjectMeta {
	return &metav1.ObjectMeta{CreationTimestamp: obj.GetCreationTimestamp(), ManagedFields: obj.GetManagedFields()}
}

// changedAt returns when someone last changed more of an object than its status, in whole seconds.
func changedAt(m *metav1.ObjectMeta) time.Time {
	last := m.CreationTimestamp.Time
	for _, manager := range m.ManagedFields {
		if manager.Time != nil && manager.Subresource == "" && manager.Time.After(last) {
			last = manager.Time.Time
		}
	}
	return last
}

// references returns the Secrets and ConfigMaps that an object takes values from: wherever it has a name with a key, as
// v1.SecretKeySelector and v1.ConfigMapKeySelector do. Each is there once, in no order.
func references(obj *unstructured.Unstructured) []backend.ID {
	seen := map[backend.ID]bool{}
	var found []backend.ID
	var walk func(value any, kind string)
	walk = func(value any, kind string) {
		switch v := value.(type) {
		case []any:
			for _, element := range v {
				walk(element, "Secret")
			}
		case map[string]any:
			name, _ := v["name"].(string)
			if _, keyed := v["key"].(string); keyed && name != "" {
				if id := (backend.ID{Version: "v1", Kind: kind, Namespace: obj.GetNamespace(), Name: name}); !seen[id] {
					seen[id] = true
					found = append(found, id)
				}
			}
			for key, element := range v {
				if key == "configMap" {
					walk(element, "ConfigMap")
				} else {
					walk(element, "Secret")
				}
			}
		}
	}
	walk(obj.Object["spec"], "Secret")
	return found
}
