// SPDX-License-Identifier: Apache-2.0

// This file kills the program after each of its requests in turn, reads as well as writes.

package faults

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/snapshot"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// passage is what a run of tenants.star is killed in.
type passage struct {
	name string
	// before is the command that brings the deployment to where the passage begins; nil means that there is none yet.
	before func(w *world) []string
	// command is the one that is killed, and run again.
	command func(w *world) []string
	// atLeast is how many requests there are.
	atLeast int
}

func passages() []passage {
	return []passage{
		{
			name: "apply", atLeast: 25,
			command: func(w *world) []string { return w.apply() },
		},
		{
			name: "change and prune", atLeast: 15,
			before:  func(w *world) []string { return w.apply() },
			command: func(w *world) []string { return w.apply("--set", "isolated=false", "--set", "pods=7") },
		},
		{
			name: "destroy", atLeast: 15,
			before:  func(w *world) []string { return w.apply() },
			command: func(w *world) []string { return []string{"destroy", "--set", "name=" + w.name, "tenants.star"} },
		},
	}
}

// TestKilledAfterEachRequest kills the program as soon as the API server has carried out its first request, in another
// deployment after the second, and so on until a run comes to its end. Right after each kill everything that is there has to
// be on record. The same command has to bring about, byte for byte, what an undisturbed one does, and to write nothing the
// time after. What belongs to others must not have been written.
func TestKilledAfterEachRequest(t *testing.T) {
	t.Parallel()
	kubeconfig(t)
	for _, p := range passages() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			undisturbed := p.world(t)
			undisturbed.proxy.Heal()
			if r := undisturbed.run(p.command(undisturbed)...); r.code != 0 {
				t.Fatalf("undisturbed: %s", r)
			}
			requests := undisturbed.proxy.Count(faultproxy.Any)
			if requests < p.atLeast {
				t.Fatalf("got %d requests, want %d or more", requests, p.atLeast)
			}
			if n := undisturbed.proxy.Count(faultproxy.Watches); n > 0 {
				t.Errorf("got %d watches, want none: docs/faults.md says that the program asks instead of watching", n)
			}
			want := undisturbed.snapshot()
			undisturbed.mustConverge(p.command(undisturbed)...)
			if d := undisturbed.snapshot().Difference(want); d != "" {
				t.Fatalf("a second run changed something: %s", d)
			}
			var points, reads, next, end atomic.Int64
			end.Store(1 << 30)
			var workers sync.WaitGroup
			for range 3 {
				workers.Go(func() {
					for {
						at := next.Add(1)
						if at >= end.Load() || t.Failed() {
							return
						}
						w := p.world(t)
						died, writing := w.killed(p.command(w), int(at), want)
						if !died {
							end.Store(min(at, end.Load()))
							return
						}
						w.noteMarked()
						points.Add(1)
						if !writing {
							reads.Add(1)
						}
					}
				})
			}
			workers.Wait()
			checkEveryKind(t, undisturbed)
			if n := int(points.Load()); n < p.atLeast {
				t.Errorf("killed at %d points, want %d or more", n, p.atLeast)
			}
			t.Logf("killed at %d points, %d of them reads; an undisturbed run sends %d requests", points.Load(), reads.Load(), requests)
		})
	}
}

// world makes the surroundings of one run, up to where the passage begins.
func (p passage) world(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if p.before != nil {
		w.mustEnd(w.run(p.before(w)...), 0)
	}
	return w
}

// killed runs a command that is killed as soon as a request of its has been carried out, and the same command again, which
// has to leave what is wanted. It reports whether the process died of it, and whether it had sent a write.
func (w *world) killed(command []string, after int, want snapshot.Snapshot) (died, writing bool) {
	t := w.t
	w.proxy.Heal()
	doomed := &process{w: w}
	doomed.prepare(command)
	started := make(chan struct{})
	var last string
	w.proxy.On(faultproxy.Numbered(after), func(x *faultproxy.Exchange) {
		<-started
		last, writing = x.Request.String(), faultproxy.Writes(x.Request)
		faultproxy.Then(doomed.kill)(x)
	})
	doomed.begin()
	close(started)
	r := doomed.wait()
	what := fmt.Sprintf("%s, killed after request %s", strings.Join(command, " "), last)
	if r.code >= 0 {
		if r.code != 0 || last != "" {
			t.Errorf("%s, want it to die: %s", what, r)
		}
		return false, false
	}
	if lost := w.orphans(); len(lost) > 0 {
		t.Errorf("%s: not on record: %v", what, lost)
	}
	// One that had recorded its end leaves nothing to do but a lock that holds nobody back.
	recorded := w.inventory().Run
	complete := recorded != nil && recorded.State == "done" && !recorded.Started.Before(doomed.started)
	w.mustConverge(command...)
	w.mustBecome(what, want)
	if lost := w.orphans(); len(lost) > 0 {
		t.Errorf("%s: orphaned: %v", what, lost)
	}
	w.mustSpareTheirs(what)
	if lease := w.lease(); lease != "" && !complete {
		t.Errorf("%s: the lock stayed: %s", what, lease)
	}
	return true, writing
}

// mustBecome wants the deployment to be as it is after an undisturbed run. Controllers get the time to take away what they made.
func (w *world) mustBecome(what string, want snapshot.Snapshot) {
	w.t.Helper()
	eventually(w.t, func() error {
		if d := w.snapshot().Difference(want); d != "" {
			return fmt.Errorf("%s: not as after an undisturbed run: %s", what, d)
		}
		return nil
	})
}

// killedWorlds are the deployments in which a process was killed, for checkEveryKind.
var killedWorlds struct {
	sync.Mutex
	members map[string]map[inventory.Key]bool
}

func (w *world) noteMarked() {
	members := map[inventory.Key]bool{}
	for key := range maps.Keys(w.inventory().Index()) {
		members[key] = true
	}
	killedWorlds.Lock()
	defer killedWorlds.Unlock()
	if killedWorlds.members == nil {
		killedWorlds.members = map[string]map[inventory.Key]bool{}
	}
	killedWorlds.members[inventory.ApplySetID(w.name, inventory.DefaultNamespace)] = members
}

// checkEveryKind looks through all kinds that the cluster serves for marks of deployments that were killed, on objects that
// are on no record. Controllers get the time to take away what they made.
func checkEveryKind(t *testing.T, w *world) {
	t.Helper()
	killedWorlds.Lock()
	defer killedWorlds.Unlock()
	eventually(t, func() error {
		var lost []string
		for mark, found := range everyMark(w) {
			members, known := killedWorlds.members[mark]
			if !known {
				continue
			}
			for _, key := range found {
				// The Endpoints of a Service bear its labels, and go with it.
				service := inventory.Key{Kind: "Service", Namespace: key.Namespace, Name: key.Name}
				if !members[key] && (key.Kind != "Endpoints" || !members[service]) {
					lost = append(lost, fmt.Sprint(key))
				}
			}
		}
		if len(lost) > 0 {
			return fmt.Errorf("orphaned: %s", strings.Join(lost, ", "))
		}
		return nil
	})
	t.Logf("looked at %d deployments", len(killedWorlds.members))
}
