// SPDX-License-Identifier: Apache-2.0

// This file watches over a deployment while others change it.

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// eventually bounds what tests wait for; they end as soon as it is there.
const eventually = 5 * time.Minute

// watched is a watch that goes on beside the test.
type watched struct {
	w      *world
	cancel context.CancelFunc
	done   chan struct{}
	// outcome and err are there when done is closed.
	outcome *apply.Outcome
	err     error

	mutex  sync.Mutex
	events []apply.Event
	// read is how many events the test has looked at.
	read  int
	more  chan struct{}
	after func(apply.Event)
}

// watch begins a watch and returns when it has begun to follow the objects.
func (w *world) watch(request apply.Request, options apply.WatchOptions) *watched {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g := &watched{w: w, cancel: cancel, done: make(chan struct{}), more: make(chan struct{}, 1)}
	request.Observe = func(e apply.Event) {
		g.mutex.Lock()
		g.events = append(g.events, e)
		after := g.after
		g.mutex.Unlock()
		select {
		case g.more <- struct{}{}:
		default:
		}
		if after != nil {
			after(e)
		}
	}
	if options.Settle == 0 {
		options.Settle = 20 * time.Millisecond
	}
	go func() {
		defer close(g.done)
		g.outcome, g.err = apply.Watch(ctx, request, options)
	}()
	w.t.Cleanup(func() { cancel(); <-g.done })
	g.await("that it watches", func(e apply.Event) bool { return e.Type == apply.Watching })
	return g
}

// await returns the next event that is the wanted one.
func (g *watched) await(what string, is func(apply.Event) bool) apply.Event {
	g.w.t.Helper()
	deadline := time.After(eventually)
	for {
		g.mutex.Lock()
		for g.read < len(g.events) {
			e := g.events[g.read]
			g.read++
			if is(e) {
				g.mutex.Unlock()
				return e
			}
		}
		g.mutex.Unlock()
		select {
		case <-g.more:
		case <-g.done:
			g.w.t.Fatalf("the watch ended (%v) before %s", g.err, what)
		case <-deadline:
			g.w.t.Fatalf("got no event for %s", what)
		}
	}
}

// settled awaits that an object was corrected, and the run with it.
func (g *watched) settled(name string, status apply.Status) {
	g.w.t.Helper()
	g.await(fmt.Sprintf("%s is %s", name, status), func(e apply.Event) bool {
		return e.Type == apply.ObjectSettled && e.ID.Name == name && e.Status == status
	})
	g.await("the end of the run", func(e apply.Event) bool { return e.Type == apply.Finished })
}

// end ends the watch.
func (g *watched) end() {
	g.cancel()
	<-g.done
}

func (w *world) dataOf(namespace, name, key string) any {
	w.t.Helper()
	live := w.get("v1", "ConfigMap", namespace, name)
	if live == nil {
		return nil
	}
	data, _ := live.Object["data"].(map[string]any)
	return data[key]
}

// TestWatchCorrects puts right what others edit, delete and take the label off, tells who it was, and leaves alone what was never ours.
func TestWatchCorrects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	w.configMap(3, "tenant", ns, "b", map[string]any{"ours": "1"})
	g := w.watch(w.request(), apply.WatchOptions{})

	w.edit(ns, "a", func(o map[string]any) {
		o["data"] = map[string]any{"ours": "2", "theirs": "3"}
	})
	drift := g.await("drift", func(e apply.Event) bool { return e.Type == apply.Drifted })
	if drift.ID.Name != "a" || drift.Manager != "kubectl-edit" || drift.Position.Line != 2 || !strings.Contains(drift.Message, "changed or removed by kubectl-edit") {
		t.Errorf("got %+v, want who changed what", drift)
	}
	g.settled("a", apply.Updated)
	if w.dataOf(ns, "a", "ours") != "1" || w.dataOf(ns, "a", "theirs") != "3" {
		t.Errorf("got %v, want ours as it was and theirs left alone", w.get("v1", "ConfigMap", ns, "a").Object["data"])
	}

	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/b", nil)
	if drift := g.await("drift", func(e apply.Event) bool { return e.Type == apply.Drifted }); drift.ID.Name != "b" || drift.Manager != "" {
		t.Errorf("got %+v, want that b was deleted by nobody knows whom", drift)
	}
	g.settled("b", apply.Created)

	w.edit(ns, "a", func(o map[string]any) { delete(o["metadata"].(map[string]any), "labels") })
	g.settled("a", apply.Updated)
	if label := w.get("v1", "ConfigMap", ns, "a").GetLabels()[inventory.MemberLabel]; label == "" {
		t.Error("the label was not put back")
	}
	g.end()
	if g.err != nil || g.outcome.State != apply.Done {
		t.Errorf("got %v and %+v, want a clean end", g.err, g.outcome)
	}
	runs, err := w.inventory().Runs()
	if err != nil || len(runs) != 4 || runs[0].Verb != inventory.VerbWatch || runs[3].Verb != inventory.VerbApply || runs[1].Changes[0].ID.Name != "b" || runs[0].User == "" {
		t.Errorf("got runs %+v (%v)", runs, err)
	}
}

