// SPDX-License-Identifier: Apache-2.0

// This file is help().

package repl

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// help returns the text for help(): about its argument, or the list of everything.
func (s *shell) help(args starlark.Tuple) (string, error) {
	if len(args) == 0 {
		return s.helpList(), nil
	}
	switch x := args[0].(type) {
	case starlark.String:
		return s.helpName(string(x))
	case *starlark.Builtin:
		return s.helpBuiltin(x), nil
	case *starlark.Function:
		return helpFunction(x), nil
	case *builtins.Value:
		return fmt.Sprintf("%s\n\nA value of:\n\n%s", printed(x), x.Signature().Help()), nil
	default:
		for _, c := range s.completer.constants {
			if equal, err := starlark.Equal(c.Value, x); err == nil && equal && c.Value.Type() == x.Type() {
				return helpConstant(c), nil
			}
		}
		return helpValue(x), nil
	}
}

// helpList lists all functions by family, and the constants.
func (s *shell) helpList() string {
	var b strings.Builder
	family := ""
	for _, signature := range slices.Concat(s.options.Library.Signatures(), s.own) {
		if signature.Family != family {
			family = signature.Family
			fmt.Fprintf(&b, "%s\n", s.options.bold(family))
		}
		fmt.Fprintf(&b, "  %-36s %s\n", signature.FullName(), signature.Summary)
	}
	fmt.Fprintf(&b, "%s\n", s.options.bold("constants"))
	for _, c := range s.options.Library.Constants() {
		fmt.Fprintf(&b, "  %-36s %s\n", c.Name, c.Doc)
	}
	fmt.Fprint(&b, "\nhelp(x) describes one of them. `:reset` forgets everything and runs the script again, `:quit` leaves.\n")
	return b.String()
}

// helpName describes what scripts call name, or what the session has under that name.
func (s *shell) helpName(name string) (string, error) {
	if signature, ok := s.completer.functions[name]; ok {
		return signature.Help(), nil
	}
	if c, ok := s.completer.constants[name]; ok {
		return helpConstant(c), nil
	}
	globals := s.session.Globals()
	for _, names := range []starlark.StringDict{globals, starlark.Universe} {
		value, ok := names[name]
		if _, text := value.(starlark.String); ok && text {
			return helpValue(value), nil
		}
		if ok {
			return s.help(starlark.Tuple{value})
		}
	}
	var known []string
	for n := range s.completer.functions {
		known = append(known, n)
	}
	known = slices.Concat(known, globals.Keys(), starlark.Universe.Keys())
	slices.Sort(known)
	if near := diag.Nearest(name, known); near != "" {
		return "", fmt.Errorf("got unknown name %q; did you mean %q?", name, near)
	}
	return "", fmt.Errorf("got unknown name %q", name)
}

func (s *shell) helpBuiltin(b *starlark.Builtin) string {
	name := b.Name()
	if value, ok := b.Receiver().(*builtins.Value); ok {
		name = value.Signature().Name + "." + name
	}
	if signature, ok := s.completer.functions[name]; ok {
		return signature.Help()
	}
	if receiver := b.Receiver(); receiver != nil {
		name = receiver.Type() + "." + name
	}
	return fmt.Sprintf("%s\n\nA function of Starlark itself; https://github.com/bazelbuild/starlark/blob/master/spec.md describes it.\n", name)
}

// helpFunction describes a function that a script defined: its parameters, its documentation, its place.
func helpFunction(f *starlark.Function) string {
	// Starlark lists *args and **kwargs behind all others, wherever they are written.
	named, rest := f.NumParams(), []string{}
	take := func(mark string) {
		named--
		name, _ := f.Param(named)
		rest = append(rest, mark+name)
	}
	if f.HasKwargs() {
		take("**")
	}
	byPosition := named - f.NumKwonlyParams()
	star := "*"
	if f.HasVarargs() {
		take("*")
		star, rest = rest[len(rest)-1], rest[:len(rest)-1]
		byPosition--
	}
	var parameters []string
	for i := range named {
		name, _ := f.Param(i)
		if value := f.ParamDefault(i); value != nil {
			name += " = " + short(value)
		}
		if i == byPosition {
			parameters = append(parameters, star)
		}
		parameters = append(parameters, name)
	}
	if byPosition == named && f.HasVarargs() {
		parameters = append(parameters, star)
	}
	parameters = append(parameters, rest...)
	text := fmt.Sprintf("%s(%s)\n\nDefined at %s.\n", f.Name(), strings.Join(parameters, ", "), f.Position())
	if doc := unindented(f.Doc()); doc != "" {
		text += "\n" + doc + "\n"
	}
	return text
}

func helpConstant(c builtins.Constant) string {
	return fmt.Sprintf("%s (%s)\n\n%s\n", c.Name, c.Type, c.Doc)
}

// helpValue describes any other value by its type.
func helpValue(v starlark.Value) string {
	text := fmt.Sprintf("A value of type %s.\n", v.Type())
	if value, ok := v.(starlark.HasAttrs); ok {
		if names := value.AttrNames(); len(names) > 0 {
			text += "\nFields and methods: " + strings.Join(names, ", ") + "\n"
		}
	}
	return text
}

// unindented takes away what all lines but the first begin with.
func unindented(doc string) string {
	lines := strings.Split(strings.TrimSpace(doc), "\n")
	common := -1
	for _, line := range lines[1:] {
		if indent := len(line) - len(strings.TrimLeft(line, " \t")); strings.TrimSpace(line) != "" && (common < 0 || indent < common) {
			common = indent
		}
	}
	for i, line := range lines[1:] {
		lines[i+1] = strings.TrimRight(line[min(max(common, 0), len(line)):], " \t")
	}
	return strings.Join(lines, "\n")
}
