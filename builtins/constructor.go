// SPDX-License-Identifier: Apache-2.0

// This file makes callable functions of signatures.

package builtins

import (
	"fmt"
	"math"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// function returns the builtin that scripts call.
func (s *Signature) function() *starlark.Builtin {
	if s.raw != nil {
		return starlark.NewBuiltin(s.Name, s.raw)
	}
	return starlark.NewBuiltin(s.Name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		run := host.FromThread(thread)
		origin := originOf(run, s)
		if run != nil {
			if last := s.again(run, origin, args, kwargs); last != nil {
				return last, nil
			}
		}
		b, slots := s.begin(run, origin)
		b.bind(slots, args, kwargs)
		return b.complete(thread, run, slots)
	})
}

// begin returns what binds a call of s. run is nil outside of a host.
func (s *Signature) begin(run *host.Thread, origin score.Origin) (*binder, []any) {
	if run == nil {
		return &binder{signature: s, name: s.FullName(), origin: origin, limit: host.DefaultLimits().Elements}, make([]any, len(s.Arguments))
	}
	// Arguments are evaluated before the call, so no two calls of a run are being bound at the same time.
	b := run.Memo(binderKey{}, func() any { return new(binder) }).(*binder)
	*b = binder{signature: s, name: s.FullName(), origin: origin, limit: run.Limits().Elements, masker: run, path: b.path[:0]}
	if s.run != nil {
		b.limit = math.MaxInt // it makes no value: thousands of scores may be deployed at once
	}
	return b, make([]any, len(s.Arguments))
}

// binderKey is what a run keeps its binder under.
type binderKey struct{}

// originOf returns where the running call of s stands; nowhere outside of a host.
func originOf(run *host.Thread, s *Signature) score.Origin {
	if run == nil {
		return score.Origin{}
	}
	return run.Origin(s.shape)
}

// complete makes the value once all arguments are bound.
func (b *binder) complete(thread *starlark.Thread, run *host.Thread, slots []any) (made starlark.Value, err error) {
	b.finish(slots)
	if len(b.problems) > 0 || b.incomplete {
		return b.refuse(run, slots)
	}
	// A panic of a Build function must not take the program with it, and here its place in the script is known.
	defer func() {
		if p := recover(); p != nil {
			made, err = nil, diag.List{{
				Severity: diag.Error, Code: "internal-error", Position: b.origin.Position(), Related: diag.Callers(b.origin),
				Summary: b.name + ": got a failure inside the constructor", Detail: fmt.Sprint(p),
				Fix: "this is a bug of the constructor, not yours: please report it with the script",
			}}
		}
	}()
	s := b.signature
	call := &Call{signature: s, args: slots, origin: b.origin}
	if s.run != nil {
		return s.run(thread, run, call)
	}
	value := &Value{signature: s, args: slots, origin: b.origin, weight: b.elements + 1}
	if value.made, err = s.Build(call); err != nil {
		b.problems = b.placed(err)
		return b.refuse(run, slots)
	}
	if run != nil {
		run.Made(value.made)
		value.remember(run)
	}
	return value, nil
}

// placed gives an error of a Build function its place.
func (b *binder) placed(err error) diag.List {
	if problems, ok := err.(diag.List); ok { //nolint:errorlint // a wrapped list has a text of its own
		return problems
	}
	return diag.List{{
		Severity: diag.Error, Code: "invalid-argument", Position: b.origin.Position(), Length: len(b.name),
		Summary: b.name + ": " + err.Error(), Related: diag.Callers(b.origin),
	}}
}

// change is what a method changes about its receiver: the argument called field becomes value.
type change struct {
	field string
	value any
	// element is the method's argument, when value is a list that it was added to.
	element string
}

const replaceName = "replace"

// bound returns the method of a value.
func (s *Signature) bound(receiver *Value) *starlark.Builtin {
	method := starlark.NewBuiltin(s.Name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		run := host.FromThread(thread)
		if s.openEnded() {
			return receiver.replace(thread, run, s, args, kwargs)
		}
		b, slots := s.begin(run, originOf(run, s))
		b.bind(slots, args, kwargs)
		b.finish(slots)
		if len(b.problems) > 0 || b.incomplete {
			b.signature, slots = receiver.signature, receiver.args
			return b.refuse(run, slots)
		}
		c := s.change(receiver, &Call{signature: s, args: slots, origin: b.origin})
		i, _ := receiver.signature.find(c.field)
		renames := map[string]string{c.field: c.field}
		if c.element != "" {
			renames = map[string]string{c.element: fmt.Sprintf("%s[%d]", c.field, len(c.value.(list))-1)}
		}
		fresh := append([]any(nil), receiver.args...)
		fresh[i] = c.value
		return receiver.remake(thread, run, b, fresh, renames)
	})
	return method.BindReceiver(receiver)
}

// replace is the method of that name: the receiver's constructor called again with some arguments changed. None
// takes an argument back.
func (v *Value) replace(thread *starlark.Thread, run *host.Thread, s *Signature, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	b, _ := v.signature.begin(run, originOf(run, v.signature))
	b.name = s.FullName()
	slots := append([]any(nil), v.args...)
	if len(args) > 0 {
		b.report("invalid-argument", fmt.Sprintf("got %d positional arguments, want arguments by name only", len(args)), "")
	}
	renames := map[string]string{}
	for _, pair := range kwargs {
		name := string(pair[0].(starlark.String))
		renames[name] = name
		if i, ok := v.signature.find(name); ok {
			slots[i] = nil
		}
	}
	b.elements = 0
	b.bind(slots, nil, kwargs)
	return v.remake(thread, run, b, slots, renames)
}

// remake makes a changed copy of v. b is bound to the call of the method.
func (v *Value) remake(thread *starlark.Thread, run *host.Thread, b *binder, slots []any, renames map[string]string) (starlark.Value, error) {
	again := &binder{signature: v.signature, name: b.name, limit: b.limit, masker: b.masker, problems: b.problems, elements: weigh(slots)}
	again.origin = b.origin
	if run != nil {
		// In a loop the same two places are merged over and over.
		type key struct {
			old, changed *score.CallSite
			fields       string
		}
		k := key{v.origin.Site(), b.origin.Site(), fmt.Sprint(renames)}
		site := run.Memo(k, func() any { return mergeSites(v.origin, b.origin, renames) }).(*score.CallSite)
		again.origin = score.NewOrigin(site, b.origin.Callers())
	}
	if again.elements > again.limit {
		again.report("too-many-elements", fmt.Sprintf("got %d elements, want at most %d in one value", again.elements, again.limit), "")
	}
	return again.complete(thread, run, slots)
}

// weigh counts the elements of copied arguments, what is nested included.
func weigh(copied []any) int {
	total := 0
	for _, c := range copied {
		switch c := c.(type) {
		case list:
			total += len(c) + weigh(c)
		case *dict:
			total += len(c.keys) + weigh(c.values)
		case *Value:
			total += c.weight - 1
		}
	}
	return total
}
