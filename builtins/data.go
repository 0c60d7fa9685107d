// SPDX-License-Identifier: Apache-2.0

// This file copies plain data in: whatever JSON can say, for settings that harmonyscript hands on without knowing them.

package builtins

import (
	"fmt"
	"math"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxDataDepth is how deep plain data may be nested; a list that holds itself has no end.
const maxDataDepth = 64

// convertData copies a plain value in, as nil, bool, int64, float64, string, list or *dict.
func (b *binder) convertData(v starlark.Value, a *Argument) (copied any, ok bool) {
	if len(b.path) > maxDataDepth {
		b.report("too-many-elements", fmt.Sprintf("got values nested more than %d deep, want fewer levels", maxDataDepth), "")
		return nil, false
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, true
	case starlark.Bool:
		return bool(v), true
	case starlark.Int:
		n, fits := v.Int64()
		if !fits {
			b.report("wrong-type", "got an integer beyond 64 bits, want a smaller one", "")
		}
		return n, fits
	case starlark.Float:
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			b.report("wrong-type", "got a float that is no number, want one that JSON can write", "")
			return nil, false
		}
		return f, true
	case starlark.String:
		if len(v) <= maxString && score.LooksLikeSecret(b.setting(), string(v)) {
			b.mask(string(v))
		}
		return b.convert(String(), v, a)
	case *starlark.List, starlark.Tuple:
		return b.convertList(ListOf(Data()), v.(starlark.Indexable), a)
	case *starlark.Dict:
		return b.convertDict(MapOf(Data()), v, a)
	}
	if signature := madeBy(v); signature != nil && signature.Result == kindSecret {
		b.report("wrong-type", "got secret, want plain data: it is stored in the cluster in the open",
			"keep the secret in a Kubernetes Secret and write its name where the setting takes one, such as existingSecret")
		return nil, false
	}
	b.mismatch(Data(), v, a)
	return nil, false
}

// madeBy returns the constructor of a value or of a promise of one, or nil.
func madeBy(v starlark.Value) *Signature {
	switch v := v.(type) {
	case *Value:
		return v.signature
	case promise:
		return v.signature
	default:
		return nil
	}
}

// setting is the innermost name on the way to what is being converted.
func (b *binder) setting() string {
	for i := len(b.path) - 1; i > 0; i-- {
		if b.path[i].name != "" {
			return b.path[i].name
		}
	}
	return b.path[0].name
}

// Data returns an argument of type MapOf(Data()) as maps, slices and plain values that nothing else refers to, or nil.
func (c *Call) Data(name string) map[string]any {
	data, _ := dataOf(c.Value(name)).(map[string]any)
	return data
}

func dataOf(copied any) any {
	switch copied := copied.(type) {
	case list:
		elems := make([]any, len(copied))
		for i, elem := range copied {
			elems[i] = dataOf(elem)
		}
		return elems
	case *dict:
		entries := make(map[string]any, len(copied.keys))
		for i, key := range copied.keys {
			entries[key] = dataOf(copied.values[i])
		}
		return entries
	default:
		return copied
	}
}
