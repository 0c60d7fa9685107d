// SPDX-License-Identifier: Apache-2.0

// This file keeps a script that has run, so that its functions can be called.

package host

import (
	"cmp"
	"context"
	"slices"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Program is a script that has run. It is not safe for concurrent use.
type Program struct {
	thread    *Thread
	globals   starlark.StringDict
	abandoned bool
}

// Function is a function of a script's top level.
type Function struct {
	Name string
	// Position is that of its definition.
	Position score.Position
	// Parameters is how many it has.
	Parameters int
}

// Start runs the script at path as Run does, and keeps it. The Program is there even when the script failed; then it
// has no functions.
func (h *Host) Start(ctx context.Context, path string) (*Program, diag.List) {
	t := h.newThread(path)
	p := &Program{thread: t}
	text, problem := readEntry(path, h.options.Limits.FileSize)
	if problem != nil {
		problem.Severity, problem.Position = diag.Error, entirely(path)
		t.stop.set(StopError)
		return p, diag.List{*problem}
	}
	var globals starlark.StringDict
	problems, abandoned := t.supervise(ctx, func() diag.List {
		made, problems := t.execute(path, text)
		globals = made
		return problems
	})
	if !abandoned && !problems.HasErrors() {
		p.globals = globals
	}
	p.ended(problems, abandoned)
	return p, problems
}

// ended takes note of how a run of the script ended.
func (p *Program) ended(problems diag.List, abandoned bool) {
	if abandoned {
		// The thread belongs to the goroutine that was given up.
		fresh := p.thread.fork(state{})
		fresh.stop.set(p.thread.stop.get())
		p.thread, p.globals, p.abandoned = fresh, nil, true
	}
	if problems.HasErrors() {
		p.thread.stop.set(StopError)
	}
}

// Result returns what the script has given so far, calls of its functions included.
func (p *Program) Result() Result { return p.thread.result(p.globals) }

// Functions returns the functions that the script itself defines at its top level, in the order of their definitions.
func (p *Program) Functions() []Function {
	var all []Function
	for name, value := range p.globals {
		f, ok := value.(*starlark.Function)
		if !ok || f.Position().Filename() != p.thread.loader.entry {
			continue
		}
		all = append(all, Function{Name: name, Position: position(f.Position()), Parameters: f.NumParams()})
	}
	slices.SortFunc(all, func(a, b Function) int { return cmp.Or(a.Position.Compare(b.Position), cmp.Compare(a.Name, b.Name)) })
	return all
}

// Call calls a function without arguments, under limits of its own, and returns all problems of the call. A script of
// which a call had to be given up, because it was inside of something that does not end, can be called no more.
func (p *Program) Call(ctx context.Context, name string) diag.List {
	if p.abandoned {
		return diag.List{{
			Severity: diag.Error, Code: "cancelled", Position: entirely(p.thread.loader.entry),
			Summary: "script: a call before this one did not end",
		}}
	}
	t, function := p.thread, p.globals[name]
	t.stop = stopFlag{}
	t.star.Uncancel()
	t.problems, t.reported = nil, map[problemKey]bool{}
	problems, abandoned := t.supervise(ctx, func() diag.List {
		var problems diag.List
		if _, err := starlark.Call(t.star, function, nil, nil); err != nil {
			problems = t.evaluationProblems(err)
		}
		return unique(append(problems, t.problems...))
	})
	p.ended(problems, abandoned)
	return problems
}

// Call calls a value of a script from inside of a builtin, and returns what it gave or its problems. Nothing recovers
// in there: the first call of a constructor with wrong arguments ends it.
func (t *Thread) Call(function starlark.Callable) (starlark.Value, diag.List) {
	before := t.strict
	t.strict = true
	defer func() { t.strict = before }()
	value, err := starlark.Call(t.star, function, nil, nil)
	if err != nil {
		return nil, t.evaluationProblems(err)
	}
	return value, nil
}
