// SPDX-License-Identifier: Apache-2.0

// This file finds the types of the expressions in a channel's template.

package check

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	receivertemplate "github.com/prometheus/alertmanager/template"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// pipe returns the type of a pipeline and declares its variables.
func (w *templateWalk) pipe(pipe *parse.PipeNode, dot reflect.Type) reflect.Type {
	if pipe == nil {
		return nil
	}
	var value reflect.Type
	for i, command := range pipe.Cmds {
		value = w.command(command, dot, value, i > 0)
	}
	for _, declared := range pipe.Decl {
		if pipe.IsAssign {
			// Which assignment ran last is only known when the template runs.
			w.assign(declared.Ident[0], nil)
			continue
		}
		w.variables = append(w.variables, templateVariable{declared.Ident[0], value})
	}
	return value
}

// command returns the type of one command. With piped set the value of the one before it is its last argument.
func (w *templateWalk) command(command *parse.CommandNode, dot, last reflect.Type, piped bool) reflect.Type {
	arguments := make([]reflect.Type, 0, len(command.Args))
	for _, argument := range command.Args[1:] {
		arguments = append(arguments, w.value(argument, dot, nil))
	}
	if piped {
		arguments = append(arguments, last)
	}
	return w.value(command.Args[0], dot, arguments)
}

// value returns the type of an operand, which may be a call with arguments.
func (w *templateWalk) value(node parse.Node, dot reflect.Type, arguments []reflect.Type) reflect.Type {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot
	case *parse.StringNode:
		return reflect.TypeFor[string]()
	case *parse.BoolNode:
		return reflect.TypeFor[bool]()
	case *parse.PipeNode:
		return w.pipe(n, dot)
	case *parse.FieldNode:
		return w.fields(dot, n.Ident, w.start(n.Position(), n.Ident[0]), arguments)
	case *parse.VariableNode:
		return w.fields(w.variable(n.Ident[0]), n.Ident[1:], int(n.Position()), arguments)
	case *parse.ChainNode:
		return w.fields(w.value(n.Node, dot, nil), n.Field, int(n.Position()), arguments)
	case *parse.IdentifierNode:
		return w.function(n, arguments)
	default:
		return nil
	}
}

// start returns where a chain of fields begins. The parser's position is that of the second field, if there is one.
func (w *templateWalk) start(at parse.Pos, first string) int {
	if before := int(at) - len(first) - 1; before >= 0 && strings.HasPrefix(w.text[before:], "."+first) {
		return before
	}
	return int(at)
}

// fields returns the type of a chain of fields of a value. The last of them may be a method with arguments.
func (w *templateWalk) fields(of reflect.Type, names []string, at int, arguments []reflect.Type) reflect.Type {
	for i, name := range names {
		if of == nil || of.Kind() == reflect.Interface {
			return nil
		}
		given := []reflect.Type(nil)
		if i == len(names)-1 {
			given = arguments
		}
		next, ok := w.field(of, name, at, given)
		if !ok {
			return nil
		}
		of = next
		at += len(name) + 1
	}
	return of
}

func (w *templateWalk) field(of reflect.Type, name string, at int, arguments []reflect.Type) (reflect.Type, bool) {
	pointer := of
	if of.Kind() != reflect.Pointer {
		pointer = reflect.PointerTo(of) // the values of a notification can be addressed
	}
	if method, ok := pointer.MethodByName(name); ok {
		return w.result(method.Type, 1, "."+name, at, arguments), true
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch of.Kind() {
	case reflect.Struct:
		if field, ok := of.FieldByName(name); ok && field.IsExported() {
			return field.Type, true
		}
	case reflect.Map:
		if of.Key().Kind() == reflect.String {
			return of.Elem(), true
		}
	}
	w.unknownField(of, name, at)
	return nil, false
}

func (w *templateWalk) unknownField(of reflect.Type, name string, at int) {
	known := membersOf(of)
	message := fmt.Sprintf("got the field .%s of %s, which has none", name, typeName(of))
	if len(known) > 0 {
		message = fmt.Sprintf("got the field .%s, want one of %s: .%s", name, typeName(of), strings.Join(known, ", ."))
	}
	fix := ""
	switch near := diag.Nearest(name, known); {
	case of == reflect.TypeFor[receivertemplate.Data]() && (name == "Labels" || name == "Annotations"):
		fix = fmt.Sprintf("write .Common%s for those that all alerts share, or range over .Alerts", name)
	case near != "":
		fix = fmt.Sprintf("did you mean .%s?", near)
	case of.Kind() == reflect.Slice && slices.Contains(membersOf(of.Elem()), name):
		fix = fmt.Sprintf("range over the list: {{ range … }}{{ .%s }}{{ end }}", name)
	}
	w.report(parse.Pos(at), len(name)+1, message, fix)
}

// membersOf lists the fields and methods that a template can use.
func membersOf(of reflect.Type) []string {
	var names []string
	if of.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(of) {
			if f.IsExported() {
				names = append(names, f.Name)
			}
		}
	}
	if of.PkgPath() == reflect.TypeFor[receivertemplate.Data]().PkgPath() {
		for i := range of.NumMethod() {
			names = append(names, of.Method(i).Name)
		}
	}
	slices.Sort(names)
	return names
}

