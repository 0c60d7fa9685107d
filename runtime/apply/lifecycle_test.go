// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	for n := range 12 {
		w.configMap(10+n, "tenant", ns, fmt.Sprintf("map-%d", n), map[string]any{"key": "one"})
	}

	p := w.plan()
	if got := p.Count(); got[plan.Create] != 13 || len(got) != 1 {
		t.Fatalf("plan before the first apply: got %v, want 13 creates", got)
	}
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("plan wrote: %v", writes)
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 13})
	live := w.get("v1", "ConfigMap", ns, "map-3")
	if got := live.GetLabels()[inventory.MemberLabel]; got != inventory.ApplySetID(w.name, inventory.DefaultNamespace) {
		t.Fatalf("membership label: got %q", got)
	}

	// A second run with a script whose lines moved writes nothing at all and asks nothing per object.
	versions := w.versions()
	for n := range w.objects {
		w.objects[n].Origin = at(1000 + n)
	}
	w.counter.reset()
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 13})
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("a run without changes wrote: %v", writes)
	}
	if got := w.counter.total(); got > 8 {
		t.Fatalf("a run without changes sent %d requests for 13 objects: %v", got, w.counter.lines)
	}
	if got := w.versions(); got != versions {
		t.Fatalf("resource versions after a run without changes: got %s, want %s", got, versions)
	}
	if w.plan().HasChanges() {
		t.Fatal("the plan after an apply has changes")
	}

	// One object changes: one patch.
	w.drop("ConfigMap", "map-3")
	w.configMap(13, "tenant", ns, "map-3", map[string]any{"key": "two"})
	changed := step(t, w.plan(), "ConfigMap", "map-3")
	if changed.Action != plan.Update || len(changed.Changes) != 1 || changed.Changes[0] != (plan.Change{Path: ".data.key", Before: "one", After: "two"}) {
		t.Fatalf("plan of a change: got %+v", changed)
	}
	w.counter.reset()
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 12, apply.Updated: 1})
	if n := w.counter.counts["PATCH"]; n != 1 {
		t.Fatalf("one change: got %d patches, want 1: %v", n, w.counter.lines)
	}

	// One object goes: it is pruned, and nothing else.
	w.drop("ConfigMap", "map-5")
	if s := step(t, w.plan(), "ConfigMap", "map-5"); s.Action != plan.Delete || s.Position.Line == 0 {
		t.Fatalf("plan of a removal: got %+v", s)
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 12, apply.Deleted: 1})
	if w.get("v1", "ConfigMap", ns, "map-5") != nil {
		t.Fatal("the pruned object is still there")
	}

	// Destroy keeps the namespace, and what it keeps stays on record for a later destroy.
	mustBe(t, w.destroy(false), apply.Done, map[apply.Status]int{apply.Deleted: 11, apply.Kept: 1})
	if w.get("v1", "Namespace", "", ns) == nil {
		t.Fatal("destroy deleted the namespace without being told to")
	}
	members, pending := w.recorded()
	if len(members) != 1 || !members["Namespace "+ns] || len(pending) != 0 {
		t.Fatalf("after destroy: got members %v, pending %v, want the kept namespace alone", members, pending)
	}
	mustBe(t, w.destroy(true), apply.Done, map[apply.Status]int{apply.Deleted: 1})
	if w.get("v1", "Namespace", "", ns) != nil {
		t.Fatal("the namespace is still there")
	}
	for _, id := range []struct{ apiVersion, kind string }{{"v1", "Secret"}, {"coordination.k8s.io/v1", "Lease"}} {
		if w.get(id.apiVersion, id.kind, inventory.DefaultNamespace, w.name) != nil {
			t.Fatalf("%s of the deployment is still there", id.kind)
		}
	}
	mustBe(t, w.destroy(true), apply.Done, nil)
}

// versions returns the resource versions of the objects and of the inventory.
func (w *world) versions() string {
	w.t.Helper()
	var all []string
	for _, o := range w.objects {
		live, err := w.client.GetMetadata(context.Background(), o.ID)
		if err != nil && !apierrors.IsNotFound(err) {
			w.t.Fatal(err)
		}
		if live != nil {
			all = append(all, o.ID.String()+"@"+live.ResourceVersion)
		}
	}
	return strings.Join(append(all, w.inventory().ResourceVersion()), " ")
}

func TestKeptNamespaceInPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.namespace(1, "one"), w.namespace(2, "two")
	w.configMap(3, "two", second, "inside", map[string]any{"a": "b"})
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 3})
	w.objects = w.objects[:1]
	p := w.plan()
	if s := step(t, p, "Namespace", second); s.Action != plan.Keep || !strings.Contains(s.Reason, "--delete-namespaces") {
		t.Fatalf("got %+v, want the namespace kept", s)
	}
	if s := step(t, p, "ConfigMap", "inside"); s.Action != plan.Delete {
		t.Fatalf("got %+v, want the object in it deleted", s)
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Deleted: 1, apply.Kept: 1})
	if w.plan().HasChanges() {
		t.Fatal("a kept namespace counts as a change for ever")
	}
	w.counter.reset()
	w.run()
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("a run with nothing but a kept namespace wrote: %v", writes)
	}
	if w.get("v1", "Namespace", "", first) == nil {
		t.Fatal("the wanted namespace is gone")
	}
}
