// SPDX-License-Identifier: Apache-2.0

// This file evaluates chunks one after the other against the same globals, for a REPL.

package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// Session evaluates chunks of text that share their globals. Every chunk has the limits of a run to itself. It
// is not safe for concurrent use.
type Session struct {
	name    string
	thread  *Thread
	globals starlark.StringDict // what scripts see, predeclared names included
	given   starlark.StringDict // predeclared and defined names, to tell what a script changed
	chunks  int
}

// lastValue is the name that holds the value of a chunk's last expression while it runs.
const lastValue = "$value"

// NewSession returns a Session. Positions call its chunks name:1, name:2 and so on; load() starts from the folder
// of name, which for "<repl>" is the working folder.
func (h *Host) NewSession(name string) *Session {
	t := h.newThread(name)
	t.interactive = true
	return &Session{name: name, thread: t, globals: maps.Clone(h.predeclared), given: maps.Clone(h.predeclared)}
}

// Define makes name known to the chunks to come.
func (s *Session) Define(name string, value starlark.Value) {
	s.globals[name], s.given[name] = value, value
}

// Globals returns all names that a chunk can use besides Starlark's own.
func (s *Session) Globals() starlark.StringDict {
	globals := maps.Clone(s.globals)
	maps.DeleteFunc(globals, func(name string, _ starlark.Value) bool { return hidden(name) })
	return globals
}

// Sources is a diag.Sources of all chunks and files so far.
func (s *Session) Sources(file string) (string, bool) { return s.thread.texts.source(file) }

// Result returns what was declared so far, over all chunks.
func (s *Session) Result() Result {
	own := s.Globals()
	maps.DeleteFunc(own, func(name string, _ starlark.Value) bool { return !s.changed(name) })
	return s.thread.result(own)
}

// changed reports whether a script gave name another value than it was given with.
func (s *Session) changed(name string) bool {
	given, ok := s.given[name]
	if !ok {
		return true
	}
	now := s.globals[name]
	return reflect.TypeOf(now) != reflect.TypeOf(given) || !reflect.ValueOf(now).Comparable() || now != given
}

// Run evaluates text. When its last statement is an expression, value is that expression's, unless it is None.
// After a problem the globals keep what was assigned before it.
func (s *Session) Run(ctx context.Context, text string) (value starlark.Value, problems diag.List) {
	s.chunks++
	name := fmt.Sprintf("%s:%d", s.name, s.chunks)
	globals := maps.Clone(s.globals)
	delete(globals, lastValue)
	problems, abandoned := s.attempt(ctx, func(t *Thread) diag.List { return t.runChunk(name, text, globals, s.isGiven()) })
	if !abandoned {
		value = globals[lastValue]
		delete(globals, lastValue)
		s.globals = globals
	}
	if value == starlark.None {
		value = nil
	}
	return value, problems
}

// RunFile executes the script at path and makes its globals the session's.
func (s *Session) RunFile(ctx context.Context, path string) diag.List {
	limit := s.thread.Limits().FileSize
	text, problem := readEntry(path, limit)
	if problem != nil {
		problem.Severity, problem.Position = diag.Error, entirely(path)
		return diag.List{*problem}
	}
	// Modules are found from the script's folder from now on, as they are when it is run.
	saved := s.thread
	s.thread = saved.fork(saved.state)
	s.thread.loader = newLoader(s.thread, path)
	s.thread.star.Load = s.thread.loader.load
	var globals starlark.StringDict
	problems, abandoned := s.attempt(ctx, func(t *Thread) diag.List {
		made, problems := t.execute(path, text)
		globals = made
		return problems
	})
	if !abandoned {
		maps.Copy(s.globals, globals)
	}
	return problems
}

// attempt runs work on the session's thread, and goes on with a new one when it had to be given up.
func (s *Session) attempt(ctx context.Context, work func(*Thread) diag.List) (diag.List, bool) {
	t, saved := s.thread, s.thread.clone()
	t.stop = stopFlag{}
	t.star.Uncancel()
	t.problems, t.reported = nil, map[problemKey]bool{}
	problems, abandoned := t.supervise(ctx, func() diag.List { return work(t) })
	if abandoned {
		s.thread = t.fork(saved)
		return problems, true
	}
	if problems.HasErrors() {
		t.stop.set(StopError)
	}
	return problems, false
}

// isGiven tells which names still have the value that they were given with.
func (s *Session) isGiven() func(string) bool {
	unchanged := map[string]bool{}
	for name := range s.given {
		unchanged[name] = !s.changed(name)
	}
	return func(name string) bool { return unchanged[name] }
}

func (t *Thread) runChunk(name, text string, globals starlark.StringDict, given func(string) bool) diag.List {
	file, problems := t.parse(name, text, true)
	if problems != nil {
		return problems
	}
	keepLast(file)
	assigned := map[string]bool{}
	for _, name := range assignedIn(file) {
		assigned[name] = true
	}
	names := slices.Collect(maps.Keys(globals))
	err := starlark.ExecREPLChunk(file, t.star, globals)
	var failure *starlark.EvalError
	if err != nil && !errors.As(err, &failure) {
		return t.resolverProblems(file, err, names)
	}
	// Only now are the names of the tree resolved.
	t.inspect(name, file, true, func(ident *syntax.Ident) bool {
		binding, ok := ident.Binding.(*resolve.Binding)
		return ok && binding.Scope == resolve.Global && !assigned[ident.Name] && given(ident.Name)
	})
	if err != nil {
		problems = t.evaluationProblems(err)
	}
	return unique(append(problems, t.problems...))
}

// keepLast turns a final expression into an assignment, so that its value can be shown.
func keepLast(file *syntax.File) {
	if len(file.Stmts) == 0 {
		return
	}
	last, ok := file.Stmts[len(file.Stmts)-1].(*syntax.ExprStmt)
	if !ok {
		return
	}
	at := syntax.Start(last)
	file.Stmts[len(file.Stmts)-1] = &syntax.AssignStmt{OpPos: at, Op: syntax.EQ, LHS: &syntax.Ident{NamePos: at, Name: lastValue}, RHS: last.X}
}

// Incomplete reports whether text ends in the middle of something, so that a REPL should ask for another line: an
// open bracket or string, a line that ends in a backslash, or a block that no empty line has closed yet.
func Incomplete(text string) bool {
	text = normalized(text)
	if checkText("", text) != nil {
		return false
	}
	if strings.HasSuffix(strings.TrimRight(text, "\n"), "\\") {
		return !strings.HasSuffix(text, "\n\n")
	}
	file, err := dialect(true).Parse("", text+"\n", 0)
	if err == nil {
		if len(file.Stmts) == 0 {
			return false
		}
		switch file.Stmts[len(file.Stmts)-1].(type) {
		case *syntax.DefStmt, *syntax.IfStmt, *syntax.ForStmt:
			return !strings.HasSuffix(text, "\n\n")
		}
		return false
	}
	var at syntax.Error
	if !errors.As(err, &at) {
		return false
	}
	lines := strings.Count(text, "\n") + 1
	return strings.HasPrefix(at.Msg, "unexpected EOF") || int(at.Pos.Line) > lines || strings.HasPrefix(at.Msg, "got end of file")
}
