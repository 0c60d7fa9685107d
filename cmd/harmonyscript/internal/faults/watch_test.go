// SPDX-License-Identifier: Apache-2.0

// This file disturbs the streams of `apply --watch`, the only ones that the program has.

package faults

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
)

// TestWatchesBreak has the streams of a watch end in the beginning, be refused, or never tell anything: what somebody changes is
// corrected all the same, in the last case by the look at everything that is taken now and then.
func TestWatchesBreak(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	for _, c := range []struct {
		name  string
		fault faultproxy.Fault
		// times is how many streams are disturbed.
		times int
		// resync is how often everything is looked at.
		resync string
	}{
		{"they end", faultproxy.Reset, 20, "1h"},
		{"they are cut off by a server that is busy", faultproxy.Status(http.StatusTooManyRequests, "1"), 10, "1h"},
		{"they go silent", faultproxy.Silence(never), 1 << 30, "2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var hits atomic.Int64
			w.proxy.On(faultproxy.First(c.times, faultproxy.Watches), counted(&hits, c.fault))
			p := w.start(w.apply("--watch", "--resync", c.resync)...)
			p.await(&p.out, "watching 11 objects")
			quota := "/api/v1/namespaces/" + w.name + "-old/resourcequotas/tenant"
			for _, pods := range []string{"1", "2"} {
				w.must(http.MethodPatch, quota+"?fieldManager=somebody", fmt.Sprintf(`{"spec":{"hard":{"pods":%q}}}`, pods))
				eventually(t, func() error {
					var live struct {
						Spec struct{ Hard struct{ Pods string } }
					}
					if err := json.Unmarshal([]byte(w.must(http.MethodGet, quota, "")), &live); err != nil {
						return err
					}
					if got := live.Spec.Hard.Pods; got != "5" {
						return fmt.Errorf("got %s pods, want it corrected to 5: %s", got, p.out.String())
					}
					return nil
				})
			}
			p.interrupt()
			// With 130 it says that it was in the middle of a look at everything.
			if r := p.wait(); r.code != 0 && r.code != 130 {
				t.Errorf("Ctrl-C: %s", r)
			}
			if hits.Load() < atLeast {
				t.Errorf("got %d faults, want %d or more", hits.Load(), atLeast)
			}
			w.proxy.Heal()
			w.mustBeAsUndisturbed()
		})
	}
}
