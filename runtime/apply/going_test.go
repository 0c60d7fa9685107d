// SPDX-License-Identifier: Apache-2.0

// This file runs into objects that are being deleted.

package apply_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
)

// goingObject makes a ConfigMap of the deployment that is being deleted and held by a finalizer.
func goingObject(w *world, ns string) {
	w.t.Helper()
	w.edit(ns, "going", func(o map[string]any) {
		o["metadata"].(map[string]any)["finalizers"] = []any{"example.com/held"}
	})
	foreign(w.t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/going", nil)
}

// TestGoingObjectIsAwaited changes a script back while what it had removed is still on its way out: a new object takes
// the place of the old one as soon as that is gone.
func TestGoingObjectIsAwaited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "going", map[string]any{"key": "1"})
	w.run()
	before := w.get("v1", "ConfigMap", ns, "going").GetUID()
	goingObject(w, ns)
	p := w.plan()
	if step := p.Steps[1]; step.Action != "create" || !strings.Contains(step.Reason, "is being deleted") {
		t.Errorf("got step %+v, want that it is made again", step)
	}
	released := make(chan struct{})
	go func() {
		defer close(released)
		time.Sleep(time.Second)
		w.edit(ns, "going", func(o map[string]any) { delete(o["metadata"].(map[string]any), "finalizers") })
	}()
	o := w.run()
	<-released
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Created: 1})
	if live := w.get("v1", "ConfigMap", ns, "going"); live == nil || live.GetUID() == before || live.GetDeletionTimestamp() != nil {
		t.Errorf("got %v, want a new object", live)
	}
}

// TestGoingObjectThatStays waits for no longer than the request allows, says what holds the object, and changes nothing.
func TestGoingObjectThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "going", map[string]any{"key": "1"})
	w.run()
	goingObject(w, ns)
	t.Cleanup(func() {
		w.edit(ns, "going", func(o map[string]any) { delete(o["metadata"].(map[string]any), "finalizers") })
	})
	o := w.run(func(r *apply.Request) { r.Timeout = 2 * time.Second })
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.ObjectFailed: 1})
	if d := o.Diagnostics[0]; d.Code != "object-terminating" || !strings.Contains(d.Detail, "example.com/held") {
		t.Errorf("got %+v, want what holds it", d)
	}
}
