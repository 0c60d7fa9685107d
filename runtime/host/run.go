// SPDX-License-Identifier: Apache-2.0

// This file runs entry scripts.

package host

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Result is what a run gave, as far as it got.
type Result struct {
	// Entry is the script's path, as it was given.
	Entry string
	// Folder is the absolute path of the script's folder: relative files of secrets start there.
	Folder string
	// Deployment is what the script deploys. It has no Scores when deploy() was not called. Without deploy(name=)
	// its name comes from the script's: "monitoring_v2.star" gives "monitoring-v2".
	Deployment score.Deployment
	// Deployed are the scores as the script has them, in the order of Deployment.Scores.
	Deployed []starlark.Value
	// Globals are the script's top-level names, frozen.
	Globals starlark.StringDict
	// Sources gives every file that was read. Plain strings that stand where a secret belongs are masked.
	Sources diag.Sources
	// Files lists the files that were read, sorted, as positions name them.
	Files []string
	// Parameters are those that the script declared, in order.
	Parameters []Parameter
	// Made are the Go values that the constructors made, in order, whether or not anything uses them.
	Made []any
	// Stop says why the run ended early.
	Stop Stop
	// Steps that the interpreter took.
	Steps uint64
}

// Run executes the script at path. The diagnostics are all problems that were found; unless they contain errors
// the Result is complete. A cancelled ctx ends the run with Stop == StopCancelled and a diagnostic of code
// "cancelled".
func (h *Host) Run(ctx context.Context, path string) (Result, diag.List) {
	t := h.newThread(path)
	text, problem := readEntry(path, h.options.Limits.FileSize)
	if problem != nil {
		problem.Severity, problem.Position = diag.Error, entirely(path)
		t.stop.set(StopError)
		return t.result(nil), diag.List{*problem}
	}
	return t.runEntry(ctx, text)
}

// RunSource executes text as if it were the content of the script called name, whose folder load() starts from.
func (h *Host) RunSource(ctx context.Context, name, text string) (Result, diag.List) {
	return h.newThread(name).runEntry(ctx, text)
}

func (t *Thread) runEntry(ctx context.Context, text string) (Result, diag.List) {
	var globals starlark.StringDict
	problems, abandoned := t.supervise(ctx, func() diag.List {
		made, problems := t.execute(t.loader.entry, text)
		globals = made
		return problems
	})
	if abandoned {
		// t belongs to the goroutine that was given up.
		fresh := t.fork(state{})
		fresh.stop.set(t.stop.get())
		return fresh.result(nil), problems
	}
	if problems.HasErrors() {
		t.stop.set(StopError)
	}
	return t.result(globals), problems
}

// execute runs a file with globals of its own and returns them with all problems of the run.
func (t *Thread) execute(name, text string) (starlark.StringDict, diag.List) {
	program, problems := t.compile(name, text, true)
	if program == nil {
		return nil, unique(append(problems, t.problems...))
	}
	globals, err := program.Init(t.star, t.host.namesIn(name))
	if err != nil {
		problems = t.evaluationProblems(err)
	} else {
		problems = append(freeze(name, globals), t.unknownParameters()...)
	}
	return globals, unique(append(problems, t.problems...))
}

// problemKey tells problems apart.
type problemKey struct {
	position      score.Position
	code, summary string
}

// unique drops what was told before: the static pass and the run find the same mistakes, and the run, which
// comes first, knows the callers.
func unique(problems diag.List) diag.List {
	seen := map[problemKey]bool{}
	return slices.DeleteFunc(problems, func(d diag.Diagnostic) bool {
		k := problemKey{d.Position, d.Code, d.Summary}
		defer func() { seen[k] = true }()
		return seen[k]
	}).Sorted()
}

func (t *Thread) result(globals starlark.StringDict) Result {
	folder, err := filepath.Abs(filepath.Dir(t.loader.entry))
	if err != nil {
		folder = filepath.Dir(t.loader.entry)
	}
	deployment := t.deployment
	deployment.Scores = slices.Clone(deployment.Scores)
	if deployment.Name == "" {
		deployment.Name = deploymentName(t.loader.entry)
	}
	return Result{
		Entry:      t.loader.entry,
		Folder:     folder,
		Deployment: deployment,
		Deployed:   slices.Clone(t.deployed),
		Globals:    globals,
		Sources:    t.texts.source,
		Files:      t.texts.names(),
		Parameters: slices.Clone(t.parameters),
		Made:       slices.Clone(t.made),
		Stop:       t.stop.get(),
		Steps:      t.star.ExecutionSteps(),
	}
}

// maxDeploymentName leaves room for what the names of the cluster's objects add to it.
const maxDeploymentName = 40

// deploymentName makes a name that Kubernetes takes out of a script's path.
func deploymentName(entry string) string {
	base := filepath.Base(entry)
	base = strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, base)
	name = strings.Trim(name[:min(len(name), maxDeploymentName)], "-")
	if name == "" {
		return "deployment"
	}
	return name
}
