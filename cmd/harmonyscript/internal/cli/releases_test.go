// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

func TestJudgeRelease(t *testing.T) {
	record := inventory.Release{Namespace: "blue", Name: "monitoring", Revision: 2}
	state := func(status helm.Status, revision int, owner string) *helm.State {
		return &helm.State{Status: status, Revision: revision, Owner: owner, Description: "timed out"}
	}
	operation := func(s *helm.State, silent time.Duration) *helm.State {
		at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		s.Operation = &helm.Operation{Name: "upgrade", Others: true, Began: at, Heard: at, Silent: silent}
		return s
	}
	for name, test := range map[string]struct {
		state   *helm.State
		want    status.State
		message string
	}{
		"as it was left":  {state("deployed", 2, "ours"), status.Ready, ""},
		"gone":            {nil, status.NotFound, "others removed it"},
		"stuck":           {state("pending-upgrade", 3, "ours"), status.Failed, "its process was killed; apply recovers it"},
		"others at work":  {operation(state("pending-upgrade", 3, "ours"), time.Minute), status.InProgress, "others began an upgrade at 2026-03-01T10:00:00Z, and it has not ended; apply leaves it alone until then"},
		"others died":     {operation(state("pending-upgrade", 3, "ours"), helm.BusyFor), status.Failed, "its process seems to be dead; apply recovers it"},
		"failed":          {state("failed", 3, "ours"), status.Failed, "its last revision is failed: timed out"},
		"of others":       {state("deployed", 1, ""), status.Failed, "not this deployment's"},
		"others upgraded": {state("deployed", 5, "ours"), status.Ready, "from revision 2 to 5"},
	} {
		got := judgeRelease(record, test.state, "ours")
		if got.State != test.want || !strings.Contains(got.Message, test.message) || test.message == "" && got.Message != "" {
			t.Errorf("%s: got %s, %q; want %s, %q", name, got.State, got.Message, test.want, test.message)
		}
	}
}

func TestWritePlanWithReleases(t *testing.T) {
	at := score.Position{File: "blue.star", Line: 3, Column: 7}
	chart := inventory.Chart{Name: "stack", Version: "2.0.0"}
	prometheus := backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus", Namespace: "blue", Name: "monitoring"}
	p := &plan.Plan{
		Deployment: "blue", Cluster: "https://127.0.0.1",
		Migrations: []plan.Migration{{
			Score: "stack a", Position: at, From: []string{"V2_CRD"}, To: "V1_HELM", InPlace: true, Underway: true,
			Steps: []string{"make what is new", strings.Repeat("and wait until it works ", 6)},
		}},
		Steps: []plan.Step{
			{Action: plan.Unchanged, ID: backend.ID{Version: "v1", Kind: "Namespace", Name: "blue"}, Score: "stack a"},
			{Action: plan.Create, ID: backend.ID{Version: "v1", Kind: "Secret", Namespace: "blue", Name: "s"}, Score: "stack a"},
			{Action: plan.Update, ID: prometheus, Score: "stack a", Release: "blue/monitoring", Changes: []plan.Change{{Path: ".spec.replicas", Before: 1, After: 2}}},
		},
		Releases: []plan.ReleaseStep{
			{
				Action: plan.ReleaseUpgrade, Release: "blue/monitoring", Chart: chart, Former: &inventory.Chart{Name: "stack", Version: "1.0.0"}, Revision: 4,
				Score: "stack a", Position: at, Reason: "others changed it",
				Hooks: []helm.Hook{{ID: backend.ID{Group: "batch", Version: "v1", Kind: "Job", Namespace: "blue", Name: "check"}, Events: []string{"pre-upgrade"}}},
			},
			{Action: plan.ReleaseUninstall, Release: "blue/old", Chart: chart, Revision: 1, Score: "stack b"},
			{Action: plan.ReleaseUnchanged, Release: "blue/same", Chart: chart, Revision: 1, Score: "stack c"},
		},
	}
	var text bytes.Buffer
	writePlan(&text, p, palette{})
	goldenFiles.Check(t, "plan_releases.txt", text.Bytes())
}

func TestReleaseChart(t *testing.T) {
	for name, test := range map[string]struct {
		step plan.ReleaseStep
		want string
	}{
		"new":           {plan.ReleaseStep{Chart: inventory.Chart{Name: "a", Version: "1.0.0"}}, "chart a 1.0.0"},
		"other version": {plan.ReleaseStep{Chart: inventory.Chart{Name: "a", Version: "2.0.0"}, Former: &inventory.Chart{Name: "a", Version: "1.0.0"}, Revision: 3}, "chart a 1.0.0 -> 2.0.0, at revision 3"},
		"other chart":   {plan.ReleaseStep{Chart: inventory.Chart{Name: "b", Version: "2.0.0"}, Former: &inventory.Chart{Name: "a", Version: "1.0.0"}}, "chart a 1.0.0 -> b 2.0.0"},
		"other content": {
			plan.ReleaseStep{Chart: inventory.Chart{Name: "a", Version: "1.0.0", Digest: "sha256:222222222222222"}, Former: &inventory.Chart{Name: "a", Version: "1.0.0", Digest: "sha256:111111111111111"}},
			"chart a 1.0.0 (sha256:111111111111) -> sha256:222222222222",
		},
		"not known": {plan.ReleaseStep{}, ""},
	} {
		if got := releaseChart(test.step); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestEventTextOfReleases(t *testing.T) {
	chart := inventory.Chart{Name: "stack", Version: "1.0.0"}
	for want, e := range map[string]apply.Event{
		"helm       upgrade Helm release blue/a, chart stack 1.0.0": {Type: apply.ReleaseBegun, Action: plan.ReleaseUpgrade, Release: "blue/a", Chart: chart},
		"updated    Helm release blue/a, chart stack 1.0.0, revision 3": {
			Type: apply.ReleaseSettled, Action: plan.ReleaseUpgrade, Status: apply.Updated, Release: "blue/a", Chart: chart, Revision: 3,
		},
		"failed     Helm release blue/a": {Type: apply.ReleaseSettled, Action: plan.ReleaseInstall, Status: apply.ObjectFailed, Release: "blue/a"},
	} {
		if got := eventText(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
