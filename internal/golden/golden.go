// SPDX-License-Identifier: Apache-2.0

// Package golden compares what tests compute with files under testdata/. `go test -update` writes the files, and so
// does every test while the environment has HARMONYSCRIPT_UPDATE, which is how `make golden` reaches all packages.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Golden compares against golden files, or writes them when its flag is set.
type Golden struct{ update *bool }

// Flag adds the flag -update to set, which a test package does once, with flag.CommandLine.
func Flag(set *flag.FlagSet) Golden {
	return Golden{update: set.Bool("update", false, "write the golden files instead of comparing with them")}
}

// Check compares got with the file testdata/<name>.
func (g Golden) Check(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *g.update || os.Getenv("HARMONYSCRIPT_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (go test -update accepts it; - is the file, + is what the test got):\n%s", path, diff)
	}
}
