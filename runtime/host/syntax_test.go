// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// TestSyntaxFixes writes what people who know Python write. The caret must stand at the token that is wrong, and the
// fix must say what to write instead.
func TestSyntaxFixes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		at   string // what the caret stands at, up to the end of the line
		fix  string
	}{
		{`alert_rule(for = "5m")`, `for = "5m")`, "for_ ="},
		{`x = f"{y}"`, `"{y}"`, "f-strings"},
		{"import os", "import os", "load("},
		{"from x import y", "from x import y", "load("},
		{"class A:\n  pass", "class A:", "struct"},
		{"try:\n  pass\nexcept:\n  pass", "try:", "fail("},
		{"with x as y:\n  pass", "with x as y:", "`with`"},
		{"while True:\n  pass", "while True:", "range(n)"},
		{"def f(x: int):\n  pass", ": int):", "annotations"},
		{"def f() -> int:\n  pass", "-> int:", "annotations"},
		{"x = 1 is 2", "is 2", "=="},
		{"x = 2 ** 3", "** 3", "x * x"},
		{"if (x := 3):\n  pass", ":= 3):", ":="},
		{`x = "abc`, `"abc`, "quote"},
		{"x = \"abc\ny = 1", `"abc`, "close the string"},
		{`x = "\d+"`, `"\d+"`, "raw string"},
		{"def f():\n    x = 1\n  y = 2", "y = 2", "indent"},
		{"x = (1, 2", "", ""},
		{"x = 1 1", "1", ""},
		{"x = = 2", "= 2", ""},
	} {
		result, problems := host.New(host.Options{}).RunSource(context.Background(), "s.star", test.text)
		if len(problems) == 0 {
			t.Errorf("%q: got no problem", test.text)
			continue
		}
		d := problems[0]
		source, _ := result.Sources("s.star")
		lines := strings.Split(source, "\n")
		at := "outside"
		if n := d.Position.Line; n >= 1 && n <= len(lines) && d.Position.Column <= len(lines[n-1])+1 {
			at = lines[n-1][d.Position.Column-1:]
		}
		if at != test.at || !strings.Contains(d.Fix, test.fix) || d.Code != "syntax-error" && d.Code != "name-error" && d.Code != "undefined-name" {
			t.Errorf("%q:\n got %s at %q, fix %q\nwant %q, fix %q", test.text, d, at, d.Fix, test.at, test.fix)
		}
	}
}

// TestShareNothing proves that the host gives scripts no way to the world outside.
func TestShareNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"open", "exec", "eval", "input", "os", "time", "globals", "__import__", "$operand", "json"} {
		text := fmt.Sprintf("x = %s\n", name)
		if _, problems := host.New(host.Options{}).RunSource(context.Background(), "s.star", text); len(problems) == 0 {
			t.Errorf("scripts can use %s", name)
		}
	}
}
