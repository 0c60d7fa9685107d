// SPDX-License-Identifier: Apache-2.0

// This file presses Ctrl-C.

package faults

import (
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
)

// TestInterruptedOnce presses Ctrl-C while a write is under way: the run waits for its answer, begins no other, records what
// was done, and says what is left.
func TestInterruptedOnce(t *testing.T) {
	t.Parallel()
	for _, stopped := range []string{"apply", "destroy"} {
		t.Run(stopped, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			command, choice := w.apply(), patches
			if stopped == "destroy" {
				w.mustEnd(w.run(w.apply()...), 0)
				// The namespaces' turn comes when all that is in them is gone.
				command, choice = []string{"destroy", "--name", w.name, "--delete-namespaces"}, faultproxy.All(faultproxy.Method("DELETE"), faultproxy.Of("rolebindings"))
			}
			w.proxy.Heal()
			answer := make(chan struct{})
			reached := w.atFirst(choice, faultproxy.HoldAnswer(answer))
			p := w.start(command...)
			<-reached
			p.interrupt()
			p.await(&p.errors, "interrupted: finishing what is in flight; once more stops at once")
			close(answer)
			r := p.wait()
			w.mustEnd(r, 130, "[interrupted]", "objects were not tried", "run the same command again: it goes on where this run ended", "not tried:", "interrupted after")
			inv := w.inventory()
			if inv.Run == nil || inv.Run.State != "interrupted" || len(inv.Pending) > 0 {
				t.Errorf("recorded %+v with %d pending, want that it was interrupted and none: %s", inv.Run, len(inv.Pending), r)
			}
			if lease := w.lease(); lease != "" {
				t.Errorf("the lock stayed: %s", lease)
			}
			if lost := w.orphans(); len(lost) > 0 {
				t.Errorf("not on record: %v", lost)
			}
			w.mustBeAsUndisturbed()
		})
	}
}

// TestInterruptedTwice presses Ctrl-C a second time while the answer of a write is still awaited: the program ends at once. It
// is as if it had been killed, and the next run knows that.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	never := make(chan struct{})
	defer close(never)
	reached := w.atFirst(patches, faultproxy.HoldAnswer(never))
	p := w.start(w.apply()...)
	<-reached
	p.interrupt()
	p.await(&p.errors, "once more stops at once")
	p.interrupt()
	r := p.wait()
	w.mustEnd(r, 130)
	if strings.Contains(r.out, "interrupted after") {
		t.Errorf("got an outcome, want none: %s", r)
	}
	if lost := w.orphans(); len(lost) > 0 {
		t.Errorf("not on record: %v", lost)
	}
	w.mustBeAsUndisturbed()
}
