// SPDX-License-Identifier: Apache-2.0

// This file binds the arguments of a call to a signature, for the run and for the static pass alike, so that both
// say the same. All that is wrong with a call is told at once.

package builtins

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxProblems is how many problems of one call are told: a list of a million wrong elements is one mistake.
const maxProblems = 20

// binder collects the arguments and the problems of one call.
type binder struct {
	signature *Signature
	// name is what problems call the function.
	name     string
	origin   score.Origin
	limit    int
	elements int
	path     []step
	problems diag.List
	masker   masker
	// incomplete is set in the static pass when not everything is known.
	incomplete bool
	// unpacked says that the static pass does not see all arguments, because of *args or **kwargs.
	unpacked bool
	// meant are the arguments that a misspelt one was likely meant to be; they are not missing as well.
	meant []string
}

// masker hides texts that may be secrets.
type masker interface{ Mask(text string) }

// mask hides a text that may be a secret.
func (b *binder) mask(text string) {
	if b.masker != nil {
		b.masker.Mask(text)
	}
}

// report adds a problem with what is being converted, or with the call itself.
func (b *binder) report(code, text, fix string) {
	if len(b.problems) >= maxProblems {
		return
	}
	d := diag.Diagnostic{Severity: diag.Error, Code: code, Fix: fix, Position: b.origin.Position(), Related: diag.Callers(b.origin)}
	if len(b.path) == 0 {
		d.Summary, d.Length = b.name+": "+text, utf8.RuneCountInString(b.name)
	} else {
		path := b.spelled()
		d.Summary = fmt.Sprintf("%s: argument %q: %s", b.name, path, text)
		d.Position, d.Length = b.origin.Of(path), b.origin.LengthOf(path)
	}
	b.problems = append(b.problems, d)
}

// mismatch reports a value of a wrong type, without showing the value: it may be a secret.
func (b *binder) mismatch(t Type, v starlark.Value, a *Argument) {
	text, plain := v.(starlark.String)
	if plain && t.takesSecret() {
		b.mask(string(text))
		b.report("plain-secret", "got string, want secret", "write "+hint(a))
		return
	}
	fix := ""
	if len(b.path) == 1 || t.kind == kindList {
		fix = "write " + hint(a)
	}
	switch v.(type) {
	case starlark.Int, starlark.Float, starlark.Bool:
		if t.kind == kindString && a.Hint == "" {
			fix = "write it in quotes: " + starlark.String(v.String()).String()
		}
	}
	if t.kind == kindList && (!plain || t.elem.kind == kindString) {
		if _, dict := v.(*starlark.Dict); !dict {
			fix = "put it into a list: [ … ]"
		}
	}
	if call, ok := v.(*starlark.Function); ok {
		fix = "call it: " + call.Name() + "()"
	}
	if call, ok := v.(*starlark.Builtin); ok {
		fix = "call it: " + call.Name() + "( … )"
	}
	b.report("wrong-type", fmt.Sprintf("got %s, want %s", v.Type(), t), fix)
}

// hint says how to write an argument.
func hint(a *Argument) string {
	if a.Hint != "" {
		return a.Hint
	}
	switch {
	case len(a.Values) > 0:
		return fmt.Sprintf("%s = %q", a.Name, a.Values[0])
	case a.Type.takesSecret():
		return fmt.Sprintf("%s = secret(env = %q)", a.Name, strings.ToUpper(a.Name))
	case a.Type.takesString():
		return fmt.Sprintf("%s = \"…\"", a.Name)
	case a.Type.kind == kindInt:
		return a.Name + " = 1"
	case a.Type.kind == kindFloat:
		return a.Name + " = 0.5"
	case a.Type.kind == kindBool:
		return a.Name + " = True"
	case a.Type.kind == kindVersion:
		return a.Name + " = V2_CRD"
	case a.Type.kind == kindList && a.Type.elem.kind == kindString:
		return a.Name + ` = ["…"]`
	case a.Type.kind == kindList:
		return a.Name + " = [" + a.Type.elem.String() + "(…)]"
	case a.Type.kind == kindMap:
		return a.Name + ` = {"…": …}`
	case a.Type.kind == kindValue:
		return a.Name + " = " + a.Type.result + "(…)"
	default:
		return a.Name + " = …"
	}
}

