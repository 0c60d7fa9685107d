// SPDX-License-Identifier: Apache-2.0

// This file freezes globals. Starlark's Freeze is recursive, and a list nested some ten million times deep would
// exhaust Go's stack, which ends the program; so it is measured first, without recursion.

package host

import (
	"fmt"
	"unsafe"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// maxNesting is how deep in each other the values of a module may be.
const maxNesting = 100_000

// freeze makes globals and everything reachable from them immutable.
func freeze(file string, globals starlark.StringDict) diag.List {
	if nestedTooDeep(globals) {
		return diag.List{{
			Severity: diag.Error, Code: "too-many-elements", Position: entirely(file),
			Summary: fmt.Sprintf("script: got values more than %d deep inside each other", maxNesting),
		}}
	}
	globals.Freeze()
	return nil
}

// identity tells containers apart. A tuple is the place of its elements.
type identity struct {
	value starlark.Value
	first unsafe.Pointer
	size  int
}

func nestedTooDeep(globals starlark.StringDict) bool {
	seen := map[identity]bool{}
	type visit struct {
		value starlark.Value
		left  bool
	}
	var stack []visit
	push := func(v starlark.Value) {
		id := identity{value: v}
		switch v := v.(type) {
		case *starlark.List, *starlark.Dict, *starlark.Set, *starlark.Function:
		case starlark.Tuple:
			if len(v) == 0 {
				return
			}
			id = identity{first: unsafe.Pointer(unsafe.SliceData(v)), size: len(v)}
		default:
			return
		}
		if !seen[id] {
			seen[id] = true
			stack = append(stack, visit{value: v})
		}
	}
	depth := 0
	for _, v := range globals {
		push(v)
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.left {
				depth--
				stack = stack[:len(stack)-1]
				continue
			}
			top.left = true
			if depth++; depth > maxNesting {
				return true
			}
			contents(top.value, push)
		}
	}
	return false
}

// contents calls visit for everything that v holds.
func contents(v starlark.Value, visit func(starlark.Value)) {
	switch v := v.(type) {
	case *starlark.List:
		for i := range v.Len() {
			visit(v.Index(i))
		}
	case starlark.Tuple:
		for _, elem := range v {
			visit(elem)
		}
	case *starlark.Dict:
		for _, item := range v.Items() {
			visit(item[0])
			visit(item[1])
		}
	case *starlark.Set:
		for elem := range starlark.Elements(v) {
			visit(elem)
		}
	case *starlark.Function:
		for i := range v.NumParams() {
			visit(v.ParamDefault(i))
		}
		for i := range v.NumFreeVars() {
			_, free := v.FreeVar(i)
			visit(free)
		}
	}
}
