// SPDX-License-Identifier: Apache-2.0

// This file follows the types of values through a channel's template, so that a field that does not exist is told
// before an alert fails to be sent for it. Where a type is only known when the template runs nothing is said.

package check

import (
	"fmt"
	"reflect"
	"text/template"
	"text/template/parse"

	receivertemplate "github.com/prometheus/alertmanager/template"
)

// maxTemplateDepth is how deep blocks and calls of templates are followed.
const maxTemplateDepth = 50

// templateWalk is the work on one template. A nil type is one that is not known.
type templateWalk struct {
	checker  *checker
	text     string
	defined  *template.Template
	problems []*templateProblem
	// variables are those in scope, the innermost last.
	variables []templateVariable
	// visited are the templates that were followed with a type.
	visited map[templateVisit]bool
	depth   int
}

type templateVariable struct {
	name  string
	value reflect.Type
}

type templateVisit struct {
	name string
	dot  reflect.Type
}

func newTemplateWalk(c *checker, text string, parsed *template.Template) *templateWalk {
	return &templateWalk{checker: c, text: text, defined: parsed, visited: map[templateVisit]bool{}}
}

func (w *templateWalk) walk() []*templateProblem {
	data := reflect.TypeFor[*receivertemplate.Data]()
	w.follow(templateName, data)
	// What is defined and not used here is not followed: it may be meant for any data.
	return w.problems
}

// follow looks at a template that the text defines.
func (w *templateWalk) follow(name string, dot reflect.Type) {
	t := w.defined.Lookup(name)
	if t == nil || t.Tree == nil || t.Root == nil || w.visited[templateVisit{name, dot}] || w.depth >= maxTemplateDepth {
		return
	}
	w.visited[templateVisit{name, dot}] = true
	outer := w.variables
	w.variables = []templateVariable{{"$", dot}}
	w.depth++
	w.list(t.Root, dot)
	w.depth--
	w.variables = outer
}

func (w *templateWalk) list(list *parse.ListNode, dot reflect.Type) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, dot)
		case *parse.IfNode:
			scope := len(w.variables)
			w.pipe(n.Pipe, dot)
			w.list(n.List, dot)
			w.list(n.ElseList, dot)
			w.variables = w.variables[:scope]
		case *parse.WithNode:
			scope := len(w.variables)
			w.list(n.List, w.pipe(n.Pipe, dot))
			w.list(n.ElseList, dot)
			w.variables = w.variables[:scope]
		case *parse.RangeNode:
			scope := len(w.variables)
			w.list(n.List, w.ranged(n, w.pipe(n.Pipe, dot)))
			w.variables = w.variables[:scope]
			w.list(n.ElseList, dot)
		case *parse.TemplateNode:
			w.call(n, dot)
		}
	}
}

// ranged declares the variables of a range and returns the type of dot in it.
func (w *templateWalk) ranged(n *parse.RangeNode, over reflect.Type) (element reflect.Type) {
	var key reflect.Type
	if over != nil && over.Kind() == reflect.Pointer {
		over = over.Elem()
	}
	if over != nil {
		switch over.Kind() {
		case reflect.Slice, reflect.Array:
			key, element = reflect.TypeFor[int](), over.Elem()
		case reflect.Map:
			key, element = over.Key(), over.Elem()
		case reflect.Struct, reflect.String, reflect.Bool:
			w.report(n.Pipe.Position(), 0, fmt.Sprintf("range over %s: got %s, want a list or labels", n.Pipe, typeName(over)), "")
		}
	}
	// The pipe declared its variables with its own type.
	switch declared := len(n.Pipe.Decl); declared {
	case 1:
		w.assign(n.Pipe.Decl[0].Ident[0], element)
	case 2:
		w.assign(n.Pipe.Decl[0].Ident[0], key)
		w.assign(n.Pipe.Decl[1].Ident[0], element)
	}
	return element
}

// call looks at `{{ template "name" data }}`.
func (w *templateWalk) call(n *parse.TemplateNode, dot reflect.Type) {
	var data reflect.Type
	if n.Pipe != nil {
		data = w.pipe(n.Pipe, dot)
	}
	if w.defined.Lookup(n.Name) != nil {
		if n.Pipe != nil {
			w.follow(n.Name, data)
		}
		return
	}
	// The position is that of the name, quotes included.
	length := len(fmt.Sprintf("%q", n.Name))
	switch {
	case !w.checker.defaultTemplate(n.Name):
		w.report(n.Position(), length, fmt.Sprintf("got the template %q, which neither this text defines nor Alertmanager ships", n.Name), "define it in the text: {{ define \"…\" }}…{{ end }}")
	case n.Pipe == nil:
		w.report(n.Position(), length, fmt.Sprintf("the template %q gets no data", n.Name), fmt.Sprintf("write {{ template %q . }}", n.Name))
	}
}

// assign sets a variable that is in scope, or brings it into scope.
func (w *templateWalk) assign(name string, value reflect.Type) {
	for i := len(w.variables) - 1; i >= 0; i-- {
		if w.variables[i].name == name {
			w.variables[i].value = value
			return
		}
	}
	w.variables = append(w.variables, templateVariable{name, value})
}

func (w *templateWalk) variable(name string) reflect.Type {
	for i := len(w.variables) - 1; i >= 0; i-- {
		if w.variables[i].name == name {
			return w.variables[i].value
		}
	}
	return nil
}

// report adds a problem with length bytes of the text; 0 means that only the place is known.
func (w *templateWalk) report(at parse.Pos, length int, message, fix string) {
	offset := min(max(int(at), 0), len(w.text))
	for _, known := range w.problems {
		if known.offset == offset && known.message == message {
			return // a template that is followed with several types
		}
	}
	w.problems = append(w.problems, &templateProblem{message: message, offset: offset, length: min(max(length, 1), len(w.text)-offset), fix: fix})
}
