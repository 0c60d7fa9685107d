// SPDX-License-Identifier: Apache-2.0

// This file finds chunks that hold a secret by the looks of it, although nothing in the session says so.

package repl

import (
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// mentionsSecret reports whether a text of the chunk is a secret, by what it looks like or by the name of what it is given to:
// `password = "…"`. What does not parse mentions none.
func mentionsSecret(chunk string) bool {
	file, err := (&syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true}).Parse("", chunk+"\n", 0)
	if err != nil {
		return false
	}
	found := false
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			names, values := elements(n.LHS), elements(n.RHS)
			for i, left := range names {
				if len(names) == len(values) {
					found = found || isSecret(nameOf(left), values[i])
				} else {
					found = found || isSecret(nameOf(left), n.RHS)
				}
			}
		case *syntax.BinaryExpr:
			// This is how the parser has arguments that are given by name.
			found = found || n.Op == syntax.EQ && isSecret(nameOf(n.X), n.Y)
		case *syntax.DictEntry:
			found = found || isSecret(nameOf(n.Key), n.Value)
		case *syntax.Literal:
			found = found || isSecret("", n)
		}
		return !found
	})
	return found
}

// elements are those of a tuple or a list, or the expression alone.
func elements(e syntax.Expr) []syntax.Expr {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return elements(e.X)
	case *syntax.TupleExpr:
		return e.List
	case *syntax.ListExpr:
		return e.List
	}
	return []syntax.Expr{e}
}

// nameOf is what something that a value is given to is called.
func nameOf(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Ident:
		return e.Name
	case *syntax.DotExpr:
		return e.Name.Name
	case *syntax.IndexExpr:
		return nameOf(e.Y)
	case *syntax.ParenExpr:
		return nameOf(e.X)
	case *syntax.Literal:
		text, _ := e.Value.(string)
		return text
	}
	return ""
}

// isSecret reports whether a value of that name is a secret, or has one in it. A call is none: it may say where one is kept.
func isSecret(name string, value syntax.Expr) bool {
	found := false
	syntax.Walk(value, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			return false
		case *syntax.Literal:
			text, _ := n.Value.(string)
			found = found || score.LooksLikeSecret(name, text)
		}
		return !found
	})
	return found
}
