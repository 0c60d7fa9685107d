// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

var readAt = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// scoreOf returns a score with one object in the given state.
func scoreOf(name string, state status.State) status.Score {
	object := status.Object{
		ID:        backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus", Namespace: name, Name: "monitoring"},
		Condition: status.Condition{State: state}, Position: score.Position{File: "fleet.star", Line: 3, Column: 1}, Created: readAt.Add(-3 * time.Hour),
		Conditions: []status.ObjectCondition{{Type: "Available", Status: "True", LastTransition: readAt.Add(-time.Minute)}},
		Pods: []status.Pod{{
			Name: "prometheus-monitoring-0", Condition: status.Condition{State: status.Ready}, Ready: true, Restarts: 2, Node: "node-1", Created: readAt.Add(-time.Hour),
			Containers: []status.Container{
				{Name: "prometheus", State: "running", Ready: true, Restarts: 2, LastReason: "OOMKilled", ExitCode: 137}, {Name: "config-reloader", State: "running", Ready: true},
			},
		}},
	}
	counts := status.Counts{Objects: 1, States: map[status.State]int{state: 1}, Pods: 1, ReadyPods: 1, Restarts: 2}
	if state != status.Ready {
		object.Condition = status.Condition{State: state, Reason: "NoPodReady", Message: "the pods of this one are not there yet, and it will take a while until they are"}
		object.Conditions[0] = status.ObjectCondition{Type: "Available", Status: "False", Reason: "NoPodReady"}
		object.Drift = &status.Drift{Kind: "changed", Manager: "kubectl-edit", Time: readAt.Add(-5 * time.Minute)}
		object.Events = []status.Event{{Reason: "FailedCreate", Message: "exceeded quota", Count: 12, Last: readAt.Add(-20 * time.Second)}}
		object.Pods[0].Condition, object.Pods[0].Ready = status.Condition{State: status.InProgress, Message: "container prometheus is waiting"}, false
		object.Pods[0].Containers[0] = status.Container{Name: "prometheus", State: "waiting", Reason: "CrashLoopBackOff", Restarts: 2, LastReason: "OOMKilled", ExitCode: 137}
		counts.ReadyPods, counts.Drifted = 0, 1
	}
	return status.Score{Title: fmt.Sprintf("tenant_monitoring %q", name), Condition: object.Condition, Counts: counts, Objects: []status.Object{object}}
}

// manyTenants returns a deployment of n scores, of which the last is not ready.
func manyTenants(n int) deployed {
	tree := &status.Tree{Deployment: "fleet", Condition: status.Condition{State: status.InProgress}, ReadAt: readAt}
	for i := range n {
		state := status.Ready
		if i == n-1 {
			state = status.InProgress
		}
		tree.Scores = append(tree.Scores, scoreOf(fmt.Sprintf("tenant-%d", i), state))
	}
	return deployed{Tree: tree}
}

func written(tree deployed, style treeStyle) string {
	var text bytes.Buffer
	writeTree(&text, tree, style)
	return text.String()
}

func TestStatusTree(t *testing.T) {
	t.Parallel()
	goldenFiles.Check(t, "status_wide.txt", []byte(written(manyTenants(2), treeStyle{width: 120})))
	goldenFiles.Check(t, "status_narrow.txt", []byte(written(manyTenants(2), treeStyle{width: 60})))
	goldenFiles.Check(t, "status_all.txt", []byte(written(manyTenants(5), treeStyle{all: true})))
	goldenFiles.Check(t, "status_lines.txt", []byte(written(manyTenants(6), treeStyle{width: 100})))
	goldenFiles.Check(t, "status_fleet.txt", []byte(written(manyTenants(100), treeStyle{width: 80})))
}

func TestStatusFits(t *testing.T) {
	t.Parallel()
	for _, width := range []int{40, 60, 80, 120} {
		for _, all := range []bool{false, true} {
			for _, line := range strings.Split(written(manyTenants(4), treeStyle{width: width, all: all}), "\n") {
				if got := utf8.RuneCountInString(line); got > width && strings.Contains(strings.TrimLeft(line, " │├└─"), " ") {
					t.Errorf("width %d: got %d in %q", width, got, line)
				}
			}
		}
	}
	tree := manyTenants(1000)
	tree.Scores, tree.State = tree.Scores[:999], status.Ready
	if text := written(tree, treeStyle{width: 80}); strings.Count(text, "\n") > 6 || !strings.Contains(text, "999 scores: all Ready") {
		t.Errorf("got %s, want a summary", text)
	}
}

