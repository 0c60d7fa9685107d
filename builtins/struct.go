// SPDX-License-Identifier: Apache-2.0

// This file is struct(), whose fields are copied in, unlike those of Starlark's usual struct: changing a list after
// it was passed changes nothing.

package builtins

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// structValue is an immutable set of named fields.
type structValue struct {
	names  []string // sorted
	values []starlark.Value
}

var (
	_ starlark.HasAttrs   = (*structValue)(nil)
	_ starlark.Comparable = (*structValue)(nil)
)

func makeStruct(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("struct: got %d positional arguments, want fields by name", len(args))
	}
	c := copier{left: host.DefaultLimits().Elements}
	if run := host.FromThread(thread); run != nil {
		c.left = run.Limits().Elements
	}
	sorted := slices.Clone(kwargs)
	slices.SortFunc(sorted, func(a, b starlark.Tuple) int {
		return strings.Compare(string(a[0].(starlark.String)), string(b[0].(starlark.String)))
	})
	s := &structValue{}
	for _, pair := range sorted {
		value, err := c.copy(pair[1], 0)
		if err != nil {
			return nil, fmt.Errorf("struct: field %s: %w", pair[0], err)
		}
		s.names, s.values = append(s.names, string(pair[0].(starlark.String))), append(s.values, value)
	}
	return s, nil
}

// copier makes frozen copies of containers, up to a number of elements.
type copier struct{ left int }

// maxCopyDepth is how deep containers in a struct may be nested; a list may even hold itself.
const maxCopyDepth = 100

func (c *copier) copy(v starlark.Value, depth int) (starlark.Value, error) {
	if depth > maxCopyDepth {
		return nil, fmt.Errorf("got containers more than %d deep inside each other", maxCopyDepth)
	}
	if c.left--; c.left < 0 {
		return nil, fmt.Errorf("got more than the allowed number of elements")
	}
	switch v := v.(type) {
	case *starlark.List:
		elems, err := c.elements(v, depth)
		if err != nil {
			return nil, err
		}
		made := starlark.NewList(elems)
		made.Freeze()
		return made, nil
	case starlark.Tuple:
		elems, err := c.elements(v, depth)
		return starlark.Tuple(elems), err
	case *starlark.Set:
		made := starlark.NewSet(min(v.Len(), c.left))
		for elem := range starlark.Elements(v) { // hashable, so immutable already
			if c.left--; c.left < 0 {
				return nil, fmt.Errorf("got more than the allowed number of elements")
			}
			if err := made.Insert(elem); err != nil {
				return nil, err
			}
		}
		made.Freeze()
		return made, nil
	case *starlark.Dict:
		made := starlark.NewDict(min(v.Len(), c.left))
		for key, value := range v.Entries() {
			copied, err := c.copy(value, depth+1)
			if err != nil {
				return nil, err
			}
			if err := made.SetKey(key, copied); err != nil {
				return nil, err
			}
		}
		made.Freeze()
		return made, nil
	default:
		return v, nil
	}
}

func (c *copier) elements(v starlark.Sequence, depth int) ([]starlark.Value, error) {
	elems := make([]starlark.Value, 0, min(v.Len(), max(c.left, 0)))
	for elem := range starlark.Elements(v) {
		copied, err := c.copy(elem, depth+1)
		if err != nil {
			return nil, err
		}
		elems = append(elems, copied)
	}
	return elems, nil
}

// String returns the call that makes the struct.
func (s *structValue) String() string {
	parts := make([]string, len(s.names))
	for i, name := range s.names {
		parts[i] = name + " = " + s.values[i].String()
	}
	return "struct(" + strings.Join(parts, ", ") + ")"
}

// Type returns "struct".
func (s *structValue) Type() string { return "struct" }

// Freeze freezes functions among the fields; containers are frozen from birth.
func (s *structValue) Freeze() {
	for _, v := range s.values {
		v.Freeze()
	}
}

// Truth returns True.
func (s *structValue) Truth() starlark.Bool { return starlark.True }

// Hash works for structs whose fields are hashable.
func (s *structValue) Hash() (uint32, error) {
	h := uint32(8731)
	for i, name := range s.names {
		n, _ := starlark.String(name).Hash()
		v, err := s.values[i].Hash()
		if err != nil {
			return 0, err
		}
		h = h*31 ^ n*3 ^ v
	}
	return h, nil
}

// Attr returns a field.
func (s *structValue) Attr(name string) (starlark.Value, error) {
	if i, ok := slices.BinarySearch(s.names, name); ok {
		return s.values[i], nil
	}
	return nil, nil // the interpreter says so, and suggests the nearest
}

// AttrNames lists the fields, sorted.
func (s *structValue) AttrNames() []string { return slices.Clone(s.names) }

// CompareSameType compares field by field.
func (s *structValue) CompareSameType(op syntax.Token, other starlark.Value, depth int) (bool, error) {
	if op != syntax.EQL && op != syntax.NEQ {
		return false, fmt.Errorf("struct %s struct: structs have no order", op)
	}
	o, ok := other.(*structValue)
	equal := ok && slices.Equal(s.names, o.names)
	for i := 0; equal && i < len(s.values); i++ {
		same, err := starlark.EqualDepth(s.values[i], o.values[i], depth-1)
		if err != nil {
			return false, err
		}
		equal = same
	}
	return equal == (op == syntax.EQL), nil
}
