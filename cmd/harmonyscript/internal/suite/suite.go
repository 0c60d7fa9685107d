// SPDX-License-Identifier: Apache-2.0

// Package suite runs regression suites: `.txtar` files in the format of rogpeppe/go-internal/testscript, with
// the harmonyscript command inside. The verb `test` and the project's own tests share this engine.
//
// Besides testscript's own commands a suite has:
//
//	harmonyscript ARGUMENTS...      runs harmonyscript; like exec it must succeed, with ! it must fail
//	exits CODE ARGUMENTS...         runs harmonyscript; it must end with exactly this exit code
//	output-without TEXT             neither stdout nor stderr of the last command may contain TEXT
//
// Each suite starts in a fresh folder that holds its files, with no kubeconfig and an empty home. The
// condition [sandbox] tells whether a cluster is there.
package suite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Options say how suites are run.
type Options struct {
	// Program is the harmonyscript program that suites call.
	Program string
	// Update writes the actual output into the suites' golden files where a cmp differs.
	Update bool
	// Sandbox is the state folder of a running sandbox; empty runs offline: every attempt to reach a cluster
	// is refused.
	Sandbox string
	// SandboxProgram is handed to suites as HARMONYSCRIPT_SANDBOX_BIN when set.
	SandboxProgram string
}

// Inside a suite's folder the program is called by this name in this folder.
const (
	programName = "harmonyscript"
	toolsFolder = ".bin"
)

// OfflineVariable is the environment variable that makes harmonyscript refuse to reach any cluster. Its
// value says why, for the error.
const OfflineVariable = "HARMONYSCRIPT_OFFLINE"

// Parameters returns how testscript runs the files with these options.
func Parameters(files []string, options Options) (testscript.Params, error) {
	program, err := filepath.Abs(options.Program)
	if err != nil {
		return testscript.Params{}, fmt.Errorf("suite: %w", err)
	}
	return testscript.Params{
		Files:               files,
		UpdateScripts:       options.Update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               func(env *testscript.Env) error { return setup(env, program, options) },
		Condition: func(condition string) (bool, error) {
			if condition == "sandbox" {
				return options.Sandbox != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"harmonyscript":  runCommand,
			"exits":          runExits,
			"output-without": outputWithout,
		},
	}, nil
}

// setup gives a suite its own home, the program on the PATH, and either a sandbox or none.
func setup(env *testscript.Env, program string, options Options) error {
	home := filepath.Join(env.WorkDir, ".home")
	tools := filepath.Join(env.WorkDir, toolsFolder)
	for _, folder := range []string{home, tools} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("suite: %w", err)
		}
	}
	if err := os.Symlink(program, filepath.Join(tools, programName)); err != nil {
		return fmt.Errorf("suite: %w", err)
	}
	env.Setenv("HOME", home)
	env.Setenv("XDG_CACHE_HOME", filepath.Join(home, ".cache"))
	env.Setenv("XDG_STATE_HOME", filepath.Join(home, ".state"))
	env.Setenv("PATH", tools+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("NO_COLOR", "1")
	env.Setenv("KUBECONFIG", filepath.Join(home, "no-kubeconfig"))
	if options.Sandbox == "" {
		env.Setenv(OfflineVariable, "this suite runs offline; `harmonyscript test --sandbox` gives suites a cluster")
		return nil
	}
	env.Setenv("HARMONYSCRIPT_SANDBOX_DIR", options.Sandbox)
	if options.SandboxProgram != "" {
		env.Setenv("HARMONYSCRIPT_SANDBOX_BIN", options.SandboxProgram)
	}
	return nil
}

// called returns the path by which suites call the program: the link of that name in their own folder, whatever
// the program's file is called.
func called(ts *testscript.TestScript) string {
	return filepath.Join(ts.Getenv("WORK"), toolsFolder, programName)
}

func runCommand(ts *testscript.TestScript, neg bool, arguments []string) {
	err := ts.Exec(called(ts), arguments...)
	switch {
	case err == nil && neg:
		ts.Fatalf("harmonyscript %s: got success, want failure", strings.Join(arguments, " "))
	case err != nil && !neg:
		ts.Fatalf("harmonyscript %s: %v", strings.Join(arguments, " "), err)
	}
}

func runExits(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) < 2 {
		ts.Fatalf("usage: exits CODE ARGUMENTS...")
	}
	want, err := strconv.Atoi(arguments[0])
	if err != nil {
		ts.Fatalf("exits: got code %q, want a number", arguments[0])
	}
	code := 0
	if err := ts.Exec(called(ts), arguments[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("exits: %v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("harmonyscript %s: got exit code %d, want %d", strings.Join(arguments[1:], " "), code, want)
	}
}

func outputWithout(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) != 1 {
		ts.Fatalf("usage: output-without TEXT")
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(stream), arguments[0]) {
			ts.Fatalf("%s contains what it must not: %q", stream, arguments[0])
		}
	}
}
