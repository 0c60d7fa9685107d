// SPDX-License-Identifier: Apache-2.0

// This file follows an expression in front of the cursor as far as its names, fields, literal indexes and the results
// of known functions tell what it is. Nothing is evaluated.

package repl

import (
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

// shape is what is known of an expression.
type shape struct {
	// value is the value itself, or an empty one of the same type; nil when that is unknown.
	value starlark.Value
	// made is the constructor of a value that is not there yet.
	made *builtins.Signature
	// signature is that of a function.
	signature *builtins.Signature
}

// endsPrimary reports whether t can be the end of something that is called, indexed or asked for a field.
func endsPrimary(t token) bool {
	switch t.kind {
	case tokenWord:
		return !slices.Contains(keywords(), t.text) || t.text == "load"
	case tokenString:
		return t.open == ""
	default:
		return t.is(")") || t.is("]") || t.is("}")
	}
}

// evaluate follows the expression that ends at the token. start is the token that it starts at.
func (v *view) evaluate(end int) (s shape, start int, ok bool) {
	if end < 0 || !endsPrimary(v.tokens[end]) {
		return shape{}, 0, false
	}
	t := v.tokens[end]
	switch {
	case t.kind == tokenString:
		return shape{value: starlark.String("")}, end, true
	case t.kind == tokenWord && end > 0 && v.tokens[end-1].is("."):
		base, start, ok := v.evaluate(end - 2)
		if !ok {
			return shape{}, 0, false
		}
		s, ok := v.attribute(base, t.text)
		return s, start, ok
	case t.kind == tokenWord:
		s, ok := v.lookup(t.text)
		return s, end, ok
	}
	open, ok := opening(v.tokens, end)
	if !ok {
		return shape{}, 0, false
	}
	applied := open > 0 && endsPrimary(v.tokens[open-1])
	switch {
	case t.is(")") && applied:
		function, start, ok := v.evaluate(open - 1)
		s := v.called(function)
		return s, start, ok && (s.made != nil || s.value != nil)
	case t.is(")"):
		s, start, ok := v.evaluate(end - 1)
		return s, open, ok && start == open+1
	case t.is("]") && applied:
		base, start, ok := v.evaluate(open - 1)
		if !ok || open+2 != end {
			return shape{}, 0, false
		}
		s, ok := element(base.value, v.tokens[open+1])
		return s, start, ok
	case t.is("]"):
		return shape{value: starlark.NewList(nil)}, open, true
	default:
		return shape{value: starlark.NewDict(0)}, open, true
	}
}

// opening returns the token that the closing bracket at end belongs to.
func opening(tokens []token, end int) (int, bool) {
	depth := 0
	for i := end; i >= 0; i-- {
		switch t := tokens[i]; {
		case t.is(")"), t.is("]"), t.is("}"):
			depth++
		case t.is("("), t.is("["), t.is("{"):
			if depth--; depth == 0 {
				return i, true
			}
		}
	}
	return 0, false
}

func (v *view) lookup(name string) (shape, bool) {
	value, ok := v.globals[name]
	if !ok {
		value, ok = starlark.Universe[name]
		return shape{value: value}, ok
	}
	s := shape{value: value}
	if _, builtin := value.(*starlark.Builtin); builtin {
		s.signature = v.functions[name]
	}
	return s, true
}

func (v *view) attribute(base shape, name string) (shape, bool) {
	constructor := base.made
	if value, ok := base.value.(*builtins.Value); ok {
		constructor = value.Signature()
	}
	if constructor != nil {
		if method, ok := v.functions[constructor.Name+"."+name]; ok {
			return shape{signature: method}, true
		}
	}
	if value, ok := base.value.(starlark.HasAttrs); ok {
		found, err := value.Attr(name)
		return shape{value: found}, err == nil && found != nil
	}
	return shape{}, false
}

// called returns what a call of function gives.
func (v *view) called(function shape) shape {
	s := function.signature
	switch {
	case s == nil:
		return shape{}
	case s.Receiver != "":
		// Methods of values give a changed copy.
		return shape{made: v.functions[s.Receiver]}
	case s.Result == "":
		return shape{}
	default:
		return shape{made: s}
	}
}

// element returns what a literal index finds in a collection.
func element(collection starlark.Value, index token) (shape, bool) {
	switch c := collection.(type) {
	case *starlark.Dict:
		if index.kind != tokenString || index.open != "" {
			return shape{}, false
		}
		key, err := strconv.Unquote(index.text)
		if err != nil {
			key = strings.Trim(index.text, `"'`)
		}
		value, found, err := c.Get(starlark.String(key))
		return shape{value: value}, err == nil && found
	case starlark.Indexable:
		i, err := strconv.Atoi(index.text)
		if err != nil || i < 0 || i >= c.Len() {
			return shape{}, false
		}
		return shape{value: c.Index(i)}, true
	default:
		return shape{}, false
	}
}
