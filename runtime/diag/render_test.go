// SPDX-License-Identifier: Apache-2.0

package diag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func at(line, column int) score.Position {
	return score.Position{File: "demo.star", Line: line, Column: column}
}

const source = "first = 1\n" +
	"\tindented = \"x\"\n" +
	"wide = \"日本\" + oops\n" +
	"bell = \"\a\x1b[31m\u202e\" \r\n" +
	"e\u0301te = oops\n" +
	"last = 🙂 oops"

func sources(file string) (string, bool) { return source, file == "demo.star" }

func TestRender(t *testing.T) {
	cases := []struct {
		name string
		diag diag.Diagnostic
		want string
	}{
		{
			"caret under a span", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(1, 9), Length: 1, Summary: "first: got 1, want 2"}, `
error: first: got 1, want 2 [bad]
 --> demo.star:1:9
  |
1 | first = 1
  |         ^
`,
		},
		{
			"tabs keep the caret in place", diag.Diagnostic{Severity: diag.Warning, Code: "bad", Position: at(2, 13), Length: 3, Summary: "odd"}, `
warning: odd [bad]
 --> demo.star:2:13
  |
2 | 	indented = "x"
  | 	           ^^^
`,
		},
		{
			"wide letters take two columns", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(3, 15), Length: 4, Summary: "odd"}, `
error: odd [bad]
 --> demo.star:3:15
  |
3 | wide = "日本" + oops
  |                 ^^^^
`,
		},
		{
			"wide letters that are marked", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(3, 8), Length: 4, Summary: "odd"}, `
error: odd [bad]
 --> demo.star:3:8
  |
3 | wide = "日本" + oops
  |        ^^^^^^
`,
		},
		{
			"control characters do not reach the terminal", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(4, 1), Length: 4, Summary: "odd"}, `
error: odd [bad]
 --> demo.star:4:1
  |
4 | bell = "��[31m�" 
  | ^^^^
`,
		},
		{
			"combining marks take no column", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(5, 8), Length: 4, Summary: "odd"}, "\n" +
				"error: odd [bad]\n --> demo.star:5:8\n  |\n5 | e\u0301te = oops\n  |       ^^^^\n",
		},
		{
			"emoji", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(6, 10), Length: 99, Summary: "odd"}, `
error: odd [bad]
 --> demo.star:6:10
  |
6 | last = 🙂 oops
  |           ^^^^
`,
		},
		{
			"behind the end of the line", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(1, 40), Summary: "odd"}, `
error: odd [bad]
 --> demo.star:1:40
  |
1 | first = 1
  |          ^
`,
		},
		{
			"no such line", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: at(99, 1), Summary: "odd"}, `
error: odd [bad]
  --> demo.star:99:1
`,
		},
		{
			"no source", diag.Diagnostic{Severity: diag.Error, Code: "bad", Position: score.Position{File: "other.star", Line: 3, Column: 4}, Summary: "odd"}, `
error: odd [bad]
 --> other.star:3:4
`,
		},
		{
			"a file and no line", diag.Diagnostic{Severity: diag.Error, Code: "nothing-deployed", Position: score.Position{File: "demo.star"}, Summary: "script deploys nothing", Fix: "add deploy(...)"}, `
error: script deploys nothing [nothing-deployed]
 --> demo.star
  = fix: add deploy(...)
`,
		},
		{
			"no place at all", diag.Diagnostic{Severity: diag.Error, Code: "bad", Summary: "odd", Detail: "one\ntwo", Fix: "this\nor that"}, `
error: odd [bad]
  = one
    two
  = fix: this
    or that
`,
		},
		{
			"related places", diag.Diagnostic{
				Severity: diag.Error, Code: "twice", Position: at(2, 2), Length: 8, Summary: "got two", Detail: "They clash.", Fix: "rename one",
				Related: []diag.Related{{Position: at(1, 1), Message: "the first is here"}, {Position: score.Position{File: "x.star", Line: 120, Column: 5}, Message: "called from here"}},
			}, `
error: got two [twice]
   --> demo.star:2:2
    |
  2 | 	indented = "x"
    | 	^^^^^^^^
   ::: demo.star:1:1: the first is here
    |
  1 | first = 1
    | ^
   ::: x.star:120:5: called from here
    = They clash.
    = fix: rename one
`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := "\n" + c.diag.Render(sources, diag.Style{}); got != c.want {
				t.Errorf("got:%s\nwant:%s", got, c.want)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	mark := func(name string) func(string) string {
		return func(text string) string { return "<" + name + ":" + text + ">" }
	}
	style := diag.Style{Error: mark("error"), Warning: mark("warning"), Position: mark("position"), Caret: mark("caret"), Fix: mark("fix")}
	got := diag.Diagnostic{Severity: diag.Warning, Code: "odd", Position: at(1, 1), Length: 5, Summary: "odd", Fix: "do"}.Render(sources, style)
	want := "<warning:warning>: odd [odd]\n --> <position:demo.star:1:1>\n  |\n1 | first = 1\n  | <caret:^^^^^>\n  = <fix:fix>: do\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := (diag.Diagnostic{Severity: diag.Error, Code: "odd", Summary: "odd"}).Render(nil, style); got != "<error:error>: odd [odd]\n" {
		t.Errorf("got %q", got)
	}
}

