// SPDX-License-Identifier: Apache-2.0

//go:build unix

package control

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// UpOptions say what to start.
type UpOptions struct {
	// Folder is the state folder.
	Folder state.Folder
	// Executable is this program, which is started again as the supervisor.
	Executable string
	// Programs is the folder of the components' executables and manifests.
	Programs string
	// Lifetime is how long the sandbox lives.
	Lifetime time.Duration
	// Timeout bounds the start.
	Timeout time.Duration
	// Nodes is how many simulated nodes there are.
	Nodes int
	// Progress is called with each step of the start.
	Progress func(step state.Step)
}

// ExitLocked is the exit code of a supervisor that found another one in its place.
const ExitLocked = 3

// supervisorMargin is how much longer than the start's timeout its supervisor is waited for: it tells what was slow, and stops everything.
const supervisorMargin = 15 * time.Second

// StartError says that a sandbox did not start.
type StartError struct {
	// State is what is known about it.
	State state.State
}

// Error says why.
func (e *StartError) Error() string {
	return "sandbox: it did not start: " + strings.TrimPrefix(e.State.Reason, "sandbox: ")
}

// Up returns the state of a running sandbox: of the one that is there, or of one that it starts. Of several calls at the same time one starts and all wait for it. The second result
// tells whether a sandbox was running already.
//
// The supervisor is a process of its own: it lives on when this one is killed. When the context is cancelled while the sandbox that this call started is not ready yet, it is stopped.
func Up(ctx context.Context, options UpOptions) (state.State, bool, error) {
	if err := options.Folder.Prepare(); err != nil {
		return state.State{}, false, err
	}
	waiter := &waiter{options: options}
	ready, err := waiter.wait(ctx)
	if err != nil && waiter.spawned != nil && ctx.Err() != nil {
		// Nobody waits for it any more. It was asked for by this call alone, unless another one came to wait for it too: that one then starts its own.
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace+killGrace)
		defer cancel()
		waiter.stopSpawned(stop)
	}
	return ready, waiter.attached, err
}

// waiter is one call of Up.
type waiter struct {
	options UpOptions
	// spawned is the supervisor that this call started last.
	spawned *spawned
	// seen is the supervisor that was last seen, whoever started it, and awaited the one that was last seen starting: how that one ends is this call's business too.
	seen, awaited process.Identity
	// steps is how many steps of seen have been told.
	steps int
	// attached is whether the sandbox was running when it was first looked at.
	attached bool
}

type spawned struct {
	command  *exec.Cmd
	identity process.Identity
	ended    chan struct{}
}

func (w *waiter) wait(ctx context.Context) (state.State, error) {
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout+supervisorMargin)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for first := true; ; first = false {
		current, locked, valid, err := w.options.Folder.Current()
		switch {
		case err != nil:
			return state.State{}, err
		case valid && first && current.Phase == state.Running:
			// How it started is old news.
			w.attached = true
			return current, nil
		case valid:
			w.tell(current)
			if current.Phase == state.Running {
				return current, nil
			}
		case !locked:
			if err := w.next(); err != nil {
				return state.State{}, err
			}
		}
		select {
		case <-ctx.Done():
			return state.State{}, fmt.Errorf("sandbox: wait for it to be ready: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// next decides what to do when nobody has the folder: to start a supervisor, to wait for the one that was just started, or to give up.
func (w *waiter) next() error {
	if w.spawned != nil {
		select {
		case <-w.spawned.ended:
		default:
			return nil // it has not come to taking the lock yet
		}
	}
	last, found, err := w.options.Folder.Read()
	if err != nil {
		return err
	}
	if found && last.Supervisor.PID != 0 && (last.Supervisor == w.awaited || w.spawned != nil && last.Supervisor.PID == w.spawned.identity.PID) {
		w.tell(last)
		if last.Phase == state.Failed {
			return &StartError{State: last}
		}
		if last.Phase != state.Stopped {
			return fmt.Errorf("sandbox: its supervisor (process %d) was killed while it started", last.Supervisor.PID)
		}
		if w.spawned != nil && last.Supervisor.PID == w.spawned.identity.PID {
			return &StartError{State: last} // somebody took it down
		}
	} else if w.spawned != nil && w.spawned.command.ProcessState.ExitCode() != ExitLocked {
		tail, _ := process.Tail(w.options.Folder.SupervisorLog(), 5)
		return fmt.Errorf("sandbox: its supervisor ended before it began: %s: %s", w.spawned.command.ProcessState, strings.Join(tail, "; "))
	}
	return w.spawn()
}

// spawn starts a supervisor that belongs to no terminal and to no parent.
func (w *waiter) spawn() error {
	// The folder may have been removed since by a `down`.
	if err := w.options.Folder.Prepare(); err != nil {
		return err
	}
	log, err := os.OpenFile(w.options.Folder.SupervisorLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox: open the supervisor's log: %w", err)
	}
	defer log.Close()
	command := exec.Command(w.options.Executable, "supervise",
		"--state="+string(w.options.Folder),
		"--programs="+w.options.Programs,
		"--lifetime="+w.options.Lifetime.String(),
		"--timeout="+w.options.Timeout.String(),
		"--nodes="+strconv.Itoa(w.options.Nodes),
	)
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("sandbox: start its supervisor: %w", err)
	}
	w.spawned = &spawned{command: command, identity: process.Identity{PID: command.Process.Pid}, ended: make(chan struct{})}
	if identity, err := process.Identify(command.Process.Pid); err == nil {
		w.spawned.identity = identity
	}
	go func(started *spawned) {
		// How it ended is in ProcessState.
		_ = started.command.Wait()
		close(started.ended)
	}(w.spawned)
	return nil
}

// stopSpawned ends the supervisor that this call started, if it is still there, and with it its sandbox.
func (w *waiter) stopSpawned(ctx context.Context) {
	select {
	case <-w.spawned.ended:
		return
	default:
	}
	_ = w.spawned.identity.Signal(syscall.SIGTERM)
	select {
	case <-w.spawned.ended:
	case <-ctx.Done():
		_ = w.spawned.identity.Signal(syscall.SIGKILL)
	}
}

// tell reports the steps that have not been reported yet.
func (w *waiter) tell(current state.State) {
	if current.Supervisor != w.seen {
		w.seen, w.steps = current.Supervisor, 0
	}
	if current.Phase == state.Starting {
		w.awaited = current.Supervisor
	}
	for ; w.steps < len(current.Steps); w.steps++ {
		if w.options.Progress != nil {
			w.options.Progress(current.Steps[w.steps])
		}
	}
}
