// SPDX-License-Identifier: Apache-2.0

// This file holds the functions that only a session has: plan, render, apply, status, help, exit.

package repl

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	planName   = "plan"
	renderName = "render"
	applyName  = "apply"
	statusName = "status"
	helpName   = "help"
	exitName   = "exit"
	quitName   = "quit"
)

// ownSignatures describe the session's own functions, for help and completion.
func ownSignatures() []*builtins.Signature {
	verb := func(name, summary, doc string) *builtins.Signature {
		return &builtins.Signature{
			Name: name, Family: "session", Summary: summary, Variadic: true,
			Doc: doc + "\n\nWithout scores it is about everything that deploy() has collected. It runs when the input that it stands in\nhas ended without an error.",
			Arguments: []builtins.Argument{
				{Name: "scores", Type: builtins.Any(), Doc: "The scores, as deploy() takes them."},
				{Name: "name", Type: builtins.String(), Doc: "The deployment's name, when it is not that of the script or of deploy(name = …)."},
			},
			Example: name + "(stack)",
		}
	}
	return []*builtins.Signature{
		verb(planName, "show what apply would change in the cluster", "Compares with the cluster, field by field, and writes nothing."),
		verb(renderName, "print the objects that scores stand for", "Prints exactly the objects that apply would send, as YAML documents. Needs no cluster."),
		verb(applyName, "make the cluster as the scores declare, and wait until it works",
			"Applies what differs and waits until it is ready. Ctrl-C ends it cleanly. When only some scores are given, and no name,\nit refuses to remove what other scores of the same deployment have made."),
		verb(statusName, "show how what was applied is doing", "Reads back every object of the deployment and writes nothing."),
		{
			Name: helpName, Family: "session", Summary: "describe a function, a method or a value, or list what there is", Positional: 1,
			Arguments: []builtins.Argument{{Name: "x", Type: builtins.Any(), Doc: "What to describe: a value, a function, or its name as a string."}},
			Example:   "help(discord)\nhelp(\"monitoring_stack.replace\")",
		},
		{Name: exitName, Family: "session", Summary: "leave", Doc: "So do quit(), :quit and Ctrl-D."},
		{Name: quitName, Family: "session", Summary: "leave", Doc: "So do exit(), :quit and Ctrl-D."},
	}
}

// action is a verb that a chunk has asked for. It is carried out when the chunk has ended: scripts are limited in
// time and must not wait for a cluster, and a chunk that fails then does nothing.
type action struct {
	verb   string
	at     score.Position
	scores []score.Score
	name   string
}

// define gives the session its functions.
func (s *shell) define() {
	builtin := func(name string, call func(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) error) {
		s.session.Define(name, starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, call(thread, args, kwargs)
		}))
	}
	for _, verb := range []string{planName, renderName, applyName, statusName} {
		builtin(verb, func(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) error {
			a, err := newAction(verb, host.FromThread(thread), args, kwargs)
			if err == nil {
				s.pending = append(s.pending, a)
			}
			return err
		})
	}
	builtin(helpName, func(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) error {
		if len(args) > 1 || len(kwargs) > 0 {
			return problem("invalid-argument", host.FromThread(thread), helpName, "got more than one argument, want one at most", "write help(x)")
		}
		text, err := s.help(args)
		if err != nil {
			return problem("unknown-name", host.FromThread(thread), helpName, err.Error(), "help() lists what there is")
		}
		s.say(text)
		return nil
	})
	for _, name := range []string{exitName, quitName} {
		builtin(name, func(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) error {
			if len(args)+len(kwargs) > 0 {
				return problem("invalid-argument", host.FromThread(thread), name, "got arguments, want none", "write "+name+"()")
			}
			s.leaving = true
			return nil
		})
	}
}

// problem is an error of one of the functions, at its call.
func problem(code string, run *host.Thread, who, text, fix string) diag.List {
	d := diag.Diagnostic{Severity: diag.Error, Code: code, Summary: who + ": " + text, Fix: fix, Length: len(who)}
	if run != nil {
		d.Position = run.Position()
	}
	return diag.List{d}
}

func newAction(verb string, run *host.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (action, error) {
	a := action{verb: verb}
	if run != nil {
		a.at = run.Position()
	}
	for _, pair := range kwargs {
		key := string(pair[0].(starlark.String))
		name, isText := starlark.AsString(pair[1])
		switch {
		case key != "name":
			fix := "its only named argument is name"
			return a, problem("unknown-argument", run, verb, fmt.Sprintf("unknown argument %q", key), fix)
		case pair[1] == starlark.None:
		case !isText:
			return a, problem("wrong-type", run, verb, fmt.Sprintf("argument \"name\": got %s, want string", pair[1].Type()), verb+`(name = "…")`)
		default:
			a.name = name
		}
	}
	for _, arg := range args {
		if err := a.take(arg, run); err != nil {
			return a, err
		}
	}
	return a, nil
}

// take adds a score, or the scores of a list.
func (a *action) take(v starlark.Value, run *host.Thread) error {
	if one, ok := builtins.ScoreOf(v); ok {
		a.scores = append(a.scores, one)
		return nil
	}
	switch list := v.(type) {
	case *starlark.List, starlark.Tuple:
		for element := range starlark.Elements(list.(starlark.Iterable)) {
			one, ok := builtins.ScoreOf(element)
			if !ok {
				return problem("wrong-type", run, a.verb, fmt.Sprintf("got %s in a %s, want scores", element.Type(), v.Type()), "")
			}
			a.scores = append(a.scores, one)
		}
		return nil
	case starlark.String:
		return problem("wrong-type", run, a.verb, "got string, want scores", fmt.Sprintf("the name of a deployment is given as %s(name = …)", a.verb))
	default:
		return problem("wrong-type", run, a.verb, fmt.Sprintf("got %s, want scores", v.Type()), "pass a monitoring_stack, a tenant or a tenant_monitoring")
	}
}

// latest keeps of scores with the same title the one that was deployed last: in a session a score is deployed again
// to correct it.
func latest(scores []score.Score) []score.Score {
	last := map[string]int{}
	for i, s := range scores {
		last[s.Title()] = i
	}
	kept := slices.Clone(scores[:0])
	for i, s := range scores {
		if last[s.Title()] == i {
			kept = append(kept, s)
		}
	}
	return kept
}
