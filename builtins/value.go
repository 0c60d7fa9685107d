// SPDX-License-Identifier: Apache-2.0

// This file is the one type that all values of the language have.

package builtins

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Value is a value that a constructor made. It never changes.
type Value struct {
	signature *Signature
	args      []any // what was given, copied in; one for each argument of the signature
	made      any   // the Go value
	origin    score.Origin
	weight    int // how many elements it holds, itself and what is nested included
}

var (
	_ starlark.HasAttrs   = (*Value)(nil)
	_ starlark.Comparable = (*Value)(nil)
)

// Signature returns the constructor's.
func (v *Value) Signature() *Signature { return v.signature }

// Go returns what the value stands for, such as a score.MonitoringStack.
func (v *Value) Go() any { return v.made }

// Given lists the arguments that were given, in the signature's order.
func (v *Value) Given() []string {
	var names []string
	for i, arg := range v.args {
		if arg != nil {
			names = append(names, v.signature.Arguments[i].Name)
		}
	}
	return names
}

// String returns the call that makes the value, with the arguments that were given.
func (v *Value) String() string {
	var b strings.Builder
	writeCopied(&b, v)
	return b.String()
}

// PrintedSize is about how long String is, so that the host can refuse before it is made.
func (v *Value) PrintedSize() int {
	size := len(v.signature.Name) + 2
	for i, arg := range v.args {
		if arg != nil {
			size += len(v.signature.Arguments[i].Name) + 5 + copiedSize(arg)
		}
	}
	return size
}

func copiedSize(copied any) int {
	switch c := copied.(type) {
	case string:
		return len(c) + 2
	case list:
		size := 2
		for _, elem := range c {
			size += 2 + copiedSize(elem)
		}
		return size
	case *dict:
		size := 2
		for i, key := range c.keys {
			size += len(key) + 6 + copiedSize(c.values[i])
		}
		return size
	case *Value:
		return c.PrintedSize()
	default:
		return 8
	}
}

func writeCopied(b *strings.Builder, copied any) {
	switch c := copied.(type) {
	case *Value:
		b.WriteString(c.signature.Name)
		b.WriteByte('(')
		separator := ""
		for i, arg := range c.args {
			if arg == nil {
				continue
			}
			b.WriteString(separator)
			b.WriteString(c.signature.Arguments[i].Name)
			b.WriteString(" = ")
			writeCopied(b, c.shown(i))
			separator = ", "
		}
		b.WriteByte(')')
	case list:
		b.WriteByte('[')
		for i, elem := range c {
			if i > 0 {
				b.WriteString(", ")
			}
			writeCopied(b, elem)
		}
		b.WriteByte(']')
	case *dict:
		b.WriteByte('{')
		for i, key := range c.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(syntax.Quote(key, false))
			b.WriteString(": ")
			writeCopied(b, c.values[i])
		}
		b.WriteByte('}')
	default:
		b.WriteString(toStarlark(c).String())
	}
}

// Type returns the constructor's name.
func (v *Value) Type() string { return v.signature.Name }

// Freeze does nothing: the value is immutable from birth.
func (v *Value) Freeze() {}

// Truth returns True.
func (v *Value) Truth() starlark.Bool { return starlark.True }

// Hash depends on the arguments alone.
func (v *Value) Hash() (uint32, error) { return hashCopied(v), nil }

func hashCopied(copied any) uint32 {
	const prime = 16777619
	var h uint32 = 2166136261
	mix := func(n uint32) { h = (h ^ n) * prime }
	text := func(s string) {
		n, _ := starlark.String(s).Hash()
		mix(n)
	}
	switch c := copied.(type) {
	case *Value:
		text(c.signature.Name)
		for i, arg := range c.args {
			if arg != nil {
				mix(uint32(i) + 1)
				mix(hashCopied(arg))
			}
		}
	case list:
		for _, elem := range c {
			mix(hashCopied(elem))
		}
	case *dict:
		// Dicts are equal whatever their order is.
		var sum uint32
		for i, key := range c.keys {
			n, _ := starlark.String(key).Hash()
			sum += n ^ hashCopied(c.values[i])*prime
		}
		mix(sum)
	default:
		if n, err := toStarlark(c).Hash(); err == nil {
			mix(n)
		}
	}
	return h
}

