// SPDX-License-Identifier: Apache-2.0

// Package sandboxtest gives tests a sandbox of their own: a real control plane with its state in a folder that
// is removed afterwards.
package sandboxtest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Sandbox is a running sandbox.
type Sandbox struct {
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string `json:"kubeconfig"`
	// Server is the API server's URL.
	Server string `json:"server"`
	// State is the folder of its state: HARMONYSCRIPT_SANDBOX_DIR for programs that shall use it.
	State string `json:"-"`
	// Program is the sandbox's program: HARMONYSCRIPT_SANDBOX_BIN for programs that shall use it.
	Program string `json:"-"`
}

const (
	// startWithin bounds a start. How long one takes says nothing about what is tested, and on a machine that builds or tests
	// other things on all cores it takes many times as long as on an idle one.
	startWithin = 10 * time.Minute
	// longest is how long a sandbox lives when the tests may take as long as they like.
	longest = 4 * time.Hour
)

// lifetime ends a sandbox whose test was killed before it could stop it: a while after the tests have to have ended.
func lifetime() time.Duration {
	if limit := flag.Lookup("test.timeout"); limit != nil {
		if d, err := time.ParseDuration(limit.Value.String()); err == nil && d > 0 {
			return d + time.Minute
		}
	}
	return longest
}

// Shared starts one sandbox for all tests of a package, when the first of them asks for it. TestMain calls
// Stop when they have ended.
type Shared struct {
	once    sync.Once
	sandbox *Sandbox
	err     error
}

// errMissing says that the sandbox has not been built.
var errMissing = errors.New("the sandbox is not built: `make sandbox` builds it, `make test` does so first")

// Get returns the sandbox, started if need be. Without the sandbox's programs, or with -short, the test is
// skipped; HARMONYSCRIPT_REQUIRE_SANDBOX=1, which `make test` sets, makes missing programs a failure.
func (s *Shared) Get(t testing.TB) *Sandbox {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the sandbox, which -short leaves out")
	}
	s.once.Do(func() { s.sandbox, s.err = start() })
	switch {
	case errors.Is(s.err, errMissing) && os.Getenv("HARMONYSCRIPT_REQUIRE_SANDBOX") == "":
		t.Skip(s.err)
	case s.err != nil:
		t.Fatal(s.err)
	}
	return s.sandbox
}

// Begin starts the sandbox in the background, for tests that will ask for it later.
func (s *Shared) Begin() {
	go s.once.Do(func() { s.sandbox, s.err = start() })
}

// Stop ends the sandbox, if it was started, and removes its state.
func (s *Shared) Stop() error {
	s.once.Do(func() {}) // it may be starting
	if s.sandbox == nil {
		return nil
	}
	output, err := exec.Command(s.sandbox.Program, "down", "--state", s.sandbox.State).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sandbox down: %w\n%s", err, output)
	}
	return os.RemoveAll(s.sandbox.State)
}

// Main runs the tests of a package that shares a sandbox and returns the exit code.
func (s *Shared) Main(m *testing.M) int {
	code := m.Run()
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// Program returns the path of the sandbox's program, in bin/ of this repository unless
// HARMONYSCRIPT_SANDBOX_BIN names another.
func Program() (string, error) {
	path := os.Getenv("HARMONYSCRIPT_SANDBOX_BIN")
	if path == "" {
		_, file, _, _ := runtime.Caller(0)
		path = filepath.Join(filepath.Dir(file), "..", "..", "bin", "harmonyscript-sandbox")
	}
	if _, err := os.Stat(path); err != nil {
		return "", errMissing
	}
	return path, nil
}

func start() (*Sandbox, error) {
	program, err := Program()
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp("", "harmonyscript-sandbox-")
	if err != nil {
		return nil, err
	}
	// The program ends its start by itself, and tells what was not ready then.
	ctx, cancel := context.WithTimeout(context.Background(), startWithin+time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, "up", "--state", state, "--lifetime", lifetime().String(), "--timeout", startWithin.String(), "--output", "json")
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("sandbox up: %w", err)
	}
	sandbox := &Sandbox{State: state, Program: program}
	if err := json.Unmarshal(output, sandbox); err != nil {
		return nil, fmt.Errorf("sandbox up: got %q, want JSON: %w", output, err)
	}
	return sandbox, nil
}
