// SPDX-License-Identifier: Apache-2.0

// This file defines the table of signatures and documentation.

package builtins

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Signature describes one function of the language: a constructor, a method or a plain function.
type Signature struct {
	// Name as scripts call it: "discord".
	Name string
	// Receiver is the constructor whose values have this method; empty for functions.
	Receiver string
	// Family groups constructors in listings: "scores", "alert channels", "rules".
	Family string
	// Summary says in one line what it is, without a full stop.
	Summary string
	// Doc says what there is to know beyond the summary and the arguments; it may be empty.
	Doc string
	// Arguments in the order in which they are listed and printed.
	Arguments []Argument
	// Positional is how many of the leading arguments may be passed by position.
	Positional int
	// Variadic reports that the first argument takes all positional ones, as deploy(*scores) does.
	Variadic bool
	// Example is a script that uses it and that checks without errors.
	Example string
	// Result is what kind of value it gives: "alert_channel", "scrape_target", "secret" …; arguments of type
	// ValueOf(Result) take it. Empty means None.
	Result string
	// Build makes the Go value out of checked arguments. Diagnostics are returned as a diag.List.
	Build func(*Call) (any, error)
	// Validate reports what the types of the arguments cannot say, such as that exactly one of two is needed.
	// It is told which arguments are given, and is asked before a script runs too. Nil means nothing.
	Validate func(given func(name string) bool) []Problem

	// TestOnly functions are there in test files only; see Library.TestHost.
	TestOnly bool

	// test is what a function does that is TestOnly and makes no Value.
	test func(tester Tester, run *host.Thread, c *Call) (starlark.Value, error)
	// run is what a function does that makes no Value.
	run func(thread *starlark.Thread, run *host.Thread, c *Call) (starlark.Value, error)
	// raw is a function whose arguments are not checked against the table.
	raw func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)
	// change is what a method changes about its receiver.
	change func(receiver *Value, c *Call) change

	methods []*Signature
	index   map[string]int
	shape   *host.Shape
}

// Argument describes one argument of a Signature.
type Argument struct {
	// Name as scripts write it: "for_".
	Name string
	// Type of the values that it takes.
	Type Type
	// Required arguments must be given.
	Required bool
	// Default is what the value's attribute gives when the argument was not given: a string, int, float64 or
	// bool. Nil means None.
	Default any
	// Doc says what it means, in one or two sentences.
	Doc string
	// Values are all that a string may be; empty means anything.
	Values []string
	// Hint is how to write the argument, for the fix of a diagnostic: `for_ = "5m"`. A string argument without a
	// hint gets one made of its name.
	Hint string
	// Format and Limit of a channel's setting are handed on to the score.Field that it becomes.
	Format score.Format
	Limit  int
}

// Problem is what Signature.Validate finds.
type Problem struct {
	// Argument is where to point; empty means the call.
	Argument string
	// Text follows the function's name and a colon: "got env and file, want exactly one of them".
	Text string
	// Fix says what to do.
	Fix string
}

// Constant is a predeclared value.
type Constant struct {
	Name, Type, Doc string
	Value           starlark.Value
}

// prepare fills in what is derived, and checks that the table is sound.
func (s *Signature) prepare() error {
	if s.Name == "" || s.Summary == "" {
		return fmt.Errorf("signature %q: got no name or no summary, want both", s.Name)
	}
	s.index = make(map[string]int, len(s.Arguments))
	s.shape = &host.Shape{}
	for i, a := range s.Arguments {
		if _, twice := s.index[a.Name]; twice {
			return fmt.Errorf("signature %s: got argument %q twice", s.Name, a.Name)
		}
		if a.Doc == "" {
			return fmt.Errorf("signature %s: got no doc for argument %q", s.Name, a.Name)
		}
		s.index[a.Name] = i
		if i < s.Positional {
			s.shape.Positional = append(s.shape.Positional, a.Name)
		}
	}
	if s.Variadic {
		s.shape.Variadic = s.Arguments[0].Name
	}
	return nil
}

// FullName is the name with the receiver: "monitoring_stack.set_namespace".
func (s *Signature) FullName() string {
	if s.Receiver != "" {
		return s.Receiver + "." + s.Name
	}
	return s.Name
}

// Argument returns the argument called name.
func (s *Signature) Argument(name string) (Argument, bool) {
	if i, ok := s.index[name]; ok {
		return s.Arguments[i], true
	}
	return Argument{}, false
}

// Methods returns the methods that values of this constructor have, sorted by name.
func (s *Signature) Methods() []*Signature { return slices.Clone(s.methods) }

func (s *Signature) argumentNames() []string {
	names := make([]string, len(s.Arguments))
	for i, a := range s.Arguments {
		names[i] = a.Name
	}
	return names
}

// handlesSecrets reports whether a stray string in a call may well be a secret.
func (s *Signature) handlesSecrets() bool {
	return s.Result == kindSecret || slices.ContainsFunc(s.Arguments, func(a Argument) bool { return a.Type.takesSecret() })
}

// DefaultText returns the default as scripts write it, or "" when the argument is required.
func (a Argument) DefaultText() string {
	if a.Required {
		return ""
	}
	return toStarlark(a.Default).String()
}

// Header returns the call with all arguments and defaults: `tenant(name, labels = None)`.
func (s *Signature) Header() string {
	parts := make([]string, 0, len(s.Arguments))
	for i, a := range s.Arguments {
		switch {
		case s.Variadic && i == 0:
			parts = append(parts, "*"+a.Name)
		case a.Required:
			parts = append(parts, a.Name)
		default:
			parts = append(parts, a.Name+" = "+a.DefaultText())
		}
	}
	if s.openEnded() {
		parts = append(parts, "**fields")
	}
	return s.FullName() + "(" + strings.Join(parts, ", ") + ")"
}

// openEnded reports whether there are arguments that the table does not list: those of the receiver's constructor,
// or any.
func (s *Signature) openEnded() bool {
	return s.raw != nil || s.Name == replaceName && s.Receiver != ""
}

// Help returns the whole documentation as text, with a newline at its end.
func (s *Signature) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s.\n", s.Header(), upperFirst(s.Summary))
	if s.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Doc)
	}
	if len(s.Arguments) > 0 {
		fmt.Fprint(&b, "\nArguments:\n")
	}
	for _, a := range s.Arguments {
		note := "required"
		if !a.Required {
			note = "default " + a.DefaultText()
		}
		fmt.Fprintf(&b, "  %s: %s (%s)\n      %s\n", a.Name, a.Type, note, a.Doc)
		if len(a.Values) > 0 {
			fmt.Fprintf(&b, "      One of: %s\n", strings.Join(quoted(a.Values), ", "))
		}
	}
	if s.Result != "" {
		fmt.Fprintf(&b, "\nGives: %s\n", s.Result)
	}
	for i, m := range s.methods {
		if i == 0 {
			fmt.Fprint(&b, "\nMethods, each of which gives a new value:\n")
		}
		fmt.Fprintf(&b, "  .%s\n      %s\n", strings.TrimPrefix(m.Header(), m.Receiver+"."), upperFirst(m.Summary))
	}
	if s.Example != "" {
		fmt.Fprintf(&b, "\nExample:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(s.Example), "\n", "\n  "))
	}
	return b.String()
}

func quoted(values []string) []string {
	result := make([]string, len(values))
	for i, v := range values {
		result[i] = starlark.String(v).String()
	}
	return result
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
