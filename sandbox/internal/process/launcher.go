// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package process starts, watches and ends the sandbox's processes, and tells a process from another one that has got the same id since.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Spec says what to start.
type Spec struct {
	// Name is what the process is called in messages.
	Name string
	// Path is the executable's path.
	Path string
	// Args are its arguments, without the program's name.
	Args []string
	// Environment is its whole environment: nothing is inherited, so that a proxy or a configuration file of the user's changes nothing in the sandbox.
	Environment []string
	// Directory is its working directory.
	Directory string
	// Log is the file that its standard output and standard error are appended to.
	Log string
}

// Process is one that was started by a Launcher.
type Process struct {
	// Name is the one of the Spec.
	Name string
	// Identity tells it from every other process on this machine.
	Identity Identity
	// Log is the file that it writes to.
	Log string

	command *exec.Cmd
	done    chan struct{}
	result  error
}

// Launcher starts processes that do not outlive this one: on Linux the kernel kills them when this process dies, however it dies.
//
// Linux ties that to the THREAD that started the child, and Go ends threads when it pleases; so all children are started from one goroutine that is locked to
// its thread and never returns.
type Launcher struct {
	requests chan request
}

type request struct {
	command *exec.Cmd
	started chan error
}

// NewLauncher returns a launcher. Its goroutine lives as long as the process: ending it would end the children.
func NewLauncher() *Launcher {
	launcher := &Launcher{requests: make(chan request)}
	go func() {
		runtime.LockOSThread()
		for request := range launcher.requests {
			request.started <- request.command.Start()
		}
	}()
	return launcher
}

// Start starts a process. The error is about the start only; what becomes of the process is told by Done and Result.
func (l *Launcher) Start(spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("process: open the log of %s: %w", spec.Name, err)
	}
	defer log.Close()
	command := exec.Command(spec.Path, spec.Args...)
	command.Env = spec.Environment
	command.Dir = spec.Directory
	command.Stdout = log
	command.Stderr = log
	command.SysProcAttr = childAttributes()
	started := make(chan error)
	l.requests <- request{command: command, started: started}
	if err := <-started; err != nil {
		return nil, fmt.Errorf("process: start %s: %w", spec.Name, err)
	}
	process := &Process{Name: spec.Name, Log: spec.Log, command: command, done: make(chan struct{})}
	process.Identity, err = Identify(command.Process.Pid)
	if err != nil {
		// It can only be gone already; Wait tells why.
		process.Identity = Identity{PID: command.Process.Pid}
	}
	go func() {
		process.result = command.Wait()
		close(process.done)
	}()
	return process, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended tells whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Result says how the process ended, as "exit status 1" or "signal: killed". It is to be called after Done is closed.
func (p *Process) Result() string {
	if p.result == nil {
		return "exit status 0"
	}
	var exit *exec.ExitError
	if errors.As(p.result, &exit) {
		return exit.String()
	}
	return p.result.Error()
}

// Stop asks the process to end (SIGTERM) and kills it after the grace period, or at once when the context is done. It returns when the process is gone.
func (p *Process) Stop(ctx context.Context, grace time.Duration) {
	if p.Ended() {
		return
	}
	// An error means that it has ended by itself meanwhile.
	_ = p.command.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = p.command.Process.Kill()
	<-p.done
}
