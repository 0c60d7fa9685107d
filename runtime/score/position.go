// SPDX-License-Identifier: Apache-2.0

// This file holds positions and origins: where in the script a value and its arguments were written.

package score

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
)

// Position is a place in a script. Line and Column count from 1, Column in Unicode code points; the zero
// Position means "nowhere", which is what values made by Go code have.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// IsValid reports whether p names a place.
func (p Position) IsValid() bool { return p.Line > 0 }

// String returns "file:line:column", the form that editors and terminals turn into a link.
func (p Position) String() string {
	if !p.IsValid() {
		return cmp.Or(p.File, "-")
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders positions by file, line and column.
func (p Position) Compare(q Position) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Argument tells where one argument of a call stands in the script.
type Argument struct {
	// Name is where the argument's name starts, or its value when it was passed by position.
	Name Position
	// Value is where the argument's expression starts.
	Value Position
	// Length is how many code points the expression has when it is on one line, otherwise 0.
	Length int
	// Token is the literal as the script spells it, with prefix and quotes, when the expression is one
	// string literal; otherwise empty.
	Token string
}

// CallSite is the place of one constructor call in a script. All values that a loop makes at the same call
// share one CallSite. It is safe for use by several goroutines, and not to be copied.
type CallSite struct {
	// Position is where the called name starts.
	Position Position
	// Arguments maps each argument to its place. Elements of list and dict literals have entries of their
	// own: `matchers[1]`, and for the value at key "app" `match_labels[app]`.
	Arguments map[string]Argument

	locate func() map[string]Argument
	once   sync.Once
}

// NewCallSite returns a call site whose arguments are located by locate when somebody asks where they are. That is when
// something is wrong with one of them, which is seldom.
func NewCallSite(position Position, locate func() map[string]Argument) *CallSite {
	return &CallSite{Position: position, locate: locate}
}

// HasArguments reports whether the site knows the places of its arguments.
func (s *CallSite) HasArguments() bool { return s.locate != nil || s.Arguments != nil }

// places returns the places of the arguments.
func (s *CallSite) places() map[string]Argument {
	if s.locate == nil {
		return s.Arguments
	}
	s.once.Do(func() { s.Arguments = s.locate() })
	return s.Arguments
}

// Origin tells where in the script a value was made. Origins take no part in equality of values.
type Origin struct {
	site    *CallSite
	callers []Position
}

// NewOrigin returns the origin of a value made at site. callers are the calls that led there, innermost
// first, when the site is inside a function.
func NewOrigin(site *CallSite, callers []Position) Origin {
	return Origin{site: site, callers: callers}
}

// Position returns the place of the call, or the zero Position of a value that Go code made.
func (o Origin) Position() Position {
	if o.site == nil {
		return Position{}
	}
	return o.site.Position
}

// Site returns the call site, or nil of a value that Go code made.
func (o Origin) Site() *CallSite { return o.site }

// Arguments returns the places of the call's arguments. It is not to be changed.
func (o Origin) Arguments() map[string]Argument {
	if o.site == nil {
		return nil
	}
	return o.site.places()
}

// Callers returns the places of the calls that led to this one, innermost first.
func (o Origin) Callers() []Position { return o.callers }

// Of returns the place of the named argument's value. Where the argument itself has no entry (it came in
// through **kwargs or is an element of something computed) it is the nearest enclosing entry, at last the call.
func (o Origin) Of(argument string) Position {
	if a, ok := o.lookup(argument); ok {
		return a.Value
	}
	return o.Position()
}

// LengthOf returns how many code points the expression at Of(argument) has, or 0 when that is not known, so that
// a diagnostic can underline it.
func (o Origin) LengthOf(argument string) int {
	a, _ := o.lookup(argument)
	return a.Length
}

// OfName returns the place of the argument's name, as Of does for its value.
func (o Origin) OfName(argument string) Position {
	if a, ok := o.lookup(argument); ok {
		return a.Name
	}
	return o.Position()
}

// Inside returns the place of the byte at offset in the decoded string that was passed as argument. exact is
// false when the argument was not one string literal; then the place is that of the whole expression.
func (o Origin) Inside(argument string, offset int) (position Position, exact bool) {
	a, ok := o.find(argument)
	if !ok || a.Token == "" {
		return o.Of(argument), false
	}
	lines, columns, ok := literalOffset(a.Token, offset)
	if !ok {
		return a.Value, false
	}
	p := a.Value
	if lines > 0 {
		p.Line += lines
		p.Column = columns + 1
	} else {
		p.Column += columns
	}
	return p, true
}

func (o Origin) find(argument string) (Argument, bool) {
	if o.site == nil {
		return Argument{}, false
	}
	a, ok := o.site.places()[argument]
	return a, ok
}

// lookup finds the entry of argument or of the nearest thing that holds it.
func (o Origin) lookup(argument string) (Argument, bool) {
	for {
		if a, ok := o.find(argument); ok {
			return a, true
		}
		cut := strings.LastIndexByte(argument, '[')
		if cut < 0 {
			return Argument{}, false
		}
		argument = argument[:cut]
	}
}
