// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// write makes files below a new folder and returns the folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// strings of the diagnostics, with the folder taken off.
func lines(folder string, problems diag.List) []string {
	var all []string
	for _, d := range problems {
		all = append(all, strings.ReplaceAll(d.String(), folder+string(filepath.Separator), ""))
	}
	return all
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	library := fstest.MapFS{
		"bad.star": {Data: []byte("x = \n")}, "up.star": {Data: []byte(`load("../x.star", "x")`)}, "lib/near.star": {Data: []byte(`load("//far.star", "far"); near = far`)},
		"far.star": {Data: []byte("far = 1")},
	}
	for _, test := range []struct {
		name  string
		files map[string]string // the entry is main.star
		want  []string
	}{
		{"syntax error", map[string]string{"main.star": "x = (1,\ny = 2"}, []string{"main.star:2:3: error: syntax: got '=', want ')' [syntax-error]"}},
		{"all undefined names at once", map[string]string{"main.star": "def f(count):\n  return cuont\nx = pirnt\n"}, []string{
			`main.star:2:10: error: script: undefined name "cuont" [undefined-name]`, `main.star:3:5: error: script: undefined name "pirnt" [undefined-name]`,
		}},
		{"while", map[string]string{"main.star": "while True:\n  pass\n"}, []string{"main.star:1:1: error: script: this Starlark dialect does not support while loops [syntax-error]"}},
		{"recursion", map[string]string{"main.star": "def f(n):\n  return f(n)\nf(1)"}, []string{"main.star:2:10: error: script: function f calls itself, directly or through others [recursion]"}},
		{"fail", map[string]string{"main.star": "def f():\n  fail('no', 3)\nf()"}, []string{"main.star:2:3: error: no 3 [script-failed]"}},
		{"fail with lines", map[string]string{"main.star": "fail('one\\ntwo')"}, []string{"main.star:1:1: error: one [script-failed]"}},
		{"division", map[string]string{"main.star": "x = 1 // 0"}, []string{"main.star:1:7: error: script: floored division by zero [evaluation-error]"}},
		{"load cycle", map[string]string{"main.star": `load("a.star", "x")`, "a.star": `load("lib/b.star", "x")`, "lib/b.star": `load("../a.star", "x")`}, []string{
			"lib/b.star:1:1: error: load: got a cycle of modules that load each other [load-cycle]",
		}},
		{"load of oneself", map[string]string{"main.star": `load("a.star", "x")`, "a.star": `load("./a.star", "x")`}, []string{"a.star:1:1: error: load: got a cycle of modules that load each other [load-cycle]"}},
		{"load outside", map[string]string{"main.star": `load("../x.star", "x")`}, []string{`main.star:1:1: error: load: got "../x.star", want a file in the folder of the entry script or below [load-outside-tree]`}},
		{"load outside from below", map[string]string{"main.star": `load("lib/a.star", "x")`, "lib/a.star": `load("../../x.star", "x")`}, []string{
			`lib/a.star:1:1: error: load: got "../../x.star", want a file in the folder of the entry script or below [load-outside-tree]`,
		}},
		{"load outside from the root", map[string]string{"main.star": `load("//../x.star", "x")`}, []string{`main.star:1:1: error: load: got "//../x.star", want a file in the folder of the entry script or below [load-outside-tree]`}},
		{"load absolute", map[string]string{"main.star": `load("/etc/passwd", "x")`}, []string{`main.star:1:1: error: load: got "/etc/passwd", want a file in the folder of the entry script or below [load-outside-tree]`}},
		{"load of the library outside", map[string]string{"main.star": `load("@stdlib//up.star", "x")`}, []string{`@stdlib//up.star:1:1: error: load: got "../x.star", want a module of the standard library [load-outside-tree]`}},
		{"load of another library", map[string]string{"main.star": `load("@other//up.star", "x")`}, []string{`main.star:1:1: error: load: got "@other//up.star", want @stdlib//… or a file of the script's own tree [load-invalid]`}},
		{"load with backslashes", map[string]string{"main.star": `load("lib\\a.star", "x")`}, []string{`main.star:1:1: error: load: got "lib\\a.star", want a path with forward slashes [load-invalid]`}},
		{"load of no script", map[string]string{"main.star": `load("secret.txt", "x")`, "secret.txt": "hunter2"}, []string{`main.star:1:1: error: load: got "secret.txt", want a file that ends in .star [load-invalid]`}},
		{"load of nothing", map[string]string{"main.star": `load("", "x")`}, []string{`main.star:1:1: error: load: got "", want a file [load-invalid]`}},
		{"load of a missing file", map[string]string{"main.star": `load("a.star", "x")`}, []string{`main.star:1:1: error: load: got "a.star", but there is no such file [load-not-found]`}},
		{"load of a missing library module", map[string]string{"main.star": `load("@stdlib//a.star", "x")`}, []string{`main.star:1:1: error: load: got "@stdlib//a.star", but there is no such file [load-not-found]`}},
		{"load of a folder", map[string]string{"main.star": `load("a.star", "x")`, "a.star/x": ""}, []string{`main.star:1:1: error: load: got "a.star", which is a folder, want a script file [file-unreadable]`}},
		{"load of a missing name", map[string]string{"main.star": `load("a.star", "x")`, "a.star": "y = 1"}, []string{`main.star:1:1: error: load: module a.star has no name "x" [evaluation-error]`}},
		{"load too deep", map[string]string{"main.star": `load("a.star", "x")`, "a.star": `load("b.star", "x")`, "b.star": `load("c.star", "x")`, "c.star": `load("d.star", "x")`, "d.star": "x = 1"}, []string{
			"c.star:1:1: error: load: got more than 3 modules inside each other [load-depth]",
		}},
		{"syntax error in a module, told once", map[string]string{"main.star": `load("a.star", "x"); load("b.star", "x")`, "a.star": "x = (", "b.star": "x = 1"}, []string{"a.star:1:6: error: syntax: got end of file, want primary expression [syntax-error]"}},
		{"zero byte", map[string]string{"main.star": "x = 1\ny = \x00\nnonsense("}, []string{"main.star:2:5: error: script: got a zero byte, want UTF-8 text [invalid-encoding]"}},
		{"no UTF-8", map[string]string{"main.star": "x = '\xff'"}, []string{"main.star:1:6: error: script: got the byte 0xFF, which is no UTF-8, want UTF-8 text [invalid-encoding]"}},
		{"large file", map[string]string{"main.star": "#" + strings.Repeat("x", 2000)}, []string{`main.star: error: script: got "main.star" of more than 2000 bytes [file-too-large]`}},
		{"large module", map[string]string{"main.star": `load("a.star", "x")`, "a.star": strings.Repeat("#", 2001)}, []string{`main.star:1:1: error: load: got "a.star" of more than 2000 bytes [file-too-large]`}},
		{"endless loop", map[string]string{"main.star": "def f():\n  for i in range(1000):\n    for j in range(1000):\n      for k in range(1000):\n        pass\nf()"}, []string{
			"main.star:4:7: error: script: got more than 100000 steps [step-limit]",
		}},
		{"range", map[string]string{"main.star": "x = list(range(1 << 40))"}, []string{"main.star:1:10: error: range: got 1099511627776 elements, want at most 1000 [too-many-elements]"}},
		{"list repetition", map[string]string{"main.star": "x = [0] * 6553600"}, []string{"main.star:1:9: error: list * int: got 6553600 elements, want at most 1000 [too-many-elements]"}},
		{"string repetition", map[string]string{"main.star": "x = 'x' * 52428800"}, []string{"main.star:1:9: error: string * int: got more than 16 MiB of text [too-many-elements]"}},
		{"repetition in place", map[string]string{"main.star": "d = {'x': [0]}\nd['x'] *= 1 << 20"}, []string{"main.star:2:8: error: list * int: got 1048576 elements, want at most 1000 [too-many-elements]"}},
		{"format", map[string]string{"main.star": "x = 'x' * (1 << 20)\ny = ('{0}' * 100).format(x)"}, []string{"main.star:2:5: error: string.format: got more than 16 MiB of text [too-many-elements]"}},
		{"replace", map[string]string{"main.star": "x = 'x' * (1 << 20)\ny = x.replace('x', x)"}, []string{"main.star:2:5: error: string.replace: got more than 16 MiB of text [too-many-elements]"}},
		{"join", map[string]string{"main.star": "x = 'x' * (1 << 20)\ny = getattr('', 'join')([x] * 100)"}, []string{"main.star:2:5: error: string.join: got more than 16 MiB of text [too-many-elements]"}},
		{"percent", map[string]string{"main.star": "x = 'x' * (1 << 20)\ny = '%(a)s' * 100 % {'a': x}"}, []string{"main.star:2:19: error: string % values: got more than 16 MiB of text [too-many-elements]"}},
		{"text of a shared list", map[string]string{"main.star": "def f():\n  l = ['x']\n  for i in range(40):\n    l = [l, l]\n  return str(l)\nf()"}, []string{"main.star:5:10: error: str: got a value of more than 16 MiB of text [too-many-elements]"}},
		{"integer", map[string]string{"main.star": "def f():\n  x = 3\n  for i in range(40):\n    x *= x\nf()"}, []string{"main.star:4:7: error: int * int: got a product of more than 65536 bits [too-many-elements]"}},
		{"attribute", map[string]string{"main.star": "x = [].apend(1)"}, []string{`main.star:1:7: error: list: got no field or method "apend" [evaluation-error]`}},
		{"operands", map[string]string{"main.star": "x = 'a' + 1"}, []string{`main.star:1:9: error: operator +: got string and int [evaluation-error]`}},
		{"argument of a function", map[string]string{"main.star": "def f(a):\n  pass\nf(b = 1)"}, []string{`main.star:3:1: error: f: got an unexpected keyword argument "b" [evaluation-error]`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := write(t, test.files)
			h := host.New(host.Options{Stdlib: library, Limits: host.Limits{Steps: 100_000, LoadDepth: 3, FileSize: 2000, Elements: 1000}})
			result, problems := h.Run(context.Background(), filepath.Join(folder, "main.star"))
			if got := lines(folder, problems); !slices.Equal(got, test.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
			if result.Stop == host.StopNone {
				t.Error("got no reason to stop")
			}
			_ = problems.Render(result.Sources, diag.Style{})
		})
	}
}

func TestRunRefusesUnreadableEntries(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{"sub/x": ""})
	for name, want := range map[string]string{
		"none.star": "but there is no such file",
		"sub":       "which is a folder",
	} {
		_, problems := host.New(host.Options{}).Run(context.Background(), filepath.Join(folder, name))
		if len(problems) != 1 || problems[0].Code != "file-unreadable" || !strings.Contains(problems[0].Summary, want) {
			t.Errorf("%s: got %v", name, problems)
		}
	}
}

