// SPDX-License-Identifier: Apache-2.0

// This file completes the arguments of a call.

package repl

import (
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

// openCall is the call whose brackets the cursor is in.
type openCall struct {
	// name is the called function when it is a plain name.
	name string
	// arguments are those that it takes; variadic says that the first takes all positional ones.
	arguments  []builtins.Argument
	positional int
	variadic   bool
	// given are the names of the arguments that are there already.
	given map[string]bool
	// position is how many positional arguments stand in front of the cursor.
	position int
	// argument is the name of the argument whose value the cursor is in, empty while it is not yet named.
	argument string
	// begun says that the cursor is inside of a positional argument.
	begun bool
}

// enclosingCall returns the call around the cursor, or nil. behind is the text behind the cursor.
func (v *view) enclosingCall(behind string) *openCall {
	open := openBrackets(v.tokens)
	if len(open) == 0 {
		return nil
	}
	bracket := open[len(open)-1]
	if !v.tokens[bracket].is("(") || bracket == 0 || !endsPrimary(v.tokens[bracket-1]) {
		return nil
	}
	call := &openCall{given: map[string]bool{}}
	if callee := v.tokens[bracket-1]; callee.kind == tokenWord && (bracket < 2 || !v.tokens[bracket-2].is(".")) {
		call.name = callee.text
	}
	function, _, ok := v.evaluate(bracket - 1)
	switch {
	case call.name == "load":
	case !ok:
		return nil
	case function.signature != nil:
		call.take(v.completer, function.signature)
	default:
		f, ok := function.value.(*starlark.Function)
		if !ok {
			return nil
		}
		call.takeFunction(f)
	}
	call.read(v.tokens[bracket+1:])
	call.readBehind(tokenize(behind, ""))
	return call
}

func (call *openCall) take(c *completer, s *builtins.Signature) {
	call.arguments, call.positional, call.variadic = s.Arguments, s.Positional, s.Variadic
	if constructor, ok := c.functions[s.Receiver]; ok && s.Name == "replace" {
		// It takes the fields of its receiver.
		call.arguments, call.positional = slices.Concat(s.Arguments, constructor.Arguments), 0
	}
}

func (call *openCall) takeFunction(f *starlark.Function) {
	count := f.NumParams()
	if f.HasKwargs() {
		count--
	}
	if f.HasVarargs() {
		count--
	}
	for i := range count {
		name, _ := f.Param(i)
		argument := builtins.Argument{Name: name, Doc: "required"}
		if value := f.ParamDefault(i); value != nil {
			argument.Doc = "default " + short(value)
		} else {
			argument.Required = true
		}
		call.arguments = append(call.arguments, argument)
	}
	call.positional = count - f.NumKwonlyParams()
}

// read goes through the arguments in front of the cursor.
func (call *openCall) read(tokens []token) {
	begin := 0
	split(tokens, func(end int, last bool) {
		argument := tokens[begin:end]
		named := len(argument) > 1 && argument[0].kind == tokenWord && argument[1].is("=")
		switch {
		case !last && named, last && named:
			if !last {
				call.given[argument[0].text] = true
			} else {
				call.argument = argument[0].text
			}
		case !last && len(argument) > 0:
			call.position++
		case last:
			call.begun = len(argument) > 0
		}
		begin = end + 1
	})
	if call.variadic {
		call.given[call.arguments[0].Name] = true
		return
	}
	for i, a := range call.arguments {
		if i < call.position && i < call.positional {
			call.given[a.Name] = true
		}
	}
}

// readBehind goes through the arguments behind the cursor, up to the end of the call.
func (call *openCall) readBehind(tokens []token) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			if depth--; depth < 0 {
				return
			}
		case depth == 0 && t.is("=") && i > 1 && tokens[i-1].kind == tokenWord && tokens[i-2].is(","):
			call.given[tokens[i-1].text] = true
		}
	}
}

// split calls visit with the end of each argument; last is set for the one that the cursor is in.
func split(tokens []token, visit func(end int, last bool)) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("("), t.is("["), t.is("{"):
			depth++
		case t.is(")"), t.is("]"), t.is("}"):
			depth--
		case t.is(",") && depth == 0:
			visit(i, false)
		}
	}
	visit(len(tokens), true)
}

// current returns the argument that the cursor is in, as far as that is known.
func (call *openCall) current() builtins.Argument {
	if call.argument == "" && call.position < call.positional && call.position < len(call.arguments) {
		return call.arguments[call.position]
	}
	for _, a := range call.arguments {
		if a.Name == call.argument {
			return a
		}
	}
	return builtins.Argument{}
}

// argumentNames offers the arguments that are not given yet, in the order of the signature.
func (call *openCall) argumentNames() []candidate {
	if call.begun {
		return nil
	}
	var found []candidate
	for _, a := range call.arguments {
		if call.given[a.Name] {
			continue
		}
		found = append(found, candidate{text: a.Name + "=", doc: argumentLine(a), group: "arguments"})
	}
	return found
}

// argumentLine describes an argument in one line: what it takes and what it means.
func argumentLine(a builtins.Argument) string {
	line := firstSentence(a.Doc)
	if text := a.Type.String(); text != builtins.Any().String() {
		line = text + ": " + line
	}
	if a.Required && a.Doc != "required" {
		line = "(required) " + line
	}
	return line
}

// values offers what the argument at the cursor takes. Without a hint about that, or with part of a word, it is
// every name.
func (v *view) values(call *openCall) []candidate {
	argument := call.current()
	if !v.beginsValue() {
		return v.names()
	}
	var found []candidate
	for _, value := range argument.Values {
		found = append(found, candidate{text: starlark.String(value).String(), group: "values"})
	}
	wanted := strings.Fields(argument.Type.String())
	takes := func(kind string) bool { return kind != "" && slices.Contains(wanted, kind) }
	if takes("bool") {
		found = append(found, candidate{text: "True", group: "values"}, candidate{text: "False", group: "values"})
	}
	for _, n := range v.names() {
		constant, isConstant := v.constants[n.text]
		s, isFunction := v.functions[n.text]
		value, isValue := v.globals[n.text].(*builtins.Value)
		if isConstant && takes(constant.Type) || isFunction && (takes(s.Result) || takes(s.Name)) ||
			isValue && (takes(value.Signature().Result) || takes(value.Signature().Name)) {
			found = append(found, n)
		}
	}
	if len(found) == 0 || v.word != "" {
		found = append(found, v.names()...)
	}
	return found
}

// beginsValue reports whether the cursor is right behind the equals sign.
func (v *view) beginsValue() bool {
	n := len(v.tokens)
	return n > 0 && v.tokens[n-1].is("=")
}
