// SPDX-License-Identifier: Apache-2.0

// This file rewrites a parsed file so that its dangerous operations go through the guards.

package host

import "go.starlark.net/syntax"

// rewrite puts the guards into file. It runs before resolving, and keeps every position: the calls that it adds
// stand at the operator or the dot, so that errors point where they would without them.
func rewrite(file *syntax.File) {
	syntax.Walk(file, func(n syntax.Node) bool {
		for _, slot := range operands(n) {
			if *slot != nil {
				*slot = guarded(*slot)
			}
		}
		if n, ok := n.(*syntax.AssignStmt); ok {
			rewriteAssignment(n)
		}
		return true
	})
}

// operands returns the places in n that hold expressions which are evaluated.
func operands(n syntax.Node) []*syntax.Expr {
	each := func(list []syntax.Expr) []*syntax.Expr {
		slots := make([]*syntax.Expr, len(list))
		for i := range list {
			slots[i] = &list[i]
		}
		return slots
	}
	switch n := n.(type) {
	case *syntax.BinaryExpr:
		return []*syntax.Expr{&n.X, &n.Y}
	case *syntax.AssignStmt:
		return []*syntax.Expr{&n.RHS}
	case *syntax.CallExpr:
		return append(each(n.Args), &n.Fn)
	case *syntax.ListExpr:
		return each(n.List)
	case *syntax.TupleExpr:
		return each(n.List)
	case *syntax.DictEntry:
		return []*syntax.Expr{&n.Key, &n.Value}
	case *syntax.CondExpr:
		return []*syntax.Expr{&n.Cond, &n.True, &n.False}
	case *syntax.ParenExpr:
		return []*syntax.Expr{&n.X}
	case *syntax.DotExpr:
		return []*syntax.Expr{&n.X}
	case *syntax.IndexExpr:
		return []*syntax.Expr{&n.X, &n.Y}
	case *syntax.SliceExpr:
		return []*syntax.Expr{&n.X, &n.Lo, &n.Hi, &n.Step}
	case *syntax.UnaryExpr:
		return []*syntax.Expr{&n.X}
	case *syntax.Comprehension:
		return []*syntax.Expr{&n.Body}
	case *syntax.ForClause:
		return []*syntax.Expr{&n.X}
	case *syntax.IfClause:
		return []*syntax.Expr{&n.Cond}
	case *syntax.LambdaExpr:
		return []*syntax.Expr{&n.Body}
	case *syntax.ReturnStmt:
		return []*syntax.Expr{&n.Result}
	case *syntax.ExprStmt:
		return []*syntax.Expr{&n.X}
	case *syntax.IfStmt:
		return []*syntax.Expr{&n.Cond}
	case *syntax.ForStmt:
		return []*syntax.Expr{&n.X}
	}
	return nil
}

// guarded returns e, or a call of its guard.
func guarded(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.DotExpr:
		if multiplies(e.Name.Name) {
			name := &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Raw: e.Name.Name, Value: e.Name.Name}
			return guardCall(methodGuard, e, e.Dot, e.X, name)
		}
	case *syntax.BinaryExpr:
		if isNumber(e.X) && isNumber(e.Y) {
			return e
		}
		switch e.Op {
		case syntax.STAR:
			return guardCall(productGuard, e, e.OpPos, e.X, e.Y)
		case syntax.PERCENT:
			return guardCall(formatGuard, e, e.OpPos, e.X, e.Y)
		case syntax.PLUS:
			if !isSmall(e.X) && !isSmall(e.Y) {
				return guardCall(sumGuard, e, e.OpPos, e.X, e.Y)
			}
		}
	}
	return e
}

// isSmall reports whether e is written out in the script: adding it adds no more than the script is long.
func isSmall(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Literal, *syntax.ListExpr, *syntax.TupleExpr:
		return true
	case *syntax.BinaryExpr:
		return e.Op == syntax.PLUS && isSmall(e.X) && isSmall(e.Y)
	}
	return false
}

// rewriteAssignment turns `x *= y` into `x = x * y`. Where the left side is more than a name it must be evaluated
// only once: then the operand brings the guard with it.
func rewriteAssignment(n *syntax.AssignStmt) {
	var guard, rightOnly string
	switch n.Op {
	case syntax.STAR_EQ:
		guard, rightOnly = productGuard, operandGuard
	case syntax.PERCENT_EQ:
		guard, rightOnly = formatGuard, argsGuard
	case syntax.PLUS_EQ:
		if isSmall(n.RHS) {
			return
		}
		guard, rightOnly = extendGuard, addedGuard
	default:
		return
	}
	if name, ok := n.LHS.(*syntax.Ident); ok {
		n.Op, n.RHS = syntax.EQ, guardCall(guard, n, n.OpPos, &syntax.Ident{NamePos: name.NamePos, Name: name.Name}, n.RHS)
		return
	}
	n.RHS = guardCall(rightOnly, n.RHS, n.OpPos, n.RHS)
}

func isNumber(e syntax.Expr) bool {
	literal, ok := e.(*syntax.Literal)
	return ok && (literal.Token == syntax.INT || literal.Token == syntax.FLOAT)
}

// guardCall makes a call that stands in for n and whose errors are at the place given as at.
func guardCall(name string, n syntax.Node, at syntax.Position, args ...syntax.Expr) *syntax.CallExpr {
	start, end := n.Span()
	end.Col-- // a call's span ends one after its bracket
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: start, Name: name}, Lparen: at, Args: args, Rparen: end}
}
