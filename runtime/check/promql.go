// SPDX-License-Identifier: Apache-2.0

// This file judges PromQL expressions, each text once.

package check

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Bounds of what is parsed, far beyond any real rule. The parser recurses, and its time grows with the square
// of the depth.
const (
	maxExpression = 50_000 // bytes
	maxNesting    = 500    // open parentheses, brackets and braces
	// maxFaults is how many problems of one expression are told; a computed one may have thousands.
	maxFaults = 10
)

// expression is what there is to say about one PromQL text, wherever it stands.
type expression struct {
	faults []fault
	// lints are what is valid and most likely not meant, alertLints what is so in an alert.
	lints, alertLints []fault
	// shape says which labels the result can have; any for what does not parse.
	shape shape
	// ranges are what functions such as rate look back over.
	ranges []lookBack
	// jobs are the values that the label "job" has to be equal to.
	jobs []selected
	// namespaces are the matchers on the label "namespace", and written where a function writes that label.
	namespaces []namespaceMatcher
	written    []selected
	// metrics are the names of the series that it reads, in their order, each once.
	metrics []selected
}

// namespaceMatcher is a matcher on the label "namespace", with the place of its selector.
type namespaceMatcher struct {
	selected
	matcher *labels.Matcher
}

// lookBack is a range selector under a function that wants several samples.
type lookBack struct {
	selected
	function, job string
	duration      time.Duration
}

// selected is a name in a selector, and where the selector is in the text.
type selected struct {
	name           string
	offset, length int
}

// fault is a problem at a part of a text.
type fault struct {
	code           string
	offset, length int
	message, fix   string
}

func (c *checker) expression(text string) *expression {
	if known, ok := c.expressions[text]; ok {
		return known
	}
	e := parseExpression(c.promql, text)
	c.expressions[text] = e
	return e
}

func parseExpression(promql parser.Parser, text string) *expression {
	e := &expression{}
	if strings.TrimSpace(text) == "" {
		e.faults = []fault{{code: "invalid-promql", message: "got no expression, want PromQL"}}
		return e
	}
	if len(text) > maxExpression {
		e.faults = []fault{{code: "promql-too-long", message: fmt.Sprintf("got an expression of %d bytes, want at most %d", len(text), maxExpression)}}
		return e
	}
	if depth := nesting(text); depth > maxNesting {
		e.faults = []fault{{code: "promql-too-long", message: fmt.Sprintf("got an expression with %d parentheses inside each other, want at most %d", depth, maxNesting)}}
		return e
	}
	parsed, err := promql.ParseExpr(text)
	if err != nil {
		e.faults = parseFaults(text, err)
		return e
	}
	if kind := parsed.Type(); kind != parser.ValueTypeVector && kind != parser.ValueTypeScalar {
		f := fault{
			code: "promql-type", length: len(text),
			message: fmt.Sprintf("got an expression that gives a %s, want an instant vector or a scalar", parser.DocumentedType(kind)),
		}
		if kind == parser.ValueTypeMatrix {
			f.fix = "put a function such as rate() or max_over_time() around it"
		}
		e.faults = []fault{f}
		return e
	}
	e.read(parsed)
	l := lintOf(text, parsed)
	e.shape = shapeOf(parsed)
	e.lints, e.alertLints = l.any[:min(len(l.any), maxFaults)], l.alerts[:min(len(l.alerts), maxFaults)]
	return e
}

// nesting returns how many parentheses, brackets and braces are open at once at most. Those in strings count
// too; no real expression has hundreds of them.
func nesting(text string) int {
	depth, deepest := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth--
		}
	}
	return deepest
}

// parseFaults turns the parser's errors into faults, each with its place in the text.
func parseFaults(text string, err error) []fault {
	var several parser.ParseErrors
	if !errors.As(err, &several) {
		return []fault{{code: "invalid-promql", length: len(text), message: err.Error()}}
	}
	var faults []fault
	for _, one := range several[:min(len(several), maxFaults)] {
		if enclosesAnother(one, several) {
			continue
		}
		offset := min(max(int(one.PositionRange.Start), 0), len(text))
		end := min(max(int(one.PositionRange.End), offset), len(text))
		message := one.Err.Error()
		faults = append(faults, fault{code: "invalid-promql", offset: offset, length: end - offset, message: message, fix: promqlFix(text[offset:end], message)})
	}
	return faults
}

// enclosesAnother reports whether a smaller part of what one error is about is wrong as well: what the parser says of
// the whole, such as that an aggregation has no arguments, then follows from the part that it could not read.
func enclosesAnother(one parser.ParseErr, all parser.ParseErrors) bool {
	return slices.ContainsFunc(all, func(other parser.ParseErr) bool {
		a, b := one.PositionRange, other.PositionRange
		return a.Start <= b.Start && b.End <= a.End && a.End-a.Start > b.End-b.Start
	})
}

var unknownFunction = regexp.MustCompile(`unknown function with name "([^"]*)"`)

// promqlFix names the way out of the mistakes that people used to other languages make.
func promqlFix(part, message string) string {
	if match := unknownFunction.FindStringSubmatch(message); match != nil {
		if renamed := removedFunction(match[1]); renamed != "" {
			return renamed
		}
		if near := diag.Nearest(match[1], slices.Sorted(maps.Keys(parser.Functions))); near != "" {
			return fmt.Sprintf("write %s", near)
		}
		return ""
	}
	switch {
	case strings.Contains(message, `unexpected "="`):
		return "compare with == or, inside braces, match with ="
	case strings.HasPrefix(part, "&") || strings.Contains(message, "'&'"):
		return "write and"
	case strings.HasPrefix(part, "|") || strings.Contains(message, "'|'"):
		return "write or"
	case strings.HasPrefix(part, "!") && !strings.HasPrefix(part, "!=") && !strings.HasPrefix(part, "!~"):
		return "write unless, or compare with != 1"
	case strings.Contains(message, "unclosed left parenthesis"):
		return "close the parenthesis"
	case strings.Contains(message, "unterminated"):
		return "close the quote"
	case strings.Contains(message, "expected type range vector"):
		return "add a range such as [5m]"
	case strings.Contains(message, "is not enabled"):
		return "use another function: this one needs a feature flag of Prometheus"
	}
	return ""
}

// removedFunction says what to write instead of a function that Prometheus no longer has.
func removedFunction(name string) string {
	switch name {
	case "holt_winters":
		return "write double_exponential_smoothing, which needs a feature flag of Prometheus"
	case "count_scalar":
		return "write scalar(count(…))"
	case "drop_common_labels":
		return "aggregate with by (…) or without (…)"
	default:
		return ""
	}
}

// promqlOf checks the expression of a rule.
func (c *checker) promqlOf(who string, rule score.Rule) {
	e := c.expression(rule.Expr)
	report := func(faults []fault) {
		for _, f := range faults {
			c.report(problem{
				code: f.code, origin: rule.Origin, argument: "expr", value: rule.Expr,
				part: f.code != "promql-too-long" && rule.Expr != "", offset: f.offset, length: f.length,
				summary: fmt.Sprintf("%s: expr: %s", who, f.message), fix: f.fix,
			})
		}
	}
	report(e.faults)
	report(e.lints)
	if rule.Alert != "" {
		report(e.alertLints)
	}
}
