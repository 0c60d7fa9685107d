// SPDX-License-Identifier: Apache-2.0

// This file loads every module and looks at what it offers.

package stdlib_test

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/moduledoc"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

var expected = golden.Flag(flag.CommandLine)

// module is a module with its documentation and its public functions, in the order of their definition.
type module struct {
	path, doc string
	functions []*starlark.Function
	globals   starlark.StringDict
}

func modules(t *testing.T) []module {
	t.Helper()
	var all []module
	err := fs.WalkDir(stdlib.Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(stdlib.Files(), name)
		if err != nil {
			return err
		}
		result, problems := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files()}).RunSource(context.Background(), name, string(text))
		if len(problems) > 0 {
			t.Fatalf("%s:\n%s", name, problems.Render(result.Sources, diag.Style{}))
		}
		m := module{path: name, globals: result.Globals}
		if rest, found := strings.CutPrefix(string(text), `"""`); found {
			m.doc, _, _ = strings.Cut(rest, `"""`)
		}
		for public, value := range result.Globals {
			// What a module loads is not among its globals, but aliases could be.
			if function, ok := value.(*starlark.Function); ok && !strings.HasPrefix(public, "_") {
				m.functions = append(m.functions, function)
			}
		}
		slices.SortFunc(m.functions, func(a, b *starlark.Function) int { return int(a.Position().Line) - int(b.Position().Line) })
		all = append(all, m)
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("got %d modules, %v", len(all), err)
	}
	return all
}

// TestModules holds every module and function to one form of documentation.
func TestModules(t *testing.T) {
	t.Parallel()
	overview, err := os.ReadFile("embed.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules(t) {
		if path.Ext(m.path) != ".star" || strings.HasSuffix(m.path, builtins.TestFileSuffix) {
			t.Errorf("%s: got a file that is no module", m.path)
		}
		if !strings.Contains(string(overview), "| "+m.path+" |") {
			t.Errorf("%s is not in the package's overview", m.path)
		}
		if strings.TrimSpace(m.doc) == "" {
			t.Errorf("%s has no documentation", m.path)
		}
		for _, function := range m.functions {
			d := moduledoc.Parse(function.Doc())
			if d.Summary == "" || d.Example == "" {
				t.Errorf("%s: %s has no summary or no example", m.path, function.Name())
			}
			for i := range function.NumParams() {
				parameter, _ := function.Param(i)
				if !slices.ContainsFunc(d.Arguments, func(a moduledoc.Argument) bool { return strings.TrimLeft(a.Name, "*") == parameter }) {
					t.Errorf("%s: %s does not explain %s", m.path, function.Name(), parameter)
				}
			}
			if len(d.Arguments) != function.NumParams() {
				t.Errorf("%s: %s explains %d arguments, want its %d", m.path, function.Name(), len(d.Arguments), function.NumParams())
			}
		}
	}
}
