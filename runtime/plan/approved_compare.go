// SPDX-License-Identifier: Apache-2.0

// This file tells whether a plan is still what it was when it was approved.

package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// shownDifferences is how many differences a diagnostic tells.
const shownDifferences = 20

// Difference is one thing that is not any more as it was when a plan was approved.
type Difference struct {
	// What is an object ("Secret shop/urls"), a Helm release ("Helm release shop/monitoring"), "cluster" or "deployment".
	What string
	// Path is the field of the object, where it is about one.
	Path string
	// Approved and Now say in words what was approved and what is the case.
	Approved, Now string
	// Position is where the script makes the object.
	Position score.Position
}

// String returns the difference in a line: "Secret shop/urls: .data.url: approved: ...; now: ...".
func (d Difference) String() string {
	text := d.What
	if d.Path != "" {
		text += ": " + d.Path
	}
	return fmt.Sprintf("%s: approved: %s; now: %s", text, d.Approved, d.Now)
}

// Check returns nil when now is what was approved, else a diag.List with one diagnostic of code "plan-stale", or
// "plan-other-cluster", that lists every difference.
func (c *ApprovedCluster) Check(now *ApprovedCluster) error {
	if err := c.CheckCluster(now.Cluster); err != nil {
		return err
	}
	differences := c.Differences(now)
	if len(differences) == 0 {
		return nil
	}
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "plan-stale", Summary: "the plan is stale: " + plural(len(differences), "thing is", "things are") + " not as approved",
		Fix: "plan again, and have the new plan approved",
	}
	var lines []string
	for n, difference := range differences {
		if n == shownDifferences {
			lines = append(lines, fmt.Sprintf("and %d more", len(differences)-n))
			break
		}
		lines = append(lines, difference.String())
	}
	d.Detail = strings.Join(lines, "\n")
	return diag.List{d}
}

// CheckCluster returns nil when the plan is for that cluster, else a diag.List.
func (c *ApprovedCluster) CheckCluster(now cluster.Identity) error {
	if c.Cluster.Is(now) {
		return nil
	}
	return diag.List{{
		Severity: diag.Error, Code: "plan-other-cluster", Summary: fmt.Sprintf("the plan is for another cluster: got %s, want %s", now, c.Cluster),
		Fix: "name the cluster of the plan with --context or --kubeconfig, or plan for this one",
	}}
}

// Differences returns what is not any more as it was approved: the deployment first, then releases, then steps, in the order
// of the plan that was approved; what is only in the new one comes last. Reasons, positions and what others did without
// changing a step are no differences.
func (c *ApprovedCluster) Differences(now *ApprovedCluster) []Difference {
	var all []Difference
	if c.Inventory != now.Inventory {
		all = append(all, Difference{What: "deployment", Approved: runText(c.Inventory, c.Run), Now: runText(now.Inventory, now.Run)})
	}
	all = append(all, compareMigrations(c.Migrations, now.Migrations)...)
	// Hashes are keyed by the cluster; a record that was made anew has another key.
	keyed := c.Inventory != "" && now.Inventory != ""
	releases := map[string]*ApprovedReleaseStep{}
	for n := range now.Releases {
		releases[now.Releases[n].Release] = &now.Releases[n]
	}
	for n := range c.Releases {
		then := &c.Releases[n]
		all = append(all, compareReleases(then, releases[then.Release], keyed)...)
		delete(releases, then.Release)
	}
	for n := range now.Releases {
		if r := &now.Releases[n]; releases[r.Release] != nil {
			all = append(all, Difference{What: "Helm release " + r.Release, Approved: "nothing", Now: releaseText(r), Position: r.Position})
		}
	}
	steps := make(map[inventory.Key]*ApprovedStep, len(now.Steps))
	for n := range now.Steps {
		steps[inventory.KeyOf(now.Steps[n].ID)] = &now.Steps[n]
	}
	for n := range c.Steps {
		then := &c.Steps[n]
		key := inventory.KeyOf(then.ID)
		all = append(all, compareSteps(then, steps[key], keyed)...)
		delete(steps, key)
	}
	for n := range now.Steps {
		if s := &now.Steps[n]; steps[inventory.KeyOf(s.ID)] != nil {
			all = append(all, Difference{What: s.ID.String(), Approved: "nothing", Now: actionText(s.Step), Position: s.Position})
		}
	}
	return all
}

// runText says which run was the last.
func runText(version string, run *inventory.Run) string {
	switch {
	case version == "":
		return "it was not applied"
	case run == nil:
		return "applied (record " + version + ")"
	}
	state := run.State
	if state == "" {
		state = "without an end"
	}
	return fmt.Sprintf("its last run, of %s by %s, ended %s (record %s)", run.Started.UTC().Format(time.DateTime), run.By, state, version)
}

func compareMigrations(then, now []Migration) []Difference {
	text := func(list []Migration) string {
		parts := make([]string, 0, len(list))
		for _, m := range list {
			way := "in parallel"
			if m.InPlace {
				way = "in place"
			}
			parts = append(parts, fmt.Sprintf("%s from %s to %s %s", m.Score, strings.Join(m.From, ", "), m.To, way))
		}
		if len(parts) == 0 {
			return "none"
		}
		return strings.Join(parts, "; ")
	}
	if text(then) == text(now) {
		return nil
	}
	return []Difference{{What: "moves to another version", Approved: text(then), Now: text(now)}}
}