// bind copies the arguments of a call into slots, which has one for each argument of the signature.
func (b *binder) bind(slots []any, args starlark.Tuple, kwargs []starlark.Tuple) {
	s := b.signature
	if s.Variadic {
		b.set(slots, 0, args)
	} else {
		if len(args) > s.Positional {
			b.tooManyPositional(args)
			args = args[:s.Positional]
		}
		for i, v := range args {
			b.set(slots, i, v)
		}
	}
	for _, pair := range kwargs {
		name := string(pair[0].(starlark.String))
		i, known := s.find(name)
		switch {
		case !known || s.Variadic && i == 0:
			b.unknownArgument(name, pair[1])
		case i < len(args) && !s.Variadic:
			b.path = append(b.path[:0], step{name: name})
			b.report("invalid-argument", "got two values, one by position and one by name", "give it once")
			b.path = b.path[:0]
		default:
			b.set(slots, i, pair[1])
		}
	}
}

// find is a map lookup, but faster for the usual few arguments.
func (s *Signature) find(name string) (int, bool) {
	for i := range s.Arguments {
		if s.Arguments[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// set copies one argument in. None is as good as not given, since wrappers pass their own defaults on, but where any
// value must be given it is one.
func (b *binder) set(slots []any, i int, v starlark.Value) {
	a := &b.signature.Arguments[i]
	b.path = append(b.path[:0], step{name: a.Name})
	if v != starlark.None || a.Required && a.Type.kind == kindAny {
		copied, ok := b.convert(a.Type, v, a)
		if !ok {
			copied = refused{}
		} else if text, ok := copied.(string); ok && len(a.Values) > 0 {
			b.checkValue(a, text)
		}
		slots[i] = copied
	} else if a.Required {
		b.mismatch(a.Type, v, a)
		slots[i] = refused{}
	}
	b.path = b.path[:0]
}

// refused marks an argument that was given but is wrong or, in the static pass, unknown.
type refused struct{}

func (b *binder) checkValue(a *Argument, text string) {
	if a.Format == score.FormatChoice && strings.Contains(text, "{{") {
		return // what the template makes of it is only known when it is sent
	}
	for _, value := range a.Values {
		if value == text {
			return
		}
	}
	fix := "write " + hint(a)
	if near := diag.Nearest(text, a.Values); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	b.report("invalid-argument", fmt.Sprintf("got %q, want %s", text, joined(quoted(a.Values))), fix)
}

func (b *binder) tooManyPositional(args starlark.Tuple) {
	s := b.signature
	for _, arg := range args[s.Positional:] {
		b.hideStray(arg)
	}
	want := "arguments by name only"
	switch s.Positional {
	case 0:
	case 1:
		want = "at most 1"
	default:
		want = fmt.Sprintf("at most %d", s.Positional)
	}
	fix := ""
	if len(s.Arguments) > s.Positional {
		fix = "name them: " + hint(&s.Arguments[s.Positional])
	}
	b.report("invalid-argument", fmt.Sprintf("got %d positional arguments, want %s", len(args), want), fix)
}

func (b *binder) unknownArgument(name string, v starlark.Value) {
	b.hideStray(v)
	s := b.signature
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "unknown-argument", Position: b.origin.OfName(name), Length: utf8.RuneCountInString(name),
		Summary: fmt.Sprintf("%s: unknown argument %q", b.name, name), Related: diag.Callers(b.origin),
	}
	if near := diag.Nearest(name, s.argumentNames()); near != "" {
		d.Fix = fmt.Sprintf("did you mean %q?", near)
		b.meant = append(b.meant, near)
	} else if names := s.argumentNames(); len(names) > 0 {
		d.Fix = "its arguments are " + strings.Join(names, ", ")
	}
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, d)
	}
}

// hideStray masks a string that is in no argument's place: a secret under a misspelt name, say.
func (b *binder) hideStray(v starlark.Value) {
	if text, ok := v.(starlark.String); ok && b.signature.handlesSecrets() {
		b.mask(string(text))
	}
}

// finish reports missing arguments and what Validate has to say.
func (b *binder) finish(slots []any) {
	s := b.signature
	if b.unpacked {
		return
	}
	for i := range s.Arguments {
		a := &s.Arguments[i]
		if a.Required && slots[i] == nil && !slices.Contains(b.meant, a.Name) {
			b.report("missing-argument", fmt.Sprintf("missing argument %q", a.Name), "write "+hint(a))
		}
	}
	if s.Validate != nil {
		given := func(name string) bool {
			i, ok := s.find(name)
			return ok && slots[i] != nil
		}
		for _, p := range s.Validate(given) {
			if p.Argument != "" {
				b.path = append(b.path, step{name: p.Argument})
			}
			b.report("invalid-argument", p.Text, p.Fix)
			b.path = b.path[:0]
		}
	}
}

// joined lists alternatives: `"a", "b" or "c"`.
func joined(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
