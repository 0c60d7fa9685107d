// SPDX-License-Identifier: Apache-2.0

// This file disturbs the time in which a run waits for what it has sent. The program asks again and again instead of watching;
// TestKilledAfterEachRequest makes sure that it has no watches that could end.

package faults

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// waited picks looks at the objects that a run of platform.star waits for, at all of them: plans look at metadata alone.
func waited(r *faultproxy.Request) bool {
	return r.Method == "GET" && r.Header.Get("Accept") == "application/json" && (faultproxy.Of("prometheuses")(r) || faultproxy.Of("alertmanagers")(r))
}

// TestPollsFail breaks the first looks at the Prometheus that a run waits for, each in another way: the run does not end before
// that works.
func TestPollsFail(t *testing.T) {
	t.Parallel()
	w := newPlatform(t)
	var hits atomic.Int64
	faults := []faultproxy.Fault{faultproxy.Reset, faultproxy.Cut, faultproxy.Halve, faultproxy.Status(503, ""), faultproxy.Status(429, "1"), faultproxy.Status(500, "")}
	looks := faultproxy.First(len(faults), faultproxy.All(waited, faultproxy.Of("prometheuses")))
	w.proxy.On(looks, func(x *faultproxy.Exchange) { faults[hits.Add(1)-1](x) })
	w.mustEnd(w.run(w.platformAt("v2", "--timeout", "20m")...), 0, "17 created", "done in")
	live, err := w.admin.Get(context.Background(), backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus", Namespace: w.name + "-old", Name: "monitoring"})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := live.Object["status"].(map[string]any); status["availableReplicas"] != int64(1) {
		t.Errorf("the run ended before Prometheus worked: %v", status)
	}
	if hits.Load() != int64(len(faults)) {
		t.Errorf("got %d faults, want %d", hits.Load(), len(faults))
	}
	w.mustConverge(w.platformAt("v2", "--no-wait")...)
}

// TestPollsGoSilent has the server take looks at what a run waits for and never answer: the wait ends in its time all the same,
// tells that it does not know, and the record is made.
func TestPollsGoSilent(t *testing.T) {
	t.Parallel()
	w := newPlatform(t)
	never := make(chan struct{})
	defer close(never)
	w.mustEnd(w.run(w.platformAt("v2", "--no-wait")...), 0)
	w.proxy.Heal()
	w.proxy.On(waited, faultproxy.Silence(never))
	r := w.run(w.platformAt("v2", "--timeout", "3s")...)
	w.mustEnd(r, 4, "[not-ready]", "does not work after 3s: the API server does not answer", "--> platform.star:5:13", "not ready after")
	w.proxy.Heal()
	w.mustEnd(w.run(w.platformAt("v2", "--timeout", "20m")...), 0, "done in")
	w.mustConverge(w.platformAt("v2", "--no-wait")...)
}

// TestSilentRequests has one read and one write of a run never be answered: each is sent once more, on another connection.
func TestSilentRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var hits atomic.Int64
	w.proxy.On(faultproxy.First(1, faultproxy.After(1, faultproxy.Reads)), counted(&hits, faultproxy.Silence(nil)))
	w.proxy.On(faultproxy.First(1, faultproxy.All(faultproxy.Writes, faultproxy.Of("networkpolicies"))), counted(&hits, faultproxy.Silence(nil)))
	w.mustEnd(w.run(w.apply()...), 0, "10 created", "1 adopted")
	if hits.Load() != 2 {
		t.Errorf("got %d faults, want 2", hits.Load())
	}
	w.mustBeAsUndisturbed()
}
