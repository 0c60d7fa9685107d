// SPDX-License-Identifier: Apache-2.0

// This file lets an interrupt end what is being evaluated, and not the program.

package repl

import (
	"context"
	"fmt"
	"sync"
)

// interruptible returns a context that the next interrupt cancels. The one after it aborts the program: what does
// not heed the first must not hold the user. done must be called.
func (s *shell) interruptible(parent context.Context) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(parent)
	if s.options.Interrupts == nil {
		return ctx, cancel
	}
	// An interrupt from before has had its time.
	select {
	case <-s.options.Interrupts:
	default:
	}
	ended := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-ended:
			return
		case <-s.options.Interrupts:
			if s.working.Load() {
				fmt.Fprintln(s.options.Err, "\ninterrupted: finishing what is in flight; once more leaves at once")
			} else {
				fmt.Fprintln(s.options.Err)
			}
			cancel()
		}
		select {
		case <-ended:
		case <-s.options.Interrupts:
			if s.options.Abort != nil {
				s.options.Abort()
			}
		}
	})
	return ctx, func() {
		close(ended)
		watcher.Wait()
		cancel()
	}
}
