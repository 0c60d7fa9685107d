// SPDX-License-Identifier: Apache-2.0

// This file finds what is valid PromQL and most likely not what its author wants. Each finding follows from the text
// alone: what series there are, nobody knows here.

package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// lint is the work on one expression.
type lint struct {
	text string
	// any are findings in every rule, alerts those in alerts alone.
	any, alerts []fault
}

func (l *lint) at(node parser.Node, code, message, fix string) fault {
	position := node.PositionRange()
	start := min(max(int(position.Start), 0), len(l.text))
	end := min(max(int(position.End), start), len(l.text))
	return fault{code: code, offset: start, length: end - start, message: message, fix: fix}
}

func (l *lint) report(node parser.Node, code, message, fix string) {
	l.any = append(l.any, l.at(node, code, message, fix))
}

// lintOf returns what there is to say about a parsed expression.
func lintOf(text string, parsed parser.Expr) *lint {
	l := &lint{text: text}
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		switch e := node.(type) {
		case *parser.VectorSelector:
			l.selector(e)
		case *parser.BinaryExpr:
			l.comparison(e, path)
			l.matching(e)
		case *parser.Call:
			l.call(e)
		case *parser.AggregateExpr:
			if e.Op == parser.QUANTILE {
				l.quantile(e.Param)
			}
		}
		return nil
	})
	l.condition(parsed)
	return l
}

// condition finds alerts that fire for every series there is.
func (l *lint) condition(parsed parser.Expr) {
	if parsed.Type() == parser.ValueTypeScalar {
		l.alerts = append(l.alerts, l.at(parsed, "alert-without-condition",
			"got a number instead of series, so the alert always fires, whatever the number is", "compare series: 'up == 0'"))
		return
	}
	if !hasSelector(parsed) || hasCondition(parsed) {
		return // vector(1) is the usual way to say that an alert always fires
	}
	message, fix := "got no condition, so the alert fires for every series, whatever its value is", "compare with something: > 0"
	if comparesBool(parsed) {
		message, fix = "got a comparison with bool, which gives 0 or 1 for every series, so the alert fires for all of them", "leave bool out"
	}
	l.alerts = append(l.alerts, l.at(parsed, "alert-without-condition", message, fix))
}

func hasSelector(e parser.Node) bool {
	found := false
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if _, ok := node.(*parser.VectorSelector); ok {
			found = true
		}
		return nil
	})
	return found
}

func comparesBool(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return comparesBool(e.Expr)
	case *parser.AggregateExpr:
		return comparesBool(e.Expr)
	case *parser.BinaryExpr:
		return e.ReturnBool || comparesBool(e.LHS) || comparesBool(e.RHS)
	default:
		return false
	}
}

// hasCondition reports whether an expression gives some series and not others, depending on their values or on whether
// there are others.
func hasCondition(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return hasCondition(e.Expr)
	case *parser.StepInvariantExpr:
		return hasCondition(e.Expr)
	case *parser.UnaryExpr:
		return hasCondition(e.Expr)
	case *parser.AggregateExpr:
		return e.Op == parser.TOPK || e.Op == parser.BOTTOMK || hasCondition(e.Expr)
	case *parser.SubqueryExpr:
		return hasCondition(e.Expr)
	case *parser.VectorSelector:
		// The series of alerts are there while the alerts are, and those that rules recorded may well be.
		return e.Name == "" || strings.HasPrefix(e.Name, "ALERTS") || strings.Contains(e.Name, ":")
	case *parser.MatrixSelector:
		return hasCondition(e.VectorSelector)
	case *parser.Call:
		return strings.HasPrefix(e.Func.Name, "absent") || slices.ContainsFunc(e.Args, hasCondition)
	case *parser.BinaryExpr:
		switch {
		case e.Op.IsComparisonOperator() && !e.ReturnBool, e.Op == parser.LUNLESS, e.Op == parser.LAND:
			return true
		case e.Op == parser.LOR:
			return hasCondition(e.LHS) && hasCondition(e.RHS)
		}
		// A vector with matching labels lets through what has a partner.
		return e.VectorMatching != nil && (e.VectorMatching.On || len(e.VectorMatching.MatchingLabels) > 0) ||
			hasCondition(e.LHS) || hasCondition(e.RHS)
	default:
		return false
	}
}

// comparison finds comparisons that hold never or always, and those of counters.
func (l *lint) comparison(e *parser.BinaryExpr, path []parser.Node) {
	if !e.Op.IsComparisonOperator() || e.ReturnBool {
		return
	}
	left, right := boundsOf(e.LHS), boundsOf(e.RHS)
	switch always, ever := holds(e.Op, left, right); {
	case !ever:
		message := fmt.Sprintf("got a comparison that never holds: %s", boundsText(e, left, right))
		fix := ""
		if left.presence || right.presence {
			fix = "what is not there is not counted as 0: write absent(…), or … or vector(0) inside the comparison"
		}
		l.report(e, "comparison-never-true", message, fix)
	case always && !left.presence && !right.presence:
		l.report(e, "comparison-always-true", fmt.Sprintf("got a comparison that always holds: %s", boundsText(e, left, right)), "")
	}
	if counter := counterOf(e.LHS); counter != nil && e.RHS.Type() == parser.ValueTypeScalar && e.Op != parser.EQLC && !underCall(path) {
		f := l.at(e, "counter-compared", fmt.Sprintf("got a comparison of the counter %s itself, which only ever grows until a restart", counter.Name),
			fmt.Sprintf("compare how much it grows: increase(%s[10m])", l.text[counter.PosRange.Start:counter.PosRange.End]))
		l.alerts = append(l.alerts, f)
	}
}

