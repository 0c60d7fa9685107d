// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package integration_test runs real sandboxes. It is skipped when their programs are not built.
package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/cli"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

const (
	// programVariable makes the test binary be the program: so it can start itself as the supervisor.
	programVariable = "SANDBOX_TEST_PROGRAM"
	// programsVariable names the folder of the sandbox's programs. The default is bin/sandbox of the repository.
	programsVariable = "HARMONYSCRIPT_SANDBOX_PROGRAMS"
	// requireVariable makes missing programs a failure, so that a test run that is to be complete cannot leave these tests out.
	requireVariable = "HARMONYSCRIPT_REQUIRE_SANDBOX"
	// patience is how long anything may take, on a machine that also builds something else.
	patience = 10 * time.Minute
)

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// sandbox is a state folder and what was seen to run in it.
type sandbox struct {
	t        *testing.T
	folder   string
	programs string
	// seen are all processes that ever belonged to it.
	seen map[process.Identity]string
}

// newSandbox returns one that is not started yet. At the end of the test it is taken down, and nothing of it may be left.
func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a sandbox, which -short leaves out")
	}
	programs := os.Getenv(programsVariable)
	if programs == "" {
		programs = filepath.Join("..", "..", "bin", "sandbox")
	}
	programs, err := filepath.Abs(programs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(programs, "control-plane")); err != nil {
		missing := fmt.Sprintf("the sandbox's programs are not built (run `make sandbox` first): %v", err)
		if os.Getenv(requireVariable) != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	s := &sandbox{t: t, folder: filepath.Join(t.TempDir(), "state"), programs: programs, seen: map[process.Identity]string{}}
	t.Cleanup(func() {
		if result := s.run("down"); result.code != 0 {
			t.Errorf("down: got %+v", result)
		}
		if _, err := os.Stat(s.folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the state folder is left: %v", err)
		}
		s.assertGone()
	})
	return s
}

type result struct {
	code           int
	output, errors string
}

func (s *sandbox) command(verb string, arguments ...string) *exec.Cmd {
	s.t.Helper()
	executable, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	all := []string{verb, "--state", s.folder, "--programs", s.programs}
	if verb == "up" {
		all = append(all, "--timeout", patience.String())
	}
	command := exec.Command(executable, append(all, arguments...)...)
	command.Env = append(os.Environ(), programVariable+"=1")
	return command
}

func (s *sandbox) run(verb string, arguments ...string) result {
	s.t.Helper()
	var output, errorOutput bytes.Buffer
	command := s.command(verb, arguments...)
	command.Stdout, command.Stderr = &output, &errorOutput
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return result{code: command.ProcessState.ExitCode(), output: output.String(), errors: errorOutput.String()}
}

// up starts it and returns its state.
func (s *sandbox) up() state.State {
	s.t.Helper()
	started := s.run("up", "--output", "json", "--lifetime", "15m")
	if started.code != 0 {
		s.t.Fatalf("up: got %+v", started)
	}
	return s.decode(started.output)
}

func (s *sandbox) decode(output string) state.State {
	s.t.Helper()
	var decoded state.State
	if err := json.Unmarshal([]byte(output), &decoded); err != nil {
		s.t.Fatalf("got %q: %v", output, err)
	}
	s.remember(decoded)
	return decoded
}

func (s *sandbox) remember(known state.State) {
	s.seen[known.Supervisor] = "supervisor"
	for _, component := range known.Components {
		s.seen[component.Identity] = component.Name
	}
}

func (s *sandbox) status() (state.State, int) {
	s.t.Helper()
	told := s.run("status", "--output", "json")
	return s.decode(told.output), told.code
}

// stored is what the supervisor has stored, also while it starts.
func (s *sandbox) stored() (state.State, bool) {
	stored, found, err := state.Folder(s.folder).Read()
	if err != nil || !found {
		return state.State{}, false
	}
	s.remember(stored)
	return stored, true
}

func (s *sandbox) await(what string, done func() bool) {
	s.t.Helper()
	s.awaitFor(patience, what, done)
}

func (s *sandbox) awaitFor(limit time.Duration, what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	s.t.Fatalf("waited %s for %s", limit, what)
}

// assertGone fails if any process that ever belonged to the sandbox does not end.
func (s *sandbox) assertGone() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for identity, name := range s.seen {
		if err := identity.Wait(ctx); err != nil {
			s.t.Errorf("%s (process %d) is left", name, identity.PID)
			_ = identity.Kill(context.Background())
		}
	}
}

// client is a client of the running sandbox.
func (s *sandbox) client() *rest.Config {
	s.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.folder, "kubeconfig"))
	if err != nil {
		s.t.Fatal(err)
	}
	return config
}

func failureOf(known state.State) string {
	if known.Failure == nil {
		return "no failure"
	}
	return fmt.Sprintf("%+v", *known.Failure)
}
