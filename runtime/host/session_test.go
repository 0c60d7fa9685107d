// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

func TestSession(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{"lib.star": "helper = 5"})
	base := host.New(host.Options{Predeclared: starlark.StringDict{"answer": starlark.MakeInt(42)}})
	session := base.NewSession(filepath.Join(folder, "<repl>"))
	session.Define("defined", starlark.String("d"))
	for _, step := range []struct {
		text  string
		value string // "" when there is none
		code  string // of the only problem
	}{
		{"x = 1", "", ""},
		{"x", "1", ""},
		{"x += 1", "", ""},
		{"x + answer", "44", ""},
		{"def f(n):\n  return n * x\n\n", "", ""},
		{"f(3)", "6", ""},
		{"load('lib.star', 'helper')", "", ""},
		{"helper", "5", ""},
		{"x = 7\nx + 1", "8", ""},
		{"y = x\nfail('stop')\nz = 1", "", "script-failed"},
		{"y", "7", ""},
		{"z", "", "undefined-name"},
		{"(", "", "syntax-error"},
		{"None", "", ""},
		{"print", "<built-in function print>", ""},
		{"answer = 3", "", ""},
		{"answer", "3", ""},
		{"defined + 'x'", `"dx"`, ""},
		{"[q * 2 for q in range(3)]", "[0, 2, 4]", ""},
		{"", "", ""},
		{"if x:\n  x = 9\n\n", "", ""},
		{"for i in range(3):\n  x += i\n\n", "", ""},
		{"x", "12", ""},
		{"x.y", "", "evaluation-error"},
	} {
		value, problems := session.Run(context.Background(), step.text)
		got := ""
		if value != nil {
			got = value.String()
		}
		code := ""
		if len(problems) > 0 {
			code = problems[0].Code
			if !strings.Contains(problems[0].Render(session.Sources, diag.Style{}), " | ") {
				t.Errorf("%q: the problem shows no source: %s", step.text, problems[0].Render(session.Sources, diag.Style{}))
			}
		}
		if got != step.value || code != step.code {
			t.Errorf("%q: got %q and %v, want %q and %q", step.text, got, problems, step.value, step.code)
		}
	}
	if _, ok := session.Globals()["f"]; !ok {
		t.Error("f is not among the globals")
	}
	for name := range session.Globals() {
		if strings.HasPrefix(name, "$") {
			t.Errorf("got the hidden name %s", name)
		}
	}
	if own := session.Result().Globals; own["answer"] == nil || own["defined"] != nil || own["x"] == nil {
		t.Errorf("got own globals %v", own)
	}
}

func TestSessionLimitsEachChunk(t *testing.T) {
	t.Parallel()
	session := host.New(host.Options{Limits: host.Limits{Steps: 1000}}).NewSession("<repl>")
	loop := "for i in range(100):\n  pass\n"
	for range 20 {
		if _, problems := session.Run(context.Background(), loop); problems != nil {
			t.Fatal(problems)
		}
	}
	_, problems := session.Run(context.Background(), "for i in range(10000):\n  pass\n")
	if len(problems) != 1 || problems[0].Code != "step-limit" {
		t.Errorf("got %v, want step-limit", problems)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	unlimited := host.New(host.Options{Limits: host.Limits{Steps: 1 << 60}}).NewSession("<repl>")
	_, problems = unlimited.Run(ctx, "for i in range(1000000):\n  for j in range(1000000):\n    pass\n")
	if len(problems) != 1 || problems[0].Code != "cancelled" {
		t.Errorf("got %v, want cancelled", problems)
	}
	if value, problems := unlimited.Run(context.Background(), "1 + 1"); value == nil || problems != nil {
		t.Errorf("after an interrupt: got %v, %v", value, problems)
	}
}

func TestSessionRunsFiles(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{"main.star": "load('lib/a.star', 'a')\nb = a + 1", "lib/a.star": "a = 1", "bad.star": "c = 1\nd = nothing"})
	session := host.New(host.Options{}).NewSession("<repl>")
	if problems := session.RunFile(context.Background(), filepath.Join(folder, "main.star")); problems != nil {
		t.Fatal(problems)
	}
	if value, problems := session.Run(context.Background(), "a + b"); value == nil || value.String() != "3" {
		t.Errorf("got %v, %v", value, problems)
	}
	if value, problems := session.Run(context.Background(), "load('lib/a.star', again = 'a')\nagain"); value == nil || value.String() != "1" {
		t.Errorf("a module of the script: got %v, %v", value, problems)
	}
	if problems := session.RunFile(context.Background(), filepath.Join(folder, "bad.star")); len(problems) != 1 || problems[0].Code != "undefined-name" {
		t.Errorf("got %v", problems)
	}
	if problems := session.RunFile(context.Background(), filepath.Join(folder, "none.star")); len(problems) != 1 || problems[0].Code != "file-unreadable" {
		t.Errorf("got %v", problems)
	}
}

func TestIncomplete(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                              false,
		"x = 1":                         false,
		"x = (":                         true,
		"x = (1,\n":                     true,
		"x = (1,\n2)":                   false,
		"def f():":                      true,
		"def f():\n  return 1":          true,
		"def f():\n  return 1\n":        true,
		"def f():\n  return 1\n\n":      false,
		"if x:\n  y\nelse:":             true,
		"if x:\n  y\nelse:\n  z\n\n":    false,
		"for x in y:\n  z = [":          true,
		`x = """abc`:                    true,
		`x = """abc` + "\n" + `d"""`:    false,
		`x = "abc`:                      false, // an error: no further line can close it
		"x = 1 + \\":                    true,
		"x = )":                         false,
		"discord(\n    name = \"a\",\n": true,
		"# only a comment":              false,
		"x = 1 +":                       false,
		"\x00":                          false,
	} {
		if got := host.Incomplete(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
