// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

func TestTwoRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"a": "1"})
	reached, proceed := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	w.counter.before = func(r *http.Request) error {
		if r.Method == http.MethodPatch && once.CompareAndSwap(false, true) {
			close(reached)
			<-proceed
		}
		return nil
	}
	first := make(chan *apply.Outcome, 1)
	go func() {
		o, err := apply.Run(context.Background(), w.request())
		if err != nil {
			t.Error(err)
		}
		first <- o
	}()
	<-reached
	other := connect(t, cluster.Options{Kubeconfig: kubeconfig(t)})
	request := w.request()
	request.Client = other
	_, err := apply.Run(context.Background(), request)
	held := mustErr[*apply.LockedError](t, err)
	if held.Process != os.Getpid() || held.Since.IsZero() || time.Until(held.Expires) <= 0 {
		t.Errorf("got %+v, want this process, its start and the end of its lock", held)
	}
	if d := cluster.Diagnostics(err); d[0].Code != "deployment-locked" || !strings.Contains(d[0].Summary, fmt.Sprintf("process %d on", os.Getpid())) {
		t.Errorf("got %v", d)
	}
	// One that may wait gets its turn.
	second := make(chan *apply.Outcome, 1)
	waiting := make(chan struct{})
	told := sync.OnceFunc(func() { close(waiting) })
	go func() {
		request := request
		request.LockWait = time.Minute
		request.Observe = func(e apply.Event) {
			if e.Type == apply.WaitingForLock {
				told()
			}
		}
		o, err := apply.Run(context.Background(), request)
		if err != nil {
			t.Error(err)
		}
		second <- o
	}()
	<-waiting
	close(proceed)
	mustBe(t, <-first, apply.Done, map[apply.Status]int{apply.Created: 2})
	mustBe(t, <-second, apply.Done, map[apply.Status]int{apply.Unchanged: 2})
}

func TestExpiredLockIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.namespace(1, "tenant")
	lease := func(age, duration time.Duration) map[string]any {
		stamp := time.Now().Add(-age).UTC().Format("2006-01-02T15:04:05.000000Z")
		return object("coordination.k8s.io/v1", "Lease", inventory.DefaultNamespace, w.name, map[string]any{"spec": map[string]any{
			"holderIdentity": "far-away/4711/abcdef/01", "leaseDurationSeconds": int(duration / time.Second), "acquireTime": stamp, "renewTime": stamp,
		}})
	}
	// No run may have made it yet.
	if err := inventory.NewStore(w.client, "").CreateNamespace(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := "/apis/coordination.k8s.io/v1/namespaces/" + inventory.DefaultNamespace + "/leases"
	foreign(t, w.client, http.MethodPost, path, lease(time.Minute, time.Hour))
	_, err := apply.Run(context.Background(), w.request())
	if held := mustErr[*apply.LockedError](t, err); held.Host != "far-away" || held.Process != 4711 {
		t.Fatalf("got %+v", held)
	}
	foreign(t, w.client, http.MethodDelete, path+"/"+w.name, nil)
	foreign(t, w.client, http.MethodPost, path, lease(time.Hour, time.Minute))
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 1})
	if w.get("coordination.k8s.io/v1", "Lease", inventory.DefaultNamespace, w.name) != nil {
		t.Fatal("the lock was not released")
	}
}

func TestLostLockStopsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	for n := range 4 {
		w.configMap(10+n, "tenant", ns, fmt.Sprintf("m-%d", n), map[string]any{"a": "1"})
	}
	thief := connect(t, cluster.Options{Kubeconfig: kubeconfig(t)})
	var once atomic.Bool
	lost := make(chan struct{})
	w.counter.before = func(r *http.Request) error {
		if r.Method != http.MethodPatch || !strings.Contains(r.URL.Path, "configmaps") || !once.CompareAndSwap(false, true) {
			return nil
		}
		foreign(t, thief, http.MethodDelete, "/apis/coordination.k8s.io/v1/namespaces/"+inventory.DefaultNamespace+"/leases/"+w.name, nil)
		<-lost
		return nil
	}
	o := w.run(func(r *apply.Request) {
		r.Parallel = 1
		r.Observe = func(e apply.Event) {
			if e.Type == apply.LockLost {
				close(lost)
			}
		}
	})
	if o.State != apply.Failed || o.Count()[apply.NotTried] != 3 {
		t.Fatalf("got %s %v, want the run to stop", o.State, o.Count())
	}
	mustHave(t, o.Diagnostics, "lock-lost", "lock was lost", 0)
}

func TestCancelThenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	for n := range 30 {
		w.configMap(10+n, "tenant", ns, fmt.Sprintf("map-%d", n), map[string]any{"a": "1"})
	}
	ctx, cancel := context.WithCancel(context.Background())
	var patches atomic.Int32
	w.counter.before = func(r *http.Request) error {
		if r.Method == http.MethodPatch && patches.Add(1) == 10 {
			cancel()
		}
		return nil
	}
	request := w.request()
	request.Parallel = 4
	o, err := apply.Run(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	count := o.Count()
	if o.State != apply.Interrupted || count[apply.Created] < 10 || count[apply.Created] > 14 || count[apply.Created]+count[apply.NotTried] != 31 {
		t.Fatalf("got %s with %v, want those in flight done and the rest not tried", o.State, count)
	}
	mustHave(t, o.Diagnostics, "interrupted", "were not tried", 0)
	members, pending := w.recorded()
	if len(members) != count[apply.Created] || len(pending) != 0 {
		t.Fatalf("recorded %d members and %d pending, want %d and none", len(members), len(pending), count[apply.Created])
	}
	if run := w.inventory().Run; run == nil || run.State != "interrupted" || run.Finished.IsZero() {
		t.Fatalf("recorded run: got %+v", run)
	}
	w.counter.before = nil
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: count[apply.Created], apply.Created: 31 - count[apply.Created]})
}

func TestServerLostInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *cluster.Options) { o.AwayFor = time.Second })
	ns := w.namespace(1, "tenant")
	for n := range 40 {
		w.configMap(10+n, "tenant", ns, fmt.Sprintf("map-%d", n), map[string]any{"a": "1"})
	}
	var patches atomic.Int32
	var lost atomic.Bool
	w.counter.before = func(r *http.Request) error {
		if lost.Load() || r.Method == http.MethodPatch && patches.Add(1) > 10 {
			lost.Store(true)
			return fmt.Errorf("connection reset by peer")
		}
		return nil
	}
	o := w.run(func(r *apply.Request) { r.Parallel = 4 })
	count := o.Count()
	if o.State != apply.Failed || count[apply.Created] != 10 || count[apply.NotTried] < 20 {
		t.Fatalf("got %s with %v", o.State, count)
	}
	if len(o.Diagnostics) == 0 || o.Diagnostics[0].Code != "cluster-unreachable" {
		t.Fatalf("got %v", o.Diagnostics)
	}
	w.counter.before = nil
	lost.Store(false)
	w.expireLock()
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 10, apply.Created: 31})
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 41})
}