func TestLoadThroughSymbolicLinks(t *testing.T) {
	t.Parallel()
	outside := write(t, map[string]string{"x.star": "x = 'outside'"})
	folder := write(t, map[string]string{"inside.star": "x = 'inside'", "main.star": ""})
	for link, target := range map[string]string{
		"file.star": filepath.Join(outside, "x.star"), "folder": outside, "dots.star": "../" + filepath.Base(outside) + "/x.star", "fine.star": "inside.star", "broken.star": "nowhere.star",
	} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Skip(err)
		}
	}
	for load, want := range map[string]string{
		"file.star": "load-outside-tree", "folder/x.star": "load-outside-tree", "broken.star": "load-not-found", "fine.star": "",
	} {
		_, problems := host.New(host.Options{}).RunSource(context.Background(), filepath.Join(folder, "main.star"), `load("`+load+`", "x")`)
		got := ""
		if len(problems) > 0 {
			got = problems[0].Code
			if strings.Contains(problems.Error(), "'outside'") {
				t.Errorf("%s: the file outside was read", load)
			}
		}
		if got != want {
			t.Errorf("%s: got %q (%v), want %q", load, got, problems, want)
		}
	}
	// A link that the operating system refuses whatever it points at.
	_, problems := host.New(host.Options{}).RunSource(context.Background(), filepath.Join(folder, "main.star"), `load("dots.star", "x")`)
	if len(problems) != 1 {
		t.Errorf("got %v, want one problem", problems)
	}
}