// compareSteps compares what is done to one object.
func compareSteps(then, now *ApprovedStep, keyed bool) []Difference {
	difference := func(approved, is string) []Difference {
		return []Difference{{What: then.ID.String(), Approved: approved, Now: is, Position: then.Position}}
	}
	switch {
	case now == nil:
		return difference(actionText(then.Step), "nothing: there is no such object")
	case then.Action != now.Action:
		all := difference(actionText(then.Step), actionText(now.Step))
		if len(now.Changes) > 0 {
			all = append(all, compareChanges(then, now)...)
		}
		return all
	case then.ID.Version != now.ID.Version:
		return difference("version "+then.ID.Version, "version "+now.ID.Version)
	case then.UID != now.UID:
		return difference(uidText(then.UID), uidText(now.UID))
	case then.Content != now.Content:
		return difference("content "+short(then.Content), "what is sent is another, "+short(now.Content))
	case then.Action == Delete && then.Owned != now.Owned:
		return difference("delete it as it was", "others changed fields of ours since")
	}
	all := compareChanges(then, now)
	if keyed && then.Sent != now.Sent {
		is := "a value is another one"
		all = append(all, Difference{What: then.ID.String(), Approved: "the values of its secrets", Now: is, Position: then.Position})
	}
	if before, after := conflictText(then.Conflicts), conflictText(now.Conflicts); before != after {
		all = append(all, Difference{What: then.ID.String(), Approved: "take " + before, Now: "take " + after, Position: then.Position})
	}
	return all
}

// compareChanges compares the fields that change.
func compareChanges(then, now *ApprovedStep) []Difference {
	texts := func(changes []Change) map[string]string {
		byPath := map[string]string{}
		for _, c := range changes {
			byPath[c.Path] = changeText(c)
		}
		return byPath
	}
	before, after := texts(then.Changes), texts(now.Changes)
	var all []Difference
	for _, path := range slices.Sorted(keysOf(before, after)) {
		if before[path] == after[path] {
			continue
		}
		d := Difference{What: then.ID.String(), Path: path, Approved: before[path], Now: after[path], Position: then.Position}
		if d.Approved == "" {
			d.Approved = "no change"
		}
		if d.Now == "" {
			d.Now = "no change"
		}
		all = append(all, d)
	}
	return all
}

// keysOf goes through the keys of both maps, each once.
func keysOf(a, b map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range a {
			if !yield(key) {
				return
			}
		}
		for key := range b {
			if _, seen := a[key]; !seen && !yield(key) {
				return
			}
		}
	}
}

// changeText returns the change of a field as text that is equal exactly when the change is.
func changeText(c Change) string {
	if c.Secret {
		return "another value"
	}
	text := func(value any) string {
		if value == nil {
			return "nothing"
		}
		encoded, err := marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		return string(encoded)
	}
	return text(c.Before) + " -> " + text(c.After)
}

func conflictText(conflicts []cluster.Conflict) string {
	if len(conflicts) == 0 {
		return "no fields of others"
	}
	parts := make([]string, len(conflicts))
	for n, c := range conflicts {
		parts[n] = fmt.Sprintf("%s of %s", strings.Join(c.Fields, ", "), c.Manager)
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

func actionText(s Step) string {
	if s.Reason == "" {
		return string(s.Action)
	}
	return fmt.Sprintf("%s (%s)", s.Action, s.Reason)
}

func uidText(uid string) string {
	if uid == "" {
		return "there was none"
	}
	return "object " + uid
}

func short(sum string) string {
	if sum == "" {
		return "none"
	}
	return "sha256:" + sum[:min(12, len(sum))]
}

// compareReleases compares what is done to one Helm release.
func compareReleases(then, now *ApprovedReleaseStep, keyed bool) []Difference {
	difference := func(approved, is string) []Difference {
		return []Difference{{What: "Helm release " + then.Release, Approved: approved, Now: is, Position: then.Position}}
	}
	switch {
	case now == nil:
		return difference(releaseText(then), "nothing: there is no such release")
	case then.Action != now.Action:
		return difference(releaseText(then), releaseText(now))
	case then.Revision != now.Revision:
		return difference(fmt.Sprintf("at revision %d", then.Revision), fmt.Sprintf("at revision %d", now.Revision))
	case then.Chart != now.Chart:
		return difference(chartText(then.Chart), chartText(now.Chart))
	case hookText(then) != hookText(now):
		return difference("hooks "+hookText(then), "hooks "+hookText(now))
	case then.Content != now.Content:
		return difference("content "+short(then.Content), "the chart makes something else for this cluster, "+short(now.Content))
	case keyed && then.Rendered != now.Rendered:
		return difference("the Secrets that its chart makes", "their values are other ones")
	}
	return nil
}

func releaseText(r *ApprovedReleaseStep) string {
	text := fmt.Sprintf("%s, %s", r.Action, chartText(r.Chart))
	if r.Reason != "" {
		text += " (" + r.Reason + ")"
	}
	return text
}

func chartText(c inventory.Chart) string {
	text := fmt.Sprintf("chart %s %s", c.Name, c.Version)
	if c.Digest != "" {
		text += " " + short(strings.TrimPrefix(c.Digest, "sha256:"))
	}
	return text
}

func hookText(r *ApprovedReleaseStep) string {
	parts := make([]string, len(r.Hooks))
	for n, h := range r.Hooks {
		parts[n] = h.ID.String() + " on " + strings.Join(h.Events, ",")
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}
