// SPDX-License-Identifier: Apache-2.0

// This file defines the types of arguments.

package builtins

import (
	"slices"
	"strings"
)

type kind int

const (
	kindAny kind = iota
	kindString
	kindInt
	kindFloat
	kindBool
	kindList
	kindMap
	kindValue
	kindVersion
	kindOneOf
	kindData
)

// kindSecret is the Result of secret().
const kindSecret = "secret"

// versionType is the type of V1_HELM and its like.
const versionType = "monitoring_api_version"

// Type is what an argument takes. The zero Type takes anything, and hands it on uncopied.
type Type struct {
	kind    kind
	elem    *Type
	result  string
	keys    []string
	options []Type
	// wide integers have 64 bits.
	wide bool
}

// String takes a string.
func String() Type { return Type{kind: kindString} }

// Int takes an integer of 32 bits.
func Int() Type { return Type{kind: kindInt} }

// Int64 takes an integer of 64 bits.
func Int64() Type { return Type{kind: kindInt, wide: true} }

// Float takes a number.
func Float() Type { return Type{kind: kindFloat} }

// Bool takes True or False.
func Bool() Type { return Type{kind: kindBool} }

// ListOf takes a list or a tuple of elem.
func ListOf(elem Type) Type { return Type{kind: kindList, elem: &elem} }

// MapOf takes a dict from strings to elem. keys are the only ones allowed; without any, every key is.
func MapOf(elem Type, keys ...string) Type { return Type{kind: kindMap, elem: &elem, keys: keys} }

// ValueOf takes a value of any constructor with this Result, or the constructor of this name.
func ValueOf(result string) Type { return Type{kind: kindValue, result: result} }

// Secret takes a secret().
func Secret() Type { return ValueOf(kindSecret) }

// Version takes a version of the monitoring API.
func Version() Type { return Type{kind: kindVersion} }

// OneOf takes whatever one of the options takes.
func OneOf(options ...Type) Type { return Type{kind: kindOneOf, options: options} }

// Data takes plain data: None, a truth value, a number, a string, or a list or dict of such. None inside of it stays.
func Data() Type { return Type{kind: kindData} }

// Any takes any value and hands it on as it is.
func Any() Type { return Type{} }

// String returns the type as documentation and diagnostics have it: "list of alert_channel".
func (t Type) String() string {
	switch t.kind {
	case kindString:
		return "string"
	case kindInt:
		return "int"
	case kindFloat:
		return "float"
	case kindBool:
		return "bool"
	case kindList:
		return "list of " + t.elem.String()
	case kindMap:
		return "dict of " + t.elem.String()
	case kindValue:
		return t.result
	case kindVersion:
		return versionType
	case kindData:
		return "plain data"
	case kindOneOf:
		names := make([]string, len(t.options))
		for i, o := range t.options {
			names[i] = o.String()
		}
		return strings.Join(names, " or ")
	default:
		return "any value"
	}
}

// takesSecret reports whether a secret() may be given.
func (t Type) takesSecret() bool {
	return t.kind == kindValue && t.result == kindSecret || slices.ContainsFunc(t.options, Type.takesSecret)
}

// takesString reports whether a plain string may be given.
func (t Type) takesString() bool {
	return t.kind == kindString || slices.ContainsFunc(t.options, Type.takesString)
}
