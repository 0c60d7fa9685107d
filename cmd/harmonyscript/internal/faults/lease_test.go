// SPDX-License-Identifier: Apache-2.0

// This file has several runs meet at one deployment, some of them dead, and puts clocks wrong.

package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestTwoRunsAtOnce starts a second run while the first one is in the middle of a write: it says who is at work and writes
// nothing; with --lock-timeout it waits for its turn.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := make(chan struct{})
	reached := w.atFirst(patches, faultproxy.HoldAnswer(answer))
	first := w.start(w.apply()...)
	<-reached
	second := newWorld(t)
	second.name = w.name
	r := second.run(second.apply()...)
	w.mustEnd(r, 1, "[deployment-locked]", fmt.Sprintf("another run is at work: process %d on ", first.command.Process.Pid), "wait until it is done")
	if n := second.proxy.Count(faultproxy.Writes); n > 0 {
		t.Errorf("the second run wrote: %v", second.proxy.Requests())
	}
	patient := w.start(w.apply("--lock-timeout", "5m")...)
	patient.await(&patient.out, "another run is at work")
	close(answer)
	w.mustEnd(first.wait(), 0, "10 created", "1 adopted")
	w.mustEnd(patient.wait(), 0, "11 unchanged")
	w.mustBeAsUndisturbed()
}

// TestHolderKilled kills the run that holds the lock. On the same machine the next run knows that at once.
func TestHolderKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reached := w.atFirst(patches, faultproxy.Silence(nil))
	p := w.start(w.apply()...)
	<-reached
	p.kill()
	if r := p.wait(); r.code >= 0 {
		t.Fatalf("want it dead: %s", r)
	}
	if w.lease() == "" {
		t.Fatal("the dead run left no lock")
	}
	w.mustBeAsUndisturbed()
}

// putLease makes a lock of a process on another machine, renewed at the given time.
func (w *world) putLease(renewed time.Time) {
	w.t.Helper()
	stamp := renewed.UTC().Format(metav1.RFC3339Micro)
	body := fmt.Sprintf(`{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":%q},"spec":{"holderIdentity":"far-away/4711/abcdef/01","leaseDurationSeconds":30,"acquireTime":%q,"renewTime":%q}}`, w.name, stamp, stamp)
	w.must(http.MethodPost, "/apis/coordination.k8s.io/v1/namespaces/"+inventory.DefaultNamespace+"/leases", body)
}

// TestHolderOnAnotherMachine leaves a lock of a machine that nothing is known of: until it expires it is respected, and the
// user is told who holds it and until when. --lock-timeout takes it over then.
func TestHolderOnAnotherMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	renewed := time.Now()
	w.putLease(renewed)
	r := w.run(w.apply()...)
	w.mustEnd(r, 1, "[deployment-locked]", "another run is at work: process 4711 on far-away, since ", "its lock ends by itself at "+renewed.Add(30*time.Second).UTC().Format(time.RFC3339), "--lock-timeout 1m")
	if n := w.proxy.Count(faultproxy.Writes); n > 0 {
		t.Errorf("got %d writes, want none", n)
	}
	r = w.run(w.apply("--lock-timeout", "5m")...)
	w.mustEnd(r, 0, "another run is at work", "10 created", "1 adopted")
	if ended := time.Now(); ended.Before(renewed.Add(30 * time.Second)) {
		t.Errorf("the lock was taken over %s after it was renewed, want 30s or more", ended.Sub(renewed))
	}
	w.mustBeAsUndisturbed()
}

// TestClockSkew has the API server's clock differ from this machine's by an hour: whether a lock has expired is a matter of the
// server's clock.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.proxy.Skew(skew)
			// By the server's clock it has just been renewed; by this machine's it is long over, or far from it.
			w.putLease(time.Now().Add(skew))
			w.mustEnd(w.run(w.apply()...), 1, "[deployment-locked]", "far-away")
			w.must(http.MethodDelete, w.leasePath(), "")
			w.putLease(time.Now().Add(skew - 40*time.Second))
			answer := make(chan struct{})
			reached := w.atFirst(patches, faultproxy.HoldAnswer(answer))
			p := w.start(w.apply()...)
			<-reached
			var lease struct {
				Spec struct{ RenewTime metav1.MicroTime }
			}
			if err := json.Unmarshal([]byte(w.lease()), &lease); err != nil {
				t.Fatal(err)
			}
			if ahead := time.Until(lease.Spec.RenewTime.Time); (ahead - skew).Abs() > 5*time.Minute {
				t.Errorf("the lock was renewed %s from now by this machine's clock, want %s", ahead, skew)
			}
			w.mustEnd(w.run(w.apply()...), 1, "[deployment-locked]")
			close(answer)
			w.mustEnd(p.wait(), 0, "10 created", "1 adopted")
			w.mustBeAsUndisturbed()
		})
	}
}

// TestLockFromTheFuture leaves a lock of a dead machine whose clock was an hour ahead: what counts then is that nobody renews it.
func TestLockFromTheFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putLease(time.Now().Add(time.Hour))
	r := w.run(w.apply()...)
	w.mustEnd(r, 1, "[deployment-locked]", "far-away", "--lock-timeout 1m")
	if strings.Contains(r.errors, time.Now().Add(time.Hour).UTC().Format("2006-01-02T15")) && !strings.Contains(r.errors, "since") {
		t.Errorf("got an end that is not true: %s", r)
	}
	w.mustEnd(w.run(w.apply("--lock-timeout", "10m")...), 0, "another run is at work", "10 created", "1 adopted")
	w.mustConverge(w.apply()...)
}
