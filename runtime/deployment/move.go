// SPDX-License-Identifier: Apache-2.0

// This file tells what it would mean to move a script to another version of the monitoring API.

package deployment

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Assessment says what a script would lose and need in another version of the monitoring API.
type Assessment struct {
	host.Result `json:"-"`
	// Deployment is the name.
	Deployment string `json:"deployment"`
	// To is the version that is asked about: "V3_RHOB".
	To string `json:"to"`
	// Moves has one entry for each place in the script that chooses a version, in the order of the scores.
	Moves []Move `json:"moves"`
	// Requires are the kinds that the cluster has to serve there.
	Requires []backend.CRD `json:"requires"`
	// Releases are the Helm releases that the script would have there.
	Releases []backend.Release `json:"-"`
	// Diagnostics are the problems that keep the script from running at all, and those that only the scores together
	// would have. Those of a single move are in it.
	Diagnostics diag.List `json:"diagnostics"`
}

// Move is what becomes of the scores whose version stands at one place in the script.
type Move struct {
	Edit Edit `json:"edit"`
	// From and To are versions: "V2_CRD". They are equal when there is nothing to move.
	From string `json:"from"`
	To   string `json:"to"`
	// InPlace tells that the servers stay under their names and change hands. Otherwise new ones are made beside the old
	// ones, and alerts move over when they work.
	InPlace bool `json:"inPlace"`
	// Scores are the titles of the scores, in the order of the script.
	Scores []string `json:"scores"`
	// Before and After name what the servers are made of, now and then: "Prometheus blue/monitoring", "Helm release
	// blue/monitoring". After is empty when the scores would be refused.
	Before []string `json:"before"`
	After  []string `json:"after"`
	// Counts are the objects of the scores, without those that a chart makes; nil when either side would be refused.
	Counts *MoveCounts `json:"counts,omitempty"`
	// Diagnostics are what the other version says that this one does not: errors for what it refuses, warnings for
	// what it leaves out.
	Diagnostics diag.List `json:"diagnostics"`
	// Remaining are the problems that the scores have in either version, Resolved those that they would be rid of.
	Remaining diag.List `json:"remaining,omitempty"`
	Resolved  diag.List `json:"resolved,omitempty"`
	// LosesRelease tells that what is left is a Helm release that brought more along than the servers: Grafana, exporters
	// and the operator, which stays in a move in place.
	LosesRelease bool `json:"losesRelease,omitempty"`
}

// MoveCounts are numbers of objects.
type MoveCounts struct {
	// Made are only in the version that is moved to, Removed only in that which is left.
	Made    int `json:"made"`
	Removed int `json:"removed"`
	// Kept are the same byte by byte, Changed are those of one name with other content.
	Kept    int `json:"kept"`
	Changed int `json:"changed"`
	// HandedOver are the servers and their Services that a chart makes in one of the versions: they stay, under their
	// names, and belong to the Helm release or not.
	HandedOver int `json:"handedOver,omitempty"`
}

// Edit is the change to the script that starts the move.
type Edit struct {
	// Position is that of the expression behind api_version, or of the call where that has no place of its own.
	Position score.Position `json:"position,omitzero"`
	// Length of the expression in code points; 0 when it is not known.
	Length int `json:"length,omitempty"`
	// Old is the expression; "" when it is not known.
	Old string `json:"old,omitempty"`
	// New is what has to stand there. When Old is no name of a version but an expression, it is what that must give.
	New string `json:"new"`
	// Literal tells that Old is the name of a version, so that New can take its place.
	Literal bool `json:"literal"`
}

// Possible reports whether nothing would be refused.
func (a *Assessment) Possible() bool {
	return !a.Diagnostics.HasErrors() && !slices.ContainsFunc(a.Moves, func(m Move) bool {
		return m.Diagnostics.HasErrors() || m.Remaining.HasErrors()
	})
}

// Assess runs the script at path and says what its scores would lose and need in version to. Nothing but the script is
// read. The error is only for a program that was put together wrongly.
func Assess(ctx context.Context, path string, to score.APIVersion, options Options) (*Assessment, error) {
	result, problems := NewHost(options).Run(ctx, path)
	if options.Registry == nil {
		registry, err := DefaultRegistry()
		if err != nil {
			return nil, err
		}
		options.Registry = registry
	}
	if options.Name != "" {
		result.Deployment.Name = options.Name
	}
	a := &Assessment{Result: result, Deployment: result.Deployment.Name, To: to.String(), Moves: []Move{}, Requires: []backend.CRD{}, Diagnostics: diag.List{}}
	if problems.HasErrors() || len(result.Deployment.Scores) == 0 {
		options.CheckOnly = true
		loaded, err := Finish(result, problems, options)
		if err != nil {
			return nil, err
		}
		a.Diagnostics = loaded.Diagnostics
		return a, nil
	}
	return a, a.assess(result, to, problems, options)
}

