// SPDX-License-Identifier: Apache-2.0

// This file turns text into a program, and what the parser and the resolver refuse into diagnostics.

package host

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// dialect is the Starlark of scripts. A name may be assigned again at the top level, since values do not change:
// `stack = stack.replace(…)` is how a script goes on with a changed one.
func dialect(shareLoads bool) *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true, LoadBindsGlobally: shareLoads}
}

// parse returns the rewritten syntax tree of text. shareLoads makes what it loads global, which a file's loads
// otherwise are not.
func (t *Thread) parse(name, text string, shareLoads bool) (*syntax.File, diag.List) {
	text = strings.TrimPrefix(text, "\uFEFF")
	t.texts.add(name, normalized(text))
	if limit := t.Limits().FileSize; int64(len(text)) > limit {
		d := tooLargeFile("script", name, limit)
		d.Severity, d.Position = diag.Error, entirely(name)
		return nil, diag.List{*d}
	}
	if problem := checkText(name, text); problem != nil {
		return nil, diag.List{*problem}
	}
	file, err := dialect(shareLoads).Parse(name, text, 0)
	if err != nil {
		return nil, diag.List{t.syntaxProblem(err)}
	}
	if at, deep := tooDeep(file); deep {
		return nil, diag.List{{
			Severity: diag.Error, Code: "syntax-error", Position: position(at),
			Summary: fmt.Sprintf("syntax: got an expression more than %d deep inside others", maxExpressionDepth),
			Fix:     "give parts of the expression names of their own",
		}}
	}
	rewrite(file)
	t.addTree(name, file)
	return file, nil
}

// maxExpressionDepth is far above what people write; asking for the place of an expression takes time that grows
// with its depth.
const maxExpressionDepth = 2000

// tooDeep finds an expression that is too deeply nested.
func tooDeep(file *syntax.File) (at syntax.Position, deep bool) {
	var inside []bool // whether each node on the way down is an expression
	depth := 0
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			if last := len(inside) - 1; inside[last] {
				depth--
			}
			inside = inside[:len(inside)-1]
			return false
		}
		_, expression := n.(syntax.Expr)
		if inside = append(inside, expression); expression {
			if depth++; depth == maxExpressionDepth && !deep {
				at, deep = syntax.Start(n), true
			}
		}
		return true
	})
	return at, deep
}

// compile returns the program of a file that does not share its globals with others, or nil and the problems.
func (t *Thread) compile(name, text string, entry bool) (*starlark.Program, diag.List) {
	file, problems := t.parse(name, text, entry && t.interactive)
	if problems != nil {
		return nil, problems
	}
	names := t.host.namesIn(name)
	program, err := starlark.FileProgram(file, names.Has)
	// The tree is resolved even when some names in it are not.
	t.inspect(name, file, entry, predeclaredIn(names))
	if err != nil {
		return nil, t.resolverProblems(file, err, slices.Collect(maps.Keys(names)))
	}
	return program, nil
}

// resolverProblems converts the errors of the resolver, which finds all of a file at once. names are those that
// the script sees.
func (t *Thread) resolverProblems(file *syntax.File, err error, names []string) diag.List {
	var list resolve.ErrorList
	if !errors.As(err, &list) {
		return diag.List{{Severity: diag.Error, Code: "name-error", Position: entirely(file.Path), Summary: "script: " + err.Error()}}
	}
	names = slices.DeleteFunc(append(names, slices.Collect(maps.Keys(starlark.Universe))...), hidden)
	names = append(names, assignedIn(file)...)
	slices.Sort(names) // of two names equally near, always the same
	var problems diag.List
	var lines []int
	for _, e := range list {
		lines = append(lines, int(e.Pos.Line))
		d := diag.Diagnostic{Severity: diag.Error, Code: "name-error", Position: position(e.Pos), Summary: "script: " + e.Msg}
		if undefined, ok := strings.CutPrefix(e.Msg, "undefined: "); ok {
			undefined, _, _ = strings.Cut(undefined, " ")
			d.Code, d.Summary, d.Length = "undefined-name", "script: undefined name "+quote(undefined), utf8.RuneCountInString(undefined)
			if near := diag.Nearest(undefined, names); near != "" {
				d.Fix = "did you mean " + quote(near) + "?"
			}
		}
		switch {
		case strings.Contains(e.Msg, "while loops"):
			d.Code, d.Fix = "syntax-error", "loop over range(n) and leave with break"
		}
		problems = append(problems, d)
	}
	// The name that is not known may be that of a constructor, misspelt.
	text, _ := t.texts.source(file.Path)
	t.maskLikely(text, lines...)
	return problems
}

// assignedIn lists the names that a file defines anywhere, for suggestions.
func assignedIn(file *syntax.File) []string {
	found := map[string]bool{}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			if name, ok := n.LHS.(*syntax.Ident); ok {
				found[name.Name] = true
			}
		case *syntax.DefStmt:
			found[n.Name.Name] = true
		case *syntax.LoadStmt:
			for _, name := range n.From {
				found[name.Name] = true
			}
			for _, name := range n.To {
				found[name.Name] = true
			}
		}
		return true
	})
	return slices.Collect(maps.Keys(found))
}
