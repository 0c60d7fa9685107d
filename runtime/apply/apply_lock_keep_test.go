// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// TestWritesWaitForTheLock keeps a lock from being renewed: before it expires writes are held back. They go on when it is renewed,
// and never when another run has it by then.
func TestWritesWaitForTheLock(t *testing.T) {
	t.Parallel()
	const me = "here/1/a/b"
	away := leaseAnswers{http.StatusServiceUnavailable, http.StatusOK, me}
	for _, c := range []struct {
		name string
		// then is what the server says once writes are held back.
		then leaseAnswers
		// patient tells that a server which cannot say whose the lock is is waited for.
		patient, lost bool
	}{
		{name: "renewed in the end", then: leaseAnswers{http.StatusOK, http.StatusOK, me}, patient: true},
		{name: "another run took it", then: leaseAnswers{http.StatusConflict, http.StatusOK, "there/2/c/d"}, patient: true, lost: true},
		{name: "another run took it and gave it back", then: leaseAnswers{http.StatusNotFound, http.StatusNotFound, ""}, patient: true, lost: true},
		{name: "no right to it any more", then: leaseAnswers{http.StatusForbidden, http.StatusOK, me}, patient: true, lost: true},
		{name: "not renewed for good", then: away, lost: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var said atomic.Value
			said.Store(away)
			o := cluster.Options{RetryFor: time.Millisecond, AwayFor: time.Millisecond}
			if c.patient {
				o.AwayFor = time.Hour
			}
			l := lockOf(leaseServer(t, o, func() leaseAnswers { return said.Load().(leaseAnswers) }), me)
			ctx, cancel := context.WithCancelCause(t.Context())
			// A machine that is busy holds writes back more than once, and nobody reads that.
			events := make(chan EventType, 1000)
			// A renewal has as long as it takes from one to the next, which has to do on a busy machine.
			l.times, l.cancel, l.stop, l.done = lockTimes{renewal: 100 * time.Millisecond, retry: time.Millisecond, held: 300 * time.Millisecond}, cancel, make(chan struct{}), make(chan struct{})
			l.tell = func(e Event) { events <- e.Type }
			if err := l.gate.pass(ctx); err != nil {
				t.Fatalf("a lock that was just taken: got %v, want writes let through", err)
			}
			go l.keep(t.Context())
			if c.patient {
				if e := <-events; e != WaitingForLock || !l.gate.isShut() {
					t.Fatalf("got %s, shut=%t, want writes held back", e, l.gate.isShut())
				}
			}
			said.Store(c.then)
			if !c.lost {
				if err := l.gate.pass(ctx); err != nil || ctx.Err() != nil {
					t.Errorf("got %v, %v, want writes let through", err, context.Cause(ctx))
				}
				close(l.stop)
				<-l.done
				return
			}
			<-l.done
			if e := <-events; e != LockLost {
				t.Errorf("got %s, want %s", e, LockLost)
			}
			var lost *LockLostError
			if !errors.As(context.Cause(ctx), &lost) || lost.After < l.times.held && c.then.write == away.write {
				t.Errorf("got %v, want the lock lost", context.Cause(ctx))
			}
		})
	}
}