func (a *Assessment) assess(result host.Result, to score.APIVersion, warnings diag.List, options Options) error {
	moved := Retarget(result.Deployment, to)
	before, after := check.Deployment(result.Deployment, options.Registry), check.Deployment(moved, options.Registry)
	told := map[string]bool{}
	for _, g := range groupByVersion(result.Deployment) {
		m, err := assessGroup(g, to, result.Sources, options.Registry)
		if err != nil {
			return err
		}
		for _, d := range slices.Concat(m.Diagnostics, m.Remaining, m.Resolved) {
			told[keyOf(d)] = true
		}
		a.Moves = append(a.Moves, *m)
	}
	// What no group has by itself is between scores of several, or about scores without a version.
	a.Diagnostics = append(a.Diagnostics, warnings...)
	for _, d := range slices.Concat(before, after) {
		if !told[keyOf(d)] {
			told[keyOf(d)] = true
			a.Diagnostics = append(a.Diagnostics, d)
		}
	}
	if len(a.Moves) > 0 {
		if b, ok := options.Registry.Backend(to); ok {
			a.Requires = append(a.Requires, b.Requires()...)
		}
	}
	if !a.Possible() {
		return nil
	}
	_, duplicates, err := Compile(moved, options.Registry)
	if err != nil {
		return err
	}
	releases, twice, err := CompileReleases(moved, options.Registry)
	if err != nil {
		return err
	}
	a.Releases = releases
	a.Diagnostics = append(append(a.Diagnostics, duplicates...), twice...).Sorted()
	return nil
}

// Retarget returns the deployment with every versioned score of this program's own kinds in another version.
func Retarget(d score.Deployment, to score.APIVersion) score.Deployment {
	d.Scores = slices.Clone(d.Scores)
	for i, s := range d.Scores {
		switch s := s.(type) {
		case score.MonitoringStack:
			s.APIVersion = to
			d.Scores[i] = s
		case score.TenantMonitoring:
			s.Stack.APIVersion = to
			d.Scores[i] = s
		}
	}
	return d
}

// versionGroup is the scores whose version stands at one place in the script.
type versionGroup struct {
	from       score.APIVersion
	origin     score.Origin
	deployment score.Deployment
}

func groupByVersion(d score.Deployment) []*versionGroup {
	type place struct {
		at   score.Position
		from score.APIVersion
	}
	var groups []*versionGroup
	known := map[place]*versionGroup{}
	for _, s := range d.Scores {
		var stack score.MonitoringStack
		switch s := s.(type) {
		case score.MonitoringStack:
			stack = s
		case score.TenantMonitoring:
			stack = s.Stack
		default:
			continue
		}
		key := place{stack.Origin.Of(versionArgument), stack.APIVersion}
		g, ok := known[key]
		if !ok {
			g = &versionGroup{from: stack.APIVersion, origin: stack.Origin, deployment: score.Deployment{Name: d.Name, Position: d.Position}}
			known[key] = g
			groups = append(groups, g)
		}
		g.deployment.Scores = append(g.deployment.Scores, s)
	}
	return groups
}

// versionArgument is the argument that chooses the version.
const versionArgument = "api_version"

func assessGroup(g *versionGroup, to score.APIVersion, sources diag.Sources, registry *backend.Registry) (*Move, error) {
	m := &Move{
		Edit: editOf(g.origin, to, sources), From: g.from.String(), To: to.String(),
		InPlace: g.from != score.V3RHOB && to != score.V3RHOB, Before: []string{}, After: []string{},
	}
	for _, s := range g.deployment.Scores {
		m.Scores = append(m.Scores, s.Title())
	}
	moved := Retarget(g.deployment, to)
	before, after := check.Deployment(g.deployment, registry), check.Deployment(moved, registry)
	m.Diagnostics, m.Remaining, m.Resolved = without(after, before), without(after, without(after, before)), without(before, after)
	if m.Diagnostics == nil {
		m.Diagnostics = diag.List{}
	}
	var old, made *compiled
	var err error
	if !before.HasErrors() {
		if old, err = compileGroup(g.deployment, registry); err != nil {
			return nil, err
		}
		m.Before = old.servers()
		m.LosesRelease = g.from != to && slices.ContainsFunc(old.releases, func(r backend.Release) bool { return r.Definitions })
	}
	if !after.HasErrors() {
		if made, err = compileGroup(moved, registry); err != nil {
			return nil, err
		}
		m.After = made.servers()
	}
	if old != nil && made != nil {
		m.Counts = countMove(old.objects, made.objects, m.InPlace && len(old.releases) != len(made.releases))
	}
	return m, nil
}

