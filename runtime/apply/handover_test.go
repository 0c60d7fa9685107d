// SPDX-License-Identifier: Apache-2.0

// This file holds tests of releases that wait for others, and of objects that change hands.

package apply_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// A release whose turn never came is as it was, and so is its record.
func TestReleaseNotTried(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	key := ns + "/web"
	w.configMap(2, "stack", ns, "ours", map[string]any{"a": "1"})
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	w.run()
	w.edit(ns, "ours", setData("a", "theirs"))
	w.releases = nil
	w.release(3, "stack", ns, "2.0.0", map[string]map[string]any{"one": {"a": "2"}})
	fake.calls = nil
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.ObjectFailed: 1, apply.NotTried: 1})
	if r := releaseResult(t, o, key); r.Status != apply.NotTried || !strings.Contains(r.Reason, "needs in namespace") || len(fake.calls) > 0 {
		t.Fatalf("got %+v after %v", r, fake.calls)
	}
	if inv := w.inventory(); len(inv.Releases) != 1 || inv.Releases[0].Pending || inv.Releases[0].Chart.Version != "1.0.0" || len(inv.Pending) > 0 {
		t.Fatalf("recorded %+v, pending %v", inv.Releases, inv.Pending)
	}

	// While its score does not work, a release that is no longer wanted stays.
	w.releases = nil
	o = w.run()
	if r := releaseResult(t, o, key); o.State != apply.Failed || r.Status != apply.Kept || len(fake.calls) > 0 {
		t.Fatalf("got %s, %+v after %v", o.State, r, fake.calls)
	}
	if w.get("v1", "ConfigMap", ns, "one") == nil {
		t.Fatal("an object of a release that stays was deleted")
	}
	o = w.run(func(r *apply.Request) { r.TakeOwnership.All = true })
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Updated: 1, apply.Deleted: 1})
	if inv := w.inventory(); len(inv.Releases) > 0 {
		t.Fatalf("recorded %+v", inv.Releases)
	}
}

// An object that leaves a release for our own hands, while the release stays, is not deleted by Helm's upgrade.
func TestObjectLeavesAReleaseThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.helm = &fakeHelm{client: w.client}
	ns := w.namespace(1, "stack")
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}, "two": {"a": "1"}})
	w.run()
	uid := w.get("v1", "ConfigMap", ns, "two").GetUID()
	w.releases = nil
	w.release(3, "stack", ns, "1.1.0", map[string]map[string]any{"one": {"a": "1"}})
	w.configMap(4, "stack", ns, "two", map[string]any{"a": "1"})
	// Its stage comes after the releases.
	w.objects[len(w.objects)-1].Stage = backend.StageResources
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 1})
	live := w.get("v1", "ConfigMap", ns, "two")
	if live == nil || live.GetUID() != uid || len(live.GetAnnotations()) > 0 {
		t.Fatalf("got %+v, want the object that was there, without Helm's marks", live)
	}
	if w.plan().HasChanges() {
		t.Fatal("the plan has changes")
	}
}

// The same objects, ours now and then a release's: they must not differ from those that were made that way at once.
func TestHandOverLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w, _ := newHelmWorld(t)
	ns, fresh := w.namespace(1, "stack"), w.namespace(5, "stack")
	byHelm := map[string]map[string]any{"web": {"both": "1", "differs": "helm", "helm": "x"}, "only": {"a": "1"}}
	byUs := map[string]any{"both": "1", "differs": "ours", "ours": "y"}
	withRelease := func() {
		w.objects = w.objects[:2]
		w.releases = nil
		w.release(3, "stack", ns, "1.0.0", byHelm)
	}
	withoutRelease := func() {
		w.objects = w.objects[:2]
		w.releases = nil
		w.configMap(4, "stack", ns, "web", byUs)
	}
	shape := func(namespace string) map[string]any {
		live := w.get("v1", "ConfigMap", namespace, "web")
		managers := []string{}
		for _, e := range live.GetManagedFields() {
			managers = append(managers, e.Manager+" "+string(e.Operation))
		}
		live.SetManagedFields(nil)
		metadata := live.Object["metadata"].(map[string]any)
		for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "namespace"} {
			delete(metadata, field)
		}
		live.Object["managers"] = managers
		return live.Object
	}
	same := func(what string) {
		t.Helper()
		if changes := plan.Diff(shape(fresh), shape(ns)); len(changes) > 0 {
			t.Fatalf("%s: it differs from one that was made so at once: %+v", what, changes)
		}
		if w.plan().HasChanges() {
			t.Fatalf("%s: the plan has changes", what)
		}
	}
	freshly := func(release bool) {
		other := newWorld(t)
		// The membership label is the deployment's.
		other.name = w.name
		if w.get("v1", "ConfigMap", fresh, "web") != nil {
			foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+fresh+"/configmaps/web", nil)
		}
		manager, body := cluster.FieldManager, object("v1", "ConfigMap", fresh, "web", map[string]any{"data": byUs})
		labels := map[string]any{inventory.MemberLabel: inventory.ApplySetID(w.name, inventory.DefaultNamespace)}
		metadata := body["metadata"].(map[string]any)
		if release {
			manager, body["data"] = helm.FieldManager, byHelm["web"]
			labels["app.kubernetes.io/managed-by"] = "Helm"
			metadata["annotations"] = map[string]any{"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": ns}
		}
		metadata["labels"] = labels
		w.applyAs(manager, body)
	}

	withRelease()
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 4})
	uid := w.get("v1", "ConfigMap", ns, "web").GetUID()
	for round := range 2 {
		withoutRelease()
		p := w.plan()
		if s := releaseStep(t, p, ns+"/web"); s.Action != plan.ReleaseHandOver {
			t.Fatalf("round %d: got %+v, want a hand-over", round, s)
		}
		s := step(t, p, "ConfigMap", "web")
		var changes []string
		for _, c := range s.Changes {
			changes = append(changes, c.Path)
		}
		want := []string{".data.differs", ".data.helm", ".data.ours", ".metadata.annotations.meta.helm.sh/release-name", ".metadata.annotations.meta.helm.sh/release-namespace", ".metadata.labels.app.kubernetes.io/managed-by"}
		if s.Action != plan.Update || !slices.Equal(changes, want) || len(s.Conflicts) > 0 {
			t.Fatalf("round %d: got %+v, want changes of %v", round, s, want)
		}
		mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 1, apply.Deleted: 1})
		freshly(false)
		same("from Helm to us")
		if inv := w.inventory(); len(inv.Releases) != 0 {
			t.Fatalf("recorded %+v", inv.Releases)
		}
		withRelease()
		p = w.plan()
		if s := step(t, p, "ConfigMap", "web"); s.Action != plan.Update || len(s.Changes) != len(want) || !strings.Contains(s.Reason, "takes it over") {
			t.Fatalf("round %d: got %+v", round, s)
		}
		if s := releaseStep(t, p, ns+"/web"); s.Action != plan.ReleaseInstall || !strings.Contains(s.Reason, "takes over 1 object") {
			t.Fatalf("round %d: got %+v", round, s)
		}
		mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 1, apply.Created: 1})
		freshly(true)
		same("from us to Helm")
	}
	if got := w.get("v1", "ConfigMap", ns, "web").GetUID(); got != uid {
		t.Fatal("the object was made anew")
	}
}
