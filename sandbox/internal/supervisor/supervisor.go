// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package supervisor starts the components of one sandbox, watches over them and stops them: on request, at the end of the sandbox's life, or when one of
// them dies. A component that dies is not started again: what the cluster then holds could not be relied upon, and a new sandbox is there in seconds.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/components"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// Options say what to supervise.
type Options struct {
	// Folder is the state folder. It has been prepared.
	Folder state.Folder
	// Programs is the folder of the components' executables and manifests.
	Programs string
	// Lifetime is how long the sandbox lives from its start; then it stops itself.
	Lifetime time.Duration
	// Timeout bounds the start.
	Timeout time.Duration
	// Nodes is how many simulated nodes there are.
	Nodes int
	// Log is where the supervisor writes what it does.
	Log io.Writer
}

// startAttempts is how often the start is tried when another process takes a port between the choice and the use.
const startAttempts = 5

// watchInterval is how often the end of the life and the folder's existence are looked at.
const watchInterval = time.Second

// deathsBuffer is more than there are components, so that telling of a death never blocks.
const deathsBuffer = 64

// certificateMargin is how much longer than the sandbox its certificates are valid.
const certificateMargin = 24 * time.Hour

// Supervisor is one run.
type Supervisor struct {
	options  Options
	lock     *state.Lock
	launcher *process.Launcher
	setup    components.Setup
	state    state.State

	// running are the started processes in the order of their start; waves says in which wave each belongs.
	running []child
	// deaths receives a component that ended although nobody asked it to.
	deaths chan *DeathError
}

type child struct {
	*process.Process
	component components.Component
	wave      wave
	stopping  chan struct{}
}

// wave is a group of components that are stopped together. The highest goes first.
type wave int

const (
	waveStore wave = iota
	waveServer
	waveClients
)

// The reasons of an end that is no failure.
var (
	errAskedToStop = errors.New("it was taken down")
	errFolderGone  = errors.New("its state folder was removed")
)

// lifetimeError is the reason of an end by age.
type lifetimeError time.Duration

func (e lifetimeError) Error() string {
	return fmt.Sprintf("its lifetime of %s ended", time.Duration(e))
}

// Run runs a sandbox from its start to its end. It returns state.ErrLocked when another supervisor has the folder, nil when the sandbox ran and was
// stopped, and otherwise what went wrong. Cancelling the context stops the sandbox.
func Run(ctx context.Context, options Options) error {
	lock, err := options.Folder.TryLock()
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := Clean(ctx, options.Folder); err != nil {
		return err
	}
	supervisor := &Supervisor{
		options:  options,
		lock:     lock,
		launcher: process.NewLauncher(),
	}
	return supervisor.run(ctx)
}

// Clean removes what a supervisor that was killed left behind: processes (where the system cannot tie them to their parent) and data. The caller holds the lock.
func Clean(ctx context.Context, folder state.Folder) error {
	// A state that cannot be read is no reason to refuse: it is about to be replaced.
	old, _, _ := folder.Read()
	for _, component := range slices.Backward(old.Components) {
		if err := component.Kill(ctx); err != nil {
			return fmt.Errorf("sandbox: end the %s of an earlier sandbox: %w", component.Name, err)
		}
	}
	if err := folder.RemoveData(); err != nil {
		return err
	}
	return folder.RemoveLogs()
}

func (s *Supervisor) run(ctx context.Context) error {
	self, err := process.Identify(os.Getpid())
	if err != nil {
		return err
	}
	started := time.Now().Round(0) // without the monotonic clock, which stands still while a laptop sleeps
	s.state = state.State{
		Phase:      state.Starting,
		Supervisor: self,
		Folder:     s.options.Folder,
		StartedAt:  started,
		EndsAt:     started.Add(s.options.Lifetime),
	}
	s.step("starting a sandbox that lives for %s", s.options.Lifetime)

	reason := s.startWithRetries(ctx)
	if reason == nil {
		reason = s.watch(ctx)
	}
	return s.end(ctx, reason)
}

// startWithRetries starts everything, again with other ports when one was taken meanwhile.
func (s *Supervisor) startWithRetries(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, fmt.Errorf("it was not ready within %s", s.options.Timeout))
	defer cancel()
	ctx, cancelLife := context.WithDeadlineCause(ctx, s.state.EndsAt, lifetimeError(s.options.Lifetime))
	defer cancelLife()
	for attempt := 1; ; attempt++ {
		err := s.start(ctx)
		var death *DeathError
		if err == nil || attempt == startAttempts || !errors.As(err, &death) || !death.PortTaken() {
			return err
		}
		s.step("%s found its port taken; starting again with other ports", death.Component)
		s.stopAll(ctx)
		s.state.Components = nil
		if err := errors.Join(s.options.Folder.RemoveData(), s.options.Folder.RemoveLogs()); err != nil {
			return err
		}
	}
}

// watch returns why the sandbox has to end.
func (s *Supervisor) watch(ctx context.Context) error {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return errAskedToStop
		case death := <-s.deaths:
			return death
		case <-ticker.C:
			if !s.options.Folder.Intact(s.lock) {
				return errFolderGone
			}
			if !time.Now().Round(0).Before(s.state.EndsAt) {
				return lifetimeError(s.options.Lifetime)
			}
		}
	}
}

// end stops everything and stores why. It returns the reason if it is a failure.
func (s *Supervisor) end(ctx context.Context, reason error) error {
	failed := false
	var age lifetimeError
	switch {
	case errors.Is(reason, errFolderGone):
		// Nothing may be written: the folder may belong to somebody else by now.
		s.stopAll(ctx)
		return nil
	case errors.Is(reason, context.Canceled), errors.Is(reason, errAskedToStop):
		reason = errAskedToStop
	case errors.As(reason, &age):
		reason = age
	default:
		failed = true
		s.state.Failure = s.describe(reason)
	}
	s.state.Phase = state.Stopping
	s.state.Reason = strings.TrimPrefix(reason.Error(), "sandbox: ")
	s.step("stopping: %s", s.state.Reason)
	s.stopAll(ctx)
	s.state.Phase = state.Stopped
	if failed {
		s.state.Phase = state.Failed
	}
	s.state.Kubeconfig, s.state.Server = "", ""
	err := s.options.Folder.RemoveData()
	if !failed {
		err = errors.Join(err, s.options.Folder.RemoveLogs())
		s.state.Components = nil
	}
	s.step("stopped")
	if failed {
		return errors.Join(reason, err)
	}
	return err
}

// step records progress and stores the state. That the state cannot be stored (a full disk) does not end a sandbox that works.
func (s *Supervisor) step(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	at := time.Since(s.state.StartedAt).Milliseconds()
	s.state.Steps = append(s.state.Steps, state.Step{AtMilliseconds: at, Text: text})
	fmt.Fprintf(s.options.Log, "%s %s\n", time.Now().Format(time.RFC3339), text)
	if err := s.options.Folder.Write(s.state); err != nil {
		fmt.Fprintf(s.options.Log, "%s %v\n", time.Now().Format(time.RFC3339), err)
	}
}
