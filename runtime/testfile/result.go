// SPDX-License-Identifier: Apache-2.0

// This file holds what comes of test files.

package testfile

import (
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Verdict is how a test ended.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
)

// CodeFailed is the code of the diagnostics that tell what a test found.
const CodeFailed = "test-failed"

// Test is one test of a file.
type Test struct {
	// Name is the function's, that of the call's argument name, or the called function with its line.
	Name string
	// Position is where the test stands.
	Position score.Position
	Verdict  Verdict
	// Failures tell each expectation that does not hold, at its place.
	Failures diag.List
	// Time that it took.
	Time time.Duration
}

// File is what came of one test file.
type File struct {
	// Path as it was given.
	Path string
	// Tests in the order of their places.
	Tests []Test
	// Problems are what is wrong with the file itself or with scripts that it runs; with errors the file is wrong,
	// whatever its tests say.
	Problems diag.List
	// Sources are the texts of all files that were read, without secrets.
	Sources diag.Sources
	Time    time.Duration
	// Interrupted reports that the run was ended before the file was.
	Interrupted bool

	coverage *Coverage
}

// Wrong reports whether the file could not be run as it is.
func (f File) Wrong() bool { return f.Problems.HasErrors() }

// Count returns how many tests passed and failed.
func (f File) Count() (passed, failed int) {
	for _, t := range f.Tests {
		if t.Verdict == Passed {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed
}
