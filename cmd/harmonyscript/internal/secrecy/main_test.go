// SPDX-License-Identifier: Apache-2.0

// This file gives the tests a sandbox, and makes the test program play harmonyscript.

package secrecy

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/cli"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
)

var shared sandboxtest.Shared

const programName = "harmonyscript"

// programFolder is where the program is, by its own name.
var programFolder string

// TestMain makes this test program play harmonyscript when it is called by that name, so that the tests run exactly the
// code under test.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		os.Exit(cli.Main(cli.SystemStreams(), os.Args[1:]))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// Most of these tests wait most of the time.
	if err := sandboxtest.Parallel("6"); err != nil {
		panic(err)
	}
	var err error
	if programFolder, err = os.MkdirTemp("", "harmonyscript-secrecy-"); err != nil {
		panic(err)
	}
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(programFolder, programName))
	}
	if err != nil {
		panic(err)
	}
	code := shared.Main(m)
	if err := os.RemoveAll(programFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// kubeconfig returns the path of the administrator's kubeconfig.
func kubeconfig(t testing.TB) string {
	t.Helper()
	return shared.Kubeconfig(t)
}