func TestLoadOnce(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{
		"main.star":       "load('lib/a.star', 'a')\nload('//lib/b.star', 'b')\nload('@stdlib//lib/near.star', 'near')\nsame = a == b and near == 1",
		"lib/a.star":      "load('./common.star', 'common')\na = common",
		"lib/b.star":      "load('//lib/common.star', 'common')\nb = common",
		"lib/common.star": "print('executed')\ncommon = [1]",
	})
	var printed []string
	h := host.New(host.Options{
		Stdlib: fstest.MapFS{"lib/near.star": {Data: []byte(`load("//far.star", "far"); near = far`)}, "far.star": {Data: []byte("far = 1")}},
		Print:  func(p score.Position, text string) { printed = append(printed, text+" at "+filepath.Base(p.String())) },
	})
	result, problems := h.Run(context.Background(), filepath.Join(folder, "main.star"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if !slices.Equal(printed, []string{"executed at common.star:1:1"}) {
		t.Errorf("got %v, want one execution", printed)
	}
	if result.Globals["same"] != starlark.True {
		t.Errorf("got %v", result.Globals)
	}
	want := []string{"lib/a.star", "lib/b.star", "lib/common.star", "main.star"}
	for i, name := range want {
		want[i] = filepath.Join(folder, filepath.FromSlash(name))
	}
	want = append(want, "@stdlib//far.star", "@stdlib//lib/near.star")
	slices.Sort(want)
	if !slices.Equal(result.Files, want) {
		t.Errorf("got files %v, want %v", result.Files, want)
	}
}

func TestModulesAreFrozen(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{"main.star": "load('a.star', 'l')\nl.append(2)", "a.star": "l = [1]"})
	_, problems := host.New(host.Options{}).Run(context.Background(), filepath.Join(folder, "main.star"))
	if len(problems) != 1 || !strings.Contains(problems[0].Summary, "frozen list") {
		t.Errorf("got %v", problems)
	}
}

