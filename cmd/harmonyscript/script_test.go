// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/cli"
	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

// shared is the sandbox of the suites that want one.
var shared sandboxtest.Shared

// TestMain makes this test binary play harmonyscript when it is called by that name, so that suites run
// exactly the code under test.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "harmonyscript" {
		os.Exit(cli.Main(cli.SystemStreams(), os.Args[1:]))
	}
	os.Exit(shared.Main(m))
}

// runSuites runs the suites that match pattern, with commands of the test's own besides the usual ones.
func runSuites(t *testing.T, pattern string, options suite.Options, commands map[string]func(*testscript.TestScript, bool, []string)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d suites for %s (%v), want some", len(files), pattern, err)
	}
	if options.Program, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	options.Update = os.Getenv("HARMONYSCRIPT_UPDATE") != ""
	parameters, err := suite.Parameters(files, options)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(parameters.Cmds, commands)
	testscript.Run(t, parameters)
}

// TestScript runs the suites that need no cluster.
func TestScript(t *testing.T) {
	runSuites(t, "../../testdata/script/*.txtar", suite.Options{}, nil)
}

// TestScriptSandbox runs the suites that need one, all on one sandbox: each uses namespaces and deployments of
// its own.
func TestScriptSandbox(t *testing.T) {
	sandbox := shared.Get(t)
	options := suite.Options{Sandbox: sandbox.State, SandboxProgram: sandbox.Program}
	runSuites(t, "../../testdata/script/sandbox/*.txtar", options, newNeighbour(t, sandbox.Kubeconfig).commands(t))
}
