// SPDX-License-Identifier: Apache-2.0

// This file holds what there is to do about Helm releases.

package plan

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// ReleaseAction says what happens to a Helm release.
type ReleaseAction string

const (
	// ReleaseInstall makes a release that does not exist.
	ReleaseInstall ReleaseAction = "install"
	// ReleaseUpgrade gives a release another revision.
	ReleaseUpgrade ReleaseAction = "upgrade"
	// ReleaseRecover brings a release to an end in which a killed run left an operation of Helm under way.
	ReleaseRecover ReleaseAction = "recover"
	// ReleaseUnchanged leaves a release as it is.
	ReleaseUnchanged ReleaseAction = "unchanged"
	// ReleaseUninstall removes a release with its objects.
	ReleaseUninstall ReleaseAction = "uninstall"
	// ReleaseHandOver removes a release of which some objects stay: they are ours or another release's now.
	ReleaseHandOver ReleaseAction = "hand-over"
	// ReleaseBlocked cannot be done as things are.
	ReleaseBlocked ReleaseAction = "blocked"
	// ReleaseGone has nothing to do: only a record of the release is left.
	ReleaseGone ReleaseAction = "gone"
)

// Release is what there is to do about one Helm release.
type Release struct {
	Namespace, Name string
	// Rendered is what the release is to be; nil when it is no longer to exist.
	Rendered *helm.Rendered
	Action   ReleaseAction
	// Reason says more about Action, in a line.
	Reason string
	// Problem tells why the release is blocked.
	Problem *diag.Diagnostic
	// State is what the cluster has; nil when there is no such release.
	State *helm.State
	// Record is how it was left; nil when that is not known.
	Record *inventory.Release
	// Hash is that of what it is to be, see inventory.RenderedHash.
	Hash string
	// Items are its objects that are to exist.
	Items []*Item
	// Score is the title of the score that it belongs to, Origin where the script makes it; of a release that goes only
	// the position is known.
	Score  string
	Origin score.Origin
	// Position is where the script makes it, or once did.
	Position score.Position
}

// Key identifies the release in a cluster: "namespace/name".
func (r *Release) Key() string { return backend.Release{Namespace: r.Namespace, Name: r.Name}.Key() }

// CarriedOut reports whether Helm has something to do.
func (r *Release) CarriedOut() bool {
	switch r.Action {
	case ReleaseUnchanged, ReleaseBlocked, ReleaseGone:
		return false
	}
	return true
}

// Leaves reports whether the release is to be removed.
func (r *Release) Leaves() bool { return r.Action == ReleaseUninstall || r.Action == ReleaseHandOver }

// Chart returns the chart that the release is to have or, when it goes, has.
func (r *Release) Chart() inventory.Chart {
	switch {
	case r.Rendered != nil:
		return chartOf(r.Rendered.Chart)
	case r.State != nil:
		return chartOf(r.State.Chart)
	case r.Record != nil:
		return r.Record.Chart
	}
	return inventory.Chart{}
}

func chartOf(c helm.Chart) inventory.Chart {
	return inventory.Chart{Name: c.Name, Version: c.Version, Digest: c.Digest}
}

// NewRecord returns the record of the release after it was carried out with revision as the result.
func (r *Release) NewRecord(revision int) inventory.Release {
	return inventory.Release{
		Namespace: r.Namespace, Name: r.Name, Chart: r.Chart(), Rendered: r.Hash, Revision: revision, Score: r.Score, Position: r.Position,
	}
}

// Intent returns the record of the release before it is carried out.
func (r *Release) Intent() inventory.Release {
	intent := inventory.Release{Namespace: r.Namespace, Name: r.Name, Chart: r.Chart(), Score: r.Score, Position: r.Position}
	if r.Record != nil {
		intent = *r.Record
	}
	intent.Pending = true
	return intent
}

// renderedHash returns the hash of what a release is to be: chart, values, objects and hooks.
func renderedHash(inv *inventory.Inventory, rendered *helm.Rendered) string {
	parts := [][]byte{[]byte(rendered.Chart.Name), []byte(rendered.Chart.Version), []byte(rendered.Chart.Digest), rendered.Release.Values}
	for n := range rendered.Objects {
		parts = append(parts, rendered.Objects[n].Manifest)
	}
	for _, h := range rendered.Hooks {
		parts = append(parts, h.Manifest, []byte(strings.Join(h.Events, ",")))
	}
	return inv.RenderedHash(parts...)
}

