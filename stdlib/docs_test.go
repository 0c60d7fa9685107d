// SPDX-License-Identifier: Apache-2.0

// This file writes docs/stdlib.md, and runs the library's own test files.

package stdlib_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/moduledoc"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

const introduction = `# The standard library

Modules that scripts load as ` + "`@stdlib//…`" + `. Their functions take thresholds as arguments with defaults, return values, and
deploy nothing. This page is made from their documentation by a test; ` + "`make golden`" + ` writes it anew.

The packs of alerts have the names of the well-known mixins where an alert means the same; texts and expressions are their
own. Every pack says which metrics its rules read: ` + "`check`" + ` warns ([metrics-not-exposed]) when no target of the stack says that
it exposes them. The targets of the library do say so, and so can every target: ` + "`exposes = [\"pg_*\"]`" + `. A stack of V1_HELM that
is no tenant's has the exporters of its chart, and a stack of V3_RHOB the metrics of its own two servers.

Links to runbooks lead to https://runbooks.prometheus-operator.dev where that site has a page for the alert; ` + "`runbooks`" + ` is another
address, or None. ` + "`selector`" + ` is put into the braces of every series, ` + "`severities`" + ` gives other severities, by severity or by
alert, and ` + "`disable`" + ` leaves alerts out.
`

func stringsOf(t *testing.T, value starlark.Value) []string {
	t.Helper()
	list, ok := value.(*starlark.List)
	if !ok {
		t.Fatalf("got %s, want a list", value.Type())
	}
	var result []string
	for element := range list.Elements() {
		text, ok := starlark.AsString(element)
		if !ok {
			t.Fatalf("got %s, want a string", element.Type())
		}
		result = append(result, text)
	}
	return result
}

// TestPage keeps docs/stdlib.md true.
func TestPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(introduction)
	for _, m := range modules(t) {
		fmt.Fprintf(&b, "\n## @stdlib//%s\n\n%s\n", m.path, strings.TrimSpace(m.doc))
		for _, function := range m.functions {
			describe(t, &b, m, function)
		}
	}
	expected.Check(t, "../../docs/stdlib.md", []byte(b.String()))
}

func describe(t *testing.T, b *strings.Builder, m module, function *starlark.Function) {
	t.Helper()
	d := moduledoc.Parse(function.Doc())
	fmt.Fprintf(b, "\n### %s\n\n%s\n", function.Name(), d.Summary)
	if d.Doc != "" {
		fmt.Fprintf(b, "\n%s\n", d.Doc)
	}
	b.WriteString("\n| argument | default | |\n|---|---|---|\n")
	for i := range function.NumParams() {
		name, _ := function.Param(i)
		value := "required"
		if standard := function.ParamDefault(i); standard != nil {
			value = "`" + strings.ReplaceAll(standard.String(), "|", `\|`) + "`"
		}
		at := slices.IndexFunc(d.Arguments, func(a moduledoc.Argument) bool { return strings.TrimLeft(a.Name, "*") == name })
		if function.HasKwargs() && i == function.NumParams()-1 {
			name, value = "**"+name, ""
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, value, strings.ReplaceAll(d.Arguments[at].Doc, "|", `\|`))
	}
	fmt.Fprintf(b, "\nReturns %s\n\n```python\n%s\n```\n", d.Returns, d.Example)
	if !strings.Contains(d.Example, "rules = [") || strings.HasPrefix(m.path, "lib/") {
		return
	}
	loaded := load(t, stackOf(t, "V2_CRD", d.Example, `, exposes = ["*"]`))
	if loaded.Diagnostics.HasErrors() {
		t.Fatalf("%s: %s:\n%s", m.path, function.Name(), loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	if strings.HasPrefix(m.path, "alerts/") && function.ParamDefault(0) != nil {
		// The example may leave alerts out.
		loaded = load(t, "load('@stdlib//"+m.path+"', f = '"+function.Name()+"')\n"+stackOf(t, "V2_CRD", "rules = [f()]", `, exposes = ["*"]`))
	}
	b.WriteString("\n| alert | severity | after | |\n|---|---|---|---|\n")
	var recorded []string
	for _, g := range stack(t, loaded).AlertRules {
		for _, r := range g.Rules {
			if r.Record != "" {
				recorded = append(recorded, "`"+r.Record+"`")
				continue
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", alertName(r), r.Labels["severity"], r.For, r.Annotations["summary"])
		}
	}
	if len(recorded) > 0 {
		fmt.Fprintf(b, "\nRecords %s.\n", strings.Join(recorded, ", "))
	}
}

func alertName(r score.Rule) string {
	if url := r.Annotations["runbook_url"]; url != "" {
		return "[" + r.Alert + "](" + url + ")"
	}
	return r.Alert
}

// TestAlerts runs the test files of the packs, and looks whether they reach every alert.
func TestAlerts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*_test.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d test files, %v", len(files), err)
	}
	coverage, err := testfile.Run(t.Context(), files, testfile.Options{Limits: host.Limits{Time: 20 * time.Minute}}, func(f testfile.File) {
		if len(f.Problems) > 0 {
			t.Errorf("%s:\n%s", f.Path, f.Problems.Render(f.Sources, diag.Style{}))
		}
		passed, _ := f.Count()
		for _, test := range f.Tests {
			if test.Verdict != testfile.Passed {
				t.Errorf("%s: %s:\n%s", f.Path, test.Name, test.Failures.Render(f.Sources, diag.Style{}))
			}
		}
		t.Logf("%s: %d passed", f.Path, passed)
	})
	if err != nil {
		t.Fatal(err)
	}
	fired := map[string]bool{}
	for _, item := range coverage.Items() {
		fired[item.Name] = fired[item.Name] || item.Reached
	}
	for _, m := range modules(t) {
		for _, function := range m.functions {
			if !strings.HasPrefix(m.path, "alerts/") || function.ParamDefault(0) == nil {
				continue
			}
			loaded := load(t, "load('@stdlib//"+m.path+"', f = '"+function.Name()+"')\n"+stackOf(t, "V2_CRD", "rules = [f()]", ""))
			for _, r := range stack(t, loaded).AlertRules[0].Rules {
				if !fired[r.Name()] && r.Alert != "" {
					t.Errorf("%s: no test lets %s fire", m.path, r.Name())
				}
			}
		}
	}
}