func TestList(t *testing.T) {
	list := diag.List{
		{Severity: diag.Warning, Code: "b", Position: at(2, 1), Summary: "later"},
		{Severity: diag.Error, Code: "a", Position: at(2, 1), Summary: "later"},
		{Severity: diag.Error, Code: "a", Position: at(1, 5), Summary: "early"},
		{Severity: diag.Error, Code: "a", Position: at(1, 5), Summary: "early"},
		{Severity: diag.Error, Code: "c", Summary: "nowhere"},
	}
	if got, want := list.Sorted().Error(), "error: nowhere [c]\ndemo.star:1:5: error: early [a]\ndemo.star:2:1: error: later [a]\ndemo.star:2:1: warning: later [b]"; got != want {
		t.Errorf("sorted: got\n%s\nwant\n%s", got, want)
	}
	if errs, warnings := list.Count(); errs != 4 || warnings != 1 {
		t.Errorf("count: got %d and %d, want 4 and 1", errs, warnings)
	}
	if !list.HasErrors() || (diag.List{list[0]}).HasErrors() || diag.List(nil).HasErrors() {
		t.Error("HasErrors is wrong")
	}
	if got := list.Render(sources, diag.Style{}); strings.Count(got, "\n\n") != 3 || !strings.HasSuffix(got, "\n") {
		t.Errorf("render: want four diagnostics with an empty line between two, got\n%s", got)
	}
	if got := diag.List(nil).Render(sources, diag.Style{}); got != "" {
		t.Errorf("render of nothing: got %q", got)
	}
	// A list goes through as an error and is found again.
	var found diag.List
	if err := fmt.Errorf("load: %w", list); !errors.As(err, &found) || len(found) != len(list) {
		t.Errorf("got %v back", found)
	}
}

func TestJSON(t *testing.T) {
	encoded, err := json.Marshal(diag.List{
		{
			Severity: diag.Error, Code: "twice", Position: at(2, 3), Length: 4, Summary: "got two", Detail: "d", Fix: "f",
			Related: []diag.Related{{Position: at(1, 1), Message: "first"}},
		},
		{Severity: diag.Warning, Code: "odd", Summary: "odd"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"severity":"error","code":"twice","position":{"file":"demo.star","line":2,"column":3},"length":4,"summary":"got two","detail":"d","fix":"f","related":[{"position":{"file":"demo.star","line":1,"column":1},"message":"first"}]},{"severity":"warning","code":"odd","summary":"odd"}]`
	if string(encoded) != want {
		t.Errorf("got  %s\nwant %s", encoded, want)
	}
}

func TestCallers(t *testing.T) {
	origin := score.NewOrigin(&score.CallSite{Position: at(1, 1)}, []score.Position{at(2, 1), at(3, 1)})
	got := diag.Callers(origin)
	if len(got) != 2 || got[0].Position != at(2, 1) || got[1].Position != at(3, 1) {
		t.Errorf("got %v, want the two callers, innermost first", got)
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"webhook_url", "name", "title", "matchers", "send_resolved", "rad", "rate", "rt"}
	for name, want := range map[string]string{
		"webhok_url": "webhook_url", "weburl": "", "naem": "name", "Titel": "title", "matcher": "matchers",
		"sendresolved": "send_resolved", "rat": "rate", "x": "", "": "", "completely_else": "",
		strings.Repeat("name", 1_000_000): "",
	} {
		if got := diag.Nearest(name, candidates); got != want {
			t.Errorf("%.40q: got %q, want %q", name, got, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("abc ", 100_000)
	cases := []struct {
		name           string
		text           string
		offset, length int
		want           string
	}{
		{"one line", "sum(up", 4, 2, "sum(up\n    ^^"},
		{"no length", "sum(up", 4, 0, "sum(up\n    ^"},
		{"the end", "sum(up", 6, 0, "sum(up\n      ^"},
		{"beyond the end", "sum(up", 99, 99, "sum(up\n      ^"},
		{"before the start", "sum(up", -3, 3, "sum(up\n^^^"},
		{"in the middle of lines", "a\n\tbb(\nc", 3, 99, "\tbb(\n\t^^^"},
		{"wide", "日本(x", 6, 1, "日本(x\n    ^"},
		{"empty", "", 0, 1, "\n^"},
		{"control", "a\x1bb", 2, 1, "a\uFFFDb\n  ^"},
		{"not UTF-8", "\xff\xfe(", 2, 1, "\uFFFD\uFFFD(\n  ^"},
		{"long", long, 200_000, 3, "…" + strings.Repeat("abc ", 20) + "abc" + strings.Repeat(" abc", 10) + "…\n" + strings.Repeat(" ", 81) + "^^^"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := diag.Excerpt(c.text, c.offset, c.length); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a\n\tb\r\n日本\xff", 2, 1, 3, 4)
	f.Fuzz(func(t *testing.T, text string, line, column, offset, length int) {
		d := diag.Diagnostic{Severity: diag.Error, Code: "x", Position: score.Position{File: "f", Line: line, Column: column}, Length: length, Summary: text, Fix: text, Detail: diag.Excerpt(text, offset, length), Related: []diag.Related{{Message: text}}}
		got := d.Render(func(string) (string, bool) { return text, true }, diag.Style{})
		if strings.ContainsAny(got, "\x1b\x07\r") {
			t.Errorf("a control character got through: %q", got)
		}
	})
}

func TestMask(t *testing.T) {
	text := "url = \"https://x/abc\"\nother = 'abcdéf\nghi' # abc"
	got := diag.Mask(text, []string{"abc", "", "abcdéf\nghi", "nowhere"})
	if want := "url = \"https://x/***\"\nother = '******\n***' # ***"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
