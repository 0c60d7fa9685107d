// SPDX-License-Identifier: Apache-2.0

// This file breaks the way to the API server, and the answers that come over it.

package faults

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/internal/snapshot"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
)

// disturbance is what goes wrong on the network during one apply.
type disturbance struct {
	name    string
	options faultproxy.Options
	// begin puts the fault in place. The first request always gets through: a server that has never answered is told at once.
	begin func(p *faultproxy.Proxy)
	// texts are what the user reads when the run fails; none means that it comes to its end by itself.
	texts []string
	// uncertain tells that the server may have carried out what failed, and that the user is told so.
	uncertain bool
	// denied tells that the server's own verdict about single objects stands, so that the others are done.
	denied bool
}

// notKnown is what the user is told of a write whose answer was lost.
const notKnown = "whether it was applied is not known; the next run looks"

// atLeast is how many requests have to be hit for a case to mean something.
const atLeast = 3

// counted has hits count how often a fault happens.
func counted(hits *atomic.Int64, fault faultproxy.Fault) faultproxy.Fault {
	return func(x *faultproxy.Exchange) {
		hits.Add(1)
		fault(x)
	}
}

// notYetReady answers a write as an API server does while its admission plugins have not read yet what they go by. They wait for that
// themselves, ten seconds.
var notYetReady = admissionRefuses("not yet ready to handle request")

// often is every fourth request after the first one.
func often() faultproxy.Choice { return faultproxy.After(1, faultproxy.Every(4, faultproxy.Any)) }

func passing(hits *atomic.Int64) []disturbance {
	every := func(choice faultproxy.Choice, fault faultproxy.Fault) func(*faultproxy.Proxy) {
		return func(p *faultproxy.Proxy) { p.On(choice, counted(hits, fault)) }
	}
	writes := func(n int) faultproxy.Choice { return faultproxy.First(n, faultproxy.Writes) }
	return []disturbance{
		{name: "connections are reset", begin: every(often(), faultproxy.Reset)},
		{name: "connections are reset, HTTP/1.1", options: faultproxy.Options{HTTP1: true}, begin: every(often(), faultproxy.Reset)},
		{name: "answers of writes are lost", begin: every(faultproxy.Every(3, faultproxy.Writes), faultproxy.LoseAnswer)},
		{name: "answers of writes are lost, HTTP/1.1", options: faultproxy.Options{HTTP1: true}, begin: every(faultproxy.Every(3, faultproxy.Writes), faultproxy.LoseAnswer)},
		{name: "the first answer of every kind of write is lost", begin: func(p *faultproxy.Proxy) {
			for _, resource := range []string{"leases", "secrets", "namespaces", "resourcequotas", "networkpolicies", "rolebindings"} {
				for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
					p.On(faultproxy.First(1, faultproxy.All(faultproxy.Writes, faultproxy.Method(method), faultproxy.Of(resource))), counted(hits, faultproxy.LoseAnswer))
				}
			}
		}},
		{name: "answers are cut", begin: every(often(), faultproxy.Cut)},
		{name: "answers are cut, HTTP/1.1", options: faultproxy.Options{HTTP1: true}, begin: every(often(), faultproxy.Cut)},
		{name: "answers are halved", begin: every(often(), faultproxy.Halve)},
		{name: "429 with Retry-After", begin: every(writes(3), faultproxy.Status(429, "1"))},
		{name: "429 without Retry-After", begin: every(writes(6), faultproxy.Status(429, ""))},
		{name: "500", begin: every(faultproxy.Every(3, faultproxy.Writes), faultproxy.Status(500, ""))},
		{name: "503", begin: every(faultproxy.After(1, faultproxy.First(9, faultproxy.Any)), faultproxy.Status(503, ""))},
		{name: "not ready for writes after its start", begin: every(faultproxy.Every(3, faultproxy.Writes), notYetReady)},
		{name: "504 for writes that were carried out", begin: every(faultproxy.Every(3, faultproxy.Writes), faultproxy.LateStatus(504))},
		{name: "502 of a load balancer", begin: every(often(), faultproxy.Page(502))},
		{name: "a slow server", begin: every(faultproxy.Any, faultproxy.Slow(150*time.Millisecond))},
		{name: "the server is away for a while", begin: func(p *faultproxy.Proxy) {
			p.On(faultproxy.First(atLeast, faultproxy.After(1, faultproxy.Writes)), counted(hits, faultproxy.Reset))
			var once atomic.Bool
			p.On(faultproxy.After(1, faultproxy.Writes), func(x *faultproxy.Exchange) {
				if once.CompareAndSwap(false, true) {
					go func() {
						p.Down()
						time.Sleep(3 * time.Second)
						p.Up()
					}()
					faultproxy.Silence(nil)(x)
				}
				x.Forward()
			})
		}},
	}
}

