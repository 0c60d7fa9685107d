// SPDX-License-Identifier: Apache-2.0

// This file completes names and attributes.

package repl

import (
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

const (
	groupFunctions = "functions"
	groupNames     = "names"
	groupStarlark  = "Starlark"
)

// keywords are the words of the language that a name can start with.
func keywords() []string {
	return []string{"and", "break", "continue", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "or", "pass", "return"}
}

// names offers every name that is known: those of the session, functions, constants, Starlark's own, keywords.
func (v *view) names() []candidate {
	var own, functions, rest []candidate
	for _, name := range slices.Sorted(maps.Keys(v.globals)) {
		s, isFunction := v.functions[name]
		_, builtin := v.globals[name].(*starlark.Builtin)
		constant, isConstant := v.constants[name]
		switch {
		case isFunction && builtin:
			functions = append(functions, candidate{text: name, doc: s.Summary, group: groupFunctions})
		case builtin && starlark.Universe.Has(name):
			// The host puts its own in the place of some of Starlark's.
			rest = append(rest, candidate{text: name, group: groupStarlark})
		case isConstant && v.globals[name] == constant.Value:
			functions = append(functions, candidate{text: name, doc: constant.Doc, group: groupFunctions})
		default:
			own = append(own, candidate{text: name, doc: describe(v.globals[name]), group: groupNames})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(starlark.Universe)) {
		if !v.globals.Has(name) {
			rest = append(rest, candidate{text: name, group: groupStarlark})
		}
	}
	for _, word := range keywords() {
		rest = append(rest, candidate{text: word, group: groupStarlark})
	}
	return slices.Concat(own, functions, rest)
}

// attributes offers the fields and methods of the expression that ends at the token.
func (v *view) attributes(end int) []candidate {
	s, _, ok := v.evaluate(end)
	if !ok {
		return nil
	}
	var fields, methods []candidate
	constructor := s.made
	if value, ok := s.value.(*builtins.Value); ok {
		constructor = value.Signature()
	}
	known := map[string]bool{}
	if constructor != nil {
		for _, m := range constructor.Methods() {
			known[m.Name] = true
			methods = append(methods, candidate{text: m.Name, doc: m.Summary, group: "methods"})
		}
		for _, a := range constructor.Arguments {
			known[a.Name] = true
			fields = append(fields, candidate{text: a.Name, doc: argumentLine(builtins.Argument{Type: a.Type, Doc: a.Doc}), group: "fields"})
		}
	}
	if value, ok := s.value.(starlark.HasAttrs); ok {
		for _, name := range value.AttrNames() {
			if !known[name] {
				methods = append(methods, candidate{text: name, group: "methods"})
			}
		}
	}
	return append(fields, methods...)
}

// describe says in a few words what a name holds. The text of strings is left out: the list of completions is no
// place to read them, and one may be a secret.
func describe(v starlark.Value) string {
	if _, ok := v.(starlark.String); ok {
		return v.Type()
	}
	return short(v)
}

// firstSentence returns the first sentence of a documentation text.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if sentence, _, more := strings.Cut(text, ". "); more {
		return sentence
	}
	return strings.TrimSuffix(text, ".")
}
