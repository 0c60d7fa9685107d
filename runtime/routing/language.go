// SPDX-License-Identifier: Apache-2.0

// This file finds a value that given matchers on one label all let through, or proves that there is none. Regular
// expressions are run side by side as automata over one representative of each kind of character, so the answer is
// exact unless the work gets too much.

package routing

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// Verdict is the answer to a question about all alerts.
type Verdict int

const (
	// Unknown means that the answer would take too much work.
	Unknown Verdict = iota
	// Yes means that there is an alert, which is the witness.
	Yes
	// No means that there can be none.
	No
)

// Bounds of the work on one label. A regular expression of a real matcher needs a small part of them.
const (
	maxInstructions = 3_000
	maxSteps        = 300_000
	maxMarks        = 3_000
)

// value returns a value that all matchers let through; "" stands for an alert that lacks the label.
func value(matchers []*labels.Matcher) (string, Verdict) {
	for _, m := range matchers {
		if m.Type == labels.MatchEqual {
			return m.Value, verdict(allMatch(matchers, m.Value))
		}
	}
	for _, candidate := range candidates(matchers) {
		if allMatch(matchers, candidate) {
			return candidate, Yes
		}
	}
	return search(matchers)
}

func verdict(yes bool) Verdict {
	if yes {
		return Yes
	}
	return No
}

func allMatch(matchers []*labels.Matcher, value string) bool {
	for _, m := range matchers {
		if !m.Matches(value) {
			return false
		}
	}
	return true
}

// candidates are values that are likely to fit: any new one, none, and the words in the expressions.
func candidates(matchers []*labels.Matcher) []string {
	found := []string{"other", "", "another", "other-2"}
	for i := range matchers {
		found = append(found, "value-"+strconv.Itoa(i))
	}
	for _, m := range matchers {
		found = append(found, strings.FieldsFunc(m.Value, func(r rune) bool {
			return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})...)
	}
	return found
}

// automaton is one matcher's expression, anchored at both ends.
type automaton struct {
	program *syntax.Prog
	// wanted says whether it has to match.
	wanted bool
}

func search(matchers []*labels.Matcher) (string, Verdict) {
	var automata []automaton
	size := 0
	for _, m := range matchers {
		text := m.Value
		if m.Type == labels.MatchNotEqual {
			text = regexp.QuoteMeta(text)
		}
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return "", Unknown
		}
		program, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			return "", Unknown
		}
		if size += len(program.Inst); size > maxInstructions {
			return "", Unknown
		}
		automata = append(automata, automaton{program, m.Type == labels.MatchRegexp})
	}
	alphabet, ok := representatives(automata)
	if !ok {
		return "", Unknown
	}
	w := walk{automata: automata, alphabet: alphabet, seen: map[string]bool{}}
	return w.run()
}

// representatives returns one character of each kind that the expressions can tell apart.
func representatives(automata []automaton) ([]rune, bool) {
	// The beginnings of the kinds: line breaks and letters of words are told apart by ^, $ and \b.
	marks := []rune{0, '\n', '\n' + 1, '0', '9' + 1, 'A', 'Z' + 1, '_', '_' + 1, 'a', 'z' + 1, 0xD800, 0xE000}
	for _, a := range automata {
		for i := range a.program.Inst {
			inst := &a.program.Inst[i]
			if inst.Op != syntax.InstRune && inst.Op != syntax.InstRune1 {
				continue
			}
			ranges := inst.Rune
			if len(ranges) == 1 {
				ranges = []rune{ranges[0], ranges[0]}
				if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
					for r := unicode.SimpleFold(inst.Rune[0]); r != inst.Rune[0]; r = unicode.SimpleFold(r) {
						ranges = append(ranges, r, r)
					}
				}
			}
			for j := 0; j+1 < len(ranges); j += 2 {
				marks = append(marks, ranges[j], ranges[j+1]+1)
			}
			if len(marks) > 4*maxMarks {
				slices.Sort(marks)
				if marks = slices.Compact(marks); len(marks) > maxMarks {
					return nil, false
				}
			}
		}
	}
	slices.Sort(marks)
	marks = slices.Compact(marks)
	alphabet := make([]rune, 0, len(marks))
	for _, r := range marks {
		if r <= unicode.MaxRune && (r < 0xD800 || r >= 0xE000) { // no text has surrogates
			alphabet = append(alphabet, r)
		}
	}
	// Words that a reader knows come first.
	slices.SortStableFunc(alphabet, func(a, b rune) int { return rank(a) - rank(b) })
	return alphabet, len(alphabet) <= maxMarks
}

