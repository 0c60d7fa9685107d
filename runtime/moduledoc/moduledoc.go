// SPDX-License-Identifier: Apache-2.0

// Package moduledoc reads the documentation of the standard library's modules: what a module is for, and what its
// functions take and give. It executes a module as load() would, so that defaults are told as values, and reads nothing else.
package moduledoc

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// Prefix begins the name under which a module of the standard library is loaded.
const Prefix = "@stdlib//"

// Module is the documentation of a module.
type Module struct {
	// Name is what load() takes: "@stdlib//alerts/node.star".
	Name string `json:"name"`
	// Summary is the first paragraph of the module's documentation on one line, Doc the others.
	Summary string `json:"summary"`
	Doc     string `json:"doc,omitempty"`
	// Requires are the metrics that the module's rules read; nil for a module without such a list.
	Requires []string `json:"requires,omitempty"`
	// Functions are the public ones, in the order of their definition.
	Functions []Function `json:"functions"`
}

// Function is the documentation of a function.
type Function struct {
	Name string `json:"name"`
	// Summary is the first paragraph on one line, Doc the others, with empty lines between them.
	Summary string `json:"summary"`
	Doc     string `json:"doc,omitempty"`
	// Arguments are in the order of the definition.
	Arguments []Argument `json:"arguments"`
	// Returns says what it gives: "an alert_rule_group.".
	Returns string `json:"returns,omitempty"`
	// Example is source text.
	Example string `json:"example,omitempty"`
}

// Argument is the documentation of an argument.
type Argument struct {
	// Name bears the asterisks of its definition: "**others".
	Name string `json:"name"`
	// Required arguments have no default.
	Required bool `json:"required"`
	// Default is the value as source text; "" for required ones, and for those with asterisks.
	Default string `json:"default,omitempty"`
	Doc     string `json:"doc"`
}

// Function returns the function of that name.
func (m *Module) Function(name string) (Function, bool) {
	at := slices.IndexFunc(m.Functions, func(f Function) bool { return f.Name == name })
	if at < 0 {
		return Function{}, false
	}
	return m.Functions[at], true
}

// Header is the call with the names of all arguments; those with a default have a "=" behind them.
func (f Function) Header() string {
	words := make([]string, len(f.Arguments))
	for i, a := range f.Arguments {
		words[i] = a.Name
		if !a.Required && !strings.HasPrefix(a.Name, "*") {
			words[i] += "="
		}
	}
	return f.Name + "(" + strings.Join(words, ", ") + ")"
}

// Names returns the names of all modules of the standard library, sorted.
func Names() []string {
	var names []string
	// What is embedded can be read.
	_ = fs.WalkDir(stdlib.Files(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, Prefix+path)
		}
		return err
	})
	slices.Sort(names)
	return names
}

// Read returns the documentation of the module called name, with or without Prefix. An unknown name is an error that
// errors.Is knows as fs.ErrNotExist; others mean that the module does not run, or that ctx has ended.
func Read(ctx context.Context, name string) (*Module, error) {
	path := strings.TrimPrefix(name, Prefix)
	text, err := fs.ReadFile(stdlib.Files(), path)
	if err != nil {
		return nil, fmt.Errorf("module %s%s: %w", Prefix, path, err)
	}
	result, problems := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files()}).RunSource(ctx, path, string(text))
	if problems.HasErrors() {
		return nil, fmt.Errorf("module %s%s: %w", Prefix, path, problems)
	}
	m := &Module{Name: Prefix + path, Functions: []Function{}}
	if file, err := syntax.LegacyFileOptions().Parse(path, text, 0); err == nil {
		m.Summary, m.Doc = moduleText(file)
	}
	m.Requires = stringsOf(result.Globals["requires"])
	var functions []*starlark.Function
	for name, value := range result.Globals {
		if function, ok := value.(*starlark.Function); ok && !strings.HasPrefix(name, "_") {
			functions = append(functions, function)
		}
	}
	slices.SortFunc(functions, func(a, b *starlark.Function) int { return int(a.Position().Line) - int(b.Position().Line) })
	for _, function := range functions {
		m.Functions = append(m.Functions, functionOf(function))
	}
	return m, nil
}

// moduleText returns the parts of the string that a file begins with.
func moduleText(file *syntax.File) (summary, rest string) {
	if len(file.Stmts) == 0 {
		return "", ""
	}
	statement, ok := file.Stmts[0].(*syntax.ExprStmt)
	if !ok {
		return "", ""
	}
	literal, ok := statement.X.(*syntax.Literal)
	if !ok {
		return "", ""
	}
	text, _ := literal.Value.(string)
	d := Parse(text)
	return d.Summary, d.Doc
}

func functionOf(function *starlark.Function) Function {
	f := Parse(function.Doc())
	f.Name = function.Name()
	documented := f.Arguments
	f.Arguments = make([]Argument, 0, function.NumParams())
	for i := range function.NumParams() {
		name, _ := function.Param(i)
		a := Argument{Name: name}
		at := slices.IndexFunc(documented, func(d Argument) bool { return strings.TrimLeft(d.Name, "*") == name })
		if at >= 0 {
			a.Doc = documented[at].Doc
		}
		last := function.NumParams() - 1
		switch standard := function.ParamDefault(i); {
		case function.HasKwargs() && i == last:
			a.Name = "**" + name
		case function.HasVarargs() && (i == last || function.HasKwargs() && i == last-1):
			a.Name = "*" + name
		case standard == nil:
			a.Required = true
		default:
			a.Default = standard.String()
		}
		f.Arguments = append(f.Arguments, a)
	}
	return f
}

func stringsOf(value starlark.Value) []string {
	list, ok := value.(*starlark.List)
	if !ok {
		return nil
	}
	var texts []string
	for element := range list.Elements() {
		if text, ok := starlark.AsString(element); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
