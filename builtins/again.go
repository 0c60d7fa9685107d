// SPDX-License-Identifier: Apache-2.0

// This file lets a call that would give an equal value again, as calls in loops do, give the very same value: values
// never change, so nobody can tell, nothing is copied a second time, and whoever looks at values later looks at each
// only once.

package builtins

import (
	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// again returns the value that the same call, reached in the same way, gave last, if its arguments were the same;
// else nil.
func (s *Signature) again(run *host.Thread, origin score.Origin, args starlark.Tuple, kwargs []starlark.Tuple) *Value {
	last, ok := run.Latest(origin.Site()).(*Value)
	if !ok || last.signature != s || !samePlaces(last.origin.Callers(), origin.Callers()) {
		return nil
	}
	given := 0
	for _, arg := range last.args {
		if arg != nil {
			given++
		}
	}
	// As many as were given then, each the same: no argument can be missing, since none can be given twice.
	if len(args)+len(kwargs) != given || len(args) > s.Positional {
		return nil
	}
	for i, arg := range args {
		if !sameAsCopied(arg, last.args[i]) {
			return nil
		}
	}
	for _, pair := range kwargs {
		name, _ := pair[0].(starlark.String)
		i, known := s.find(string(name))
		if !known || i < len(args) || !sameAsCopied(pair[1], last.args[i]) {
			return nil
		}
	}
	return last
}

// remember keeps a value for again. A call site without places of its arguments is made anew for each call.
func (v *Value) remember(run *host.Thread) {
	if site := v.origin.Site(); site != nil && site.HasArguments() {
		run.Remember(site, v)
	}
}

// samePlaces compares by identity: the host shares one slice among the calls from the same places.
func samePlaces(a, b []score.Position) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// sameAsCopied reports whether an argument is what was copied in, the order of dicts included. It may say no to what
// is equal, but costs little: our own values are compared by identity.
func sameAsCopied(v starlark.Value, copied any) bool {
	switch v := v.(type) {
	case starlark.String:
		text, ok := copied.(string)
		return ok && text == string(v)
	case starlark.Bool:
		return copied == bool(v)
	case starlark.Int:
		n, ok := v.Int64()
		return ok && copied == n
	case starlark.Float:
		return copied == float64(v)
	case apiVersion:
		return copied == score.APIVersion(v)
	case *Value:
		return copied == v
	case *starlark.List:
		return sameElements(v, copied)
	case starlark.Tuple:
		return sameElements(v, copied)
	case *starlark.Dict:
		return sameEntries(v, copied)
	default:
		return false
	}
}

func sameElements(v starlark.Indexable, copied any) bool {
	elements, ok := copied.(list)
	if !ok || len(elements) != v.Len() {
		return false
	}
	for i, elem := range elements {
		if !sameInside(v.Index(i), elem) {
			return false
		}
	}
	return true
}

func sameEntries(v *starlark.Dict, copied any) bool {
	entries, ok := copied.(*dict)
	if !ok || len(entries.keys) != v.Len() {
		return false
	}
	i := 0
	for key, value := range v.Entries() {
		name, ok := key.(starlark.String)
		if !ok || string(name) != entries.keys[i] || !sameInside(value, entries.values[i]) {
			return false
		}
		i++
	}
	return true
}

// sameInside is sameAsCopied for what is inside of a list or dict, where None is a value.
func sameInside(v starlark.Value, copied any) bool {
	if v == starlark.None {
		return copied == nil
	}
	return sameAsCopied(v, copied)
}
