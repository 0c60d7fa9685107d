// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

func startProgram(t *testing.T, h *host.Host, text string) (*host.Program, []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.star")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, problems := h.Start(t.Context(), path)
	var codes []string
	for _, d := range problems {
		codes = append(codes, d.Code)
	}
	return p, codes
}

// TestProgram calls functions of a script one after the other: each has limits of its own, and what ends one does not
// end the next.
func TestProgram(t *testing.T) {
	t.Parallel()
	h := host.New(host.Options{Limits: host.Limits{Steps: 100_000}})
	p, codes := startProgram(t, h, `
def good():
    count = 0
    for i in range(1000):
        count += i

def endless():
    for i in range(1000000):
        pass

def bad():
    return [][1]

def more(x):
    pass

other = good
`)
	if codes != nil {
		t.Fatal(codes)
	}
	var names []string
	for _, f := range p.Functions() {
		names = append(names, f.Name)
	}
	if len(names) != 5 || names[0] != "good" || names[1] != "other" || p.Functions()[4].Parameters != 1 || p.Functions()[2].Position.Line != 7 {
		t.Errorf("got functions %+v", p.Functions())
	}
	for range 3 {
		for name, want := range map[string]string{"good": "", "endless": "step-limit", "bad": "evaluation-error"} {
			problems := p.Call(t.Context(), name)
			if got := problems.Error(); (want == "") != (len(problems) == 0) || len(problems) > 0 && problems[0].Code != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if problems := p.Call(ctx, "good"); len(problems) != 1 || p.Result().Stop != host.StopCancelled {
		t.Errorf("got %v and %q, want that it was cancelled", problems, p.Result().Stop)
	}
}

func TestProgramThatFails(t *testing.T) {
	t.Parallel()
	p, codes := startProgram(t, host.New(host.Options{}), "def f():\n    pass\n\nfail('no')\n")
	if len(codes) != 1 || codes[0] != "script-failed" || len(p.Functions()) != 0 {
		t.Errorf("got %v and %v", codes, p.Functions())
	}
	p, problems := host.New(host.Options{}).Start(t.Context(), filepath.Join(t.TempDir(), "none.star"))
	if !problems.HasErrors() || len(p.Functions()) != 0 {
		t.Errorf("got %v, want that there is no such file", problems)
	}
}

// TestPredeclaredIn gives one file a name that others do not see.
func TestPredeclaredIn(t *testing.T) {
	t.Parallel()
	h := host.New(host.Options{PredeclaredIn: func(file string) starlark.StringDict {
		if file == "one.star" {
			return starlark.StringDict{"x": starlark.MakeInt(1)}
		}
		return nil
	}})
	if result, problems := h.RunSource(t.Context(), "one.star", "y = x"); problems != nil || result.Globals["y"] != starlark.MakeInt(1) {
		t.Errorf("got %v, %v", result.Globals, problems)
	}
	if _, problems := h.RunSource(t.Context(), "two.star", "y = x"); len(problems) != 1 || problems[0].Code != "undefined-name" {
		t.Errorf("got %v, want an undefined name", problems)
	}
}
