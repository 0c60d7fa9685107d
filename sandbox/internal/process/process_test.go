// SPDX-License-Identifier: Apache-2.0

//go:build unix

package process_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
)

// patience is how long what comes at last may take, on a machine that also builds something else.
const patience = 3 * time.Minute

// parentVariable makes the test binary be a parent that starts a child and waits to be killed.
const parentVariable = "SANDBOX_TEST_PARENT_OF"

func TestMain(m *testing.M) {
	if folder := os.Getenv(parentVariable); folder != "" {
		beParent(folder)
	}
	os.Exit(m.Run())
}

func beParent(folder string) {
	launcher := process.NewLauncher()
	var children []*process.Process
	for range 10 {
		started, err := launcher.Start(process.Spec{Name: "child", Path: "/bin/sleep", Args: []string{"300"}, Log: filepath.Join(folder, "log")})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		children = append(children, started)
		endFreeThreads()
	}
	time.Sleep(200 * time.Millisecond)
	for _, child := range children {
		fmt.Print(child.Identity.PID, " ", child.Ended(), " ")
	}
	fmt.Println()
	select {}
}

// endFreeThreads ends every thread that no goroutine is locked to: a goroutine that ends while it is locked to its thread ends the thread too, and so many of them at the same
// time use them all. A child that had been started on one of these would die of this.
func endFreeThreads() {
	var running, ended sync.WaitGroup
	everybody := make(chan struct{})
	for range 20 {
		running.Add(1)
		ended.Go(func() {
			runtime.LockOSThread()
			running.Done()
			<-everybody
		})
	}
	running.Wait()
	close(everybody)
	ended.Wait()
}

func spec(t *testing.T, script string) process.Spec {
	t.Helper()
	return process.Spec{Name: "test", Path: "/bin/sh", Args: []string{"-c", script}, Environment: []string{"PATH=/usr/bin:/bin"}, Log: filepath.Join(t.TempDir(), "log")}
}

func start(t *testing.T, script string) *process.Process {
	t.Helper()
	started, err := process.NewLauncher().Start(spec(t, script))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { started.Stop(context.Background(), 0) })
	return started
}

func TestResultAndLog(t *testing.T) {
	tests := map[string]struct {
		script, result string
		log            []string
	}{
		"success":       {"echo out; echo err >&2", "exit status 0", []string{"out", "err"}},
		"failure":       {"echo no; exit 3", "exit status 3", []string{"no"}},
		"killed":        {"kill -9 $$", "signal: killed", nil},
		"nothing of us": {"echo ${HOME-none}", "exit status 0", []string{"none"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			started := start(t, test.script)
			<-started.Done()
			if got := started.Result(); got != test.result {
				t.Errorf("result: got %q, want %q", got, test.result)
			}
			if !started.Ended() {
				t.Error("it is not said to have ended")
			}
			tail, err := process.Tail(started.Log, 10)
			if err != nil || !slices.Equal(tail, test.log) {
				t.Errorf("log: got %q, %v, want %q", tail, err, test.log)
			}
			info, err := os.Stat(started.Log)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("log: got %v, %v, want mode 0600", info.Mode(), err)
			}
		})
	}
}

func TestStartOfWhatIsNotThere(t *testing.T) {
	wrong := spec(t, "")
	wrong.Path = "/does/not/exist"
	if _, err := process.NewLauncher().Start(wrong); err == nil || !strings.Contains(err.Error(), "test") {
		t.Fatalf("got %v, want an error that names the component", err)
	}
}

func TestStop(t *testing.T) {
	t.Run("asks", func(t *testing.T) {
		started := start(t, "trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.02; done")
		awaitLine(t, started.Log, "up")
		started.Stop(t.Context(), patience)
		awaitLine(t, started.Log, "asked")
		if got := started.Result(); got != "exit status 0" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("kills", func(t *testing.T) {
		started := start(t, "trap '' TERM; echo up; while :; do sleep 0.02; done")
		awaitLine(t, started.Log, "up")
		started.Stop(t.Context(), 100*time.Millisecond)
		if got := started.Result(); got != "signal: killed" {
			t.Errorf("got %q", got)
		}
	})
}

func TestIdentity(t *testing.T) {
	started := start(t, "exec sleep 300")
	identity, err := process.Identify(started.Identity.PID)
	if err != nil {
		t.Fatal(err)
	}
	if identity != started.Identity || !identity.Alive() {
		t.Errorf("got %+v (alive: %t), want %+v", identity, identity.Alive(), started.Identity)
	}
	for name, other := range map[string]process.Identity{
		"another process with the same id": {PID: identity.PID, Started: "another boot/1"},
		"an unknown start":                 {PID: identity.PID},
		"no process":                       {},
	} {
		if other.Alive() {
			t.Errorf("%s is said to be alive", name)
		}
		if err := other.Kill(t.Context()); err != nil {
			t.Errorf("%s: kill: %v", name, err)
		}
	}
	if started.Ended() {
		t.Fatal("the process was killed in place of another one")
	}
	if err := identity.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if identity.Alive() {
		t.Error("it is said to be alive after it was killed")
	}
}

func TestZombieIsNotAlive(t *testing.T) {
	command := exec.Command("/bin/sleep", "300")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	identity, err := process.Identify(command.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := identity.Wait(ctx); err != nil { // it is not collected yet
		t.Error(err)
	}
	_ = command.Wait()
}

// The promise of the whole package: whatever kills the supervisor, its components go with it; and nothing else does.
func TestChildDiesWithItsParentOnly(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to its parent; elsewhere the next start cleans up")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(executable)
	parent.Env = append(os.Environ(), parentVariable+"="+t.TempDir())
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(line)
	var children []process.Identity
	for index := 0; index+1 < len(fields); index += 2 {
		pid, err := strconv.Atoi(fields[index])
		if err != nil {
			t.Fatalf("got %q, want process ids: %v", line, err)
		}
		child, err := process.Identify(pid)
		if err != nil || fields[index+1] != "false" {
			t.Errorf("child %d died while its parent lived: %v", pid, err)
		}
		children = append(children, child)
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, child := range children {
		if err := child.Wait(ctx); err != nil {
			t.Error(err)
			_ = child.Kill(context.Background())
		}
	}
}

func TestTail(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	tests := map[string]struct {
		content string
		count   int
		want    []string
	}{
		"empty":            {"", 3, nil},
		"fewer":            {"a\nb\n", 3, []string{"a", "b"}},
		"exactly":          {"a\nb\nc\n", 3, []string{"a", "b", "c"}},
		"more":             {"a\nb\nc\nd\n", 3, []string{"b", "c", "d"}},
		"no end":           {"a\nb", 1, []string{"b"}},
		"long lines":       {long + "\n" + long + "\nend\n", 3, []string{long, "end"}},
		"only line breaks": {"\n\n", 3, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := process.Tail(path, test.count)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %d lines %.100q, %v, want %.100q", len(got), got, err, test.want)
			}
		})
	}
	if got, err := process.Tail(filepath.Join(t.TempDir(), "none"), 3); got != nil || err != nil {
		t.Errorf("no file: got %q, %v", got, err)
	}
}

func awaitLine(t *testing.T, log, line string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if tail, err := process.Tail(log, 10); err == nil && slices.Contains(tail, line) {
			return
		}
	}
	t.Fatalf("got no %q in the log", line)
}