// keyOf identifies a problem among those of two checks of the same script.
func keyOf(d diag.Diagnostic) string {
	return strings.Join([]string{d.Position.String(), string(d.Severity), d.Code, d.Summary, d.Detail}, "\x00")
}

// without returns the problems of list that are not in other.
func without(list, other diag.List) diag.List {
	has := make(map[string]bool, len(other))
	for _, d := range other {
		has[keyOf(d)] = true
	}
	var left diag.List
	for _, d := range list {
		if !has[keyOf(d)] {
			left = append(left, d)
		}
	}
	return left
}

// compiled is what a deployment makes.
type compiled struct {
	objects  []backend.Object
	releases []backend.Release
}

func compileGroup(d score.Deployment, registry *backend.Registry) (*compiled, error) {
	objects, _, err := Compile(d, registry)
	if err != nil {
		return nil, err
	}
	releases, _, err := CompileReleases(d, registry)
	return &compiled{objects, releases}, err
}

// servers names what the servers are made of.
func (c *compiled) servers() []string {
	names := []string{}
	for _, r := range c.releases {
		names = append(names, "Helm release "+r.Key())
	}
	for _, o := range c.objects {
		switch o.ID.Kind {
		case "Prometheus", "Alertmanager", "MonitoringStack":
			names = append(names, o.ID.String())
		}
	}
	return names
}

// isServed reports whether id is a server or its Service.
func isServed(id backend.ID) bool {
	return id.Kind == "Prometheus" || id.Kind == "Alertmanager" || id.Kind == "Service"
}

// countMove compares what two versions make. handsOver tells that a chart makes the servers in one of them.
func countMove(before, after []backend.Object, handsOver bool) *MoveCounts {
	var counts MoveCounts
	old := make(map[backend.ID]backend.Object, len(before))
	for _, o := range before {
		old[identity(o.ID)] = o
	}
	for _, o := range after {
		was, exists := old[identity(o.ID)]
		switch {
		case !exists && handsOver && isServed(o.ID):
			counts.HandedOver++
		case !exists:
			counts.Made++
		case bytes.Equal(was.Manifest, o.Manifest):
			counts.Kept++
		default:
			counts.Changed++
		}
		delete(old, identity(o.ID))
	}
	for id := range old {
		if handsOver && isServed(id) {
			counts.HandedOver++
		} else {
			counts.Removed++
		}
	}
	return &counts
}

// editOf finds what has to be changed in the script.
func editOf(origin score.Origin, to score.APIVersion, sources diag.Sources) Edit {
	e := Edit{Position: origin.Of(versionArgument), Length: origin.LengthOf(versionArgument), New: to.String()}
	if !e.Position.IsValid() || e.Length == 0 || sources == nil {
		return e
	}
	text, ok := sources(e.Position.File)
	if !ok {
		return e
	}
	lines := strings.Split(text, "\n")
	if e.Position.Line > len(lines) {
		return e
	}
	line := []rune(lines[e.Position.Line-1])
	begin := e.Position.Column - 1
	if begin+e.Length > len(line) {
		return e
	}
	e.Old = string(line[begin : begin+e.Length])
	e.Literal = slices.ContainsFunc(score.APIVersions(), func(v score.APIVersion) bool { return v.String() == e.Old })
	return e
}

// Provider is what installs kinds of one API group.
type Provider struct {
	// Name in words for a user: "prometheus-operator".
	Name string
	// Group of the kinds: "monitoring.coreos.com".
	Group string
	// Kinds are sorted.
	Kinds []string
}

// Providers returns who provides the kinds that the move requires, sorted by name and group.
func (a *Assessment) Providers() []Provider {
	var all []Provider
	for _, r := range a.Requires {
		at := slices.IndexFunc(all, func(p Provider) bool { return p.Name == r.Provider && p.Group == r.Group })
		if at < 0 {
			at = len(all)
			all = append(all, Provider{Name: r.Provider, Group: r.Group})
		}
		all[at].Kinds = append(all[at].Kinds, r.Kind)
	}
	for i := range all {
		slices.Sort(all[i].Kinds)
		all[i].Kinds = slices.Compact(all[i].Kinds)
	}
	slices.SortFunc(all, func(a, b Provider) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group, b.Group)) })
	return all
}