// writesNamespace picks the server-side applies of namespaces.
func writesNamespace(r *faultproxy.Request) bool {
	name, found := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/")
	return found && r.Method == http.MethodPatch && !strings.Contains(name, "/")
}

func lasting(hits *atomic.Int64) []disturbance {
	policies := faultproxy.All(faultproxy.Writes, faultproxy.Of("networkpolicies"))
	on := func(choice faultproxy.Choice, fault faultproxy.Fault) func(*faultproxy.Proxy) {
		return func(p *faultproxy.Proxy) { p.On(choice, counted(hits, fault)) }
	}
	return []disturbance{
		{
			name: "the server is lost for good", uncertain: true, texts: []string{"connection lost", "run the same command again when the API server answers", "not tried:"},
			// After one namespace; all else comes after both.
			begin: on(faultproxy.All(faultproxy.Writes, faultproxy.Behind(writesNamespace)), faultproxy.Reset),
		},
		{
			name: "503 for good", denied: true, uncertain: true, texts: []string{"[server-busy]", "--> " + newTenant, "run the same command again later"},
			begin: on(policies, faultproxy.Status(503, "")),
		},
		{
			name: "429 with a Retry-After beyond all patience", denied: true, texts: []string{"[server-busy]", "--> " + newTenant},
			begin: on(policies, faultproxy.Status(429, "3600")),
		},
		{
			name: "500 for good", denied: true, uncertain: true, texts: []string{"[server-error]", "--> " + newTenant},
			begin: on(policies, faultproxy.Status(500, "")),
		},
		{
			name: "504 for good, for writes that were carried out", denied: true, uncertain: true, texts: []string{"[request-timeout]", "--> " + newTenant},
			begin: on(policies, faultproxy.LateStatus(504)),
		},
		{
			name: "not ready for writes for good", denied: true, texts: []string{"[server-busy]", "--> " + newTenant, "run the same command again later"},
			begin: on(policies, notYetReady),
		},
		{
			name: "answers are halved for good", denied: true, uncertain: true, texts: []string{"[answer-unreadable]", "--> " + newTenant, "what stands between"},
			begin: on(policies, faultproxy.Halve),
		},
	}
}

// each runs an apply for each disturbance, all of them at once, and then one that nothing happens to. check judges the first.
func each(t *testing.T, disturbances func(*atomic.Int64) []disturbance, check func(c disturbance, w *world, r result, hits int64)) {
	t.Helper()
	var none atomic.Int64
	for n, c := range disturbances(&none) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var hits atomic.Int64
			c := disturbances(&hits)[n]
			w := newWorldAt(t, c.options)
			c.begin(w.proxy)
			check(c, w, w.run(w.apply()...), hits.Load())
			if lost := w.orphans(); len(lost) > 0 {
				t.Errorf("not on record: %v", lost)
			}
			w.mustBeAsUndisturbed()
		})
	}
}

// TestNetworkFaultsPass has things go wrong that pass: the run comes to its end by itself, with what an undisturbed one leaves,
// and the user reads nothing of them.
func TestNetworkFaultsPass(t *testing.T) {
	t.Parallel()
	each(t, passing, func(_ disturbance, w *world, r result, hits int64) {
		if hits < atLeast {
			w.t.Errorf("got %d faults, want %d or more", hits, atLeast)
		}
		w.mustEnd(r, 0, "10 created", "1 adopted")
		if r.errors != "" {
			w.t.Errorf("got words about what passed: %s", r.errors)
		}
		w.t.Logf("%d faults", hits)
	})
}

