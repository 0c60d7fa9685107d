// SPDX-License-Identifier: Apache-2.0

// This file finds functions that are given what they are not for.

package check

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

func (l *lint) call(e *parser.Call) {
	switch e.Func.Name {
	case "delta", "idelta", "deriv":
		if selector := selectorOf(e.Args[0]); selector != nil && strings.HasSuffix(selector.Name, "_total") {
			better := map[string]string{"delta": "increase", "idelta": "irate", "deriv": "rate"}[e.Func.Name]
			l.report(e, "delta-of-counter", fmt.Sprintf("got %s() of the counter %s, which takes every restart for a fall", e.Func.Name, selector.Name), "write "+better+"()")
		}
	case "rate", "irate", "increase":
		l.rateOfAggregate(e)
	case "absent", "absent_over_time":
		l.absent(e)
	case "histogram_quantile":
		l.quantile(e.Args[0])
		l.buckets(e)
	case "quantile_over_time":
		l.quantile(e.Args[0])
	}
}

// rateOfAggregate finds counters that were added up before their growth is looked at.
func (l *lint) rateOfAggregate(e *parser.Call) {
	subquery, ok := e.Args[0].(*parser.SubqueryExpr)
	if !ok {
		return
	}
	inner := subquery.Expr
	for {
		paren, ok := inner.(*parser.ParenExpr)
		if !ok {
			break
		}
		inner = paren.Expr
	}
	if aggregate, ok := inner.(*parser.AggregateExpr); ok && counterOf(aggregate) != nil {
		l.report(e, "rate-of-aggregate", fmt.Sprintf("got %s() of counters that were added up, so the restart of one looks like a jump of all", e.Func.Name),
			fmt.Sprintf("add up afterwards: %s(%s(…))", aggregate.Op, e.Func.Name))
	}
}

// absent finds selectors of several things, of which one that is missing is not told.
func (l *lint) absent(e *parser.Call) {
	selector := selectorOf(e.Args[0])
	if selector == nil {
		return
	}
	for _, m := range selector.LabelMatchers {
		if m.Type == labels.MatchRegexp && len(m.SetMatches()) > 1 {
			l.report(e, "absent-of-several", fmt.Sprintf("got %s() of several with %s, which tells only that all of them are missing", e.Func.Name, m),
				fmt.Sprintf("write one for each: %s(…%s=%q…) or %s(…)", e.Func.Name, m.Name, m.SetMatches()[0], e.Func.Name))
		}
	}
}

// quantile finds percentages where a fraction is meant.
func (l *lint) quantile(argument parser.Expr) {
	b := boundsOf(argument)
	if b.least != b.greatest || b.least >= 0 && b.least <= 1 {
		return
	}
	fix := "write a number from 0 to 1"
	if b.least > 1 && b.least <= 100 {
		fix = fmt.Sprintf("write %v", b.least/100)
	}
	l.report(argument, "quantile-out-of-range", fmt.Sprintf("got the quantile %v, want a number from 0 to 1", b.least), fix)
}

// buckets finds histograms that lost their buckets.
func (l *lint) buckets(e *parser.Call) {
	buckets, others := false, false
	parser.Inspect(e.Args[1], func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			if strings.HasSuffix(selector.Name, "_bucket") {
				buckets = true
			} else {
				others = true
			}
		}
		return nil
	})
	if buckets && !others && !shapeOf(e.Args[1]).may(model.BucketLabel) {
		l.report(e.Args[1], "quantile-without-le", "got buckets without the label le, which tells one bucket from another", "keep le in the aggregation: sum by (le) (…)")
	}
}
