// SPDX-License-Identifier: Apache-2.0

// This file guards the methods that can make far more than they are given.

package host

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

// multiplies reports whether a string or a list has a guarded method of this name.
func multiplies(name string) bool {
	return name == "join" || name == "format" || name == "replace" || name == extendName
}

const extendName = "extend"

// guardMethod is `x.name` for the names that multiplies knows.
func guardMethod(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return attribute(args[0], string(args[1].(starlark.String)))
}

// guardGetattr is getattr, which would otherwise lead around guardMethod.
func guardGetattr(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) >= 2 && len(kwargs) == 0 {
		name, _ := starlark.AsString(args[1])
		_, text := args[0].(starlark.String)
		_, list := args[0].(*starlark.List)
		if multiplies(name) && (text && name != extendName || list && name == extendName) {
			return attribute(args[0], name)
		}
	}
	return universal(thread, b, args, kwargs)
}

func attribute(x starlark.Value, name string) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.String:
		if name != extendName {
			return starlark.NewBuiltin(name, guardedMethod).BindReceiver(x), nil
		}
	case *starlark.List:
		if name == extendName {
			return starlark.NewBuiltin(name, guardedExtend).BindReceiver(x), nil
		}
	}
	if x, ok := x.(starlark.HasAttrs); ok {
		if v, err := x.Attr(name); v != nil || err != nil {
			return v, err
		}
	}
	return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
}

func guardedMethod(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	text := b.Receiver().(starlark.String)
	if size := methodSize(b.Name(), string(text), args, kwargs); size > maxText {
		return nil, tooLarge("string.%s: got more than %d MiB of text", b.Name(), maxText>>20)
	}
	method, err := text.Attr(b.Name())
	if err != nil {
		return nil, err
	}
	return method.(*starlark.Builtin).CallInternal(thread, args, kwargs)
}

func guardedExtend(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 1 {
		if err := checkAdded(thread, "list.extend", args[0]); err != nil {
			return nil, err
		}
	}
	method, err := b.Receiver().(starlark.HasAttrs).Attr(b.Name())
	if err != nil {
		return nil, err
	}
	return method.(*starlark.Builtin).CallInternal(thread, args, kwargs)
}

// methodSize returns an upper bound of what the method would return. Arguments of a wrong kind count as
// nothing: the method itself refuses them.
func methodSize(name, text string, args starlark.Tuple, kwargs []starlark.Tuple) int {
	switch {
	case name == "format":
		values := 0
		for _, arg := range args {
			values += printedSize(arg, maxText)
		}
		for _, pair := range kwargs {
			values += printedSize(pair[1], maxText)
		}
		return len(text) + saturatingProduct(values, strings.Count(text, "{"))
	case name == "replace" && len(args) >= 2:
		from, _ := starlark.AsString(args[0])
		to, _ := starlark.AsString(args[1])
		return len(text) + saturatingProduct(len(to), strings.Count(text, from))
	case name == "join" && len(args) == 1:
		parts, ok := args[0].(starlark.Iterable)
		if !ok {
			return 0
		}
		size := 0
		for part := range starlark.Elements(parts) {
			s, _ := starlark.AsString(part)
			if size += len(s) + len(text); size > maxText {
				break
			}
		}
		return size
	}
	return 0
}
