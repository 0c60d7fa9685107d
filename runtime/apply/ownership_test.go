// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// setData changes one key of a ConfigMap's live data.
func setData(key, value string) func(map[string]any) {
	return func(o map[string]any) { o["data"].(map[string]any)[key] = value }
}

func TestForeignEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	for n, name := range []string{"changed", "removed", "beside", "unlabelled", "deleted", "recreated"} {
		w.configMap(10+n, "tenant", ns, name, map[string]any{"ours": "1", "too": "2"})
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 7})
	w.edit(ns, "changed", setData("ours", "theirs"))
	w.edit(ns, "removed", func(o map[string]any) { delete(o["data"].(map[string]any), "ours") })
	w.edit(ns, "beside", setData("foreign", "x"))
	w.edit(ns, "unlabelled", func(o map[string]any) {
		delete(o["metadata"].(map[string]any)["labels"].(map[string]any), inventory.MemberLabel)
	})
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/deleted", nil)
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/recreated", nil)
	foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/configmaps", object("v1", "ConfigMap", ns, "recreated", map[string]any{"data": map[string]any{"ours": "1", "too": "2"}}))

	p := w.plan()
	changed := step(t, p, "ConfigMap", "changed")
	if changed.Action != plan.Conflict || len(changed.Conflicts) != 1 || changed.Conflicts[0].Manager != "kubectl-edit" || !slices.Equal(changed.Conflicts[0].Fields, []string{".data.ours"}) {
		t.Errorf("changed by others: got %+v", changed)
	}
	if len(changed.Drift) != 1 || changed.Drift[0].Manager != "kubectl-edit" || !slices.Equal(changed.Drift[0].Fields, []string{".data.ours"}) || changed.Drift[0].Time.IsZero() {
		t.Errorf("drift: got %+v", changed.Drift)
	}
	if len(changed.Changes) != 1 || changed.Changes[0] != (plan.Change{Path: ".data.ours", Before: "theirs", After: "1", Drift: true}) {
		t.Errorf("what taking it back would change: got %+v", changed.Changes)
	}
	if values := changed.Drift[0].Values; len(values) != 1 || values[0] != (plan.Change{Path: ".data.ours", Before: "1", After: "theirs"}) || changed.Drift[0].Kind != plan.DriftChanged {
		t.Errorf("what it was and is: got %+v", values)
	}
	removed := step(t, p, "ConfigMap", "removed")
	if removed.Action != plan.Update || len(removed.Drift) != 1 || removed.Drift[0].Manager != "" || !slices.Equal(removed.Drift[0].Fields, []string{".data.ours"}) {
		t.Errorf("removed by others: got %+v", removed)
	}
	if s := step(t, p, "ConfigMap", "beside"); s.Action != plan.Unchanged {
		t.Errorf("a foreign field beside ours: got %+v, want unchanged", s)
	}
	if s := step(t, p, "ConfigMap", "unlabelled"); s.Action != plan.Update || !strings.Contains(s.Reason, "label") {
		t.Errorf("label taken off: got %+v", s)
	}
	if s := step(t, p, "ConfigMap", "deleted"); s.Action != plan.Create || !strings.Contains(s.Reason, "deleted by others") {
		t.Errorf("deleted by others: got %+v", s)
	}
	if s := step(t, p, "ConfigMap", "recreated"); s.Action != plan.Adopt {
		t.Errorf("made again by others: got %+v", s)
	}

	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 2, apply.Created: 1, apply.Adopted: 1, apply.ObjectFailed: 1})
	mustHave(t, o.Diagnostics, "field-conflict", "kubectl-edit owns .data.ours", 10)
	mustHave(t, o.Diagnostics, "field-conflict", "--take-ownership", 10)
	if got := w.get("v1", "ConfigMap", ns, "changed").Object["data"].(map[string]any)["ours"]; got != "theirs" {
		t.Fatalf("a conflict overwrote the field: got %v", got)
	}

	mustBe(t, w.run(func(r *apply.Request) { r.TakeOwnership.All = true }), apply.Done, map[apply.Status]int{apply.Unchanged: 6, apply.Updated: 1})
	if got := w.get("v1", "ConfigMap", ns, "changed").Object["data"].(map[string]any)["ours"]; got != "1" {
		t.Fatalf("after taking ownership: got %v, want 1", got)
	}
	if got := w.get("v1", "ConfigMap", ns, "beside").Object["data"].(map[string]any)["foreign"]; got != "x" {
		t.Fatalf("the foreign field is gone: got %v", got)
	}
	if w.plan().HasChanges() {
		t.Fatal("after repair the plan still has changes")
	}
}

func TestAdoptAndConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.run()
	for _, name := range []string{"free", "same", "contested"} {
		foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/configmaps?fieldManager=someone",
			object("v1", "ConfigMap", ns, name, map[string]any{"data": map[string]any{"theirs": "kept", "key": "theirs"}}))
	}
	w.configMap(2, "tenant", ns, "free", map[string]any{"ours": "new"})
	w.configMap(3, "tenant", ns, "same", map[string]any{"key": "theirs"})
	w.configMap(4, "tenant", ns, "contested", map[string]any{"key": "ours"})
	p := w.plan()
	if s := step(t, p, "ConfigMap", "free"); s.Action != plan.Adopt || len(s.Changes) != 2 {
		t.Errorf("got %+v", s)
	}
	if s := step(t, p, "ConfigMap", "contested"); s.Action != plan.Conflict || len(s.Drift) != 0 {
		t.Errorf("got %+v", s)
	}
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.Adopted: 2, apply.ObjectFailed: 1})
	mustHave(t, o.Diagnostics, "field-conflict", "someone owns .data.key", 4)
	data := w.get("v1", "ConfigMap", ns, "free").Object["data"].(map[string]any)
	if data["theirs"] != "kept" || data["ours"] != "new" {
		t.Fatalf("adopted object: got %v, want both managers' fields", data)
	}
	// What was never ours is not pruned; what was adopted is.
	w.objects = w.objects[:1]
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Deleted: 2})
	if w.get("v1", "ConfigMap", ns, "contested") == nil {
		t.Fatal("an object that was never ours was deleted")
	}
}

func TestObjectOfOtherDeployment(t *testing.T) {
	t.Parallel()
	first, second := newWorld(t), newWorld(t)
	ns := first.namespace(1, "tenant")
	first.configMap(2, "tenant", ns, "mine", map[string]any{"a": "1"})
	mustBe(t, first.run(), apply.Done, map[apply.Status]int{apply.Created: 2})
	second.configMap(7, "other", ns, "mine", map[string]any{"a": "2"})
	if s := step(t, second.plan(), "ConfigMap", "mine"); s.Action != plan.Blocked {
		t.Fatalf("got %+v, want blocked", s)
	}
	o := second.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.ObjectFailed: 1})
	mustHave(t, o.Diagnostics, "object-of-other-deployment", "belongs to another deployment", 7)
	if got := first.get("v1", "ConfigMap", ns, "mine").Object["data"].(map[string]any)["a"]; got != "1" {
		t.Fatalf("the other deployment's object was changed: %v", got)
	}
	if first.plan().HasChanges() {
		t.Fatal("the first deployment sees changes")
	}
}

// Somebody else may write between the look at an object and the try: what they changed is no change of ours.
func TestPlanWhileOthersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "shared", map[string]any{"key": "one"})
	w.run()
	w.drop("ConfigMap", "shared")
	w.configMap(2, "tenant", ns, "shared", map[string]any{"key": "two"})
	var tries atomic.Int32
	w.counter.before = func(r *http.Request) error {
		if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") != "" && tries.Add(1) == 1 {
			w.edit(ns, "shared", setData("theirs", "x"))
		}
		return nil
	}
	s := step(t, w.plan(), "ConfigMap", "shared")
	if want := (plan.Change{Path: ".data.key", Before: "one", After: "two"}); tries.Load() != 2 || len(s.Changes) != 1 || s.Changes[0] != want {
		t.Errorf("got %+v after %d tries, want %+v alone after two", s.Changes, tries.Load(), want)
	}
}

// An object whose label a member lost to somebody else's tool must not be pruned.
func TestPruneSparesWhatLostTheLabel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "given-away", map[string]any{"a": "1"})
	w.run()
	w.edit(ns, "given-away", func(o map[string]any) { delete(o["metadata"].(map[string]any), "labels") })
	w.objects = w.objects[:1]
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 1})
	if w.get("v1", "ConfigMap", ns, "given-away") == nil {
		t.Fatal("an object without our label was deleted")
	}
}

