// SPDX-License-Identifier: Apache-2.0

//go:build unix

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Identity tells a process from every other one, also from one that gets the same id later or after a restart of the machine.
type Identity struct {
	// PID is the process id.
	PID int `json:"pid"`
	// Started says when the process was started, in a form of the operating system's that is only to be compared.
	Started string `json:"started,omitempty"`
}

// Identify returns the identity of a process that is running now.
func Identify(pid int) (Identity, error) {
	started, err := startOf(pid)
	if err != nil {
		return Identity{}, fmt.Errorf("process: identify process %d: %w", pid, err)
	}
	return Identity{PID: pid, Started: started}, nil
}

// Alive tells whether exactly this process is running. One that has ended but was not collected by its parent (a zombie) is not.
func (i Identity) Alive() bool {
	if i.PID <= 0 || i.Started == "" {
		return false
	}
	now, err := startOf(i.PID)
	return err == nil && now == i.Started
}

// Signal sends a signal to exactly this process, and nothing to another one that has its id.
func (i Identity) Signal(signal syscall.Signal) error {
	if !i.Alive() {
		return os.ErrProcessDone
	}
	if err := syscall.Kill(i.PID, signal); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return fmt.Errorf("process: send %s to process %d: %w", signal, i.PID, err)
	}
	return nil
}

// Kill ends the process at once and waits until it is gone, or until the context is done.
func (i Identity) Kill(ctx context.Context) error {
	if err := i.Signal(syscall.SIGKILL); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return err
	}
	return i.Wait(ctx)
}

// Wait returns when the process is gone. It works for processes that are not children of this one.
func (i Identity) Wait(ctx context.Context) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for i.Alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process: wait for the end of process %d: %w", i.PID, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
