// SPDX-License-Identifier: Apache-2.0

// This file has others work on releases while a run or a watch wants to.

package apply_test

import (
	"context"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// othersBegin leaves a release as others do who are upgrading it; the function that it returns ends that.
func (f *fakeHelm) othersBegin(t *testing.T, namespace, name string) (end func()) {
	t.Helper()
	change := func(do func(*helm.State)) {
		t.Helper()
		stored, secret, err := f.load(context.Background(), namespace, name)
		if err != nil || stored == nil {
			t.Fatalf("got release %v, %v", stored, err)
		}
		do(&stored.State)
		if _, err := f.store(context.Background(), stored, secret); err != nil {
			t.Fatal(err)
		}
	}
	change(func(s *helm.State) {
		now := time.Now()
		s.Revision++
		s.Status, s.Operation = "pending-upgrade", &helm.Operation{Name: "upgrade", Others: true, Began: now, Heard: now}
	})
	return func() {
		t.Helper()
		change(func(s *helm.State) { s.Status, s.Operation = helm.Deployed, nil })
	}
}

func TestReleaseOthersWorkOn(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	key := ns + "/web"
	w.configMap(2, "stack", ns, "ours", map[string]any{"a": "1"})
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	w.run()
	end := fake.othersBegin(t, ns, "web")
	w.edit(ns, "one", setData("a", "theirs"))
	w.edit(ns, "ours", setData("a", "drifted"))
	fake.calls = nil

	// What does not hang on the release is done.
	o := w.run(func(r *apply.Request) { r.TakeOwnership.All = true })
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.Updated: 1, apply.NotTried: 1})
	mustHave(t, o.Diagnostics, "release-busy", "others began an upgrade", 3)
	if s := releaseStep(t, w.plan(), key); s.Action != plan.ReleaseBlocked || s.Diagnostic == nil || s.Diagnostic.Code != "release-busy" {
		t.Errorf("got %+v", s)
	}

	// Neither the release goes nor the namespace that it is in, nor what stands beside it.
	o = w.destroy(true)
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Kept: 3})
	mustHave(t, o.Diagnostics, "release-busy", "others began an upgrade", 3)
	if r := releaseResult(t, o, key); r.Status != apply.ObjectFailed || r.Action != plan.ReleaseBlocked {
		t.Errorf("got %+v", r)
	}

	// The same where the objects are to change hands.
	w.releases = nil
	w.configMap(4, "stack", ns, "one", map[string]any{"a": "2"})
	mustBe(t, w.run(), apply.Failed, map[apply.Status]int{apply.Unchanged: 2, apply.NotTried: 1})
	if len(fake.calls) > 0 || w.dataOf(ns, "one", "a") != "theirs" {
		t.Errorf("called %v and left %v", fake.calls, w.dataOf(ns, "one", "a"))
	}
	if inv := w.inventory(); len(inv.Releases) != 1 || len(inv.Members) != 3 {
		t.Errorf("recorded %+v, %+v", inv.Releases, inv.Members)
	}

	end()
	mustBe(t, w.run(func(r *apply.Request) { r.TakeOwnership.All = true }), apply.Done, map[apply.Status]int{apply.Unchanged: 2, apply.Updated: 1})
	mustBe(t, w.destroy(true), apply.Done, map[apply.Status]int{apply.Deleted: 3})
}

// TestReleaseOthersBeginToWorkOn has others begin after the run had looked.
func TestReleaseOthersBeginToWorkOn(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	fake.busy = &helm.BusyError{Namespace: ns, Name: "web", Operation: helm.Operation{Name: "install", Others: true}}
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Created: 1, apply.NotTried: 1})
	mustHave(t, o.Diagnostics, "release-busy", "others began an install", 3)
	fake.busy = nil
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Created: 1})
	fake.busy = &helm.BusyError{Namespace: ns, Name: "web", Operation: helm.Operation{Name: "upgrade", Others: true}}
	o = w.destroy(true)
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Kept: 1, apply.NotTried: 1})
	mustHave(t, o.Diagnostics, "release-busy", "others began an upgrade", 3)
	fake.busy = nil
	mustBe(t, w.destroy(true), apply.Done, map[apply.Status]int{apply.Deleted: 2})
}

// TestWatchWaitsForOthers has a watch see what others do to a release while they are at it.
func TestWatchWaitsForOthers(t *testing.T) {
	t.Parallel()
	w, fake := newHelmWorld(t)
	ns := w.namespace(1, "stack")
	w.release(3, "stack", ns, "1.0.0", map[string]map[string]any{"one": {"a": "1"}})
	g := w.watch(w.request(), apply.WatchOptions{Backoff: 20 * time.Millisecond, MaxBackoff: 200 * time.Millisecond, Resync: time.Hour})
	end := fake.othersBegin(t, ns, "web")
	w.edit(ns, "one", setData("a", "theirs"))
	busy := func(e apply.Event) bool {
		return e.Type == apply.ReleaseSettled && e.Diagnostic != nil && e.Diagnostic.Code == "release-busy"
	}
	retrying := func(e apply.Event) bool { return e.Type == apply.Retrying }
	for range 3 {
		g.await("that others are at work", busy)
		g.await("that it looks again", retrying)
	}
	if got := w.dataOf(ns, "one", "a"); got != "theirs" {
		t.Errorf("got %v while others were at work", got)
	}
	end()
	g.settled("one", apply.Updated)
	if got := w.dataOf(ns, "one", "a"); got != "1" {
		t.Errorf("got %v when others had ended", got)
	}
	g.end()
	if g.err != nil {
		t.Error(g.err)
	}
}