// CompareSameType compares by the arguments, whatever the positions are.
func (v *Value) CompareSameType(op syntax.Token, other starlark.Value, _ int) (bool, error) {
	w, ok := other.(*Value)
	equal := ok && equalCopied(v, w)
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("%s %s %s: values of this type have no order", v.Type(), op, other.Type())
}

func equalCopied(a, b any) bool {
	switch a := a.(type) {
	case *Value:
		b, ok := b.(*Value)
		return ok && (a == b || a.signature == b.signature && slices.EqualFunc(a.args, b.args, equalCopied))
	case list:
		b, ok := b.(list)
		return ok && slices.EqualFunc(a, b, equalCopied)
	case *dict:
		b, ok := b.(*dict)
		if !ok || len(a.keys) != len(b.keys) {
			return false
		}
		index := make(map[string]any, len(b.keys))
		for i, key := range b.keys {
			index[key] = b.values[i]
		}
		for i, key := range a.keys {
			other, ok := index[key]
			if !ok || !equalCopied(a.values[i], other) {
				return false
			}
		}
		return true
	case starlark.Value:
		b, ok := b.(starlark.Value)
		if !ok {
			return false
		}
		equal, err := starlark.Equal(a, b)
		return err == nil && equal
	default:
		return a == b
	}
}

// Attr returns an argument, given or by default, or a method.
func (v *Value) Attr(name string) (starlark.Value, error) {
	if i, ok := v.signature.find(name); ok {
		if v.args[i] != nil {
			return toStarlark(v.args[i]), nil
		}
		return toStarlark(v.signature.Arguments[i].Default), nil
	}
	for _, m := range v.signature.methods {
		if m.Name == name {
			return m.bound(v), nil
		}
	}
	return nil, nil // the interpreter says so, and suggests the nearest
}

// Shown is Attr for printing: what may be a secret, written by mistake where a plain text belongs, is hidden.
func (v *Value) Shown(name string) starlark.Value {
	i, ok := v.signature.find(name)
	if !ok || v.args[i] == nil {
		return starlark.None
	}
	return toStarlark(v.shown(i))
}

// shown is the argument at i, as it is printed.
func (v *Value) shown(i int) any {
	if text, ok := v.args[i].(string); ok && couldBeSecret(v.signature.Name, v.signature.Arguments[i].Name, text) {
		return hidden
	}
	return v.args[i]
}

// SetField refuses: a value never changes.
func (v *Value) SetField(name string, _ starlark.Value) error {
	if _, ok := v.signature.find(name); !ok {
		return fmt.Errorf("%s does not change once it is made, and has no argument %q", v.Type(), name)
	}
	return fmt.Errorf("%s does not change once it is made: write .replace(%s = …), which gives a changed copy", v.Type(), name)
}

// AttrNames lists the arguments and the methods, sorted.
func (v *Value) AttrNames() []string {
	names := v.signature.argumentNames()
	for _, m := range v.signature.methods {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}

// Unwrap returns the Go value that v stands for, such as a score.MonitoringStack; ok is false when v is not one of
// the values of this package.
func Unwrap(v starlark.Value) (made any, ok bool) {
	value, ok := v.(*Value)
	if !ok {
		return nil, false
	}
	return value.made, true
}

// ScoreOf returns the score that v is.
func ScoreOf(v starlark.Value) (score.Score, bool) {
	made, _ := Unwrap(v)
	s, ok := made.(score.Score)
	return s, ok
}

// mergeSites returns the call site of a value that a method made: the places of what it changed are in the call of
// the method, all others where they were. place renames the method's argument to what it changed.
func mergeSites(old, changed score.Origin, renames map[string]string) *score.CallSite {
	merged := &score.CallSite{Position: changed.Position(), Arguments: map[string]score.Argument{}}
	maps.Copy(merged.Arguments, old.Arguments())
	for from, to := range renames {
		maps.DeleteFunc(merged.Arguments, func(name string, _ score.Argument) bool {
			return name == to || strings.HasPrefix(name, to+"[")
		})
		for name, argument := range changed.Arguments() {
			if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '[') {
				merged.Arguments[to+rest] = argument
			}
		}
	}
	return merged
}