func TestForeignInventory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.namespace(1, "tenant")
	w.run()
	for _, c := range []struct {
		name        string
		annotations map[string]any
		want        string
	}{
		{"plain", nil, "no ApplySet"},
		{"kubectl", map[string]any{"applyset.kubernetes.io/tooling": "kubectl/v1.27"}, "ApplySet of kubectl/v1.27"},
		{"copied", map[string]any{"applyset.kubernetes.io/tooling": "harmonyscript/v1"}, "copied from somewhere else"},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := newWorld(t)
			other.namespace(2, "tenant")
			secret := object("v1", "Secret", inventory.DefaultNamespace, other.name, nil)
			secret["metadata"].(map[string]any)["annotations"] = c.annotations
			foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+inventory.DefaultNamespace+"/secrets", secret)
			other.counter.reset()
			_, err := apply.Run(context.Background(), other.request())
			e := mustErr[*inventory.ForeignError](t, err)
			if !strings.Contains(e.Error(), c.want) {
				t.Fatalf("got %q, want %q in it", e, c.want)
			}
			if writes := other.counter.writes(); len(writes) > 0 {
				t.Fatalf("wrote: %v", writes)
			}
			foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+inventory.DefaultNamespace+"/secrets/"+other.name, nil)
		})
	}
}

// kubectl must be able to read the parent as an ApplySet.
func TestParentFollowsTheSpecification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"a": "1"})
	w.add(3, "tenant", object("rbac.authorization.k8s.io/v1", "Role", ns, "r", map[string]any{"rules": []any{}}))
	w.run()
	var parent corev1.Secret
	if err := w.client.GetInto(context.Background(), idOf("v1", "Secret", inventory.DefaultNamespace, w.name), &parent); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"applyset.kubernetes.io/tooling":               "harmonyscript/v1",
		"applyset.kubernetes.io/contains-group-kinds":  "ConfigMap,Namespace,Role.rbac.authorization.k8s.io",
		"applyset.kubernetes.io/additional-namespaces": ns,
	}
	for key, value := range want {
		if parent.Annotations[key] != value {
			t.Errorf("annotation %s: got %q, want %q", key, parent.Annotations[key], value)
		}
	}
	if got := parent.Labels["applyset.kubernetes.io/id"]; got != inventory.ApplySetID(w.name, inventory.DefaultNamespace) {
		t.Errorf("id label: got %q", got)
	}
}

// A write whose answer is lost, and a record that cannot be written, must never make a later run take the object for
// unchanged: here the script goes back to what it was before, so that what it would send equals what is on record.
func TestLostAnswerThenScriptGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *cluster.Options) { o.AwayFor = time.Second })
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "value", map[string]any{"key": "one"})
	w.run()
	original := slices.Clone(w.objects)
	w.drop("ConfigMap", "value")
	w.configMap(2, "tenant", ns, "value", map[string]any{"key": "two"})
	// The process dies right after the write: nothing that follows reaches the server.
	written := false
	w.counter.before = func(r *http.Request) error {
		if written {
			return errors.New("the process is dead")
		}
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/configmaps/value") {
			written = true
		}
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	request := w.request()
	request.Observe = func(e apply.Event) {
		if e.Type == apply.ObjectSettled {
			cancel()
		}
	}
	if _, err := apply.Run(ctx, request); err != nil {
		t.Fatal(err)
	}
	w.counter.before = nil
	w.expireLock()
	if got := w.get("v1", "ConfigMap", ns, "value").Object["data"].(map[string]any)["key"]; got != "two" {
		t.Fatalf("the write did not reach the server: got %v", got)
	}
	w.objects = original
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Updated: 1})
	if got := w.get("v1", "ConfigMap", ns, "value").Object["data"].(map[string]any)["key"]; got != "one" {
		t.Fatalf("the object was taken for unchanged: got %v, want one", got)
	}
}

// expireLock makes the lock of a run that could not release it look as old as it will be.
func (w *world) expireLock() {
	lease := w.get("coordination.k8s.io/v1", "Lease", inventory.DefaultNamespace, w.name)
	if lease == nil {
		return
	}
	lease.Object["spec"].(map[string]any)["renewTime"] = metav1.NewMicroTime(w.client.ServerNow().Add(-3600e9)).UTC().Format(metav1.RFC3339Micro)
	foreign(w.t, w.client, http.MethodPut, "/apis/coordination.k8s.io/v1/namespaces/"+inventory.DefaultNamespace+"/leases/"+w.name, lease.Object)
}