func TestRelatedPlaces(t *testing.T) {
	t.Parallel()
	folder := write(t, map[string]string{
		"main.star": "load('a.star', 'f')\nx = [f(n) for n in [1]]", "a.star": "load('b.star', 'g')\ndef f(n):\n  return g(n)", "b.star": "def g(n):\n  return n.x",
	})
	_, problems := host.New(host.Options{}).Run(context.Background(), filepath.Join(folder, "main.star"))
	if len(problems) != 1 {
		t.Fatal(problems)
	}
	var related []string
	for _, r := range problems[0].Related {
		related = append(related, filepath.Base(r.Position.String())+" "+r.Message)
	}
	if want := []string{"a.star:3:10 called from here", "main.star:2:6 called from here"}; !slices.Equal(related, want) {
		t.Errorf("got %v, want %v", related, want)
	}

	folder = write(t, map[string]string{"main.star": "load('a.star', 'f')", "a.star": "load('b.star', 'g')", "b.star": "x = 1 // 0"})
	_, problems = host.New(host.Options{}).Run(context.Background(), filepath.Join(folder, "main.star"))
	if len(problems) != 1 || len(problems[0].Related) != 2 || problems[0].Related[0].Message != "loaded from here" {
		t.Errorf("got %+v", problems)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	endless := "def f():\n  begun()\n  for i in range(1000000):\n    for j in range(1000000):\n      pass\nf()"
	ctx, cancel := context.WithCancel(context.Background())
	// It is cancelled when it is under way, however long that takes.
	begun := starlark.StringDict{"begun": starlark.NewBuiltin("begun", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		cancel()
		return starlark.None, nil
	})}
	result, problems := host.New(host.Options{Predeclared: begun, Limits: host.Limits{Steps: 1 << 60}}).RunSource(ctx, "x.star", endless)
	if result.Stop != host.StopCancelled || len(problems) != 1 || problems[0].Code != "cancelled" || problems[0].Position.Line == 0 {
		t.Errorf("got %q, %v", result.Stop, problems)
	}
	result, problems = host.New(host.Options{}).RunSource(ctx, "x.star", "x = 1")
	if result.Stop != host.StopCancelled || len(problems) != 1 {
		t.Errorf("cancelled before: got %q, %v", result.Stop, problems)
	}
	result, problems = host.New(host.Options{Predeclared: begun, Limits: host.Limits{Steps: 1 << 60, Time: 50 * time.Millisecond}}).RunSource(context.Background(), "x.star", endless)
	if result.Stop != host.StopTime || len(problems) != 1 || problems[0].Code != "time-limit" {
		t.Errorf("time: got %q, %v", result.Stop, problems)
	}
}

