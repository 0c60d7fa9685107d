// SPDX-License-Identifier: Apache-2.0

//go:build unix

// This file ends the components and says how a component ended.

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/provision"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// tailLines is how much of a log a failure shows.
const tailLines = 20

// DeathError says that a component ended although it was to run on.
type DeathError struct {
	// Failure says which one and how.
	state.Failure
}

// Error says which component ended and how.
func (e *DeathError) Error() string {
	return fmt.Sprintf("sandbox: %s ended by itself: %s", e.Component, e.Result)
}

// PortTaken tells whether it ended because another process had its port. Only its log says so: every program ends in the same way for every reason.
func (e *DeathError) PortTaken() bool {
	for _, line := range e.LogTail {
		if strings.Contains(line, "address already in use") {
			return true
		}
	}
	return false
}

func newDeath(ended *process.Process) *DeathError {
	return &DeathError{Failure: failure(ended.Name, ended.Result(), ended.Log)}
}

func failure(component, result, log string) state.Failure {
	tail, err := process.Tail(log, tailLines)
	if err != nil {
		tail = []string{"(" + err.Error() + ")"}
	}
	return state.Failure{Component: component, Result: result, LogTail: tail}
}

func isDeath(err error) bool {
	var death *DeathError
	return errors.As(err, &death)
}

// describe makes a Failure of what ended the sandbox, or nil when no component had to do with it.
func (s *Supervisor) describe(reason error) *state.Failure {
	var death *DeathError
	if errors.As(reason, &death) {
		return &death.Failure
	}
	var awaited *provision.AwaitError
	if errors.As(reason, &awaited) {
		for _, child := range s.running {
			if child.Name == awaited.What {
				described := failure(child.Name, "it did not become ready", child.Log)
				return &described
			}
		}
	}
	return nil
}

// stopAll ends all components: first those that talk to the API server, then the server, then the store. It takes a few seconds at most, whatever they do, and also
// when the context is done already: that is how it is asked for.
func (s *Supervisor) stopAll(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, child := range s.running {
		close(child.stopping)
	}
	for current := waveClients; current >= waveStore; current-- {
		var group sync.WaitGroup
		for _, child := range s.running {
			if child.wave == current {
				group.Go(func() { child.Stop(ctx, child.component.Grace) })
			}
		}
		group.Wait()
	}
	s.running = nil
}

// now is the time without the monotonic clock, as it is stored.
func now() time.Time { return time.Now().Round(0) }
