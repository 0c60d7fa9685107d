// SPDX-License-Identifier: Apache-2.0

// This file is what Build functions see of a call.

package builtins

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Call is a call whose arguments fit its signature. Its methods give the arguments by name; one that was not
// given has its default, or else the zero value. Asking for an argument that the signature does not have, or
// for another type than it has, is a bug of the Build function and panics, which the script sees as a diagnostic.
type Call struct {
	signature *Signature
	args      []any
	origin    score.Origin
}

// Name is the name of the constructor.
func (c *Call) Name() string { return c.signature.Name }

// Origin is where the call stands in the script.
func (c *Call) Origin() score.Origin { return c.origin }

// Given reports whether the argument was given, and not as None.
func (c *Call) Given(name string) bool { return c.args[c.slot(name)] != nil }

func (c *Call) slot(name string) int {
	i, ok := c.signature.find(name)
	if !ok {
		panic(c.signature.Name + " has no argument " + name)
	}
	return i
}

// Value returns the argument as it was copied in: a string, int64, float64, bool, *Value, score.APIVersion, or
// nil when it has neither a value nor a default.
func (c *Call) Value(name string) any {
	i := c.slot(name)
	if c.args[i] != nil {
		return c.args[i]
	}
	switch def := c.signature.Arguments[i].Default.(type) {
	case int:
		return int64(def)
	default:
		return def
	}
}

// String returns a string argument.
func (c *Call) String(name string) string {
	s, _ := c.Value(name).(string)
	return s
}

// Int returns an integer argument.
func (c *Call) Int(name string) int {
	n, _ := c.Value(name).(int64)
	return int(n)
}

// Float returns a number.
func (c *Call) Float(name string) float64 {
	f, _ := c.Value(name).(float64)
	return f
}

// Bool returns a truth value.
func (c *Call) Bool(name string) bool {
	b, _ := c.Value(name).(bool)
	return b
}

// Strings returns a list of strings, or nil.
func (c *Call) Strings(name string) []string { return stringsOf(c.Value(name)) }

// StringMap returns a dict of strings, or nil.
func (c *Call) StringMap(name string) map[string]string { return stringMapOf(c.Value(name)) }

// StringMaps returns a dict of dicts of strings, or nil.
func (c *Call) StringMaps(name string) map[string]map[string]string {
	d, _ := c.Value(name).(*dict)
	if d == nil {
		return nil
	}
	result := make(map[string]map[string]string, len(d.keys))
	for i, key := range d.keys {
		result[key] = stringMapOf(d.values[i])
	}
	return result
}

// Secret returns a secret, or its zero value.
func (c *Call) Secret(name string) score.Secret {
	s, _ := goValue(c.Value(name)).(score.Secret)
	return s
}

func stringsOf(copied any) []string {
	elems, _ := copied.(list)
	if len(elems) == 0 {
		return nil
	}
	result := make([]string, len(elems))
	for i, elem := range elems {
		result[i] = elem.(string)
	}
	return result
}

func stringMapOf(copied any) map[string]string {
	d, _ := copied.(*dict)
	if d == nil {
		return nil
	}
	result := make(map[string]string, len(d.keys))
	for i, key := range d.keys {
		result[key] = d.values[i].(string)
	}
	return result
}

// goValue returns what a *Value holds, and anything else as it is.
func goValue(copied any) any {
	if v, ok := copied.(*Value); ok {
		return v.made
	}
	return copied
}

// Values returns the Go values of a list argument, such as the score.Rule of each rule.
func Values[T any](c *Call, name string) []T {
	elems, _ := c.Value(name).(list)
	if len(elems) == 0 {
		return nil
	}
	result := make([]T, len(elems))
	for i, elem := range elems {
		result[i] = goValue(elem).(T)
	}
	return result
}

// ValueAs returns the Go value of an argument, or T's zero value when it has none or another type.
func ValueAs[T any](c *Call, name string) T {
	v, _ := goValue(c.Value(name)).(T)
	return v
}
