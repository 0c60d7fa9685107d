// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"slices"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestVersionTableAsksTheBackends(t *testing.T) {
	registry := plainRegistry(t, plainBackend{version: score.V1Helm, kind: "Note"}, plainBackend{version: score.V2CRD, kind: "Note"})
	table := VersionTable(registry, builtins.Standard())
	if len(table.Columns) != 2 || !slices.Equal(table.Columns[0].Requires, []string{"plain-operator (plain)"}) || table.Columns[0].Summary == "" {
		t.Errorf("got columns %+v, want two with what they need", table.Columns)
	}
	at := slices.IndexFunc(table.Features, func(r VersionRow) bool { return r.Name == "pod_monitor" })
	if at < 0 || !table.Features[at].Cells[0].Supported || !table.Features[at].Cells[1].Supported {
		t.Errorf("got %+v, want pod_monitor supported by both", table.Features)
	}
	if slices.ContainsFunc(table.Features, func(r VersionRow) bool { return r.Name == "probe" }) {
		t.Errorf("got a row for probe, want none: no version has a word about it")
	}
	// The sender takes everything: every channel of the library is there, and none lacks anything.
	channels := 0
	for _, s := range builtins.Standard().Signatures() {
		if s.Receiver == "" && s.Result == "alert_channel" {
			channels++
		}
	}
	if channels == 0 || len(table.Channels) != channels {
		t.Errorf("got %d channels, want %d", len(table.Channels), channels)
	}
	for _, r := range table.Channels {
		for _, c := range r.Cells {
			if !c.Supported || len(c.Notes) > 0 {
				t.Errorf("%s: got %+v, want it supported without a note", r.Name, c)
			}
		}
	}
}

// TestDefaultRegistryHasWordsForEveryFeature keeps the table free of rows without a summary.
func TestDefaultRegistryHasWordsForEveryFeature(t *testing.T) {
	registry, err := DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range featureRows(registry.Backends()) {
		if r.Summary == "" {
			t.Errorf("feature %q has no summary: add one to featureSummaries", r.Name)
		}
	}
}
