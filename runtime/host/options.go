// SPDX-License-Identifier: Apache-2.0

// This file defines what a Host is made with: the names that scripts see, and the limits that they run under.

package host

import (
	"cmp"
	"io/fs"
	"maps"
	"time"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Options say what a Host offers to scripts. The zero Options run plain Starlark under the default limits.
type Options struct {
	// Predeclared are the names that scripts see besides Starlark's own.
	Predeclared starlark.StringDict
	// PredeclaredIn are further names for some files only, by the file's name as positions have it; nil means none.
	PredeclaredIn func(file string) starlark.StringDict
	// Stdlib is what load("@stdlib//…") reads from; nil means that there is no standard library.
	Stdlib fs.FS
	// Limits of every run; fields that are zero take the value of DefaultLimits.
	Limits Limits
	// Parameters are the inputs by name, as text, that param() reads.
	Parameters map[string]string
	// Print gets what print() was given, with the place of the call. Nil drops it.
	Print func(position score.Position, text string)
	// Inspect looks at every file after it was resolved and before it runs, and reports what is wrong in it
	// whether or not the run gets there. Nil means no such pass.
	Inspect func(Source) diag.List
}

// Limits bound what one run, or one chunk of a Session, may use.
type Limits struct {
	// Steps of the interpreter: about one for each operation.
	Steps uint64
	// Time on the wall clock.
	Time time.Duration
	// LoadDepth is how many load() may be inside each other.
	LoadDepth int
	// FileSize is the most bytes that one script file may have. The parser is recursive: far larger files than the
	// default could exhaust its stack.
	FileSize int64
	// Memory is how many bytes the program's heap may grow while a script runs. It is watched from outside the
	// interpreter, so that a run may pass it, by far when one step makes much. What other goroutines allocate at the same
	// time counts too.
	Memory uint64
	// Elements is the most elements that one operation may make (a list times a number, a range) and that one
	// value of harmonyscript may hold, what is nested in it included.
	Elements int
}

// DefaultLimits returns the limits of Options that name none: far above what thousands of tenants need.
func DefaultLimits() Limits {
	return Limits{
		Steps:     100_000_000,
		Time:      time.Minute,
		LoadDepth: 32,
		FileSize:  1 << 20,
		Memory:    256 << 20,
		Elements:  1_000_000,
	}
}

// orDefaults fills in what is zero.
func (l Limits) orDefaults() Limits {
	d := DefaultLimits()
	return Limits{
		Steps:     cmp.Or(l.Steps, d.Steps),
		Time:      cmp.Or(l.Time, d.Time),
		LoadDepth: cmp.Or(l.LoadDepth, d.LoadDepth),
		FileSize:  cmp.Or(l.FileSize, d.FileSize),
		Memory:    cmp.Or(l.Memory, d.Memory),
		Elements:  cmp.Or(l.Elements, d.Elements),
	}
}

// Host runs scripts. It does not change once made, and any number of runs may go on at the same time.
type Host struct {
	options     Options
	predeclared starlark.StringDict
}

// New returns a Host. It copies the maps in options.
func New(options Options) *Host {
	options.Limits = options.Limits.orDefaults()
	options.Parameters = maps.Clone(options.Parameters)
	predeclared := make(starlark.StringDict, len(options.Predeclared)+len(guards()))
	maps.Copy(predeclared, guards())
	maps.Copy(predeclared, options.Predeclared)
	for _, value := range predeclared {
		value.Freeze()
	}
	options.Predeclared = predeclared
	return &Host{options: options, predeclared: predeclared}
}

// namesIn returns what is predeclared in a file.
func (h *Host) namesIn(file string) starlark.StringDict {
	if h.options.PredeclaredIn == nil {
		return h.predeclared
	}
	further := h.options.PredeclaredIn(file)
	if len(further) == 0 {
		return h.predeclared
	}
	names := maps.Clone(h.predeclared)
	maps.Copy(names, further)
	for _, value := range further {
		value.Freeze()
	}
	return names
}

// Limits returns the limits that scripts run under.
func (h *Host) Limits() Limits { return h.options.Limits }

// Predeclared returns the names that scripts see besides Starlark's own, as a copy.
func (h *Host) Predeclared() starlark.StringDict {
	names := maps.Clone(h.predeclared)
	for name := range names {
		if hidden(name) {
			delete(names, name)
		}
	}
	return names
}
