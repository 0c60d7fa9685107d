// SPDX-License-Identifier: Apache-2.0

// This file holds the collector of problems and what it remembers between values.

package check

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	receivertemplate "github.com/prometheus/alertmanager/template"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// checker collects problems. What parsers say about a text is remembered by the text, and what has been
// looked at by identity, because a thousand tenants usually share one stack.
type checker struct {
	registry *backend.Registry
	list     diag.List

	promql             parser.Parser
	expressions        map[string]*expression
	alertTexts         map[string]*alertText
	receiverTemplates  map[string][]*templateProblem
	defaultTemplates   map[string]bool
	shipped            *receivertemplate.Template // what Alertmanager ships, once it was needed
	durations          map[string]duration
	parsedMatchers     map[string]parsedMatcher
	solver             routing.Solver
	soundRoutes        map[routeKey]bool
	goodLabels         map[[2]string]bool
	seen               map[any]bool
	leavesTenant       map[rulesKey][]namespaceMatch
	metricsOfRuleLists map[rulesKey][]foreignMetric
}

func newChecker(registry *backend.Registry) *checker {
	return &checker{
		registry:           registry,
		promql:             parser.NewParser(parser.Options{}),
		expressions:        map[string]*expression{},
		alertTexts:         map[string]*alertText{},
		receiverTemplates:  map[string][]*templateProblem{},
		defaultTemplates:   map[string]bool{},
		durations:          map[string]duration{},
		parsedMatchers:     map[string]parsedMatcher{},
		soundRoutes:        map[routeKey]bool{},
		goodLabels:         map[[2]string]bool{},
		seen:               map[any]bool{},
		leavesTenant:       map[rulesKey][]namespaceMatch{},
		metricsOfRuleLists: map[rulesKey][]foreignMetric{},
	}
}

// once reports whether key is new. Keys are values of types that belong to one kind of visit.
func (c *checker) once(key any) bool {
	if c.seen[key] {
		return false
	}
	c.seen[key] = true
	return true
}

// first identifies a slice by its elements' place in memory: values of scores are never changed, so the same
// place means the same elements.
func first[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}

// mapIdentity does for a map what first does for a slice.
func mapIdentity(m map[string]string) uintptr { return reflect.ValueOf(m).Pointer() }

// problem is a diagnostic that is being made.
type problem struct {
	code string
	// origin and argument are where the problem is; without an argument it is the call.
	origin   score.Origin
	argument string
	// key puts the problem at the argument's name, which for an entry of a dict is its key.
	key bool
	// value is the argument's value; when part is set, length bytes of it from offset on are underlined,
	// otherwise the whole expression.
	value          string
	offset, length int
	part           bool
	summary        string
	detail, fix    string
	related        []diag.Related
}

// report adds a problem to the list. Summaries are "who: got X, want Y" or "who: what is wrong".
func (c *checker) report(p problem) {
	severity, known := severities[p.code]
	if !known {
		// A code without a line in the table would be a bug of this package; the problem is told all the same.
		severity = diag.Error
	}
	d := diag.Diagnostic{Severity: severity, Code: p.code, Summary: p.summary, Detail: p.detail, Fix: p.fix, Related: p.related}
	switch {
	case p.argument == "":
		d.Position = p.origin.Position()
	case p.key:
		d.Position = p.origin.OfName(p.argument)
		if cut := strings.LastIndexByte(p.argument, '['); cut > 0 && d.Position != p.origin.OfName(p.argument[:cut]) {
			// Entries have places of their own only when their keys are literals; these have two quotes.
			d.Length = utf8.RuneCountInString(p.argument[cut+1:]) + 1
		}
	case p.part:
		offset := min(max(p.offset, 0), len(p.value))
		end := min(offset+max(p.length, 0), len(p.value))
		position, exact := p.origin.Inside(p.argument, offset)
		d.Position, d.Length = position, p.origin.LengthOf(p.argument)
		if exact {
			d.Length = between(p.origin, p.argument, position, end, utf8.RuneCountInString(p.value[offset:end]))
			break
		}
		excerpt := diag.Excerpt(p.value, offset, end-offset)
		if d.Detail != "" {
			excerpt += "\n" + d.Detail
		}
		d.Detail = excerpt
	default:
		d.Position, d.Length = p.origin.Of(p.argument), p.origin.LengthOf(p.argument)
	}
	d.Related = append(d.Related, diag.Callers(p.origin)...)
	c.list = append(c.list, d)
}

// between returns how many code points of the script lie between start and the byte at end of the value,
// or fallback when that is on another line or not known.
func between(origin score.Origin, argument string, start score.Position, end, fallback int) int {
	position, exact := origin.Inside(argument, end)
	if exact && position.Line == start.Line && position.Column > start.Column {
		return position.Column - start.Column
	}
	return fallback
}

// quoteList joins names for a sentence: `a, b or c`.
func quoteList(names []string, last string) string {
	text := ""
	for i, name := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			text += " " + last + " "
		default:
			text += ", "
		}
		text += name
	}
	return text
}

// shown quotes a value for a summary, cut when it is long.
func shown(value string) string {
	const most = 60
	if utf8.RuneCountInString(value) > most {
		return fmt.Sprintf("%q…", string([]rune(value)[:most]))
	}
	if strings.Contains(value, `"`) && strconv.CanBackquote(value) {
		return "`" + value + "`"
	}
	return strconv.Quote(value)
}
