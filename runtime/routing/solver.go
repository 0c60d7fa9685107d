// SPDX-License-Identifier: Apache-2.0

// This file decides whether there is an alert that fits given matchers, some of which are alternatives.

package routing

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// Literal is a matcher, or its opposite, on one label of the alert in question.
type Literal struct {
	// Label is usually the matcher's own. A question about two alerts gives their labels different names.
	Label   string
	Matcher *labels.Matcher
	// Not asks for the opposite.
	Not bool
}

// Formula is a question: an alert that fits All, and one at least of each list in Any.
type Formula struct {
	All []Literal
	Any [][]Literal
}

// Match asks for an alert that all matchers match.
func (f *Formula) Match(matchers labels.Matchers) {
	for _, m := range matchers {
		f.All = append(f.All, Literal{Label: m.Name, Matcher: m})
	}
}

// Refuse asks for an alert that one of the matchers at least does not match.
func (f *Formula) Refuse(matchers labels.Matchers) {
	alternatives := make([]Literal, len(matchers))
	for i, m := range matchers {
		alternatives[i] = Literal{Label: m.Name, Matcher: m, Not: true}
	}
	f.Any = append(f.Any, alternatives)
}

// clone returns a copy that can be asked more.
func (f Formula) clone() Formula {
	return Formula{All: slices.Clip(slices.Clone(f.All)), Any: slices.Clip(slices.Clone(f.Any))}
}

// maxBranches is how many combinations of alternatives one question may try.
const maxBranches = 5_000

// Solver answers Formulas and remembers what it found out about single labels. The zero value is ready to use, by one
// goroutine.
type Solver struct {
	known map[string]answer
}

type answer struct {
	value   string
	verdict Verdict
}

// Solve looks for an alert. With Yes comes one, as its labels: a label that it lacks is not there.
func (s *Solver) Solve(f Formula) (witness map[string]string, found Verdict) {
	q := question{solver: s, labels: map[string][]*labels.Matcher{}, values: map[string]string{}, exact: true}
	for _, l := range f.All {
		if !q.add(l) {
			return nil, q.no()
		}
	}
	clauses := slices.Clone(f.Any)
	slices.SortStableFunc(clauses, func(a, b []Literal) int { return cmp.Compare(len(a), len(b)) })
	if q.satisfy(clauses) {
		if !q.certain() {
			return nil, Unknown
		}
		maps.DeleteFunc(q.values, func(_, v string) bool { return v == "" })
		return q.values, Yes
	}
	return nil, q.no()
}

// question is the work on one Formula.
type question struct {
	solver *Solver
	// labels are the matchers that were asked of each label so far, values what fits them.
	labels map[string][]*labels.Matcher
	values map[string]string
	// open are labels of which it is not known whether a value fits.
	open     []string
	branches int
	// exact is false once something was given up: then the absence of an answer proves nothing.
	exact bool
}

func (q *question) no() Verdict {
	if q.exact {
		return No
	}
	return Unknown
}

func (q *question) certain() bool { return len(q.open) == 0 }

// add asks for one more literal, and reports whether the label can still have a value.
func (q *question) add(l Literal) bool {
	asked := append(slices.Clip(q.labels[l.Label]), l.matcher())
	a := q.solver.value(asked)
	if a.verdict == No {
		return false
	}
	q.labels[l.Label] = asked
	q.values[l.Label] = a.value
	if a.verdict == Unknown {
		q.exact = false
		if !slices.Contains(q.open, l.Label) {
			q.open = append(slices.Clip(q.open), l.Label)
		}
	}
	return true
}

// satisfy goes through the alternatives, first those without a choice.
func (q *question) satisfy(clauses [][]Literal) bool {
	if len(clauses) == 0 {
		return true
	}
	if q.branches++; q.branches > maxBranches {
		q.exact = false
		return false
	}
	// What holds already needs no choice.
	for _, l := range clauses[0] {
		if q.holds(l) {
			return q.satisfy(clauses[1:])
		}
	}
	for _, l := range clauses[0] {
		asked, value, open := q.labels[l.Label], q.values[l.Label], q.open
		if q.add(l) && q.satisfy(clauses[1:]) {
			return true
		}
		q.labels[l.Label], q.values[l.Label], q.open = asked, value, open
		if len(asked) == 0 {
			delete(q.values, l.Label)
		}
	}
	return false
}

// holds reports whether a literal is certain to hold, because its label can have one value only.
func (q *question) holds(l Literal) bool {
	for _, m := range q.labels[l.Label] {
		if m.Type == labels.MatchEqual {
			return l.Matcher.Matches(m.Value) != l.Not
		}
	}
	return false
}

// matcher returns the literal as one matcher.
func (l Literal) matcher() *labels.Matcher {
	if !l.Not {
		return l.Matcher
	}
	opposite := *l.Matcher
	opposite.Type = map[labels.MatchType]labels.MatchType{
		labels.MatchEqual: labels.MatchNotEqual, labels.MatchNotEqual: labels.MatchEqual,
		labels.MatchRegexp: labels.MatchNotRegexp, labels.MatchNotRegexp: labels.MatchRegexp,
	}[l.Matcher.Type]
	return &opposite
}

// value looks for a value that fits all matchers.
func (s *Solver) value(matchers []*labels.Matcher) answer {
	key := signature(matchers)
	if known, ok := s.known[key]; ok {
		return known
	}
	var a answer
	a.value, a.verdict = value(matchers)
	if s.known == nil {
		s.known = map[string]answer{}
	}
	s.known[key] = a
	return a
}

// signature identifies a set of matchers on one label, whatever their order.
func signature(matchers []*labels.Matcher) string {
	parts := make([]string, len(matchers))
	for i, m := range matchers {
		parts[i] = m.Type.String() + m.Value
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\x00")
}
