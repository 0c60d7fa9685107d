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

	"github.com/prometheus/common/model"
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
	// namespaces are the values that the label "namespace" is compared with by equality.
	namespaces []selected
	// metrics are the names of the series that it reads, in their order, each once.
	metrics []selected
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
	metrics := map[string]bool{}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, m := range selector.LabelMatchers {
			if m.Type != labels.MatchEqual {
				continue
			}
			at := selected{m.Value, int(selector.PosRange.Start), int(selector.PosRange.End - selector.PosRange.Start)}
			switch m.Name {
			case "namespace":
				e.namespaces = append(e.namespaces, at)
			case model.MetricNameLabel:
				if !metrics[m.Value] {
					metrics[m.Value] = true
					e.metrics = append(e.metrics, at)
				}
			}
		}
		return nil
	})
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

// promqlOf checks the expression of a rule.
func (c *checker) promqlOf(who string, rule score.Rule) {
	for _, f := range c.expression(rule.Expr).faults {
		p := problem{
			code: f.code, origin: rule.Origin, argument: "expr", value: rule.Expr,
			part: f.code != "promql-too-long" && rule.Expr != "", offset: f.offset, length: f.length,
			summary: fmt.Sprintf("%s: expr: %s", who, f.message), fix: f.fix,
		}
		c.report(p)
	}
}
