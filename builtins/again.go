// SPDX-License-Identifier: Apache-2.0

// This file lets a call that gives an equal value again, as calls in loops do, give the very same value: values
// never change, so nobody can tell, and whoever looks at values later looks at each only once.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// again returns the value that the same call, reached in the same way, gave last, if its arguments were the same.
func (b *binder) again(run *host.Thread, slots []any) *Value {
	if run == nil {
		return nil
	}
	last, ok := run.Latest(b.origin.Site()).(*Value)
	if !ok || last.signature != b.signature || !samePlaces(last.origin.Callers(), b.origin.Callers()) {
		return nil
	}
	for i, arg := range slots {
		if !sameCopied(arg, last.args[i]) {
			return nil
		}
	}
	return last
}

// remember keeps a value for again. A call site without places of its arguments is made anew for each call.
func (b *binder) remember(run *host.Thread, value *Value) {
	if site := b.origin.Site(); run != nil && site != nil && site.Arguments != nil {
		run.Remember(site, value)
	}
}

// samePlaces compares by identity: the host shares one slice among the calls from the same places.
func samePlaces(a, b []score.Position) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// sameCopied reports whether two copied arguments are the same, the order of dicts included. It may say no to what
// is equal, but costs little: nested values are compared by identity.
func sameCopied(a, b any) bool {
	switch a := a.(type) {
	case nil, string, int64, float64, bool, score.APIVersion, *Value:
		return a == b
	case list:
		b, ok := b.(list)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameCopied(a[i], b[i]) {
				return false
			}
		}
		return true
	case *dict:
		b, ok := b.(*dict)
		if !ok || len(a.keys) != len(b.keys) {
			return false
		}
		for i := range a.keys {
			if a.keys[i] != b.keys[i] || !sameCopied(a.values[i], b.values[i]) {
				return false
			}
		}
		return true
	default:
		return false
	}
}
