// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// release puts a release called web, of ConfigMaps, into what is to exist; maps are their data by name.
func (w *world) release(line int, title, namespace, version string, maps map[string]map[string]any) {
	w.t.Helper()
	release := backend.Release{Namespace: namespace, Name: "web", Values: []byte("{}"), Origin: at(line), Score: title}
	rendered := &helm.Rendered{Release: release, Chart: helm.Chart{Name: "maps", Version: version, Digest: "sha256:" + version}}
	for _, key := range slices.Sorted(keysOf(maps)) {
		o, err := backend.NewObject(object("v1", "ConfigMap", namespace, key, map[string]any{"data": maps[key]}), at(line), title)
		if err != nil {
			w.t.Fatal(err)
		}
		o.Stage, o.Release = backend.StageReleases, release.Key()
		rendered.Objects = append(rendered.Objects, o)
	}
	w.releases = append(w.releases, rendered)
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

func releaseStep(t *testing.T, p *plan.Plan, key string) plan.ReleaseStep {
	t.Helper()
	for _, s := range p.Releases {
		if s.Release == key {
			return s
		}
	}
	t.Fatalf("the plan has no step for release %s: %+v", key, p.Releases)
	return plan.ReleaseStep{}
}

func releaseResult(t *testing.T, o *apply.Outcome, key string) apply.ReleaseResult {
	t.Helper()
	for _, r := range o.Releases {
		if r.Release == key {
			return r
		}
	}
	t.Fatalf("the outcome has no release %s: %+v", key, o.Releases)
	return apply.ReleaseResult{}
}

func TestReleaseLifecycle(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	w.configMap(2, "stack", ns, "ours", map[string]any{"a": "1"})
	key := ns + "/web"
	first := map[string]map[string]any{"one": {"a": "1"}, "two": {"b": "1", "gone": "x"}}
	w.release(3, "stack", ns, "1.0.0", first)

	p := w.plan()
	if s := releaseStep(t, p, key); s.Action != plan.ReleaseInstall || s.Chart.Version != "1.0.0" || s.Position.Line != 3 {
		t.Fatalf("got %+v, want an install", s)
	}
	if s := step(t, p, "ConfigMap", "one"); s.Action != plan.Create || s.Release != key {
		t.Fatalf("got %+v, want a create of the release", s)
	}
	var events []string
	o := w.run(func(r *apply.Request) {
		r.Observe = func(e apply.Event) {
			if e.Type == apply.ReleaseBegun || e.Type == apply.ReleaseSettled {
				events = append(events, string(e.Type)+" "+e.Release+" "+string(e.Action)+" "+string(e.Status))
			}
		}
	})
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Created: 4})
	if r := releaseResult(t, o, key); r.Status != apply.Created || r.Revision != 1 || r.Action != plan.ReleaseInstall {
		t.Fatalf("got %+v", r)
	}
	if want := []string{"release " + key + " install ", "release-settled " + key + " install created"}; !slices.Equal(events, want) {
		t.Fatalf("got events %q, want %q", events, want)
	}
	inv := w.inventory()
	if len(inv.Releases) != 1 || inv.Releases[0].Pending || inv.Releases[0].Revision != 1 || inv.Releases[0].Chart.Version != "1.0.0" || len(inv.Pending) != 0 {
		t.Fatalf("recorded %+v, pending %v", inv.Releases, inv.Pending)
	}

	// Nothing to do: nothing is written, Helm is not called.
	w.counter.reset()
	fake.calls = nil
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 4})
	if writes := w.counter.writes(); len(writes) > 0 || len(fake.calls) > 0 {
		t.Fatalf("a run without changes wrote %v and called %v", writes, fake.calls)
	}

	// Another version of the chart: one object changes, one goes, one comes.
	w.releases = nil
	w.release(3, "stack", ns, "1.1.0", map[string]map[string]any{"two": {"b": "2"}, "three": {"c": "1"}})
	p = w.plan()
	if s := releaseStep(t, p, key); s.Action != plan.ReleaseUpgrade || s.Former == nil || s.Former.Version != "1.0.0" || s.Revision != 1 {
		t.Fatalf("got %+v, want an upgrade from 1.0.0", s)
	}
	two := step(t, p, "ConfigMap", "two")
	if want := []plan.Change{{Path: ".data.b", Before: "1", After: "2"}, {Path: ".data.gone", Before: "x"}}; two.Action != plan.Update || !slices.Equal(two.Changes, want) {
		t.Fatalf("got %+v, want %v", two, want)
	}
	if s := step(t, p, "ConfigMap", "one"); s.Action != plan.Delete || s.Release != key {
		t.Fatalf("got %+v, want a removal", s)
	}
	o = w.run()
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 1, apply.Created: 1, apply.Deleted: 1})
	if data := w.get("v1", "ConfigMap", ns, "two").Object["data"].(map[string]any); len(data) != 1 || data["b"] != "2" {
		t.Fatalf("got %v", data)
	}

	// Drift is seen, told, and taken back by Helm.
	w.edit(ns, "two", setData("b", "theirs"))
	p = w.plan()
	two = step(t, p, "ConfigMap", "two")
	if two.Action != plan.Update || len(two.Drift) != 1 || two.Drift[0].Manager != "kubectl-edit" || !slices.Equal(two.Drift[0].Fields, []string{".data.b"}) || len(two.Conflicts) != 0 {
		t.Fatalf("drift: got %+v", two)
	}
	if s := releaseStep(t, p, key); s.Action != plan.ReleaseUpgrade || !strings.Contains(s.Reason, "1 object of it is not as it was left") {
		t.Fatalf("got %+v", s)
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 3, apply.Updated: 1})
	if w.plan().HasChanges() {
		t.Fatal("after repair the plan still has changes")
	}

	// The release goes.
	w.releases = nil
	p = w.plan()
	if s := releaseStep(t, p, key); s.Action != plan.ReleaseUninstall || s.Chart.Version != "1.1.0" {
		t.Fatalf("got %+v, want an uninstall", s)
	}
	fake.calls = nil
	o = w.run()
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Deleted: 2})
	if r := releaseResult(t, o, key); r.Status != apply.Deleted || !slices.Equal(fake.calls, []string{"uninstall " + key}) {
		t.Fatalf("got %+v after %v", r, fake.calls)
	}
	if inv := w.inventory(); len(inv.Releases) != 0 || len(inv.Members) != 2 {
		t.Fatalf("recorded %+v", inv.Releases)
	}
	if got := w.configMaps(ns); len(got) != 1 {
		t.Fatalf("got %v, want the one of ours alone", got)
	}
}

