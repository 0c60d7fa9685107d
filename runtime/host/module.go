// SPDX-License-Identifier: Apache-2.0

// This file loads modules: each is read, resolved and executed once, and its globals are frozen.

package host

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// module is a file that load() brought in.
type module struct {
	address address
	globals starlark.StringDict
	// failed is set when the module could not be loaded; its problems are told once.
	failed  bool
	loading bool
	// loadedAt is the load() that is bringing it in.
	loadedAt score.Position
}

// loader finds and keeps the modules of one run.
type loader struct {
	thread  *Thread
	entry   string // the entry script, as typed
	tree    *tree
	modules map[string]*module // by file name, as positions have it
	stack   []*module          // those being loaded, outermost first
}

func newLoader(t *Thread, entry string) *loader {
	return &loader{thread: t, entry: entry, tree: newTree(entry, t.host.options), modules: map[string]*module{}}
}

// errLoadFailed stands for problems that are in Thread.problems already.
var errLoadFailed = errors.New("its problems were told")

// load is the interpreter's hook for load().
func (l *loader) load(thread *starlark.Thread, name string) (starlark.StringDict, error) {
	at := position(thread.CallFrame(0).Pos)
	origin := score.NewOrigin(&score.CallSite{Position: at}, nil)
	refuse := func(d diag.Diagnostic) error {
		d.Severity, d.Position, d.Length = diag.Error, at, len("load")
		d.Related = append(d.Related, l.trail()...)
		return diag.List{d}
	}
	found, problem := l.tree.resolve(l.addressOf(origin.Position().File), name)
	if problem != nil {
		return nil, refuse(*problem)
	}
	m, ok := l.modules[found.name]
	switch {
	case !found.library && found.name == l.entry:
		// The entry script is under way as long as anything is loaded.
		return nil, refuse(l.cycle(nil))
	case ok && m.loading:
		return nil, refuse(l.cycle(m))
	case ok && m.failed:
		return nil, errLoadFailed
	case ok:
		return m.globals, nil
	}
	if limit := l.thread.Limits().LoadDepth; len(l.stack) >= limit {
		return nil, refuse(diag.Diagnostic{
			Code:    "load-depth",
			Summary: fmt.Sprintf("load: got more than %d modules inside each other", limit),
			Fix:     "load modules side by side, or raise the limit of the load depth (--max-load-depth)",
		})
	}
	m = &module{address: found, loading: true, loadedAt: at}
	text, problem := l.tree.read(found, l.thread.Limits().FileSize)
	if problem != nil {
		return nil, refuse(*problem)
	}
	l.modules[found.name] = m
	l.stack = append(l.stack, m)
	problems := l.execute(m, text)
	l.stack = l.stack[:len(l.stack)-1]
	m.loading = false
	if m.failed {
		l.thread.problems = append(l.thread.problems, problems...)
		return nil, errLoadFailed
	}
	return m.globals, nil
}

func (l *loader) execute(m *module, text string) diag.List {
	m.failed = true
	program, problems := l.thread.compile(m.address.name, text, false)
	if program == nil {
		for i := range problems {
			problems[i].Related = append(problems[i].Related, l.trail()...)
		}
		return problems
	}
	globals, err := program.Init(l.thread.star, l.thread.host.namesIn(m.address.name))
	if err != nil {
		return l.thread.evaluationProblems(err)
	}
	if problems := freeze(m.address.name, globals); problems != nil {
		return problems
	}
	m.globals, m.failed = globals, false
	return nil
}

// addressOf returns where the file that positions call name is.
func (l *loader) addressOf(name string) address {
	if m, ok := l.modules[name]; ok {
		return m.address
	}
	return address{name: name, path: path.Base(toSlash(l.entry))}
}

// trail tells how the file that is running was reached, innermost load() first.
func (l *loader) trail() []diag.Related {
	var related []diag.Related
	for i := len(l.stack) - 1; i >= 0; i-- {
		related = append(related, diag.Related{Position: l.stack[i].loadedAt, Message: "loaded from here"})
	}
	return related
}

// cycle is the problem of loading m while it is being loaded; nil means the entry script.
func (l *loader) cycle(m *module) diag.Diagnostic {
	names, inside, again := []string{}, false, l.entry
	if m == nil {
		names, inside = append(names, l.entry), true
	} else {
		again = m.address.name
	}
	for _, loading := range l.stack {
		if inside = inside || loading == m; inside {
			names = append(names, loading.address.name)
		}
	}
	return diag.Diagnostic{
		Code:    "load-cycle",
		Summary: "load: got a cycle of modules that load each other",
		Detail:  strings.Join(append(names, again), " → "),
		Fix:     "move what they share into a module of its own that loads none of them",
	}
}
