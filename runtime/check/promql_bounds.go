// SPDX-License-Identifier: Apache-2.0

// This file finds out between which numbers the values of an expression are, for comparisons that always or never hold.

package check

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// bounds are the least and the greatest value that a result can have.
type bounds struct {
	least, greatest float64
	// nan results may have values that are no numbers, which no comparison holds for.
	nan bool
	// presence results say by being there at all, so that comparing them with anything true is only a way to say so.
	presence bool
}

var anything = bounds{least: math.Inf(-1), greatest: math.Inf(1), nan: true}

func exactly(value float64) bounds {
	return bounds{least: value, greatest: value, nan: math.IsNaN(value)}
}
func within(least, greatest float64) bounds { return bounds{least: least, greatest: greatest} }
func atLeast(least float64) bounds          { return within(least, math.Inf(1)) }

func (b bounds) union(other bounds) bounds {
	return bounds{math.Min(b.least, other.least), math.Max(b.greatest, other.greatest), b.nan || other.nan, b.presence && other.presence}
}

func boundsOf(e parser.Expr) bounds {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return exactly(e.Val)
	case *parser.ParenExpr:
		return boundsOf(e.Expr)
	case *parser.StepInvariantExpr:
		return boundsOf(e.Expr)
	case *parser.SubqueryExpr:
		return boundsOf(e.Expr)
	case *parser.MatrixSelector:
		return boundsOf(e.VectorSelector)
	case *parser.UnaryExpr:
		inner := boundsOf(e.Expr)
		if e.Op == parser.SUB {
			inner.least, inner.greatest = -inner.greatest, -inner.least
		}
		return inner
	case *parser.VectorSelector:
		if e.Name == "up" {
			return within(0, 1)
		}
	case *parser.AggregateExpr:
		return boundsOfAggregate(e)
	case *parser.Call:
		return boundsOfCall(e)
	case *parser.BinaryExpr:
		return boundsOfBinary(e)
	}
	return anything
}

func boundsOfAggregate(e *parser.AggregateExpr) bounds {
	switch e.Op {
	case parser.COUNT, parser.COUNT_VALUES:
		b := atLeast(1)
		b.presence = true
		return b
	case parser.GROUP:
		b := exactly(1)
		b.presence = true
		return b
	case parser.STDDEV, parser.STDVAR:
		return bounds{least: 0, greatest: math.Inf(1), nan: true}
	case parser.SUM:
		if inner := boundsOf(e.Expr); inner.least >= 0 {
			return bounds{least: inner.least, greatest: math.Inf(1), nan: inner.nan}
		}
	case parser.MIN, parser.MAX, parser.AVG, parser.TOPK, parser.BOTTOMK, parser.LIMITK:
		inner := boundsOf(e.Expr)
		inner.presence = false
		return inner
	}
	return anything
}

func boundsOfCall(e *parser.Call) bounds {
	switch e.Func.Name {
	case "absent", "absent_over_time", "present_over_time":
		b := exactly(1)
		b.presence = true
		return b
	case "count_over_time":
		return atLeast(1)
	case "rate", "irate", "increase", "changes", "resets", "timestamp", "time":
		return atLeast(0)
	case "vector", "min_over_time", "max_over_time", "avg_over_time", "last_over_time", "first_over_time", "sort", "sort_desc":
		inner := boundsOf(e.Args[0])
		inner.presence = false
		return inner
	case "abs", "sqrt", "stddev_over_time", "stdvar_over_time":
		return bounds{least: 0, greatest: math.Inf(1), nan: true}
	case "minute":
		return within(0, 59)
	case "hour":
		return within(0, 23)
	case "day_of_week":
		return within(0, 6)
	case "day_of_month":
		return within(1, 31)
	case "day_of_year":
		return within(1, 366)
	case "days_in_month":
		return within(28, 31)
	case "month":
		return within(1, 12)
	case "label_replace", "label_join":
		return boundsOf(e.Args[0])
	}
	return anything
}

func boundsOfBinary(e *parser.BinaryExpr) bounds {
	if e.Op.IsComparisonOperator() && e.ReturnBool {
		return within(0, 1)
	}
	left, right := boundsOf(e.LHS), boundsOf(e.RHS)
	switch {
	case e.Op == parser.LOR:
		return left.union(right)
	case e.Op.IsSetOperator():
		return left
	case e.Op.IsComparisonOperator() && e.LHS.Type() == parser.ValueTypeVector:
		return left
	case e.Op.IsComparisonOperator():
		return right
	}
	nonNegative := left.least >= 0 && right.least >= 0
	nan := left.nan || right.nan
	switch {
	case e.Op == parser.ADD && nonNegative:
		return bounds{least: left.least + right.least, greatest: left.greatest + right.greatest, nan: nan}
	case e.Op == parser.MUL && nonNegative && !math.IsInf(left.greatest, 1) && !math.IsInf(right.greatest, 1):
		return bounds{least: left.least * right.least, greatest: left.greatest * right.greatest, nan: nan}
	case e.Op == parser.MUL && nonNegative:
		return bounds{least: left.least * right.least, greatest: math.Inf(1), nan: true}
	case e.Op == parser.DIV && nonNegative:
		return bounds{least: 0, greatest: math.Inf(1), nan: true} // zero by zero is no number
	case e.Op == parser.SUB && left.least == left.greatest && right.least == right.greatest:
		return exactly(left.least - right.least)
	}
	return anything
}

// holds reports whether a comparison holds always, and whether it can hold at all.
func holds(op parser.ItemType, left, right bounds) (always, ever bool) {
	numbers := !left.nan && !right.nan
	below := left.greatest < right.least     // every left below every right
	notAbove := left.greatest <= right.least //
	above := left.least > right.greatest     //
	notBelow := left.least >= right.greatest //
	same := left.least == left.greatest && right.least == right.greatest && left.least == right.least
	switch op {
	case parser.GTR:
		return above && numbers, !notAbove
	case parser.GTE:
		return notBelow && numbers, !below
	case parser.LSS:
		return below && numbers, !notBelow
	case parser.LTE:
		return notAbove && numbers, !above
	case parser.EQLC:
		return same && numbers, !below && !above
	case parser.NEQ:
		return (below || above) && numbers, !same || !numbers
	}
	return false, true
}