// function returns the type that a function of Alertmanager gives, and checks its arguments. Go's own functions take
// almost anything.
func (w *templateWalk) function(n *parse.IdentifierNode, arguments []reflect.Type) reflect.Type {
	if function, ok := receivertemplate.DefaultFuncs[n.Ident]; ok {
		return w.result(reflect.TypeOf(function), 0, n.Ident, int(n.Position()), arguments)
	}
	switch n.Ident {
	case "print", "printf", "println", "html", "js", "urlquery":
		return reflect.TypeFor[string]()
	case "eq", "ne", "lt", "le", "gt", "ge", "not":
		return reflect.TypeFor[bool]()
	case "len":
		return reflect.TypeFor[int]()
	default:
		return nil
	}
}

// result checks the arguments of a call against the function's type, of which the first skip parameters are given
// already, and returns what it gives.
func (w *templateWalk) result(function reflect.Type, skip int, name string, at int, arguments []reflect.Type) reflect.Type {
	want := function.NumIn() - skip
	switch {
	case function.IsVariadic() && len(arguments) < want-1:
		w.report(parse.Pos(at), len(name), fmt.Sprintf("%s: got %d arguments, want at least %d", name, len(arguments), want-1), "")
	case !function.IsVariadic() && len(arguments) != want:
		w.report(parse.Pos(at), len(name), fmt.Sprintf("%s: got %d arguments, want %d", name, len(arguments), want), "")
	default:
		for i, argument := range arguments {
			parameter := function.In(min(i+skip, function.NumIn()-1))
			if function.IsVariadic() && i+skip >= function.NumIn()-1 {
				parameter = parameter.Elem()
			}
			if !takes(parameter, argument) {
				w.report(parse.Pos(at), len(name), fmt.Sprintf("%s: got %s, want %s", name, typeName(argument), typeName(parameter)), "")
			}
		}
	}
	if function.NumOut() == 0 || function.Out(0).Kind() == reflect.Interface {
		return nil
	}
	return function.Out(0)
}

// takes reports whether a template hands a value of this type on to the parameter.
func takes(parameter, argument reflect.Type) bool {
	if argument == nil || argument.Kind() == reflect.Interface || argument.AssignableTo(parameter) {
		return true
	}
	return argument.Kind() == reflect.Pointer && argument.Elem().AssignableTo(parameter) || reflect.PointerTo(argument).AssignableTo(parameter)
}

// typeName names a type as Alertmanager's documentation does.
func typeName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[*receivertemplate.Data](), reflect.TypeFor[receivertemplate.Data]():
		return "the notification"
	case reflect.TypeFor[receivertemplate.Alert]():
		return "an alert"
	case reflect.TypeFor[receivertemplate.Alerts](), reflect.TypeFor[[]receivertemplate.Alert]():
		return "a list of alerts"
	case reflect.TypeFor[receivertemplate.KV]():
		return "labels or annotations"
	case reflect.TypeFor[string]():
		return "a string"
	case reflect.TypeFor[[]string](), reflect.TypeFor[receivertemplate.Strings]():
		return "a list of strings"
	default:
		return t.String()
	}
}
