// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func assess(t *testing.T, script string, to score.APIVersion) *Assessment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.star")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	registry, err := backend.NewRegistry([]backend.Backend{
		crd.New(), plainBackend{version: score.V1Helm, kind: "Note", releases: true}, plainBackend{version: score.V3RHOB, kind: "MonitoringStack"},
	}, map[string]backend.Compiler{score.Tenant{}.Kind(): tenant.New()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Assess(t.Context(), path, to, Options{Registry: registry})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssessTellsWhatWouldBeLost(t *testing.T) {
	a := assess(t, `
deploy(monitoring_stack(
    api_version = V2_CRD,
    shards = 2,
))
`, score.V3RHOB)
	if a.Possible() || len(a.Moves) != 1 {
		t.Fatalf("got %+v, want one move that is not possible", a)
	}
	m := a.Moves[0]
	if !slices.ContainsFunc(m.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == "unsupported-feature" && d.Position.Line == 4 }) {
		t.Errorf("got %v, want the shards refused at their line", m.Diagnostics)
	}
	if want := (Edit{Position: score.Position{File: m.Edit.Position.File, Line: 3, Column: 19}, Length: 6, Old: "V2_CRD", New: "V3_RHOB", Literal: true}); m.Edit != want {
		t.Errorf("got the edit %+v, want %+v", m.Edit, want)
	}
	if m.InPlace || m.Counts != nil || len(m.After) != 0 || len(m.Before) == 0 {
		t.Errorf("got %+v, want the servers of now and none of then", m)
	}
}

func TestAssessGroupsByWhatIsToBeEdited(t *testing.T) {
	a := assess(t, `
version = V2_CRD
shared = monitoring_stack(api_version = version, scrape_targets = [pod_monitor(name = "w", match_labels = {"app": "w"}, port = "http")])
own = monitoring_stack(V1_HELM, namespace = "other", scrape_targets = [pod_monitor(name = "w", match_labels = {"app": "w"}, port = "http")])
deploy(monitoring_stack(V2_CRD), own, shared.replace(name = "x"), shared.replace(name = "y", replicas = 1), tenant(name = "blue"))
`, score.V1Helm)
	var got []string
	for _, m := range a.Moves {
		got = append(got, m.From+">"+m.To+" "+m.Edit.Old+" "+strings.Join(m.Scores, ","))
	}
	want := []string{
		`V2_CRD>V1_HELM V2_CRD monitoring_stack "monitoring/monitoring"`,
		`V1_HELM>V1_HELM V1_HELM monitoring_stack "other/monitoring"`,
		`V2_CRD>V1_HELM version monitoring_stack "monitoring/x",monitoring_stack "monitoring/y"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if last := a.Moves[2]; last.Edit.Literal || !last.InPlace || last.After[0] != "Helm release monitoring/x" {
		t.Errorf("got %+v, want an expression, in place, with a release", last)
	}
	if len(a.Releases) != 4 || !a.Possible() {
		t.Errorf("got %d releases, want 4", len(a.Releases))
	}
}

func TestAssessNamesWhatRemainsAndWhatIsResolved(t *testing.T) {
	a := assess(t, `
deploy(monitoring_stack(V3_RHOB, shards = 2, retention = "often"))
`, score.V2CRD)
	m := a.Moves[0]
	if codes(m.Resolved) != "unsupported-feature" || !strings.Contains(codes(m.Remaining), "invalid-duration") || a.Possible() {
		t.Errorf("got resolved %v and remaining %v", m.Resolved, m.Remaining)
	}
}

func TestAssessCountsObjects(t *testing.T) {
	a := assess(t, `
deploy(tenant_monitoring(tenant = "blue", stack = monitoring_stack(V2_CRD)))
`, score.V3RHOB)
	m := a.Moves[0]
	if m.Counts == nil || m.Counts.Made != 1 || m.Counts.Removed < 5 || !slices.Equal(m.After, []string{"MonitoringStack blue/monitoring"}) {
		t.Errorf("got %+v and %v, want one made and the others removed", m.Counts, m.After)
	}
	if p := a.Providers(); len(p) != 1 || p[0].Name != "plain-operator" || p[0].Group != "plain" || !slices.Equal(p[0].Kinds, []string{"MonitoringStack"}) {
		t.Errorf("got %+v, want what the other version requires", p)
	}
}

func TestAssessReportsAScriptThatDoesNotRun(t *testing.T) {
	for script, code := range map[string]string{`fail("no")`: "script-failed", `x = 1`: "nothing-deployed"} {
		a := assess(t, script, score.V3RHOB)
		if !strings.Contains(codes(a.Diagnostics), code) || a.Possible() || len(a.Moves) != 0 {
			t.Errorf("%s: got %v, want %s", script, a.Diagnostics, code)
		}
	}
}