func TestReleaseDestroy(t *testing.T) {
	t.Parallel()
	w, _ := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	w.configMap(2, "stack", ns, "ours", map[string]any{"a": "1"})
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	w.run()
	request := w.planRequest()
	request.Objects, request.Releases = nil, nil
	p, err := plan.Compute(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	if s := releaseStep(t, p, ns+"/web"); s.Action != plan.ReleaseUninstall {
		t.Fatalf("got %+v", s)
	}
	o := w.destroy(false)
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Deleted: 2, apply.Kept: 1})
	if r := releaseResult(t, o, ns+"/web"); r.Status != apply.Deleted {
		t.Fatalf("got %+v", r)
	}
	if inv := w.inventory(); len(inv.Releases) != 0 || len(inv.Members) != 1 {
		t.Fatalf("recorded %+v", inv)
	}
}

func TestReleaseOfOther(t *testing.T) {
	t.Parallel()
	first, second := newWorld(t), newWorld(t)
	fake := &fakeHelm{client: first.client}
	first.helm, second.helm = fake, fake
	ns := first.namespace(1, "stack")
	first.release(2, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	first.run()
	second.release(7, "other", ns, "1.0.0", map[string]map[string]any{"mine": {"a": "1"}})
	fake.calls = nil
	p := second.plan()
	if s := releaseStep(t, p, ns+"/web"); s.Action != plan.ReleaseBlocked || s.Diagnostic == nil {
		t.Fatalf("got %+v, want blocked", s)
	}
	mustHave(t, p.Diagnostics, "release-of-other", "belongs to another deployment", 7)
	o := second.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.NotTried: 1})
	mustHave(t, o.Diagnostics, "release-of-other", "belongs to another deployment", 7)
	if len(fake.calls) > 0 {
		t.Fatalf("called %v", fake.calls)
	}

	// One that nobody of ours made may be taken over on request.
	stored, secret, err := fake.load(context.Background(), ns, "web")
	if err != nil {
		t.Fatal(err)
	}
	stored.State.Owner = ""
	if _, err := fake.store(context.Background(), stored, secret); err != nil {
		t.Fatal(err)
	}
	mustHave(t, second.plan().Diagnostics, "release-of-other", "--take-ownership", 7)
	third := newWorld(t)
	third.helm = fake
	third.release(9, "other", ns, "1.0.0", map[string]map[string]any{"mine": {"a": "1"}})
	o = third.run(func(r *apply.Request) { r.TakeOwnership.All = true })
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Created: 1})
}

