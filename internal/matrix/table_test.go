// SPDX-License-Identifier: Apache-2.0

// This file holds the table of the versions against the matrix.

package matrix

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/calls"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// TestVersionTable expects the table of docs/versions.md to say of every channel what the matrix finds with all arguments.
func TestVersionTable(t *testing.T) {
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	table := deployment.VersionTable(registry, builtins.Standard())
	rows := map[string]deployment.VersionRow{}
	for _, row := range table.Channels {
		rows[row.Name] = row
	}
	if len(rows) != len(calls.Channels()) {
		t.Errorf("got %d channels in the table, want %d", len(rows), len(calls.Channels()))
	}
	for column, b := range registry.Backends() {
		if table.Columns[column].Name != b.Version().String() {
			t.Fatalf("column %d: got %s, want %s", column, table.Columns[column].Name, b.Version())
		}
		for _, c := range matrix(t, b) {
			got := rows[c.channel].Cells[column]
			if got.Supported == c.whole {
				t.Errorf("%s: %s: the table says supported: %v, the matrix finds %v", c.version, c.channel, got.Supported, !c.whole)
			}
			if lacks := lacking(got.Notes, c); got.Supported && !slices.Equal(lacks, c.missing) {
				t.Errorf("%s: %s: the table says that it lacks %q, the matrix finds %q", c.version, c.channel, lacks, c.missing)
			}
		}
	}
}

// lacking returns the settings that a note of the table names, but for those in oauth2 of a channel that takes no oauth2.
func lacking(notes []string, c cell) []string {
	note, ok := strings.CutPrefix(strings.Join(notes, "; "), "without ")
	if !ok {
		return notes
	}
	settings := strings.Split(strings.ReplaceAll(note, "`", ""), ", ")
	return slices.DeleteFunc(settings, func(setting string) bool {
		return strings.Contains(setting, "oauth2.") && !strings.Contains(strings.Join(texts(c.all), ""), "oauth2(")
	})
}
