// SPDX-License-Identifier: Apache-2.0

// This file judges objects whose own fields do not say everything, together with their companions.

package status

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Companions returns the objects that have to be ready, too, for obj to be. It is nil for nearly every kind, for an object
// that is being deleted, and for nil. No shape of object makes it fail.
func (k Kinds) Companions(obj *unstructured.Unstructured) (companions []backend.ID) {
	if obj == nil || obj.Object == nil || textField(obj.Object, "metadata", "deletionTimestamp") != "" {
		return nil
	}
	kind := k[groupKind(obj)]
	if kind.Companions == nil {
		return nil
	}
	// What Judge says about objects of an unexpected form is enough.
	defer func() {
		if recover() != nil {
			companions = nil
		}
	}()
	return kind.Companions(obj)
}

// JudgeWith returns the verdict on obj as Judge does and, if that is Ready, takes obj's companions into account, which it
// reads through client. The verdict on an object without companions costs no request. What cannot be read makes the verdict Unknown.
func (k Kinds) JudgeWith(ctx context.Context, client Getter, obj *unstructured.Unstructured) Condition {
	verdict := k.Judge(obj)
	if verdict.State != Ready {
		return verdict
	}
	var companions []named
	for _, id := range k.Companions(obj) {
		companions = append(companions, k.companion(ctx, client, id))
	}
	return together(verdict, companions)
}

// companion reads one companion.
func (k Kinds) companion(ctx context.Context, client Getter, id backend.ID) named {
	object, err := client.Get(ctx, id)
	if err != nil {
		return named{id.String(), unread(id, err)}
	}
	return named{id.String(), k.Judge(object)}
}

// together returns the verdict on an object with companions: that on the worst of them all.
func together(verdict Condition, companions []named) Condition {
	if verdict.State != Ready {
		return verdict
	}
	for _, companion := range companions {
		next := companion.Condition
		switch next.State {
		case Ready:
			if verdict.State == Ready && next.Since.After(verdict.Since) {
				verdict.Since = next.Since
			}
			continue
		case NotFound, Terminating:
			// The object itself is neither: its controller will make the companion (again).
			next.State = InProgress
		}
		if next.State.severity() > verdict.State.severity() {
			verdict = next
			verdict.Message = fmt.Sprintf("%s: %s", companion.name, next.Message)
		}
	}
	return verdict
}
