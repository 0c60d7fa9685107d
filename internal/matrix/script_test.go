// SPDX-License-Identifier: Apache-2.0

// This file writes the scripts of the matrix.

package matrix

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/calls"
	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

// cell is a channel in a version.
type cell struct {
	channel string
	version score.APIVersion
	// calls are those that the version carries, without the settings in missing; none when it lacks the channel.
	calls []calls.Variant
	// all are the calls with every argument.
	all []calls.Variant
	// missing are paths of settings in Alertmanager's words, and whole says that the channel itself is missing.
	missing []string
	whole   bool
}

// tenant is the name of the cell's tenant. A version's digit tells those of the versions apart.
func (c cell) tenant() string { return tenantName(c.version, c.channel) }

func tenantName(version score.APIVersion, channel string) string {
	return "m" + version.String()[1:2] + "-" + channel
}

// file is the name of one of the cell's golden files.
func (c cell) file(suffix string) string { return c.channel + "_" + c.version.String() + suffix }

// matrix returns the cells of a version, in the order of the channels' names.
func matrix(t *testing.T, b backend.Backend) []cell {
	t.Helper()
	var cells []cell
	for _, s := range calls.Channels() {
		c := cell{channel: s.Name, version: b.Version(), all: calls.Variants(t, s.Name)}
		for _, v := range c.all {
			missing, _, whole, err := calls.Missing(b.Sender(), channelOf(t, v.Call))
			if err != nil {
				t.Fatalf("%s: %v", c.version, err)
			}
			c.whole = c.whole || whole
			c.missing = append(c.missing, missing...)
		}
		slices.Sort(c.missing)
		c.missing = slices.Compact(c.missing)
		for _, v := range calls.Variants(t, s.Name, c.missing...) {
			// Without what it is about a variant is nothing of its own.
			about := func(path string) bool { return slices.Contains(v.About, path) }
			if !c.whole && !slices.ContainsFunc(c.missing, about) {
				c.calls = append(c.calls, v)
			}
		}
		cells = append(cells, c)
	}
	return cells
}

// channelOf returns the channel that a call makes.
func channelOf(t *testing.T, call string) score.AlertChannel {
	t.Helper()
	result, problems := builtins.Standard().Host(host.Options{}).RunSource(t.Context(), "channel.star", call+"\n")
	if problems.HasErrors() {
		t.Fatal(problems.Render(result.Sources, diag.Style{}))
	}
	for _, made := range result.Made {
		if channel, ok := made.(score.AlertChannel); ok {
			return channel
		}
	}
	t.Fatalf("got no channel of %s", call)
	return score.AlertChannel{}
}

// script is common.star with a tenant for each entry, whose value is a list of channels.
func script(t *testing.T, version score.APIVersion, tenants map[string][]string, order []string) string {
	t.Helper()
	common, err := os.ReadFile("testdata/common.star")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(common)
	b.WriteString("\ndeploy(\n")
	for _, tenant := range order {
		fmt.Fprintf(&b, "    monitored(%s, %q, [\n        %s,\n    ]),\n", version, tenant, strings.Join(tenants[tenant], ",\n        "))
	}
	fmt.Fprintf(&b, "    name = %q,\n)\n", "matrix-"+strings.ToLower(version.String()[:2]))
	return b.String()
}

// texts are the calls of variants.
func texts(variants []calls.Variant) []string {
	var all []string
	for _, v := range variants {
		all = append(all, v.Call)
	}
	return all
}

// load runs, checks and compiles a script.
func load(t *testing.T, text string) *deployment.Loaded {
	t.Helper()
	result, problems := deployment.NewHost(deployment.Options{}).RunSource(t.Context(), "matrix.star", text)
	loaded, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// compiled is what a script without problems makes.
func compiled(t *testing.T, text string) *deployment.Loaded {
	t.Helper()
	loaded := load(t, text)
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	return loaded
}

func backends(t *testing.T) []backend.Backend {
	t.Helper()
	registry, err := deployment.DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	return registry.Backends()
}
