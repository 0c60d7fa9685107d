// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHistoryFile(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/state", "/home/me", "/state/harmonyscript/history"},
		{"", "/home/me", "/home/me/.local/state/harmonyscript/history"},
		{"relative", "/home/me", "/home/me/.local/state/harmonyscript/history"},
		{"", "", ""},
	} {
		environment := func(name string) (string, bool) {
			value := map[string]string{"XDG_STATE_HOME": c.state, "HOME": c.home}[name]
			return value, value != ""
		}
		if got := HistoryFile(environment); got != c.want {
			t.Errorf("HistoryFile(%q, %q): got %q, want %q", c.state, c.home, got, c.want)
		}
	}
}

func mustOpen(t *testing.T, path string) *history {
	t.Helper()
	h, err := openHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHistoryIsKeptBetweenRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "history")
	first := mustOpen(t, path)
	for _, c := range []struct {
		text string
		keep bool
	}{{"x = 1\n", true}, {"def f():\n    return \"<é>\"\n\n", true}, {"a secret", false}, {"x", true}, {"x", true}, {" \n", true}} {
		if err := first.add(c.text, c.keep); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"x = 1", "def f():\n    return \"<é>\"", "a secret", "x"}, first.lines); diff != "" {
		t.Errorf("in this run: -want +got\n%s", diff)
	}
	second := mustOpen(t, path)
	if diff := cmp.Diff([]string{"x = 1", "def f():\n    return \"<é>\"", "x"}, second.lines); diff != "" {
		t.Errorf("in the next run: -want +got\n%s", diff)
	}
	if got, err := second.GetLine(second.Len() - 1); err != nil || got != "x" {
		t.Errorf("GetLine: got %q, %v, want x", got, err)
	}
	if _, err := second.GetLine(second.Len()); err == nil {
		t.Error("GetLine past the end: got no error, want one")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("history file: got mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestHistoryForgets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	h := mustOpen(t, path)
	for _, text := range []string{"x = 1", `token = "abcdef"`, "x"} {
		if err := h.add(text, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.forget(func(text string) bool { return strings.Contains(text, "abcdef") }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x = 1", "x"}, mustOpen(t, path).lines); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	content, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(content), "abcdef") {
		t.Errorf("history file: got %q, %v, want it without the secret", content, err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var lines []string
	for i := range historySize + historySlack + 1 {
		lines = append(lines, fmt.Sprint("x", i))
	}
	if err := os.WriteFile(path, encodeHistory(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	h := mustOpen(t, path)
	if got, want := h.lines[0], lines[len(lines)-historySize]; h.Len() != historySize || got != want {
		t.Errorf("got %d lines from %q, want %d from %q", h.Len(), got, historySize, want)
	}
	if _, total, err := readHistory(path); err != nil || total != historySize {
		t.Errorf("file: got %d lines, %v, want it cut to %d", total, err, historySize)
	}
	if err := h.add(strings.Repeat("x", historyText+1), true); err != nil || h.Len() != historySize {
		t.Errorf("a chunk that is too long: got %d lines, %v, want it left out", h.Len(), err)
	}
}

func TestHistorySurvivesDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(path, []byte("\"x\"\nnot json\n{}\n\n\"y\"\n\"cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x", "y"}, mustOpen(t, path).lines); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, err := openHistory(t.TempDir()); err == nil {
		t.Error("openHistory of a folder: got no error, want one")
	}
}