// TestWatchIsCalm compares again and again without a write, and holds no lock meanwhile.
func TestWatchIsCalm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	w.run()
	w.counter.reset()
	compared, count := make(chan struct{}), atomic.Int32{}
	w.counter.before = func(r *http.Request) error {
		// Every comparison reads the inventory once.
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/secrets/"+w.name) && count.Add(1) == 4 {
			close(compared)
		}
		return nil
	}
	g := w.watch(w.request(), apply.WatchOptions{Resync: 100 * time.Millisecond})
	<-compared
	if w.get("coordination.k8s.io/v1", "Lease", inventory.DefaultNamespace, w.name) != nil {
		t.Error("the lock is held while there is nothing to do")
	}
	// Another run of the same goes in between.
	other := connect(t, cluster.Options{Kubeconfig: kubeconfig(t)})
	request := w.request()
	request.Client = other
	if o, err := apply.Run(context.Background(), request); err != nil || o.State != apply.Done {
		t.Errorf("got %v, %v", o, err)
	}
	g.end()
	if writes := w.counter.writes(); len(writes) != 0 {
		t.Errorf("got writes %v, want none", writes)
	}
	for _, e := range g.events {
		if e.Type == apply.Drifted || e.Type == apply.Retrying {
			t.Errorf("got %+v", e)
		}
	}
}

// TestWatchBacksOffFromAFight gives way to a controller that changes the same again and again, and says who it is.
func TestWatchBacksOffFromAFight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "contested", map[string]any{"ours": "1"})
	const first = 40 * time.Millisecond
	// A fight is over when it has been calm for twice the longest time between corrections: a slow machine is no calm.
	g := w.watch(w.request(), apply.WatchOptions{Backoff: first, MaxBackoff: 1024 * first})
	var round atomic.Int32
	fight := func() {
		w.edit(ns, "contested", func(o map[string]any) { o["data"] = map[string]any{"ours": fmt.Sprint("theirs-", round.Add(1))} })
	}
	g.mutex.Lock()
	g.after = func(e apply.Event) {
		if e.Type == apply.ObjectSettled && e.ID.Name == "contested" {
			fight()
		}
	}
	g.mutex.Unlock()
	fight()
	for corrections := 3; corrections <= 6; corrections++ {
		e := g.await("a fight", func(e apply.Event) bool { return e.Type == apply.Fighting })
		if e.Manager != "kubectl-edit" || e.ID.Name != "contested" || !strings.Contains(e.Message, fmt.Sprintf("by kubectl-edit again, although it was corrected %d times", corrections)) {
			t.Fatalf("got %+v, want the fight after %d corrections", e, corrections)
		}
		corrected := g.await("a correction", func(e apply.Event) bool { return e.Type == apply.ObjectSettled })
		if corrected.Time.Before(e.RetryAt) {
			t.Errorf("corrected at %s, before %s as was said", corrected.Time, e.RetryAt)
		}
	}
	g.mutex.Lock()
	g.after = nil
	g.mutex.Unlock()
}

// TestWatchThatCannotCorrect tries less and less often, fills no history with it, and corrects as soon as it may again.
func TestWatchThatCannotCorrect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	w.configMap(3, "tenant", ns, "b", map[string]any{"ours": "1"})
	g := w.watch(w.request(), apply.WatchOptions{Backoff: 40 * time.Millisecond, MaxBackoff: 80 * time.Millisecond})
	// A full namespace: what is deleted cannot be made again.
	full := object("v1", "ResourceQuota", ns, "full", spec(map[string]any{"hard": map[string]any{"count/configmaps": "0"}}))
	foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/resourcequotas", full)
	awaitQuota(t, w.client, "/api/v1/namespaces/"+ns+"/configmaps", object("v1", "ConfigMap", ns, "one-more", nil))
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/a", nil)
	for range 5 {
		g.await("a failure", func(e apply.Event) bool { return e.Type == apply.ObjectSettled && e.Status == apply.ObjectFailed })
		g.await("that it is tried again", func(e apply.Event) bool { return e.Type == apply.Retrying })
	}
	runs, err := w.inventory().Runs()
	if err != nil || len(runs) > 3 {
		t.Fatalf("got %d runs (%v): %+v, want the apply, the corrections that failed as one, and at most one that goes on", len(runs), err, runs)
	}
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/resourcequotas/full", nil)
	g.settled("a", apply.Created)
	g.end()
	if runs, err = w.inventory().Runs(); err != nil || len(runs) != 3 {
		t.Fatalf("got %d runs (%v), want the apply, those that failed, and that which did not", len(runs), err)
	}
	failed := runs[1]
	if failed.Times < 5 || failed.FirstNumber() != 2 || failed.Number != runs[0].Number-1 || !failed.First.Before(failed.Started) || failed.First.Before(runs[2].Started) ||
		failed.State != "failed" || failed.Changes[0].ID.Name != "a" || failed.Changes[0].Reason == "" || runs[0].State != "done" || runs[0].Times != 0 {
		t.Errorf("got %+v", runs)
	}
}

