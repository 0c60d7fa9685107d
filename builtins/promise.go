// SPDX-License-Identifier: Apache-2.0

// This file holds what stands for values that are not known: in the static pass, and in a run behind a call that
// was refused, where the script goes on so that one run tells all mistakes.

package builtins

import (
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// unknown stands for a value that only running the script can tell, or that a mistake has made impossible. In a run
// whatever is done with it gives unknown again, so that one mistake is not told twice.
type unknown struct{ starlark.NoneType }

var (
	_ starlark.HasAttrs  = unknown{}
	_ starlark.HasBinary = unknown{}
	_ starlark.HasUnary  = unknown{}
	_ starlark.Mapping   = unknown{}
	_ starlark.Iterable  = unknown{}
	_ starlark.Callable  = unknown{}
)

// Attr gives unknown.
func (unknown) Attr(string) (starlark.Value, error) { return unknown{}, nil }

// AttrNames lists nothing.
func (unknown) AttrNames() []string { return nil }

// Binary gives unknown.
func (unknown) Binary(syntax.Token, starlark.Value, starlark.Side) (starlark.Value, error) {
	return unknown{}, nil
}

// Unary gives unknown.
func (unknown) Unary(syntax.Token) (starlark.Value, error) { return unknown{}, nil }

// Get gives unknown for every key.
func (unknown) Get(starlark.Value) (starlark.Value, bool, error) { return unknown{}, true, nil }

// Iterate gives nothing.
func (unknown) Iterate() starlark.Iterator { return starlark.Tuple(nil).Iterate() }

// Name is what errors would call it.
func (unknown) Name() string { return "unknown" }

// CallInternal gives unknown.
func (unknown) CallInternal(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return unknown{}, nil
}

// promise stands for what a call of a constructor gives, or would give if its arguments were right. Whatever is made
// of it is a promise in turn; nothing is reported about it a second time.
type promise struct {
	starlark.NoneType
	signature *Signature
	// args are those arguments that were right; nil in the static pass.
	args []any
}

var _ starlark.HasAttrs = promise{}

// Type returns the constructor's name, as Value does.
func (p promise) Type() string { return p.signature.Name }

// String returns the call without its arguments.
func (p promise) String() string { return p.signature.Name + "(…)" }

// Truth returns True, as for Value.
func (p promise) Truth() starlark.Bool { return starlark.True }

// AttrNames lists what Value lists.
func (p promise) AttrNames() []string { return (&Value{signature: p.signature}).AttrNames() }

// Attr returns an argument that was right, or a method that gives the promise again.
func (p promise) Attr(name string) (starlark.Value, error) {
	if i, ok := p.signature.find(name); ok {
		switch {
		case i >= len(p.args) || p.args[i] == refused{}:
			return unknown{}, nil
		case p.args[i] != nil:
			return toStarlark(p.args[i]), nil
		default:
			return toStarlark(p.signature.Arguments[i].Default), nil
		}
	}
	if !slices.ContainsFunc(p.signature.methods, func(m *Signature) bool { return m.Name == name }) {
		return nil, nil // the interpreter says so, and suggests the nearest
	}
	again := func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return p, nil
	}
	return starlark.NewBuiltin(name, again), nil
}

// refuse ends a call whose arguments are wrong, or made of what was refused before. A constructor reports what is
// wrong and gives a promise, so that the rest of the script is looked at too; where that cannot be, the problems are
// the error.
func (b *binder) refuse(run *host.Thread, slots []any) (starlark.Value, error) {
	if run == nil || !run.Recovers() {
		return nil, b.problems
	}
	s := b.signature
	switch {
	case s.Build != nil:
		run.Report(b.problems)
		return promise{signature: s, args: slots}, nil
	case s.Variadic:
		// A deployment of something that was refused: nothing is deployed, which is not a mistake of its own.
		run.Report(b.problems)
		return starlark.None, nil
	default:
		return nil, b.problems
	}
}
