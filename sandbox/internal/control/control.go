// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package control does what a user asks for: it starts a sandbox's supervisor and waits for it, stops it, and tells how the sandbox is.
package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/provision"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/supervisor"
)

// pollInterval is how often the stored state is looked at.
const pollInterval = 50 * time.Millisecond

const (
	// stopGrace is how long a supervisor may take to stop everything before it is killed. It needs some seconds at most.
	stopGrace = 20 * time.Second
	// killGrace is how long the kernel may take to free the lock of a process that was killed.
	killGrace = 10 * time.Second
)

// Down stops the sandbox, if there is one, and removes its data. It tells whether there was one.
func Down(ctx context.Context, folder state.Folder) (bool, error) {
	if !folder.Marked() {
		return false, nil
	}
	running, err := folder.Locked()
	if err != nil {
		return false, err
	}
	lock, err := takeOver(ctx, folder)
	if err != nil {
		return running, err
	}
	defer lock.Release()
	if err := supervisor.Clean(ctx, folder); err != nil {
		return running, err
	}
	return running, folder.Remove()
}

// takeOver ends the supervisor and takes its lock: it asks first, and kills when that does not help. The kernel then kills the components too (elsewhere than on
// Linux the caller does so by their recorded ids).
func takeOver(ctx context.Context, folder state.Folder) (*state.Lock, error) {
	for _, try := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGTERM, stopGrace}, {syscall.SIGKILL, killGrace}} {
		lock, err := func() (*state.Lock, error) {
			ctx, cancel := context.WithTimeout(ctx, try.grace)
			defer cancel()
			var asked state.State
			for {
				lock, err := folder.TryLock()
				if !errors.Is(err, state.ErrLocked) {
					return lock, err
				}
				// It is asked once, but another supervisor may come after it.
				current, _, valid, err := folder.Current()
				if err == nil && valid && current.Supervisor != asked.Supervisor {
					asked = current
					if err := current.Supervisor.Signal(try.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
						return nil, err
					}
				}
				select {
				case <-ctx.Done():
					return nil, fmt.Errorf("%w: %w", state.ErrLocked, ctx.Err())
				case <-time.After(pollInterval):
				}
			}
		}()
		if err == nil {
			return lock, nil
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("sandbox: stop it: %w", err)
		}
	}
	return nil, fmt.Errorf("sandbox: stop it: %w, even after it was killed", state.ErrLocked)
}

// statusTimeout bounds the question to the API server: a status that hangs is of no use.
const statusTimeout = 3 * time.Second

// Status tells how the sandbox is. A sandbox whose supervisor is gone is Stopped, or Failed if it was killed. One that does not answer is Failed as well,
// though its processes may still be there.
func Status(ctx context.Context, folder state.Folder) (state.State, error) {
	current, locked, valid, err := folder.Current()
	if err != nil {
		return state.State{}, err
	}
	if valid {
		return answering(ctx, current), nil
	}
	if locked {
		return state.State{Phase: state.Starting, Folder: folder}, nil
	}
	last, found, err := folder.Read()
	if err != nil {
		return state.State{}, err
	}
	if !found {
		return state.State{Phase: state.Stopped, Reason: "none was started", Folder: folder}, nil
	}
	if last.Phase != state.Stopped && last.Phase != state.Failed {
		last.Phase = state.Failed
		last.Reason = "its supervisor was killed; `up` starts a new one"
		last.Kubeconfig, last.Server = "", ""
	}
	return last, nil
}

func answering(ctx context.Context, current state.State) state.State {
	if current.Phase != state.Running {
		return current
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	content, err := os.ReadFile(current.Kubeconfig)
	if err == nil {
		var client *provision.Client
		if client, err = provision.NewClient(content); err == nil {
			err = client.Ready(ctx)
		}
	}
	if err != nil {
		current.Phase = state.Failed
		current.Reason = "its API server does not answer: " + err.Error()
	}
	return current
}
