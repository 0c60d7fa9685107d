// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"helm.sh/helm/v3/pkg/kube"

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
	// It is a variable of the SDK; Helm's own command is known by this name.
	kube.ManagedFieldsManager = "helm"
	code := shared.Main(m)
	if err := second.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// runSuites runs the suites that match pattern, with commands of the test's own besides the usual ones. $CHARTS is the
// folder of the charts that tests share.
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
	parameters.Cmds["json-lines"] = jsonLines
	maps.Copy(parameters.Cmds, commands)
	charts, err := filepath.Abs("../../testdata/charts")
	if err != nil {
		t.Fatal(err)
	}
	setup := parameters.Setup
	parameters.Setup = func(env *testscript.Env) error {
		env.Setenv("CHARTS", charts)
		return setup(env)
	}
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
	if flag.Lookup("test.run").Value.String() == "" {
		// All tests are run, and TestClusters comes later.
		second.Begin()
	}
	options := suite.Options{Sandbox: sandbox.State, SandboxProgram: sandbox.Program}
	runSuites(t, "../../testdata/script/sandbox/*.txtar", options, newNeighbour(t, sandbox.Kubeconfig).commands(t))
}

// jsonLines is the command `json-lines FILE`: every line of FILE must be one JSON object.
func jsonLines(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) != 1 {
		ts.Fatalf("usage: json-lines FILE")
	}
	lines := bytes.Split(bytes.TrimSpace([]byte(ts.ReadFile(arguments[0]))), []byte("\n"))
	for i, line := range lines {
		var object map[string]any
		if err := json.Unmarshal(line, &object); err != nil {
			ts.Fatalf("%s:%d: got %q, want a JSON object: %v", filepath.Base(arguments[0]), i+1, line, err)
		}
	}
}