func TestReleaseDoesNotOverwriteObjectsOfOthers(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	w.run()
	foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/configmaps", object("v1", "ConfigMap", ns, "theirs", map[string]any{"data": map[string]any{"a": "theirs"}}))
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"theirs": {"a": "1"}, "two": {"a": "1"}})
	p := w.plan()
	if s := step(t, p, "ConfigMap", "theirs"); s.Action != plan.Blocked {
		t.Fatalf("got %+v, want blocked", s)
	}
	if s := step(t, p, "ConfigMap", "two"); s.Action != plan.Blocked || !strings.Contains(s.Reason, "theirs stands in the way") {
		t.Fatalf("got %+v, want blocked by the other", s)
	}
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.ObjectFailed: 1, apply.NotTried: 1})
	mustHave(t, o.Diagnostics, "object-of-other", "Helm would overwrite it", 3)
	if len(fake.calls) > 0 || w.get("v1", "ConfigMap", ns, "theirs").Object["data"].(map[string]any)["a"] != "theirs" {
		t.Fatal("the object of others was touched")
	}
	o = w.run(func(r *apply.Request) { r.TakeOwnership.All = true })
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Adopted: 1, apply.Created: 1})
	if w.plan().HasChanges() {
		t.Fatal("the plan after taking over has changes")
	}
}

func TestReleaseFails(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	key := ns + "/web"
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}, "two": {"a": "1"}})
	w.configMap(4, "elsewhere", ns, "ours", map[string]any{"a": "1"})
	fake.before = func(id backend.ID) error {
		if id.Name == "two" {
			return errors.New("the chart is broken")
		}
		return nil
	}
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Created: 2, apply.ObjectFailed: 2})
	d := mustHave(t, o.Diagnostics, "release-failed", "the chart is broken", 3)
	for _, want := range []string{"revision 1 is failed", "ConfigMap " + ns + "/one: there, new", "ConfigMap " + ns + "/two: not there"} {
		if !strings.Contains(d.Detail, want) {
			t.Errorf("got detail %q, want %q in it", d.Detail, want)
		}
	}
	if inv := w.inventory(); len(inv.Releases) != 1 || !inv.Releases[0].Pending {
		t.Fatalf("recorded %+v, want the release pending", inv.Releases)
	}
	if s := releaseStep(t, w.plan(), key); s.Action != plan.ReleaseUpgrade || !strings.Contains(s.Reason, "failed") {
		t.Fatalf("got %+v", s)
	}
	fake.before = nil
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 3, apply.Created: 1})
	if inv := w.inventory(); len(inv.Releases) != 1 || inv.Releases[0].Pending || len(inv.Pending) != 0 {
		t.Fatalf("recorded %+v, pending %v", inv.Releases, inv.Pending)
	}

	// Its namespace fails: Helm is not even called.
	other := newWorld(t)
	second := &fakeHelm{client: other.client}
	other.helm = second
	gone := other.namespace(1, "stack")
	other.release(3, "stack", gone, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	other.counter.before = func(r *http.Request) error {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/namespaces/"+gone) {
			return apierrors.NewBadRequest("no")
		}
		return nil
	}
	o, err := apply.Run(context.Background(), other.request())
	if err != nil {
		t.Fatal(err)
	}
	if o.State != apply.Failed || len(second.calls) > 0 || releaseResult(t, o, gone+"/web").Status != apply.NotTried {
		t.Fatalf("got %s, %+v after %v", o.State, o.Releases, second.calls)
	}
}