// TestNetworkFaultsThatStay has things go wrong until the program gives up: it says what was not done and why, at the script's
// line where one object is concerned, and the next run goes on.
func TestNetworkFaultsThatStay(t *testing.T) {
	t.Parallel()
	each(t, lasting, func(c disturbance, w *world, r result, hits int64) {
		w.mustEnd(r, 1, append(c.texts, "failed in", "run it again to go on from here")...)
		if hits == 0 {
			w.t.Error("the fault did not happen")
		}
		if told := strings.Contains(r.out, notKnown); told != c.uncertain || c.denied && told != strings.Contains(r.errors, notKnown) {
			w.t.Errorf("told that it is not known whether it was applied: got %t, want %t: %s", told, c.uncertain, r)
		}
		if c.denied && !strings.Contains(r.out, "created    ResourceQuota "+w.name+"-new/tenant") {
			w.t.Errorf("what is independent was not done: %s", r)
		}
	})
}

// TestNotKnownWhetherDone loses the answers to writes for good: programs that read the outcome learn, object by object, that what
// failed may have been done.
func TestNotKnownWhetherDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		command []string
		fault   faultproxy.Fault
		text    string
	}{
		{w.apply("--output", "json"), faultproxy.Halve, notKnown},
		// What is deleted and asked for again is not found, which is an answer.
		{[]string{"destroy", "--name", w.name, "--output", "json"}, faultproxy.Status(http.StatusInternalServerError, ""), strings.ReplaceAll(notKnown, "applied", "deleted")},
	} {
		w.proxy.Heal()
		w.proxy.On(faultproxy.All(faultproxy.Writes, faultproxy.Of("networkpolicies")), c.fault)
		r := w.run(c.command...)
		w.mustEnd(r, 1)
		lines := strings.Split(strings.TrimSpace(r.out), "\n")
		var outcome apply.Outcome
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &outcome); err != nil {
			t.Fatal(err)
		}
		uncertain := 0
		for _, result := range outcome.Results {
			lost := result.ID.Kind == "NetworkPolicy"
			if result.Uncertain != lost || (result.Status == apply.ObjectFailed) != lost {
				t.Errorf("%s: got %s, uncertain=%t, want that of NetworkPolicies alone", result.ID, result.Status, result.Uncertain)
			}
			if result.Uncertain {
				uncertain++
				if !strings.Contains(result.Reason, c.text) || result.Diagnostic == nil || !strings.Contains(result.Diagnostic.Detail, c.text) {
					t.Errorf("%s: got %q and %+v, want %q", result.ID, result.Reason, result.Diagnostic, c.text)
				}
			}
		}
		if uncertain == 0 || strings.Count(r.out, `"status":"failed","uncertain":true`) < uncertain {
			t.Errorf("got %d results that are uncertain, want the NetworkPolicies, among the events too: %s", uncertain, r)
		}
		w.mustBeAsUndisturbed()
	}
}

// calm is what an apply of tenants.star leaves, once that is known.
var calm struct {
	sync.Mutex
	left snapshot.Snapshot
}

// undisturbed returns what an apply of tenants.star leaves.
func undisturbed(t testing.TB) snapshot.Snapshot {
	t.Helper()
	calm.Lock()
	defer calm.Unlock()
	if calm.left == nil {
		w := newWorld(t)
		w.mustEnd(w.run(w.apply()...), 0)
		calm.left = w.snapshot()
	}
	return calm.left
}

// mustBeAsUndisturbed wants the next apply, which nothing happens to, to leave what one leaves that nothing ever happened to, and the
// one after that to write nothing.
func (w *world) mustBeAsUndisturbed() {
	w.t.Helper()
	want := undisturbed(w.t)
	w.mustConverge(w.apply()...)
	if d := w.snapshot().Difference(want); d != "" {
		w.t.Errorf("not as after an undisturbed run: %s", d)
	}
	if lost := w.orphans(); len(lost) > 0 {
		w.t.Errorf("orphaned: %v", lost)
	}
	w.mustSpareTheirs("converged")
	if lease := w.lease(); lease != "" {
		w.t.Errorf("the lock stayed: %s", lease)
	}
}
