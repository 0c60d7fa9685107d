// SPDX-License-Identifier: Apache-2.0

// This file stops runs: for a cancelled context, too many steps, too much time or too much memory.

package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Stop says why a run ended before its script did.
type Stop string

const (
	// StopNone is a run that went to its end.
	StopNone Stop = ""
	// StopError is a run that an error of the script ended.
	StopError Stop = "error"
	// StopCancelled is a run whose context was cancelled.
	StopCancelled Stop = "cancelled"
	// StopSteps is a run that took more than Limits.Steps.
	StopSteps Stop = "steps"
	// StopTime is a run that took more than Limits.Time.
	StopTime Stop = "time"
	// StopMemory is a run that used more than Limits.Memory.
	StopMemory Stop = "memory"
)

// stopFlag keeps the first reason to stop.
type stopFlag struct{ reason atomic.Pointer[Stop] }

func (f *stopFlag) set(reason Stop) { f.reason.CompareAndSwap(nil, &reason) }

func (f *stopFlag) get() Stop {
	if reason := f.reason.Load(); reason != nil {
		return *reason
	}
	return StopNone
}

// halt makes the interpreter stop at its next step.
func (t *Thread) halt(reason Stop) {
	t.stop.set(reason)
	t.star.Cancel(string(reason))
}

const (
	// watchInterval is the time between two looks at the heap.
	watchInterval = 20 * time.Millisecond
	// stopGrace is how long a stopped run may still be inside a builtin before it is given up.
	stopGrace = 2 * time.Second
)

// supervise runs work under the limits of time and memory and under ctx. When work does not heed a stop,
// because it is inside a builtin that takes forever, supervise returns without it and abandoned is true: then
// t must not be used any more.
func (t *Thread) supervise(ctx context.Context, work func() diag.List) (list diag.List, abandoned bool) {
	t.context = ctx
	if err := ctx.Err(); err != nil {
		t.stop.set(StopCancelled)
		return diag.List{t.stopped(entirely(t.loader.entry))}, false
	}
	limits := t.Limits()
	t.star.SetMaxExecutionSteps(t.star.ExecutionSteps() + limits.Steps)
	done := make(chan diag.List, 1)
	go func() {
		// A panic here is a bug of a builtin; it must not take the program down with it.
		defer func() {
			if p := recover(); p != nil {
				done <- append(t.problems, internalError(entirely(t.loader.entry), p))
			}
		}()
		done <- work()
	}()

	clock := time.NewTimer(limits.Time)
	defer clock.Stop()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	heap := newHeapWatch(limits.Memory)
	cancelled := ctx.Done()
	var giveUp <-chan time.Time
	stop := func(reason Stop) {
		t.halt(reason)
		if giveUp == nil {
			giveUp = time.After(stopGrace)
		}
	}
	for {
		select {
		case list := <-done:
			return list, false
		case <-cancelled:
			cancelled = nil
			stop(StopCancelled)
		case <-clock.C:
			stop(StopTime)
		case <-tick.C:
			if heap.exceeded() {
				tick.Stop()
				stop(StopMemory)
			}
		case <-giveUp:
			return diag.List{t.stopped(entirely(t.loader.entry))}, true
		}
	}
}

// heapWatch tells when the heap has grown too much.
type heapWatch struct {
	limit  uint64
	base   uint64
	sample []metrics.Sample
	// collected is closed when the garbage collection that was started is over; nil when none was.
	collected chan struct{}
	// patience is added to the limit after a collection that made room.
	patience uint64
}

func newHeapWatch(limit uint64) *heapWatch {
	w := &heapWatch{limit: limit, sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
	w.base = w.read()
	return w
}

func (w *heapWatch) read() uint64 {
	metrics.Read(w.sample)
	if w.sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return w.sample[0].Value.Uint64()
}

// exceeded looks at the heap. The count includes what is not needed any more, so garbage is collected before the
// answer is yes. The script goes on meanwhile, and a list that doubles at every step would not wait: at twice the
// limit the answer is yes at once.
func (w *heapWatch) exceeded() bool {
	now := w.read()
	switch {
	case now <= w.base+w.limit+w.patience:
		return false
	case now > w.base+2*w.limit:
		return true
	case w.collected == nil:
		w.collected = make(chan struct{})
		go func(done chan struct{}) {
			runtime.GC()
			close(done)
		}(w.collected)
		return false
	}
	select {
	case <-w.collected:
		w.collected = nil
		w.patience = w.limit / 4
		return w.read() > w.base+w.limit
	default:
		return false
	}
}

// stopped is the diagnostic for the reason that t was stopped for.
func (t *Thread) stopped(at score.Position) diag.Diagnostic {
	limits := t.Limits()
	d := diag.Diagnostic{Severity: diag.Error, Position: at, Code: string(t.stop.get()) + "-limit"}
	switch t.stop.get() {
	case StopSteps:
		d.Code = "step-limit"
		d.Summary = fmt.Sprintf("script: got more than %d steps", limits.Steps)
		d.Fix = "look for a loop that goes on too long, or raise the limit of steps (--max-steps)"
	case StopTime:
		d.Summary = fmt.Sprintf("script: got no end within %s", limits.Time)
		d.Fix = "look for a loop that goes on too long, or raise the limit of time (--max-script-time)"
	case StopMemory:
		d.Summary = fmt.Sprintf("script: got more than %d MiB of memory in use", limits.Memory>>20)
		d.Fix = "look for a list or string that keeps growing, or raise the limit of memory (--max-script-memory)"
	default:
		d.Code = "cancelled"
		d.Summary = "script: cancelled before its end"
		if cause := context.Cause(t.context); cause != nil && !errors.Is(cause, t.context.Err()) {
			d.Detail = cause.Error()
		}
	}
	return d
}

func internalError(at score.Position, panicked any) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "internal-error", Position: at,
		Summary: "script: got a failure inside harmonyscript",
		Detail:  fmt.Sprint(panicked),
		Fix:     "this is a bug, not yours: please report it with the script",
	}
}
