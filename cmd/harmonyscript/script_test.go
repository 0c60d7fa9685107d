// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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
	parameters.Cmds["await"] = awaitLines
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

// awaitLines is the command `await [-count=N] REGEXP FILE`: it waits until N lines, one unless that is said, of what a program in
// the background writes match.
func awaitLines(ts *testscript.TestScript, neg bool, arguments []string) {
	want := 1
	if len(arguments) == 3 {
		if _, err := fmt.Sscanf(arguments[0], "-count=%d", &want); err != nil {
			ts.Fatalf("await: got %q, want -count=N", arguments[0])
		}
		arguments = arguments[1:]
	}
	if neg || len(arguments) != 2 {
		ts.Fatalf("usage: await [-count=N] REGEXP FILE")
	}
	pattern, err := regexp.Compile("(?m)" + arguments[0])
	ts.Check(err)
	eventually(ts, "await "+strings.Join(arguments, " "), func() (bool, string) {
		// The program makes the file when it starts.
		content, err := os.ReadFile(ts.MkAbs(arguments[1]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			ts.Fatalf("await: %v", err)
		}
		return len(pattern.FindAll(content, -1)) >= want, string(content)
	})
}

// eventually waits until look is satisfied with what it sees. The limit only ends what would never come.
func eventually(ts *testscript.TestScript, what string, look func() (done bool, seen string)) {
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		done, seen := look()
		if done {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: it never came; last seen:\n%s", what, seen)
		}
	}
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
