// SPDX-License-Identifier: Apache-2.0

//go:build unix

package integration_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// Two that start at the same time get the same sandbox; a third finds it running.
func TestSeveralUps(t *testing.T) {
	s := newSandbox(t)
	var group sync.WaitGroup
	var results [2]result
	for index := range results {
		group.Go(func() { results[index] = s.run("up", "--output", "json", "--lifetime", "15m") })
	}
	group.Wait()
	var states []state.State
	for _, got := range results {
		if got.code != 0 {
			t.Fatalf("up: got %+v", got)
		}
		states = append(states, s.decode(got.output))
	}
	if states[0].Supervisor != states[1].Supervisor || states[0].Server != states[1].Server {
		t.Errorf("got two sandboxes: %+v and %+v", states[0].Supervisor, states[1].Supervisor)
	}
	third := s.run("up")
	if third.code != 0 || !strings.Contains(third.output, "already running") || !strings.Contains(third.output, "simulated") {
		t.Errorf("third up: got %+v", third)
	}
	if third.errors != "" {
		t.Errorf("third up: got progress %q, want none: how it started is old news", third.errors)
	}
	if path := s.run("kubeconfig"); path.code != 0 || strings.TrimSpace(path.output) != filepath.Join(s.folder, "kubeconfig") {
		t.Errorf("kubeconfig: got %+v", path)
	}
	if down := s.run("down"); down.code != 0 || !strings.Contains(down.output, "stopped") {
		t.Errorf("down: got %+v", down)
	}
	s.assertGone()
	if down := s.run("down"); down.code != 0 || !strings.Contains(down.output, "no sandbox was running") {
		t.Errorf("second down: got %+v", down)
	}
}

// Whatever kills the supervisor, nothing is left running, and the next start works; the same when the machine kills one component.
func TestCrashes(t *testing.T) {
	s := newSandbox(t)
	first := s.up()
	if err := first.Supervisor.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		s.assertGone()
	}
	told, code := s.status()
	if code != 1 || told.Phase != state.Failed || !strings.Contains(told.Reason, "killed") {
		t.Errorf("status after the supervisor was killed: got code %d, %s, %q", code, told.Phase, told.Reason)
	}

	second := s.up()
	s.assertRunning()
	if second.Supervisor == first.Supervisor {
		t.Fatal("the killed supervisor is still the current one")
	}
	for _, component := range second.Components {
		if component.Name == "kwok" {
			if err := component.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.await("the end of a sandbox that lost a component", func() bool { return !second.Supervisor.Alive() })
	s.assertGone()
	told, code = s.status()
	if code != 1 || told.Phase != state.Failed || told.Failure == nil || told.Failure.Component != "kwok" || told.Failure.Result != "signal: killed" || len(told.Failure.LogTail) == 0 {
		t.Errorf("status after kwok was killed: got code %d, %s, %q, %s", code, told.Phase, told.Reason, failureOf(told))
	}
	if text := s.run("status"); !strings.Contains(text.output, "kwok: signal: killed") {
		t.Errorf("status in words: got %+v", text)
	}

	s.up()
	s.assertRunning()
	// The state folder is gone: nobody could ever take this sandbox down, so that it has to end by itself.
	stored, _ := s.stored()
	// Its components write files meanwhile, so that a folder that was emptied may have one in it again.
	s.await("the removal of its folder", func() bool { return os.RemoveAll(s.folder) == nil })
	s.await("the end of a sandbox without its folder", func() bool { return !stored.Supervisor.Alive() })
	s.assertGone()
	if _, err := os.Stat(s.folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the removed state folder was made again: %v", err)
	}
}

func (s *sandbox) assertRunning() {
	s.t.Helper()
	told, code := s.status()
	if code != 0 || told.Phase != state.Running {
		s.t.Fatalf("status: got code %d, %s, %q, %s", code, told.Phase, told.Reason, failureOf(told))
	}
	for _, component := range told.Components {
		if !component.Alive {
			s.t.Errorf("%s is not running", component.Name)
		}
	}
}

// A sandbox outlives the `up` that started it, and ends at the end of its life.
func TestKilledUpAndLifetime(t *testing.T) {
	s := newSandbox(t)
	up := s.command("up", "--lifetime", "15m")
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("the first component", func() bool {
		stored, found := s.stored()
		return found && len(stored.Components) > 0
	})
	if err := up.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = up.Wait()
	s.await("a sandbox whose `up` was killed", func() bool {
		stored, _ := s.stored()
		return stored.Phase != state.Starting
	})
	s.assertRunning()
	first, _ := s.stored()
	if down := s.run("down"); down.code != 0 {
		t.Fatalf("down: got %+v", down)
	}

	// Long enough for another start on this machine, as busy as it is; longer where it has become busier since.
	lifetime := (2*first.ReadyAt.Sub(first.StartedAt) + 10*time.Second).Round(time.Second)
	for {
		started := s.run("up", "--lifetime", lifetime.String())
		if started.code == 0 {
			break
		}
		if !strings.Contains(started.errors, "its lifetime of "+lifetime.String()+" ended") || lifetime > 10*time.Minute {
			t.Fatalf("up: got %+v", started)
		}
		lifetime *= 2
	}
	running, _ := s.stored()
	if got := running.EndsAt.Sub(running.StartedAt); got != lifetime {
		t.Errorf("its life: got %s, want %s", got, lifetime)
	}
	s.awaitFor(lifetime+patience, "the end of its life", func() bool { return !running.Supervisor.Alive() })
	if early := time.Until(running.EndsAt); early > 0 {
		t.Errorf("it ended %s before its time", early)
	}
	s.assertGone()
	told, code := s.status()
	if code != 1 || told.Phase != state.Stopped || !strings.Contains(told.Reason, "lifetime of "+lifetime.String()) {
		t.Errorf("status: got code %d, %s, %q", code, told.Phase, told.Reason)
	}
	for _, left := range []string{"kubeconfig", "pki", "etcd", "config"} {
		if _, err := os.Stat(filepath.Join(s.folder, left)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", left, err)
		}
	}
}

// Who interrupts a start gets none.
func TestInterruptedUp(t *testing.T) {
	s := newSandbox(t)
	var errorOutput bytes.Buffer
	up := s.command("up", "--lifetime", "5m")
	up.Stderr = &errorOutput
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("the first component", func() bool {
		stored, found := s.stored()
		return found && len(stored.Components) > 1
	})
	if err := up.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = up.Wait()
	if code := up.ProcessState.ExitCode(); code != 130 {
		t.Errorf("got exit code %d, want 130: %s", code, errorOutput.String())
	}
	s.stored()
	s.assertGone()
	if told, code := s.status(); code != 1 || told.Phase != state.Stopped {
		t.Errorf("status: got code %d, %s, %q", code, told.Phase, told.Reason)
	}
}