// TestWatchReloads takes up what is to be applied from now on, and keeps the last good when it is wrong or cannot be applied.
func TestWatchReloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	next := make(chan func() (*apply.Request, error), 1)
	g := w.watch(w.request(), apply.WatchOptions{ReloadEvery: 20 * time.Millisecond, Reload: func(context.Context) (*apply.Request, error) {
		select {
		case reload := <-next:
			return reload()
		default:
			return nil, nil
		}
	}})
	next <- func() (*apply.Request, error) { return nil, errors.New("the script is wrong") }
	if e := g.await("a wrong script", func(e apply.Event) bool { return e.Type == apply.ReloadFailed }); !strings.Contains(e.Message, "the script is wrong") || e.Diagnostic == nil {
		t.Errorf("got %+v", e)
	}
	next <- func() (*apply.Request, error) {
		request := w.request()
		request.Deployment += "-other"
		return &request, nil
	}
	if e := g.await("another name", func(e apply.Event) bool { return e.Type == apply.ReloadFailed }); e.Diagnostic.Code != "deployment-renamed" {
		t.Errorf("got %+v", e)
	}
	other := *w
	other.objects = w.objects[:1:1]
	other.configMap(2, "tenant", ns, "a", map[string]any{"ours": "2"})
	other.configMap(3, "tenant", ns, "b", map[string]any{"ours": "1"})
	changed := other.request()
	changed.Cause.ScriptHash = "sha256:2"
	next <- func() (*apply.Request, error) { return &changed, nil }
	g.await("the new script", func(e apply.Event) bool { return e.Type == apply.Reloaded })
	g.await("the end of the run", func(e apply.Event) bool { return e.Type == apply.Finished })
	if w.dataOf(ns, "a", "ours") != "2" || w.dataOf(ns, "b", "ours") != "1" {
		t.Errorf("the new script is not in force")
	}
	// What others do to its objects is corrected by it.
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/b", nil)
	g.settled("b", apply.Created)

	other.secret(4, ns, "hook", map[string]string{"url": "NOWHERE"})
	impossible := other.request()
	impossible.ResolveSecret = vault{}.resolve
	next <- func() (*apply.Request, error) { return &impossible, nil }
	if e := g.await("that it cannot be applied", func(e apply.Event) bool { return e.Type == apply.ReloadFailed }); e.Diagnostic.Code != "secret-missing" || !strings.Contains(e.Message, "it is not in the vault") {
		t.Errorf("got %+v", e)
	}
	w.edit(ns, "b", func(o map[string]any) { o["data"] = map[string]any{"ours": "9"} })
	g.settled("b", apply.Updated)
	if w.dataOf(ns, "b", "ours") != "1" {
		t.Errorf("the last good script is not in force")
	}
	runs, err := w.inventory().Runs()
	if err != nil || runs[0].ScriptHash != "sha256:2" {
		t.Errorf("got %+v (%v), want the script that is in force", runs[0], err)
	}
}

// TestWatchIsSuperseded ends when somebody deploys something else, or destroys the deployment, and undoes neither.
func TestWatchIsSuperseded(t *testing.T) {
	t.Parallel()
	for _, destroyed := range []bool{false, true} {
		w := newWorld(t)
		ns := w.namespace(1, "tenant")
		w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
		w.configMap(3, "tenant", ns, "b", map[string]any{"ours": "1"})
		request := w.request()
		request.Cause = apply.Cause{Script: "mine.star", ScriptHash: "sha256:1"}
		g := w.watch(request, apply.WatchOptions{Backoff: 50 * time.Millisecond})
		if destroyed {
			w.destroy(true)
		} else {
			w.drop("ConfigMap", "b")
			w.run(func(r *apply.Request) { r.Cause = apply.Cause{Script: "theirs.star", ScriptHash: "sha256:2"} })
		}
		<-g.done
		superseded := mustErr[*apply.SupersededError](t, g.err)
		if d := superseded.Diagnostic(); d.Code != "watch-superseded" || destroyed == strings.Contains(d.Detail, "theirs.star") {
			t.Errorf("got %+v", d)
		}
		if live := w.get("v1", "ConfigMap", ns, "b"); live != nil && live.GetDeletionTimestamp() == nil {
			t.Error("what the other run removed was made again")
		}
	}
}
