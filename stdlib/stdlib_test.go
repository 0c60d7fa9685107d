// SPDX-License-Identifier: Apache-2.0

package stdlib_test

import (
	"context"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// TestModules loads every module and looks at what it offers: functions that say what they do, and that work with
// their defaults alone.
func TestModules(t *testing.T) {
	t.Parallel()
	overview, err := os.ReadFile("embed.go")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	err = fs.WalkDir(stdlib.Files(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		count++
		if path.Ext(name) != ".star" {
			t.Errorf("%s: got a file that is no module", name)
		}
		if !strings.Contains(string(overview), "| "+name+" |") {
			t.Errorf("%s is not in the package's overview", name)
		}
		text, err := fs.ReadFile(stdlib.Files(), name)
		if err != nil {
			return err
		}
		result, problems := builtins.Standard().Host(host.Options{}).RunSource(context.Background(), name, string(text))
		if len(problems) > 0 {
			t.Fatalf("%s:\n%s", name, problems.Render(result.Sources, diag.Style{}))
		}
		for public, value := range result.Globals {
			function, ok := value.(*starlark.Function)
			if strings.HasPrefix(public, "_") {
				continue
			}
			if !ok {
				t.Errorf("%s: %s is no function", name, public)
				continue
			}
			if function.Doc() == "" {
				t.Errorf("%s: %s has no documentation", name, public)
			}
			for i := range function.NumParams() {
				if parameter, _ := function.Param(i); !strings.Contains(function.Doc(), parameter+":") {
					t.Errorf("%s: %s does not explain %s", name, public, parameter)
				}
			}
			use := "load('@stdlib//" + name + "', f = '" + public + "')\ndeploy(monitoring_stack(V2_CRD, alert_rules = [f()]))"
			result, problems := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files()}).RunSource(context.Background(), "use.star", use)
			if len(problems) > 0 {
				t.Errorf("%s: %s with its defaults:\n%s", name, public, problems.Render(result.Sources, diag.Style{}))
			}
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Errorf("got %d modules, %v", count, err)
	}
}
