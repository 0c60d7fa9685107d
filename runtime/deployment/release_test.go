// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const twoReleases = `
stack = monitoring_stack(V1_HELM, name = "a", namespace = "one")
deploy(stack, stack.replace(name = "b"))
`

func released(t *testing.T, script string) *Loaded {
	t.Helper()
	loaded := finish(t, script, Options{Registry: plainRegistry(t, plainBackend{version: score.V1Helm, kind: "Note", releases: true})})
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics)
	}
	return loaded
}

func TestLoadCompilesReleases(t *testing.T) {
	loaded := released(t, twoReleases)
	if len(loaded.Releases) != 2 || loaded.Releases[0].Key() != "one/a" || loaded.Releases[1].Key() != "one/b" {
		t.Errorf("got %+v, want one/a and one/b", loaded.Releases)
	}
}

func TestLoadReportsTwoReleasesOfOneName(t *testing.T) {
	d := score.Deployment{Name: "x", Scores: []score.Score{
		score.MonitoringStack{APIVersion: score.V1Helm, Namespace: "n", Name: "a"}, score.MonitoringStack{APIVersion: score.V1Helm, Namespace: "n", Name: "a"},
	}}
	releases, problems, err := CompileReleases(d, plainRegistry(t, plainBackend{version: score.V1Helm, kind: "Note", releases: true}))
	if err != nil || len(releases) != 1 || codes(problems) != "duplicate-release" {
		t.Errorf("got %d releases, %v, %v; want one and a duplicate-release", len(releases), problems, err)
	}
}

func TestRender(t *testing.T) {
	service := backend.ID{Version: "v1", Kind: "Service", Namespace: "one", Name: "s"}
	crd := backend.ID{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition", Name: "c"}
	own := backend.ID{Group: "plain", Version: "v9", Kind: "Note", Namespace: "one", Name: "a"}
	missing := diag.Diagnostic{Severity: diag.Error, Code: "chart-not-found", Summary: "no chart"}
	for name, test := range map[string]struct {
		charts plainCharts
		codes  string
	}{
		"one alike in two releases":            {plainCharts{objects: []backend.ID{service}}, "duplicate-object"},
		"one of our own, in another version":   {plainCharts{objects: []backend.ID{own}}, "duplicate-object duplicate-object"},
		"definitions that are the same":        {plainCharts{definitions: []backend.ID{crd}}, ""},
		"definitions that differ":              {plainCharts{definitions: []backend.ID{crd}, content: map[string]string{"one/a": "x"}}, "duplicate-object"},
		"a chart that is not there, both told": {plainCharts{problem: &missing}, "chart-not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			rendered, problems := Render(t.Context(), released(t, twoReleases), test.charts, helm.Target{})
			if got := codes(problems); got != test.codes {
				t.Fatalf("got problems %q, want %q", problems, test.codes)
			}
			if (rendered == nil) != (test.codes != "") {
				t.Fatalf("got %d releases with problems %q", len(rendered), test.codes)
			}
			if test.codes == "" && (len(rendered[0].Definitions) != 1 || len(rendered[1].Definitions) != 0) {
				t.Errorf("got %d and %d definitions, want them in the first alone", len(rendered[0].Definitions), len(rendered[1].Definitions))
			}
			for _, d := range problems {
				if d.Code == "duplicate-object" && !strings.Contains(d.Summary, "chart plain 1.0.0") {
					t.Errorf("got %q, want the chart named", d.Summary)
				}
			}
		})
	}
}
