// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// TestSignaturesAreDocumented proves that the table can serve as the documentation: everything in it is explained,
// and every example runs.
func TestSignaturesAreDocumented(t *testing.T) {
	t.Parallel()
	library := builtins.Standard()
	for _, s := range library.Signatures() {
		t.Run(s.FullName(), func(t *testing.T) {
			t.Parallel()
			if s.Family == "" || strings.HasSuffix(s.Summary, ".") {
				t.Errorf("got family %q, summary %q, want a family and a summary without a full stop", s.Family, s.Summary)
			}
			for _, a := range s.Arguments {
				if !strings.HasSuffix(a.Doc, ".") {
					t.Errorf("argument %s: got doc %q, want sentences", a.Name, a.Doc)
				}
				if _, err := new(syntax.FileOptions).ParseExpr("argument.star", "f("+a.Name+" = 1)", 0); err != nil {
					t.Errorf("argument %s: got a name that no script can write: %v", a.Name, err)
				}
				if a.Required && a.Default != nil {
					t.Errorf("argument %s: got a default for a required argument", a.Name)
				}
				if !strings.Contains(s.Help(), a.Name+": "+a.Type.String()) {
					t.Errorf("argument %s is not in Help", a.Name)
				}
			}
			if s.Name == "replace" {
				return
			}
			if s.Example == "" {
				t.Fatal("got no example")
			}
			if !strings.Contains(s.Example, s.Name+"(") && !strings.Contains(s.Example, "."+s.Name+"(") {
				t.Errorf("the example does not use %s", s.Name)
			}
			h, name := library.Host(host.Options{}), "example.star"
			asked := &countingTester{library: library}
			if s.TestOnly {
				h, name = library.TestHost(host.Options{}, asked), "example"+builtins.TestFileSuffix
			}
			result, problems := h.RunSource(context.Background(), name, s.Example)
			if len(problems) > 0 {
				t.Errorf("the example does not run:\n%s", problems.Render(result.Sources, diag.Style{}))
			}
			if s.TestOnly && asked.count == 0 {
				t.Error("the example tests nothing")
			}
			if !s.TestOnly && len(result.Deployment.Scores) == 0 {
				t.Error("the example deploys nothing")
			}
		})
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"deploy":                         "deploy(*scores, name = None, clusters = None)",
		"tenant_network":                 "tenant_network(ingress_namespaces = None, egress_namespaces = None, egress_cidrs = None)",
		"recording_rule":                 "recording_rule(record, expr, labels = None)",
		"struct":                         "struct(**fields)",
		"tenant.replace":                 "tenant.replace(**fields)",
		"monitoring_stack.set_namespace": "monitoring_stack.set_namespace(namespace)",
		"tenant_monitoring":              `tenant_monitoring(tenant, stack, mode = "dedicated")`,
	} {
		s, ok := builtins.Standard().Signature(name)
		if !ok {
			t.Errorf("no signature %s", name)
			continue
		}
		if got := s.Header(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// TestPredeclaredIsComplete proves that scripts see nothing that the table does not document.
func TestPredeclaredIsComplete(t *testing.T) {
	t.Parallel()
	library := builtins.Standard()
	predeclared := library.Predeclared()
	var names []string
	for _, s := range library.Signatures() {
		if s.Receiver == "" && !s.TestOnly {
			names = append(names, s.Name)
		}
	}
	for _, c := range library.Constants() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	if got := predeclared.Keys(); !slices.Equal(got, names) {
		t.Errorf("got %v, want %v", got, names)
	}
}

func TestWithRefusesBadSignatures(t *testing.T) {
	t.Parallel()
	build := func(*builtins.Call) (any, error) { return nil, nil }
	for name, s := range map[string]builtins.Signature{
		"a taken name":        {Name: "tenant", Summary: "again", Build: build},
		"no summary":          {Name: "x", Build: build},
		"no Build":            {Name: "x", Summary: "x"},
		"an undocumented arg": {Name: "x", Summary: "x", Build: build, Arguments: []builtins.Argument{{Name: "a"}}},
		"an argument twice":   {Name: "x", Summary: "x", Build: build, Arguments: []builtins.Argument{{Name: "a", Doc: "a"}, {Name: "a", Doc: "a"}}},
	} {
		if _, err := builtins.Standard().With(s); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
