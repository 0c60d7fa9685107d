// SPDX-License-Identifier: Apache-2.0

// Package repl is the interactive session: chunks of script text are evaluated one after the other, and plan,
// render, apply and status are functions in it. On a terminal there is line editing with completion and a history;
// elsewhere chunks are read from the input without any prompt.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// ErrFailed says that something that was read from an input other than a terminal failed. What it was has been
// printed.
var ErrFailed = errors.New("repl: got input that failed")

// Options say what a session is made of.
type Options struct {
	// Library is the language, for help and completion.
	Library *builtins.Library
	// NewSession makes the session; it is called again when the user asks to start anew.
	NewSession func() *host.Session
	// Stdlib is the standard library, for the completion of load(); nil means none.
	Stdlib fs.FS
	// Script is run first; its globals are the session's. Empty means none.
	Script string
	// Name of the deployment where a call gives none; empty means that of the script.
	Name string
	// Finish checks and compiles what the session has declared.
	Finish func(host.Result) (*deployment.Loaded, error)
	// Verbs do the work of plan, render, apply and status.
	Verbs Verbs

	// In is where input comes from. A terminal must be the process's standard input.
	In io.Reader
	// Out gets values and results, Err gets diagnostics.
	Out, Err io.Writer
	// Terminal says that In, Out and Err are a terminal.
	Terminal bool
	// History is the path of the history file; empty keeps none. Only a terminal has one.
	History string
	// Banner is printed at the start, on a terminal.
	Banner string
	// Style colours diagnostics, Bold headings; nil leaves them as they are.
	Style diag.Style
	Bold  func(string) string
	// Interrupts are the user's attempts to stop what is being evaluated. Abort is called when one comes that
	// repeats another; it ends the program. Both may be nil.
	Interrupts <-chan os.Signal
	Abort      func()
}

func (o *Options) bold(text string) string {
	if o.Bold == nil {
		return text
	}
	return o.Bold(text)
}

// shell is one run of the REPL.
type shell struct {
	options   Options
	own       []*builtins.Signature
	completer *completer
	session   *host.Session
	history   *history
	// chunks counts as the session does, to find the sources of what was typed.
	chunks int
	// texts are the chunks of this session whose text is in the history file, by the name of their source.
	texts map[string]string
	// pending are the verbs that the running chunk has asked for.
	pending []action
	// working says that a verb is being carried out.
	working atomic.Bool
	leaving bool
	failed  bool
}

// Run reads and evaluates until the input ends, the user leaves or ctx ends; then the error is that of ctx.
func Run(ctx context.Context, options Options) error {
	s := newShell(options)
	input := s.plainInput()
	if options.Terminal {
		if options.Banner != "" {
			fmt.Fprintln(options.Out, options.Banner)
		}
		var err error
		if s.history, err = openHistory(options.History); err != nil {
			s.warn(err)
		}
		input = s.editor()
	}
	if !s.begin(ctx) && !options.Terminal {
		// What follows in the input counts on the script's names.
		return s.end(ctx)
	}
	for !s.leaving {
		text, err := input(ctx)
		switch {
		case errors.Is(err, errCleared):
			continue
		case errors.Is(err, io.EOF):
			return s.end(ctx)
		case err != nil:
			return err
		}
		s.evaluate(ctx, text)
		if ctx.Err() != nil {
			break
		}
	}
	return s.end(ctx)
}

func newShell(options Options) *shell {
	s := &shell{options: options, own: ownSignatures(), history: &history{}}
	s.completer = newCompleter(options.Library, s.own, func() starlark.StringDict { return s.session.Globals() }, s.loadable)
	return s
}

func (s *shell) end(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.failed && !s.options.Terminal:
		return ErrFailed
	default:
		return nil
	}
}

// begin starts a new session and runs the script in it. It reports whether that went well.
func (s *shell) begin(ctx context.Context) bool {
	s.session = s.options.NewSession()
	s.chunks, s.texts = 0, map[string]string{}
	s.define()
	if s.options.Script == "" {
		return true
	}
	return s.guarded(ctx, func(ctx context.Context) diag.List { return s.session.RunFile(ctx, s.options.Script) })
}

// evaluate runs one input and prints what comes of it.
func (s *shell) evaluate(ctx context.Context, text string) {
	switch strings.TrimSpace(text) {
	case "":
		return
	case ":quit", ":q", ":exit":
		s.leaving = true
		return
	case ":help":
		s.say(s.helpList())
		return
	case ":reset":
		s.begin(ctx)
		return
	}
	if command := strings.TrimSpace(text); strings.HasPrefix(command, ":") {
		s.show(diag.List{{
			Severity: diag.Error, Code: "unknown-command", Summary: fmt.Sprintf("repl: got unknown command %q", command),
			Fix: "the commands are :help, :reset and :quit",
		}})
		return
	}
	s.chunks++
	name := fmt.Sprintf("%s:%d", SessionName, s.chunks)
	var problems diag.List
	s.guarded(ctx, func(ctx context.Context) diag.List {
		value, found := s.session.Run(ctx, text)
		problems = found
		if value != nil {
			fmt.Fprintln(s.options.Out, printed(value))
		}
		return found
	})
	s.remember(name, text, problems)
}

// guarded runs work so that an interrupt ends it and not the program, prints its problems, and then carries out
// the verbs that were asked for. It reports whether all went well.
func (s *shell) guarded(ctx context.Context, work func(context.Context) diag.List) bool {
	ctx, done := s.interruptible(ctx)
	defer done()
	s.pending = nil
	ok := s.show(work(ctx))
	defer s.working.Store(false)
	for _, a := range s.pending {
		if !ok {
			break
		}
		s.working.Store(true)
		problems, err := s.carryOut(ctx, a)
		ok = s.show(problems) && s.show(explain(ctx, a, err))
		if err != nil {
			s.failed, ok = true, false
		}
	}
	s.pending = nil
	return ok
}

// show prints diagnostics and reports whether there is no error among them.
func (s *shell) show(list diag.List) bool {
	if len(list) > 0 {
		fmt.Fprint(s.options.Err, list.Render(s.session.Sources, s.options.Style))
	}
	if list.HasErrors() {
		s.failed = true
		return false
	}
	return true
}

// say prints a text that a function gives, with one newline at its end.
func (s *shell) say(text string) { fmt.Fprintln(s.options.Out, strings.TrimRight(text, "\n")) }

// warn tells of something that does not keep the session from going on.
func (s *shell) warn(err error) { fmt.Fprintf(s.options.Err, "warning: %v\n", err) }
