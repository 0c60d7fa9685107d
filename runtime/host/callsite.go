// SPDX-License-Identifier: Apache-2.0

// This file finds the call in the script behind the builtin that is running, and tells where its arguments
// stand, so that a problem can be shown at the argument, or inside it, long after the call.

package host

import (
	"slices"
	"strconv"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Shape says which arguments the positional ones of a call are.
type Shape struct {
	// Positional are the names of the arguments that may be passed by position, in order.
	Positional []string
	// Variadic is the argument that takes all further positional ones: its elements are `name[0]` and so on.
	Variadic string
}

// call is a place in a script from which something is called.
type call struct {
	position score.Position
	// expr is nil when the place is no call expression.
	expr *syntax.CallExpr
	// sites are the call sites made so far, by shape: nearly always one.
	sites []shapedSite
}

type shapedSite struct {
	shape *Shape
	site  *score.CallSite
}

type placeKey struct {
	file         string
	line, column int32
}

// Origin returns where the call of the running builtin stands in the script. Calls at the same place share
// their score.CallSite.
func (t *Thread) Origin(shape *Shape) score.Origin {
	direct, c, depth := t.caller()
	if c == nil {
		return score.Origin{}
	}
	return score.NewOrigin(c.site(shape, direct), t.callers(depth))
}

// Position returns where the call of the running builtin stands in the script.
func (t *Thread) Position() score.Position {
	_, c, _ := t.caller()
	if c == nil {
		return score.Position{}
	}
	return c.position
}

// caller finds the innermost frame of a script below the running builtin. direct is false when another builtin
// is between them, such as sorted(key = …): then the arguments in the script are not those of this call.
func (t *Thread) caller() (direct bool, c *call, depth int) {
	for depth := 1; depth < t.star.CallStackDepth(); depth++ {
		frame := t.star.DebugFrame(depth)
		if _, ok := frame.Callable().(*starlark.Function); ok {
			return depth == 1, t.call(frame.Position()), depth
		}
	}
	return false, nil, 0
}

// callers returns the places of the calls that led to the frame at depth, innermost first, up to the top level
// of the file where they began.
func (t *Thread) callers(depth int) []score.Position {
	positions := t.scratch[:0]
	for ; depth+1 < t.star.CallStackDepth(); depth++ {
		if t.star.DebugFrame(depth).Callable().Name() == topLevel {
			break
		}
		frame := t.star.DebugFrame(depth + 1)
		if _, ok := frame.Callable().(*starlark.Function); ok {
			positions = append(positions, t.call(frame.Position()).position)
		}
	}
	t.scratch = positions
	if len(positions) == 0 {
		return nil
	}
	// Loops call from the same places over and over; one slice serves them all.
	if slices.Equal(positions, t.lastCallers) {
		return t.lastCallers
	}
	t.lastCallers = slices.Clone(positions)
	return t.lastCallers
}

// topLevel is what the interpreter calls the frame of a file.
const topLevel = "<toplevel>"

// call returns the call whose bracket is at p.
func (t *Thread) call(p syntax.Position) *call {
	key := placeKey{p.Filename(), p.Line, p.Col}
	if c, ok := t.calls[key]; ok {
		return c
	}
	c := &call{position: position(p)}
	if expr := t.callExpr(key); expr != nil {
		c.expr = expr
		c.position = position(syntax.Start(expr))
	}
	t.calls[key] = c
	return c
}

// callExpr looks the call up in the syntax tree of its file, which is indexed when it is first asked for.
func (t *Thread) callExpr(key placeKey) *syntax.CallExpr {
	index, ok := t.indexes[key.file]
	if !ok {
		index = map[placeKey]*syntax.CallExpr{}
		if file := t.trees[key.file]; file != nil {
			syntax.Walk(file, func(n syntax.Node) bool {
				if expr, ok := n.(*syntax.CallExpr); ok {
					index[placeKey{key.file, expr.Lparen.Line, expr.Lparen.Col}] = expr
				}
				return true
			})
		}
		t.indexes[key.file] = index
	}
	return index[key]
}

func (c *call) site(shape *Shape, direct bool) *score.CallSite {
	if c.expr == nil || !direct {
		return &score.CallSite{Position: c.position}
	}
	for _, s := range c.sites {
		if s.shape == shape {
			return s.site
		}
	}
	site := SiteOf(c.expr, shape)
	c.sites = append(c.sites, shapedSite{shape, site})
	return site
}

// SiteOf returns the call site of a call expression. The tree is kept as long as the site is, and must not change.
func SiteOf(expr *syntax.CallExpr, shape *Shape) *score.CallSite {
	return score.NewCallSite(position(syntax.Start(expr)), func() map[string]score.Argument { return argumentsOf(expr, shape) })
}

// argumentsOf returns the places of the arguments of a call.
func argumentsOf(expr *syntax.CallExpr, shape *Shape) map[string]score.Argument {
	arguments := map[string]score.Argument{}
	positional, variadic := 0, 0
	for _, arg := range expr.Args {
		switch arg := arg.(type) {
		case *syntax.UnaryExpr:
			if arg.Op == syntax.STAR || arg.Op == syntax.STARSTAR {
				// What *args and **kwargs hold is unknown here; no positional argument can follow in a known place.
				positional = len(shape.Positional)
				continue
			}
		case *syntax.BinaryExpr:
			if name, ok := arg.X.(*syntax.Ident); ok && arg.Op == syntax.EQ {
				addArgument(arguments, name.Name, position(name.NamePos), arg.Y)
				continue
			}
		}
		switch {
		case positional < len(shape.Positional):
			addArgument(arguments, shape.Positional[positional], position(syntax.Start(arg)), arg)
			positional++
		case shape.Variadic != "":
			addArgument(arguments, shape.Variadic+"["+strconv.Itoa(variadic)+"]", position(syntax.Start(arg)), arg)
			variadic++
		}
	}
	return arguments
}

// addArgument records expr and, where it is a list or dict literal, its elements.
func addArgument(arguments map[string]score.Argument, name string, at score.Position, expr syntax.Expr) {
	expr = unparen(expr)
	argument := score.Argument{Name: at, Value: position(syntax.Start(expr)), Length: length(expr)}
	var elements []syntax.Expr
	switch expr := expr.(type) {
	case *syntax.Literal:
		if expr.Token == syntax.STRING {
			argument.Token = expr.Raw
		}
	case *syntax.ListExpr:
		elements = expr.List
	case *syntax.TupleExpr:
		elements = expr.List
	case *syntax.DictExpr:
		for _, entry := range expr.List {
			entry := entry.(*syntax.DictEntry)
			if key, ok := unparen(entry.Key).(*syntax.Literal); ok && key.Token == syntax.STRING {
				addArgument(arguments, name+"["+key.Value.(string)+"]", position(syntax.Start(key)), entry.Value)
			}
		}
	}
	arguments[name] = argument
	for i, element := range elements {
		addArgument(arguments, name+"["+strconv.Itoa(i)+"]", position(syntax.Start(element)), element)
	}
}

func unparen(expr syntax.Expr) syntax.Expr {
	for {
		p, ok := expr.(*syntax.ParenExpr)
		if !ok {
			return expr
		}
		expr = p.X
	}
}