func TestHistoryView(t *testing.T) {
	t.Parallel()
	run := inventory.Run{
		Number: 7, Verb: "watch", Started: readAt, Finished: readAt.Add(75 * time.Second), State: "failed", By: "process 7 on here", User: "jane", Script: "dir/fleet.star",
		ScriptHash: "sha256:0123456789abcdef", Counts: map[string]int{"updated": 2, "unchanged": 5, "failed": 1}, Planned: map[string]int{"update": 3},
		Parameters: []inventory.RunParameter{{Name: "size", Hash: "a"}, {Name: "team", Hash: "b"}}, MoreChanges: 1,
		Changes: []inventory.RunChange{
			{Status: "failed", ID: backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: "a", Name: "b"}, Position: score.Position{File: "fleet.star", Line: 1, Column: 2}, Reason: "no"},
			{Status: "updated", Release: "a/monitoring", Chart: "stack 1.0.0", Revision: 3},
		},
	}
	before := []inventory.RunParameter{{Name: "size", Hash: "z"}, {Name: "zone", Hash: "c"}}
	h := &history{Deployment: "fleet", Cluster: "https://here", Runs: []pastRun{
		{Run: run, Ended: "failed", Changed: parameterChanges(run.Parameters, before)},
		{Run: inventory.Run{Number: 6, Verb: "apply", Started: readAt.Add(-time.Hour), By: "process 6 on here", Planned: map[string]int{"create": 4, "unchanged": 1}}, Ended: "did not end"},
		{Run: inventory.Run{Started: readAt.Add(-2 * time.Hour), Finished: readAt.Add(-2*time.Hour + 300*time.Millisecond), State: "done", By: "process 5 on there"}, Ended: "done"},
	}}
	again := run
	again.Number, again.Started, again.Finished, again.Times, again.First, again.MoreChanges = 19, readAt.Add(time.Hour), readAt.Add(time.Hour+time.Second), 12, readAt.Add(10*time.Minute), 0
	h.Runs = slices.Insert(h.Runs, 0, pastRun{Run: again, Ended: "failed", Changed: map[string]string{}})
	for name, width := range map[string]int{"history.txt": 0, "history_wide.txt": 150, "history_80.txt": 80, "history_60.txt": 60} {
		shown := historyText(h, width)
		goldenFiles.Check(t, name, []byte(shown))
		for line := range strings.SplitSeq(shown, "\n") {
			if got := utf8.RuneCountInString(line); width > 0 && got > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "sha256:") {
				t.Errorf("width %d: got %d in %q", width, got, line)
			}
		}
	}
	if h.find("8") != &h.Runs[0] || h.find("19") != &h.Runs[0] {
		t.Error("a run that another one stands for is not found by its number")
	}
	h.Runs = h.Runs[1:]
	if h.find("7") != &h.Runs[0] || h.find("0123") != &h.Runs[0] || h.find("sha256:01234567") != &h.Runs[0] || h.find("6") != &h.Runs[1] || h.find("99") != nil || h.find("ffff") != nil {
		t.Error("a run is found by its number or by the beginning of its script's hash")
	}
}

// historyText returns the table and every run in full.
func historyText(h *history, width int) string {
	var text bytes.Buffer
	style := treeStyle{width: width}
	writeHistory(&text, h, style)
	fmt.Fprintln(&text)
	for n := range h.Runs {
		writeRun(&text, h, &h.Runs[n], style)
	}
	shown := text.String()
	for _, r := range h.Runs {
		// Times are shown in the reader's zone.
		for _, at := range []time.Time{r.Started, r.First} {
			shown = strings.ReplaceAll(shown, at.Local().Format(timeLayout), at.Format(timeLayout))
		}
	}
	return shown
}

func TestSplitRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments, script []string
		run               string
		wrong             bool
	}{
		{nil, nil, "", false},
		{[]string{"x.star"}, []string{"x.star"}, "", false},
		{[]string{"3"}, nil, "3", false},
		{[]string{"x.star", "12"}, []string{"x.star"}, "12", false},
		{[]string{"x.star", "sha256:abcd"}, []string{"x.star"}, "sha256:abcd", false},
		{[]string{"x.star", "abcd12"}, []string{"x.star"}, "abcd12", false},
		{[]string{"x.star", "y.star"}, nil, "", true},
	} {
		script, run, err := splitRun(c.arguments)
		if fmt.Sprint(script) != fmt.Sprint(c.script) || run != c.run || (err != nil) != c.wrong {
			t.Errorf("%v: got %v, %q, %v", c.arguments, script, run, err)
		}
	}
}
