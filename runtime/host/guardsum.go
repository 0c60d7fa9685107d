// SPDX-License-Identifier: Apache-2.0

// This file guards what makes a list or a text out of two: doubling one over and over fills any memory in a few
// steps, faster than a watch can see.

package host

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// guardSum is `x + y`.
func guardSum(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, y := args[0], args[1]
	switch x.(type) {
	case starlark.String, starlark.Bytes:
		if starlark.Len(x)+max(starlark.Len(y), 0) > maxText {
			return nil, tooLarge("%s + %s: got more than %d MiB of text", x.Type(), y.Type(), maxText>>20)
		}
	case *starlark.List, starlark.Tuple:
		if size, limit := starlark.Len(x)+max(starlark.Len(y), 0), elementLimit(thread); size > limit {
			return nil, tooLarge("%s + %s: got %d elements, want at most %d", x.Type(), y.Type(), size, limit)
		}
	}
	return starlark.Binary(syntax.PLUS, x, y)
}

// guardExtend is `x += y`, which changes a list in its place.
func guardExtend(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	list, ok := args[0].(*starlark.List)
	if !ok {
		return guardSum(thread, b, args, kwargs)
	}
	if _, ok := args[1].(starlark.Iterable); !ok {
		return starlark.Binary(syntax.PLUS, list, args[1])
	}
	if err := checkAdded(thread, "list += "+args[1].Type(), args[1]); err != nil {
		return nil, err
	}
	if err := extend(thread, list, args[1]); err != nil {
		return nil, err
	}
	return list, nil
}

// guardAdded stands around the right side of `x[i] += y`.
func guardAdded(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if text, ok := args[0].(starlark.String); ok && len(text) > maxText {
		return nil, tooLarge("+= string: got more than %d MiB of text", maxText>>20)
	}
	return args[0], checkAdded(thread, "+= "+args[0].Type(), args[0])
}

// checkAdded refuses to add very many elements at once.
func checkAdded(thread *starlark.Thread, who string, added starlark.Value) error {
	if _, ok := added.(starlark.Iterable); !ok {
		return nil
	}
	if size, limit := starlark.Len(added), elementLimit(thread); size > limit {
		return tooLarge("%s: got %d elements, want at most %d at once", who, size, limit)
	}
	return nil
}

func extend(thread *starlark.Thread, list *starlark.List, added starlark.Value) error {
	method, err := list.Attr("extend")
	if err != nil {
		return err
	}
	_, err = method.(*starlark.Builtin).CallInternal(thread, starlark.Tuple{added}, nil)
	return err
}