func rank(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		return 0
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return 1
	case unicode.IsGraphic(r):
		return 2
	default:
		return 3
	}
}

// walk goes through the joint states of the automata, nearest first.
type walk struct {
	automata []automaton
	alphabet []rune
	seen     map[string]bool
	steps    int
}

// state is where the automata are after a text: for each, the instructions before what costs no character, and the
// last character.
type state struct {
	at   [][]uint32
	last rune
	text string
}

func (w *walk) run() (string, Verdict) {
	start := state{last: -1}
	for _, a := range w.automata {
		start.at = append(start.at, []uint32{uint32(a.program.Start)})
	}
	queue := []state{start}
	w.seen[start.key()] = true
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if w.accepts(s) {
			return s.text, Yes
		}
		for _, r := range w.alphabet {
			next := state{last: r, text: s.text + string(r)}
			alive := true
			context := syntax.EmptyOpContext(s.last, r)
			for i, a := range w.automata {
				after := w.step(a.program, s.at[i], context, r)
				// A positive expression that is lost stays lost.
				if len(after) == 0 && a.wanted {
					alive = false
					break
				}
				next.at = append(next.at, after)
			}
			if w.steps > maxSteps {
				return "", Unknown
			}
			if !alive {
				continue
			}
			if key := next.key(); !w.seen[key] {
				w.seen[key] = true
				queue = append(queue, next)
			}
		}
	}
	return "", No
}

func (s state) key() string {
	var b strings.Builder
	switch {
	case s.last == -1:
		b.WriteByte('^')
	case s.last == '\n':
		b.WriteByte('n')
	case syntax.IsWordChar(s.last):
		b.WriteByte('w')
	default:
		b.WriteByte('o')
	}
	for _, at := range s.at {
		for _, pc := range at {
			b.WriteString(strconv.FormatUint(uint64(pc), 36))
			b.WriteByte(',')
		}
		b.WriteByte(';')
	}
	return b.String()
}

func (w *walk) accepts(s state) bool {
	context := syntax.EmptyOpContext(s.last, -1)
	for i, a := range w.automata {
		matched := false
		for _, pc := range w.closure(a.program, s.at[i], context) {
			if a.program.Inst[pc].Op == syntax.InstMatch {
				matched = true
			}
		}
		if matched != a.wanted {
			return false
		}
	}
	return true
}

// step returns where an automaton is after one more character.
func (w *walk) step(p *syntax.Prog, at []uint32, context syntax.EmptyOp, r rune) []uint32 {
	var after []uint32
	for _, pc := range w.closure(p, at, context) {
		inst := &p.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(r) {
				after = append(after, inst.Out)
			}
		}
	}
	slices.Sort(after)
	return slices.Compact(after)
}

// closure follows everything that costs no character.
func (w *walk) closure(p *syntax.Prog, at []uint32, context syntax.EmptyOp) []uint32 {
	seen := make(map[uint32]bool, len(at))
	stack := slices.Clone(at)
	var reached []uint32
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		w.steps++
		reached = append(reached, pc)
		switch inst := &p.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^context == 0 {
				stack = append(stack, inst.Out)
			}
		}
	}
	return reached
}
