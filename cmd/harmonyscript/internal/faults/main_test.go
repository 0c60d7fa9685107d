// SPDX-License-Identifier: Apache-2.0

// This file gives the tests a sandbox, and makes the test program play harmonyscript.

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/cli"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

var shared sandboxtest.Shared

const (
	// programVariable names the program to test instead of the code of this tree: a release, say.
	programVariable = "HARMONYSCRIPT_TEST_PROGRAM"
	// everyVariable has processes killed after every request where otherwise some are left out.
	everyVariable = "HARMONYSCRIPT_TEST_EVERY_WRITE"
)

const programName = "harmonyscript"

// TestMain makes this test program play harmonyscript when it is called by that name, so that the tests run exactly the
// code under test.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		os.Exit(cli.Main(cli.SystemStreams(), os.Args[1:]))
	}
	// Most of these tests wait most of the time.
	if err := sandboxtest.Parallel("8"); err != nil {
		panic(err)
	}
	code := shared.Main(m)
	if programFolder != "" {
		if err := os.RemoveAll(programFolder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// kubeconfig returns the path of the administrator's kubeconfig.
func kubeconfig(t testing.TB) string {
	t.Helper()
	return shared.Kubeconfig(t)
}
