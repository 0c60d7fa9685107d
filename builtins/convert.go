// SPDX-License-Identifier: Apache-2.0

// This file copies arguments in: it turns Starlark values into Go values that nothing else refers to, and
// collects everything that is wrong with them.

package builtins

import (
	"fmt"
	"slices"
	"strconv"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxString is the most bytes of one string argument: Kubernetes' objects are not larger.
const maxString = 1 << 20

// An argument that was copied in is one of string, int64, float64, bool, list, *dict, *Value, score.APIVersion, or
// the starlark.Value itself for Any; nil when it was not given.

// list is a copied list; it is never changed.
type list []any

// dict is a copied dict in the script's order; it is never changed.
type dict struct {
	keys   []string
	values []any
}

// step is one step of the way to what is being converted: an argument, a key or an index. The way is only spelled
// out for diagnostics: `labels[severity]`.
type step struct {
	name  string
	index int // when name is empty
}

// spelled returns the way to what is being converted.
func (b *binder) spelled() string {
	text := b.path[0].name
	for _, s := range b.path[1:] {
		if s.name == "" {
			text += "[" + strconv.Itoa(s.index) + "]"
		} else {
			text += "[" + s.name + "]"
		}
	}
	return text
}

// convert copies v in as t. ok is false when v does not fit, which was then reported, or, in the static pass,
// when it is not known.
func (b *binder) convert(t Type, v starlark.Value, a *Argument) (copied any, ok bool) {
	if _, ok := v.(unknown); ok {
		b.incomplete = true
		return nil, false
	}
	switch t.kind {
	case kindString:
		if s, ok := v.(starlark.String); ok {
			if len(s) > maxString {
				b.report("too-many-elements", fmt.Sprintf("got a string of %d bytes, want at most %d", len(s), maxString), "")
				return nil, false
			}
			if couldBeSecret(b.signature.Name, a.Name, string(s)) {
				b.mask(string(s))
			}
			return string(s), true
		}
	case kindInt:
		if n, ok := v.(starlark.Int); ok {
			small, fits := n.Int64()
			if bits := 32; !fits || !t.wide && small != int64(int32(small)) {
				if t.wide {
					bits = 64
				}
				b.report("wrong-type", fmt.Sprintf("got an integer beyond %d bits, want a smaller one", bits), "")
				return nil, false
			}
			return small, true
		}
	case kindFloat:
		switch v.(type) {
		case starlark.Int, starlark.Float:
			f, _ := starlark.AsFloat(v)
			return f, true
		}
	case kindBool:
		if truth, ok := v.(starlark.Bool); ok {
			return bool(truth), true
		}
	case kindVersion:
		if version, ok := v.(apiVersion); ok {
			return score.APIVersion(version), true
		}
	case kindValue:
		if copied, ok := b.convertValue(t, v); ok {
			return copied, copied != nil
		}
	case kindList:
		switch v := v.(type) {
		case *starlark.List, starlark.Tuple:
			return b.convertList(t, v.(starlark.Indexable), a)
		}
	case kindMap:
		if m, ok := v.(*starlark.Dict); ok {
			return b.convertDict(t, m, a)
		}
	case kindData:
		return b.convertData(v, a)
	case kindOneOf:
		for _, option := range t.options {
			if option.fits(v) {
				return b.convert(option, v, a)
			}
		}
	default:
		return v, true
	}
	b.mismatch(t, v, a)
	return nil, false
}

// convertValue takes a Value, or a promise of one, that has the right result. copied is nil for a
// promise, and for what is refused as too large.
func (b *binder) convertValue(t Type, v starlark.Value) (copied any, ok bool) {
	switch v := v.(type) {
	case *Value:
		if v.signature.Result == t.result || v.signature.Name == t.result {
			if !b.count(v.weight - 1) {
				return nil, true
			}
			return v, true
		}
	case promise:
		if v.signature.Result == t.result || v.signature.Name == t.result {
			b.incomplete = true
			return nil, true
		}
	}
	return nil, false
}

// fits reports whether v is of the outer kind of t, to choose an option of OneOf.
func (t Type) fits(v starlark.Value) bool {
	switch v := v.(type) {
	case starlark.String:
		return t.kind == kindString
	case starlark.Int:
		return t.kind == kindInt || t.kind == kindFloat
	case starlark.Float:
		return t.kind == kindFloat
	case starlark.Bool:
		return t.kind == kindBool
	case *starlark.List, starlark.Tuple:
		return t.kind == kindList
	case *starlark.Dict:
		return t.kind == kindMap
	case apiVersion:
		return t.kind == kindVersion
	case *Value:
		return t.kind == kindValue && (v.signature.Result == t.result || v.signature.Name == t.result)
	case promise:
		return t.kind == kindValue && (v.signature.Result == t.result || v.signature.Name == t.result)
	}
	return false
}

// count adds n elements to the value that is being made, and refuses more than the limit.
func (b *binder) count(n int) bool {
	if b.elements+n > b.limit {
		b.report("too-many-elements", fmt.Sprintf("got %d elements, want at most %d in one value", b.elements+n, b.limit), "make several values of it")
		return false
	}
	b.elements += n
	return true
}

func (b *binder) convertList(t Type, v starlark.Indexable, a *Argument) (any, bool) {
	n := v.Len()
	if !b.count(n) {
		return nil, false
	}
	copied, whole := make(list, 0, n), true
	depth := len(b.path)
	for i := range n {
		b.path = append(b.path[:depth], step{index: i})
		elem, ok := b.convert(*t.elem, v.Index(i), a)
		if copied = append(copied, elem); !ok {
			whole = false
		}
		if len(b.problems) >= maxProblems {
			whole = false
			break
		}
	}
	b.path = b.path[:depth]
	return copied, whole
}

func (b *binder) convertDict(t Type, v *starlark.Dict, a *Argument) (any, bool) {
	if !b.count(v.Len()) {
		return nil, false
	}
	copied, whole := &dict{keys: make([]string, 0, v.Len()), values: make([]any, 0, v.Len())}, true
	depth := len(b.path)
	iter := v.Iterate()
	defer iter.Done()
	for key := starlark.Value(nil); iter.Next(&key) && len(b.problems) < maxProblems; {
		name, ok := key.(starlark.String)
		if !ok {
			if _, hidden := key.(unknown); !hidden {
				b.report("wrong-type", fmt.Sprintf("got a key of type %s, want string", key.Type()), "")
			}
			whole = false
			continue
		}
		b.path = append(b.path[:depth], step{name: string(name)})
		if len(t.keys) > 0 && !slices.Contains(t.keys, string(name)) {
			fix := ""
			if near := diag.Nearest(string(name), t.keys); near != "" {
				fix = fmt.Sprintf("did you mean %q?", near)
			}
			b.report("invalid-argument", fmt.Sprintf("got key %q, want one of %s", string(name), joined(quoted(t.keys))), fix)
			whole = false
		} else {
			value, _, _ := v.Get(key) // a string is hashable, and it is there
			elem, ok := b.convert(*t.elem, value, a)
			copied.keys, copied.values = append(copied.keys, string(name)), append(copied.values, elem)
			whole = whole && ok
		}
		b.path = b.path[:depth]
	}
	return copied, whole && len(b.problems) < maxProblems
}

// toStarlark returns the value that scripts see for what was copied in. Containers are made anew and frozen.
func toStarlark(copied any) starlark.Value {
	switch v := copied.(type) {
	case nil:
		return starlark.None
	case string:
		return starlark.String(v)
	case int:
		return starlark.MakeInt(v)
	case int64:
		return starlark.MakeInt64(v)
	case float64:
		return starlark.Float(v)
	case bool:
		return starlark.Bool(v)
	case score.APIVersion:
		return apiVersion(v)
	case list:
		elems := make([]starlark.Value, len(v))
		for i, elem := range v {
			elems[i] = toStarlark(elem)
		}
		made := starlark.NewList(elems)
		made.Freeze()
		return made
	case *dict:
		made := starlark.NewDict(len(v.keys))
		for i, key := range v.keys {
			// The key is a string and the dict is new: neither can refuse.
			_ = made.SetKey(starlark.String(key), toStarlark(v.values[i]))
		}
		made.Freeze()
		return made
	case starlark.Value:
		return v
	default:
		return starlark.None
	}
}
