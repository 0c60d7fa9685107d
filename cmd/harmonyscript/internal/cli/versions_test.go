// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"flag"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/golden"
)

var goldenFiles = golden.Flag(flag.CommandLine)

// TestVersionsPage keeps docs/versions.md as the backends say it; `make golden` writes it anew.
func TestVersionsPage(t *testing.T) {
	var page, complaints bytes.Buffer
	streams := Streams{Out: &page, Err: &complaints, Environment: func(string) (string, bool) { return "", false }}
	if code := Run(t.Context(), streams, []string{"doc", "versions"}); code != exitDone {
		t.Fatalf("got exit code %d: %s", code, complaints.String())
	}
	goldenFiles.Check(t, "../../../../../docs/versions.md", page.Bytes())
}