// ReleaseStep is what happens to one Helm release.
type ReleaseStep struct {
	Action ReleaseAction `json:"action"`
	// Release is its key: "namespace/name".
	Release string          `json:"release"`
	Chart   inventory.Chart `json:"chart"`
	// Former is the chart that it has now, where that is another.
	Former *inventory.Chart `json:"former,omitempty"`
	// Revision is the number of the last one that is deployed; 0 when there is none.
	Revision int            `json:"revision,omitempty"`
	Score    string         `json:"score,omitempty"`
	Position score.Position `json:"position,omitzero"`
	// Reason says more about the action, in a line.
	Reason string `json:"reason,omitempty"`
	// Hooks are what Helm runs around what is done.
	Hooks []helm.Hook `json:"hooks,omitempty"`
	// Diagnostic tells why it is blocked.
	Diagnostic *diag.Diagnostic `json:"diagnostic,omitempty"`
}

// step returns the step of the release.
func (r *Release) step() ReleaseStep {
	s := ReleaseStep{
		Action: r.Action, Release: r.Key(), Chart: r.Chart(), Score: r.Score, Position: r.Position, Reason: r.Reason, Diagnostic: r.Problem,
	}
	if r.State != nil {
		s.Revision = r.State.Revision
		if former := chartOf(r.State.Chart); r.Rendered != nil && former.Version != "" && (former.Version != s.Chart.Version || former.Name != s.Chart.Name || former.Digest != "" && former.Digest != s.Chart.Digest) {
			s.Former = &former
		}
	}
	if r.Rendered != nil {
		s.Hooks = r.hooks()
	}
	return s
}

// hooks returns those that the action runs.
func (r *Release) hooks() []helm.Hook {
	suffix := "-upgrade"
	switch r.Action {
	case ReleaseUnchanged, ReleaseBlocked:
		return nil
	case ReleaseInstall:
		suffix = "-install"
	}
	var due []helm.Hook
	for _, h := range r.Rendered.Hooks {
		if slices.ContainsFunc(h.Events, func(event string) bool { return strings.HasSuffix(event, suffix) }) {
			due = append(due, h)
		}
	}
	return due
}

// gather joins the objects of the request with those of its releases. Definitions that several charts bring alike are there
// once.
func (w *Work) gather() {
	request := &w.Request
	for n := range request.Objects {
		w.Items = append(w.Items, &Item{Object: &request.Objects[n]})
	}
	definitions := map[inventory.Key]bool{}
	for _, rendered := range request.Releases {
		r := &Release{
			Namespace: rendered.Release.Namespace, Name: rendered.Release.Name, Rendered: rendered, Score: rendered.Release.Score,
			Origin: rendered.Release.Origin, Position: rendered.Release.Origin.Position(), Hash: renderedHash(w.Inventory, rendered),
		}
		w.Releases = append(w.Releases, r)
		for n := range rendered.Objects {
			i := &Item{Object: &rendered.Objects[n], Release: r}
			r.Items = append(r.Items, i)
			w.Items = append(w.Items, i)
		}
		for n := range rendered.Definitions {
			o := &rendered.Definitions[n]
			if key := inventory.KeyOf(o.ID); !definitions[key] {
				definitions[key] = true
				w.Items = append(w.Items, &Item{Object: o})
			}
		}
	}
	slices.SortFunc(w.Items, func(a, b *Item) int { return compareObjects(a.Object.Stage, a.Object.ID, b.Object.Stage, b.Object.ID) })
	w.addFormerReleases()
	slices.SortFunc(w.Releases, func(a, b *Release) int { return cmp.Compare(a.Key(), b.Key()) })
}

// addFormerReleases adds the releases that the inventory knows and nobody wants any more.
func (w *Work) addFormerReleases() {
	records := w.Inventory.ReleaseIndex()
	for key, record := range records {
		// The inventory is written while the run goes on.
		asFound := *record
		records[key] = &asFound
	}
	known := map[string]bool{}
	for _, r := range w.Releases {
		known[r.Key()] = true
		r.Record = records[r.Key()]
	}
	add := func(key, title string, position score.Position) {
		if known[key] {
			return
		}
		known[key] = true
		namespace, name, _ := strings.Cut(key, "/")
		w.Releases = append(w.Releases, &Release{Namespace: namespace, Name: name, Record: records[key], Score: title, Position: position})
	}
	for _, record := range w.Inventory.Releases {
		add(record.Key(), record.Score, record.Position)
	}
	for _, m := range w.Inventory.Members {
		if m.Release != "" {
			add(m.Release, m.Score, m.Position)
		}
	}
}

// objects returns all objects of a request, those of its releases among them.
func (r *Request) objects() []*backend.Object {
	var all []*backend.Object
	for n := range r.Objects {
		all = append(all, &r.Objects[n])
	}
	definitions := map[inventory.Key]*backend.Object{}
	for _, rendered := range r.Releases {
		for n := range rendered.Objects {
			all = append(all, &rendered.Objects[n])
		}
		for n := range rendered.Definitions {
			o := &rendered.Definitions[n]
			if first := definitions[inventory.KeyOf(o.ID)]; first != nil && bytes.Equal(first.Manifest, o.Manifest) {
				continue
			}
			definitions[inventory.KeyOf(o.ID)] = o
			all = append(all, o)
		}
	}
	return all
}
