// SPDX-License-Identifier: Apache-2.0

// This file holds writes back while it is in doubt whose the lock is.

package apply

import (
	"context"
	"sync"
)

// gate lets through, or holds back until it is opened. Its zero value is open.
type gate struct {
	mutex sync.Mutex
	// closed is what those who are held back wait for; nil while the gate is open.
	closed chan struct{}
}

// shut holds back who comes from now on. It reports whether the gate was open.
func (g *gate) shut() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.closed != nil {
		return false
	}
	g.closed = make(chan struct{})
	return true
}

func (g *gate) open() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.closed != nil {
		close(g.closed)
		g.closed = nil
	}
}

func (g *gate) isShut() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.closed != nil
}

// pass returns when the gate is open, or with the reason of a context that ended before.
func (g *gate) pass(ctx context.Context) error {
	for {
		g.mutex.Lock()
		closed := g.closed
		g.mutex.Unlock()
		if closed == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-closed:
		}
	}
}
