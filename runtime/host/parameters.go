// SPDX-License-Identifier: Apache-2.0

// This file reads the inputs of a script: param() declares one, and its text comes from Options.Parameters.

package host

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Parameter is an input that a script declared.
type Parameter struct {
	Name string `json:"name"`
	Help string `json:"help,omitempty"`
	// Type is "string", "int", "float", "bool" or "list of strings", after the default.
	Type string `json:"type"`
	// Default and Value are as scripts write them; Default is empty when there is none.
	Default string `json:"default,omitempty"`
	Value   string `json:"value"`
	// Set reports whether the value came from outside.
	Set      bool           `json:"set"`
	Position score.Position `json:"position"`
}

// ParseParameter reads text as a value of the type that def has: a string, int, float, bool or list of strings,
// separated by commas (`\,` is a comma, the empty text an empty list). Without a default it is a string.
func ParseParameter(def starlark.Value, text string) (starlark.Value, error) {
	switch def := def.(type) {
	case nil, starlark.NoneType, starlark.String:
		return starlark.String(text), nil
	case starlark.Bool:
		switch text {
		case "true", "True":
			return starlark.True, nil
		case "false", "False":
			return starlark.False, nil
		}
		return nil, fmt.Errorf("got %q, want true or false", text)
	case starlark.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("got %q, want an integer of 64 bits", text)
		}
		return starlark.MakeInt64(n), nil
	case starlark.Float:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || x-x != 0 {
			return nil, fmt.Errorf("got %q, want a number", text)
		}
		return starlark.Float(x), nil
	case *starlark.List:
		list := starlark.NewList(nil)
		for _, part := range splitList(text) {
			if err := list.Append(starlark.String(part)); err != nil {
				return nil, err
			}
		}
		return list, nil
	default:
		return nil, fmt.Errorf("got a default of type %s, want string, int, float, bool or list of strings", def.Type())
	}
}

func splitList(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var parts []string
	var part strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], `\,`):
			part.WriteByte(',')
			i++
		case text[i] == ',':
			parts = append(parts, strings.TrimSpace(part.String()))
			part.Reset()
		default:
			part.WriteByte(text[i])
		}
	}
	return append(parts, strings.TrimSpace(part.String()))
}

// parameterType returns the name of the type that def stands for, or "" when parameters cannot be of it.
func parameterType(def starlark.Value) string {
	switch def := def.(type) {
	case nil, starlark.NoneType, starlark.String:
		return "string"
	case starlark.Int, starlark.Float, starlark.Bool:
		return def.Type()
	case *starlark.List:
		for elem := range starlark.Elements(def) {
			if _, ok := elem.(starlark.String); !ok {
				return ""
			}
		}
		return "list of strings"
	}
	return ""
}

// Parameter declares an input and returns its value: a copy of its own each time. def is nil or None when there is
// no default. Problems come back as diagnostics.
func (t *Thread) Parameter(name, help string, def starlark.Value, origin score.Origin) (starlark.Value, error) {
	problem := func(code, argument, summary, fix string) error {
		return diag.List{{
			Severity: diag.Error, Code: code, Position: origin.Of(argument), Length: origin.LengthOf(argument),
			Summary: "param: " + summary, Fix: fix, Related: diag.Callers(origin),
		}}
	}
	if !validParameterName(name) {
		return nil, problem("param-invalid", "name", fmt.Sprintf("got name %q, want letters, digits, _, - and dots", name), "")
	}
	p := Parameter{Name: name, Help: help, Type: parameterType(def), Position: origin.Position()}
	if p.Type == "" {
		return nil, problem("param-invalid", "default", fmt.Sprintf("parameter %q: got a default of type %s, want string, int, float, bool or list of strings", name, def.Type()), "")
	}
	if def == starlark.None {
		def = nil
	}
	if def != nil {
		p.Default = def.String()
	}
	text, given := t.host.options.Parameters[name]
	value := def
	switch {
	case given:
		parsed, err := ParseParameter(def, text)
		if err != nil {
			return nil, problem("param-invalid", "name", fmt.Sprintf("parameter %q: %v", name, err), "write --set "+name+"="+exampleOf(p.Type))
		}
		value, p.Set = parsed, true
	case def == nil:
		return nil, problem("param-missing", "name", fmt.Sprintf("parameter %q has neither a value nor a default", name), "write --set "+name+"=…")
	default:
		if list, ok := def.(*starlark.List); ok {
			value = starlark.NewList(slices.Collect(starlark.Elements(list)))
		}
	}
	p.Value = value.String()
	for _, earlier := range t.parameters {
		if earlier.Name != name {
			continue
		}
		if earlier.Type != p.Type || earlier.Default != p.Default {
			return nil, diag.List{{
				Severity: diag.Error, Code: "param-conflict", Position: origin.Of("name"), Length: origin.LengthOf("name"),
				Summary: fmt.Sprintf("param: parameter %q: got another default than before", name),
				Fix:     "declare it once and pass its value on",
				Related: []diag.Related{{Position: earlier.Position, Message: "declared here before"}},
			}}
		}
		return value, nil
	}
	t.parameters = append(t.parameters, p)
	return value, nil
}

func exampleOf(kind string) string {
	switch kind {
	case "bool":
		return "true"
	case "int":
		return "3"
	case "float":
		return "0.5"
	default:
		return "…"
	}
}

// validParameterName reports whether name fits into --set name=value, whatever the shell.
func validParameterName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '.') {
			return false
		}
	}
	return name != ""
}

// unknownParameters reports the given inputs that the script did not declare.
func (t *Thread) unknownParameters() diag.List {
	declared := make([]string, 0, len(t.parameters))
	for _, p := range t.parameters {
		declared = append(declared, p.Name)
	}
	var problems diag.List
	for _, name := range slices.Sorted(maps.Keys(t.host.options.Parameters)) {
		if slices.Contains(declared, name) {
			continue
		}
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "param-unknown", Position: entirely(t.loader.entry),
			Summary: fmt.Sprintf("--set %s: got a parameter that the script does not have", name),
		}
		if near := diag.Nearest(name, declared); near != "" {
			d.Fix = "did you mean " + quote(near) + "?"
		} else if len(declared) > 0 {
			d.Detail = "the script's parameters are " + strings.Join(declared, ", ")
		} else {
			d.Detail = "the script has no param()"
		}
		problems = append(problems, d)
	}
	return problems
}