// TestGivenUp runs a builtin that heeds nothing: the run must end all the same.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	defer close(released)
	stuck := func(called func()) starlark.StringDict {
		return starlark.StringDict{"stuck": starlark.NewBuiltin("stuck", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			called()
			<-released
			return starlark.None, nil
		})}
	}
	h := host.New(host.Options{Predeclared: stuck(func() {}), Limits: host.Limits{Time: 10 * time.Millisecond}})
	result, problems := h.RunSource(context.Background(), "x.star", "stuck()")
	if result.Stop != host.StopTime || len(problems) != 1 || problems[0].Code != "time-limit" {
		t.Errorf("got %q, %v", result.Stop, problems)
	}
	// What else is run in a session has time, however slow the machine is.
	ctx, cancel := context.WithCancel(context.Background())
	session := host.New(host.Options{Predeclared: stuck(cancel)}).NewSession("<repl>")
	if _, problems := session.Run(context.Background(), "x = 1"); problems != nil {
		t.Error(problems)
	}
	if _, problems := session.Run(ctx, "stuck()"); len(problems) != 1 || problems[0].Code != "cancelled" {
		t.Errorf("got %v, want one problem", problems)
	}
	if value, problems := session.Run(context.Background(), "x + 1"); value != starlark.Value(starlark.MakeInt(2)) || problems != nil {
		t.Errorf("after giving up: got %v, %v", value, problems)
	}
}

func TestPanicsOfBuiltinsAreDiagnostics(t *testing.T) {
	t.Parallel()
	broken := starlark.NewBuiltin("broken", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		panic(errors.New("oh"))
	})
	h := host.New(host.Options{Predeclared: starlark.StringDict{"broken": broken}})
	result, problems := h.RunSource(context.Background(), "x.star", "broken()")
	if result.Stop != host.StopError || len(problems) != 1 || problems[0].Code != "internal-error" {
		t.Errorf("got %q, %v", result.Stop, problems)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"monitoring_v2.star": "monitoring-v2", "a/b/Team Blue.star": "team-blue", "ü.star": "deployment", "x": "x", strings.Repeat("x", 39) + "_y.star": strings.Repeat("x", 39),
	} {
		result, problems := host.New(host.Options{}).RunSource(context.Background(), entry, "")
		if got := result.Deployment.Name; got != want || len(problems) > 0 {
			t.Errorf("%s: got %q, want %q", entry, got, want)
		}
	}
}