func boundsText(e *parser.BinaryExpr, left, right bounds) string {
	side, b := e.LHS, left
	if left == anything || left.least == left.greatest && right.least != right.greatest {
		side, b = e.RHS, right
	}
	switch text := shortened(side.String()); {
	case b.least == b.greatest:
		return fmt.Sprintf("%s is always %v", text, b.least)
	case b.greatest > maxFinite:
		return fmt.Sprintf("%s is never below %v", text, b.least)
	default:
		return fmt.Sprintf("%s is from %v to %v", text, b.least, b.greatest)
	}
}

const maxFinite = 1e300

func shortened(text string) string {
	const most = 50
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// counterOf returns the selector of a counter whose value an expression gives, as it is or added up.
func counterOf(e parser.Expr) *parser.VectorSelector {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return counterOf(e.Expr)
	case *parser.AggregateExpr:
		switch e.Op {
		case parser.SUM, parser.MAX, parser.MIN, parser.AVG, parser.TOPK, parser.BOTTOMK:
			return counterOf(e.Expr)
		}
	case *parser.VectorSelector:
		if strings.HasSuffix(e.Name, "_total") && !strings.Contains(e.Name, ":") {
			return e
		}
	}
	return nil
}

func underCall(path []parser.Node) bool {
	return slices.ContainsFunc(path, func(n parser.Node) bool { _, ok := n.(*parser.Call); return ok })
}

var anchored = regexp.MustCompile(`^\^|[^\\]\$$`)

// selector finds matchers that say less, or more, than they seem to.
func (l *lint) selector(e *parser.VectorSelector) {
	for i, m := range e.LabelMatchers {
		if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
			operator := map[labels.MatchType]string{labels.MatchRegexp: "=", labels.MatchNotRegexp: "!="}[m.Type]
			switch {
			case m.Value == ".*" && m.Type == labels.MatchRegexp:
				l.matcher(e, m, "needless-regex", fmt.Sprintf("got %s, which matches every series, even those without the label", m), "leave it out, or write .+")
			case m.Value != "" && regexp.QuoteMeta(m.Value) == m.Value:
				l.matcher(e, m, "needless-regex", fmt.Sprintf("got the regular expression %q, which is only a text", m.Value), fmt.Sprintf("write %s%s%q", m.Name, operator, m.Value))
			case anchored.MatchString(m.Value):
				l.matcher(e, m, "needless-regex", fmt.Sprintf("got anchors in %q, and the whole value has to match anyway", m.Value), fmt.Sprintf("write %q", strings.TrimSuffix(strings.TrimPrefix(m.Value, "^"), "$")))
			}
		}
		if m.Type != labels.MatchEqual {
			continue
		}
		for j, other := range e.LabelMatchers {
			if j != i && other.Name == m.Name && !other.Matches(m.Value) && (other.Type != labels.MatchEqual || j > i) {
				l.report(e, "impossible-selector", fmt.Sprintf("got %s and %s, which no series can have at once", m, other), "leave one of them out")
			}
		}
	}
}

// matcher reports on one matcher, at its place if it is spelled as usual.
func (l *lint) matcher(e *parser.VectorSelector, m *labels.Matcher, code, message, fix string) {
	f := l.at(e, code, message, fix)
	if at := strings.Index(l.text[f.offset:f.offset+f.length], m.String()); at >= 0 {
		f.offset, f.length = f.offset+at, len(m.String())
	}
	l.any = append(l.any, f)
}

// matching finds vectors whose labels cannot agree.
func (l *lint) matching(e *parser.BinaryExpr) {
	m := e.VectorMatching
	if m == nil || e.Op == parser.LOR || m.FillValues.LHS != nil || m.FillValues.RHS != nil {
		return
	}
	left, right := shapeOf(e.LHS), shapeOf(e.RHS)
	if m.On {
		for _, name := range m.MatchingLabels {
			for _, side := range []struct {
				shape shape
				name  string
			}{{left, "left"}, {right, "right"}} {
				if !side.shape.may(name) {
					l.report(e, "labels-never-match", fmt.Sprintf("got on(%s), and the %s side has no label %s", strings.Join(m.MatchingLabels, ", "), side.name, name),
						fmt.Sprintf("keep %s in the aggregation of the %s side, or leave it out of on()", name, side.name))
					return
				}
			}
		}
		return
	}
	if !left.closed || !right.closed {
		return
	}
	left, right = left.without(m.MatchingLabels...), right.without(m.MatchingLabels...)
	for name := range left.with(sortedKeys(right.names)...).names {
		if !left.may(name) || !right.may(name) {
			l.report(e, "labels-never-match", fmt.Sprintf("got the labels %s on the left and %s on the right, which never agree", left.list(), right.list()),
				"aggregate both sides by the same labels, or say which have to agree: on(…), with group_left where the left side has more")
			return
		}
	}
}
