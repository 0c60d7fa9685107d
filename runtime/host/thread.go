// SPDX-License-Identifier: Apache-2.0

// This file holds the state of one run, which builtins reach through the interpreter's thread.

package host

import (
	"context"
	"maps"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Thread is the state of one run or of one Session. Builtins get it with FromThread; it is not safe for use by
// other goroutines.
type Thread struct {
	host    *Host
	star    *starlark.Thread
	context context.Context
	loader  *loader
	texts   *texts
	stop    stopFlag

	trees       map[string]*syntax.File
	indexes     map[string]map[placeKey]*syntax.CallExpr
	calls       map[placeKey]*call
	lastCallers []score.Position
	scratch     []score.Position

	memo   map[any]any
	latest map[*score.CallSite]any
	// interactive is set for a Session: later chunks see what earlier ones loaded.
	interactive bool
	// strict is set while a builtin wants to know whether what it calls fails.
	strict bool

	// problems are what was found in modules, and by inspection, while the run went on.
	problems diag.List
	reported map[problemKey]bool
	state
}

// state is what the script has declared.
type state struct {
	deployment score.Deployment
	deployed   []starlark.Value
	nameAt     score.Position
	parameters []Parameter
	made       []any
}

func (s state) clone() state {
	s.deployment.Scores = slices.Clone(s.deployment.Scores)
	s.parameters = slices.Clone(s.parameters)
	s.deployed = slices.Clip(s.deployed)
	s.made = slices.Clip(s.made)
	return s
}

const threadKey = "harmonyscript"

// FromThread returns the run that thread belongs to, or nil when the interpreter was not started by a Host.
func FromThread(thread *starlark.Thread) *Thread {
	t, _ := thread.Local(threadKey).(*Thread)
	return t
}

func (h *Host) newThread(entry string) *Thread {
	t := &Thread{
		host:    h,
		context: context.Background(),
		texts:   newTexts(),
		trees:   map[string]*syntax.File{},
		indexes: map[string]map[placeKey]*syntax.CallExpr{},
		calls:   map[placeKey]*call{},
		memo:    map[any]any{},
		latest:  map[*score.CallSite]any{},

		reported: map[problemKey]bool{},
	}
	t.loader = newLoader(t, entry)
	t.star = &starlark.Thread{
		Name:       entry,
		Print:      t.print,
		Load:       t.loader.load,
		OnMaxSteps: func(*starlark.Thread) { t.halt(StopSteps) },
	}
	t.star.SetLocal(threadKey, t)
	return t
}

// fork returns a thread that goes on with saved state where t was given up: t's goroutine may still run.
func (t *Thread) fork(saved state) *Thread {
	fresh := t.host.newThread(t.loader.entry)
	fresh.state = saved
	fresh.texts = t.texts
	fresh.interactive = t.interactive
	return fresh
}

// Context is cancelled when the run is; builtins that take long must heed it.
func (t *Thread) Context() context.Context { return t.context }

// Limits returns the limits of the run.
func (t *Thread) Limits() Limits { return t.host.options.Limits }

// Memo returns what is kept in this run under key, which it makes when it is first asked for.
func (t *Thread) Memo(key any, make func() any) any {
	value, ok := t.memo[key]
	if !ok {
		value = make()
		t.memo[key] = value
	}
	return value
}

// Latest returns what Remember kept for a call site, or nil.
func (t *Thread) Latest(site *score.CallSite) any { return t.latest[site] }

// Remember keeps what a call site gave last: in a loop it often gives the same again.
func (t *Thread) Remember(site *score.CallSite, value any) { t.latest[site] = value }

// Made records a Go value that a constructor made, for Result.Made.
func (t *Thread) Made(value any) { t.made = append(t.made, value) }

// Deployed records the values of a script that it deploys, for Result.Deployed.
func (t *Thread) Deployed(values ...starlark.Value) { t.deployed = append(t.deployed, values...) }

// Recovers reports whether a builtin that refuses its arguments may report that with Report and let the script go
// on, so that one run tells all mistakes. A Session does not: there each chunk is answered at once.
func (t *Thread) Recovers() bool { return !t.interactive && !t.strict }

// Report records problems that do not end the run; its result holds them. What a loop reports again and again is
// kept once.
func (t *Thread) Report(problems diag.List) {
	for _, d := range problems {
		key := problemKey{d.Position, d.Code, d.Summary}
		if !t.reported[key] {
			t.reported[key] = true
			t.problems = append(t.problems, d)
		}
	}
}

// Mask keeps text, which may be a secret, out of every source line that is shown.
func (t *Thread) Mask(text string) { t.texts.mask(text) }

// InEntry reports whether the running builtin was called by the entry script itself, not by a module.
func (t *Thread) InEntry() bool {
	_, module := t.loader.modules[t.Position().File]
	return !module
}

func (t *Thread) print(_ *starlark.Thread, text string) {
	if t.host.options.Print != nil {
		t.host.options.Print(t.Position(), text)
	}
}

// addTree makes a file's tree known, so that calls in it are found.
func (t *Thread) addTree(name string, file *syntax.File) {
	t.trees[name] = file
	delete(t.indexes, name)
	maps.DeleteFunc(t.calls, func(key placeKey, _ *call) bool { return key.file == name })
}

// inspect runs the static pass over a resolved file.
func (t *Thread) inspect(name string, file *syntax.File, entry bool, builtin func(*syntax.Ident) bool) {
	if t.host.options.Inspect == nil {
		return
	}
	t.problems = append(t.problems, t.host.options.Inspect(Source{Name: name, File: file, Entry: entry, builtin: builtin, texts: t.texts})...)
}

// Deploy adds scores to what the script deploys. name may be empty; two different names are a conflict, which is
// returned as a diagnostic, as is a call from a loaded module.
func (t *Thread) Deploy(name string, origin score.Origin, scores []score.Score) error {
	at := origin.Position()
	if !t.InEntry() {
		return diag.List{{
			Severity: diag.Error, Code: "deploy-in-module", Position: at, Length: len("deploy"),
			Summary: "deploy: got a call in a loaded module, want it in the entry script",
			Fix:     "return the scores from the module and deploy them in " + t.loader.entry,
			Related: diag.Callers(origin),
		}}
	}
	if name != "" && t.deployment.Name != "" && name != t.deployment.Name {
		return diag.List{{
			Severity: diag.Error, Code: "deploy-name-conflict", Position: origin.Of("name"), Length: origin.LengthOf("name"),
			Summary: "deploy: got name " + quote(name) + ", want " + quote(t.deployment.Name) + " as in the other call",
			Fix:     "use one name for everything that this script deploys",
			Related: []diag.Related{{Position: t.nameAt, Message: "the other name"}},
		}}
	}
	if name != "" && t.deployment.Name == "" {
		t.deployment.Name, t.nameAt = name, origin.Of("name")
	}
	if !t.deployment.Position.IsValid() {
		t.deployment.Position = at
	}
	t.deployment.Scores = append(t.deployment.Scores, scores...)
	return nil
}

// DeployTo says which clusters, by kubeconfig context, the script deploys to. Two different lists are a conflict, which is
// returned as a diagnostic.
func (t *Thread) DeployTo(clusters []string, origin score.Origin) error {
	d := &t.deployment
	if d.Clusters == nil {
		// An empty list is told from none.
		d.Clusters, d.ClustersOrigin = append([]string{}, clusters...), origin
		return nil
	}
	if slices.Equal(d.Clusters, clusters) {
		return nil
	}
	return diag.List{{
		Severity: diag.Error, Code: "deploy-clusters-conflict", Position: origin.Of("clusters"), Length: origin.LengthOf("clusters"),
		Summary: "deploy: got other clusters than in the other call, want one list",
		Fix:     "list the clusters in one call, for everything that this script deploys; what belongs elsewhere is a script of its own",
		Related: []diag.Related{{Position: d.ClustersOrigin.Of("clusters"), Message: "the other list"}},
	}}
}
