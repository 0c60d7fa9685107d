// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
)

// Every code that a script can lead to is shown by a suite that runs the real program.
func TestEveryCodeHasASuite(t *testing.T) {
	files, err := filepath.Glob("../../testdata/script/check_*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d suites (%v), want some", len(files), err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	// The constructors of the language refuse these; other programs can still get there.
	elsewhere := map[string]bool{"invalid-label-value": true, "invalid-rule": true, "invalid-scheme": true, "remote-write-authentication": true}
	// Which backends a build has changes from build to build.
	elsewhere["no-backend"] = true
	for _, c := range check.Codes() {
		if !elsewhere[c.Name] && !strings.Contains(all.String(), "["+c.Name+"]") {
			t.Errorf("no suite shows %s", c.Name)
		}
	}
}
