// SPDX-License-Identifier: Apache-2.0

// This file is the static pass: it finds wrong calls of constructors in the whole file, also those that a run
// does not get to. It binds what it can know of the arguments with the same code as the run does.

package builtins

import (
	"math/big"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Inspect reports wrong calls of the library's functions in a file. Names that the file gives another meaning are
// left alone.
func (l *Library) Inspect(source host.Source) diag.List {
	var problems diag.List
	syntax.Walk(source.File, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		s := l.called(source, call)
		if s == nil {
			return true
		}
		if s.Name == assertFails {
			return false // what stands in there is meant to be wrong
		}
		i := &inspector{library: l, source: source}
		b := &binder{signature: s, name: s.FullName(), limit: host.DefaultLimits().Elements, masker: source}
		b.origin = score.NewOrigin(host.SiteOf(call, s.shape), nil)
		args, kwargs := i.arguments(call)
		b.unpacked = i.unpacked
		if s.Variadic && i.unpacked {
			args = nil
		}
		slots := make([]any, len(s.Arguments))
		b.bind(slots, args, kwargs)
		b.finish(slots)
		i.maskTokens(call, b.problems)
		i.maskParts(call, s)
		problems = append(problems, b.problems...)
		return true
	})
	return problems
}

// called returns the signature of the function that a call names directly, or nil.
func (l *Library) called(source host.Source, call *syntax.CallExpr) *Signature {
	name, ok := call.Fn.(*syntax.Ident)
	if !ok || !source.Builtin(name) {
		return nil
	}
	if s := l.byName[name.Name]; s != nil && s.raw == nil {
		return s
	}
	return nil
}

type inspector struct {
	library  *Library
	source   host.Source
	unpacked bool
}

// arguments returns what is known of a call's arguments.
func (i *inspector) arguments(call *syntax.CallExpr) (args starlark.Tuple, kwargs []starlark.Tuple) {
	for _, arg := range call.Args {
		switch arg := arg.(type) {
		case *syntax.UnaryExpr:
			if arg.Op == syntax.STAR || arg.Op == syntax.STARSTAR {
				i.unpacked = true
				continue
			}
		case *syntax.BinaryExpr:
			if name, ok := arg.X.(*syntax.Ident); ok && arg.Op == syntax.EQ {
				kwargs = append(kwargs, starlark.Tuple{starlark.String(name.Name), i.value(arg.Y)})
				continue
			}
		}
		args = append(args, i.value(arg))
	}
	return args, kwargs
}

// maskTokens hides the literals of a wrong call as the script spells them, which is not what they mean when there
// are escapes in them.
func (i *inspector) maskTokens(call *syntax.CallExpr, problems diag.List) {
	for _, p := range problems {
		if p.Code != "plain-secret" && p.Code != "unknown-argument" && p.Code != "invalid-argument" {
			continue
		}
		for _, arg := range call.Args {
			if pair, ok := arg.(*syntax.BinaryExpr); ok {
				arg = pair.Y
			}
			literal, ok := arg.(*syntax.Literal)
			if !ok || literal.Token != syntax.STRING || !strings.Contains(literal.Raw, `\`) {
				continue
			}
			if start := syntax.Start(arg); int(start.Line) == p.Position.Line {
				i.source.Mask(strings.Trim(literal.Raw, `rb"'`))
			}
		}
	}
}

// maskParts hides the texts that an argument for a secret is put together from: the run only sees the whole. Calls
// of the library's functions are left alone, since they name where a secret is kept.
func (i *inspector) maskParts(call *syntax.CallExpr, s *Signature) {
	for _, arg := range call.Args {
		pair, ok := arg.(*syntax.BinaryExpr)
		if !ok || pair.Op != syntax.EQ {
			continue
		}
		name, ok := pair.X.(*syntax.Ident)
		if !ok {
			continue
		}
		if n, found := s.find(name.Name); !found || !s.Arguments[n].Type.takesSecret() || s.Arguments[n].Type.takesString() {
			continue
		}
		syntax.Walk(pair.Y, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.CallExpr:
				return i.library.called(i.source, n) == nil
			case *syntax.Literal:
				if text, ok := n.Value.(string); ok {
					i.source.Mask(text)
				}
			}
			return true
		})
	}
}

// value returns what is known of an expression before it runs.
func (i *inspector) value(expr syntax.Expr) starlark.Value {
	switch e := expr.(type) {
	case *syntax.ParenExpr:
		return i.value(e.X)
	case *syntax.Literal:
		switch v := e.Value.(type) {
		case string:
			if e.Token == syntax.BYTES {
				return starlark.Bytes(v)
			}
			return starlark.String(v)
		case int64:
			return starlark.MakeInt64(v)
		case *big.Int:
			return starlark.MakeBigInt(v)
		case float64:
			return starlark.Float(v)
		}
	case *syntax.ListExpr:
		return starlark.NewList(i.values(e.List))
	case *syntax.TupleExpr:
		return starlark.Tuple(i.values(e.List))
	case *syntax.DictExpr:
		return i.dict(e)
	case *syntax.Ident:
		return i.name(e)
	case *syntax.CallExpr:
		if s := i.library.called(i.source, e); s != nil && s.Build != nil {
			return promise{signature: s}
		}
	}
	return unknown{}
}

func (i *inspector) values(exprs []syntax.Expr) []starlark.Value {
	values := make([]starlark.Value, len(exprs))
	for n, e := range exprs {
		values[n] = i.value(e)
	}
	return values
}

func (i *inspector) dict(e *syntax.DictExpr) starlark.Value {
	made := starlark.NewDict(len(e.List))
	for _, entry := range e.List {
		entry := entry.(*syntax.DictEntry)
		// A key that cannot be hashed stops the run at its own place.
		_ = made.SetKey(i.value(entry.Key), i.value(entry.Value))
	}
	return made
}

func (i *inspector) name(e *syntax.Ident) starlark.Value {
	if binding, ok := e.Binding.(*resolve.Binding); ok && binding.Scope == resolve.Universal {
		switch e.Name {
		case "None", "True", "False":
			return starlark.Universe[e.Name]
		}
	}
	if i.source.Builtin(e) {
		if c, ok := i.library.constants[e.Name]; ok {
			return c.Value
		}
	}
	return unknown{}
}
