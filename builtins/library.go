// SPDX-License-Identifier: Apache-2.0

// This file collects signatures into a library.

package builtins

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// Library is a set of functions and constants that scripts see. It does not change once made.
type Library struct {
	signatures  []*Signature // functions and methods, sorted
	byName      map[string]*Signature
	constants   map[string]Constant
	predeclared starlark.StringDict
	testNames   []string
}

// Families order the listings of documentation.
var families = []string{"scores", familyChannels, familyBlocks, "rules", "scrape targets", "settings", "script", familyTests}

// Standard returns the library of harmonyscript's own functions.
func Standard() *Library {
	l, err := newLibrary(standardSignatures())
	if err != nil {
		panic(err) // a mistake in this package's own table, which every test would meet
	}
	return l
}

// Signatures returns those of the Standard library.
func Signatures() []*Signature { return Standard().Signatures() }

func standardSignatures() []Signature {
	return slices.Concat(
		stackSignatures(), tenantSignatures(), channelSignatures(), routingSignatures(), ruleSignatures(), targetSignatures(),
		settingSignatures(), helmSignatures(), scriptSignatures(), testSignatures(), assertSignatures(),
	)
}

func newLibrary(table []Signature) (*Library, error) {
	l := &Library{byName: map[string]*Signature{}, constants: map[string]Constant{}, predeclared: starlark.StringDict{}}
	for _, c := range constants() {
		l.constants[c.Name], l.predeclared[c.Name] = c, c.Value
	}
	for i := range table {
		s := &table[i]
		if err := s.prepare(); err != nil {
			return nil, err
		}
		l.signatures = append(l.signatures, s)
		if s.Receiver != "" {
			continue
		}
		if _, taken := l.predeclared[s.Name]; taken || l.byName[s.Name] != nil {
			return nil, fmt.Errorf("library: got two functions called %q, want one", s.Name)
		}
		l.byName[s.Name] = s
		if s.TestOnly {
			l.testNames = append(l.testNames, s.Name)
			continue
		}
		l.predeclared[s.Name] = s.function()
	}
	for _, s := range slices.Clone(l.signatures) {
		if s.Receiver == "" && s.Build != nil && !s.TestOnly {
			replace := replaceSignature(s)
			if err := replace.prepare(); err != nil {
				return nil, err
			}
			s.methods = append(s.methods, replace)
			l.signatures = append(l.signatures, replace)
		}
		if s.Receiver != "" {
			receiver, ok := l.byName[s.Receiver]
			if !ok {
				return nil, fmt.Errorf("library: method %s has no constructor %s", s.Name, s.Receiver)
			}
			receiver.methods = append(receiver.methods, s)
		}
	}
	byFamily := func(a, b *Signature) int {
		return cmp.Or(cmp.Compare(familyOrder(a), familyOrder(b)), cmp.Compare(a.FullName(), b.FullName()))
	}
	slices.SortFunc(l.signatures, byFamily)
	for _, s := range l.byName {
		slices.SortFunc(s.methods, byFamily)
	}
	l.predeclared.Freeze()
	return l, nil
}

func familyOrder(s *Signature) int {
	if i := slices.Index(families, s.Family); i >= 0 {
		return i
	}
	return len(families)
}

// replaceSignature is the method that every value has.
func replaceSignature(s *Signature) *Signature {
	return &Signature{
		Name: replaceName, Receiver: s.Name, Family: s.Family, Result: s.Result,
		Summary: "a copy with the given arguments changed",
		Doc:     "It takes the arguments of " + s.Name + " by name. None takes an argument back.",
	}
}

// With returns a library with further functions, of which each has a Build function. A name that is taken is an
// error.
func (l *Library) With(extra ...Signature) (*Library, error) {
	table := make([]Signature, 0, len(l.signatures)+len(extra))
	for _, s := range l.signatures {
		if s.openEnded() && s.raw == nil {
			continue // made anew
		}
		again := *s
		again.methods = nil
		table = append(table, again)
	}
	for _, s := range extra {
		if s.Build == nil {
			return nil, fmt.Errorf("signature %s: got no Build function, want one", s.Name)
		}
		table = append(table, s)
	}
	return newLibrary(table)
}

// Signatures returns all functions and methods, by family and name.
func (l *Library) Signatures() []*Signature { return slices.Clone(l.signatures) }

// Signature returns the function of this name, or the method of a name such as "monitoring_stack.set_namespace".
func (l *Library) Signature(name string) (*Signature, bool) {
	for _, s := range l.signatures {
		if s.FullName() == name {
			return s, true
		}
	}
	return nil, false
}

// Constants returns the predeclared values, sorted by name.
func (l *Library) Constants() []Constant {
	all := slices.Collect(maps.Values(l.constants))
	slices.SortFunc(all, func(a, b Constant) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Predeclared returns what scripts see, by name.
func (l *Library) Predeclared() starlark.StringDict { return maps.Clone(l.predeclared) }

// Host returns a host whose scripts see this library, besides what options has already. The library's static pass
// runs after that of options.
func (l *Library) Host(options host.Options) *host.Host {
	predeclared := l.Predeclared()
	maps.Copy(predeclared, options.Predeclared)
	options.Predeclared = predeclared
	before := options.Inspect
	options.Inspect = func(source host.Source) diag.List {
		var problems diag.List
		if before != nil {
			problems = before(source)
		}
		return append(problems, l.Inspect(source)...)
	}
	return host.New(options)
}
