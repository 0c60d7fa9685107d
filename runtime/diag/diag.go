// SPDX-License-Identifier: Apache-2.0

// Package diag holds diagnostics: problems with a position in the script, a summary, a detail and, where
// there is one, the fix. It renders them as text with the source line and a caret, and as JSON.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Severity says whether a problem stops a run.
type Severity string

const (
	// Error stops the run.
	Error Severity = "error"
	// Warning is told and the run goes on.
	Warning Severity = "warning"
)

// Diagnostic is one problem.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Code is the stable identifier of this kind of problem, in kebab case: "unknown-argument".
	Code string `json:"code"`
	// Position is where in the script the problem is; the zero Position when it has no place there.
	Position score.Position `json:"position,omitzero"`
	// Length is how many code points the caret line underlines; 0 and 1 mean one caret.
	Length int `json:"length,omitempty"`
	// Summary says who, what was got and what was wanted, in one line, lower case, without a full stop.
	Summary string `json:"summary"`
	// Detail explains further, when there is more to say. It may have several lines.
	Detail string `json:"detail,omitempty"`
	// Fix says what to do about it, as an instruction.
	Fix string `json:"fix,omitempty"`
	// Related are other places that matter, such as the first of two definitions or the callers.
	Related []Related `json:"related,omitempty"`
}

// Related is another place in the script that a problem has to do with.
type Related struct {
	Position score.Position `json:"position"`
	Message  string         `json:"message"`
}

// String returns "file:line:column: severity: summary [code]", one line without source.
func (d Diagnostic) String() string {
	text := fmt.Sprintf("%s: %s [%s]", d.Severity, strings.Map(printable, d.Summary), d.Code)
	if d.Position.IsValid() || d.Position.File != "" {
		text = d.Position.String() + ": " + text
	}
	return text
}

// List is a set of diagnostics. As an error it stands for all of them.
type List []Diagnostic

// Error returns the diagnostics, one line each.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// HasErrors reports whether any diagnostic is an Error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Count returns how many errors and how many warnings there are.
func (l List) Count() (errors, warnings int) {
	for _, d := range l {
		if d.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Sorted returns the diagnostics ordered by position, then severity, code and summary, each once. Positions
// outside any script come first.
func (l List) Sorted() List {
	sorted := slices.Clone(l)
	compare := func(a, b Diagnostic) int {
		return cmp.Or(a.Position.Compare(b.Position), strings.Compare(string(a.Severity), string(b.Severity)),
			strings.Compare(a.Code, b.Code), strings.Compare(a.Summary, b.Summary), strings.Compare(a.Detail, b.Detail))
	}
	slices.SortStableFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool { return compare(a, b) == 0 })
}

// CalledFrom is the message of a Related that is a call that led to the problem.
const CalledFrom = "called from here"

// Callers returns one Related per call that led to origin, innermost first, so that a problem inside a
// shared function names who called it.
func Callers(origin score.Origin) []Related {
	var related []Related
	for _, p := range origin.Callers() {
		related = append(related, Related{Position: p, Message: CalledFrom})
	}
	return related
}
