// SPDX-License-Identifier: Apache-2.0

// This file finds out which labels the result of an expression can have.

package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// shape says which labels the series of a result can have.
type shape struct {
	// closed results have labels of names only; others may have any but those of names.
	closed bool
	names  map[string]bool
}

func open() shape                             { return shape{} }
func closed() shape                           { return shape{closed: true, names: map[string]bool{}} }
func (s shape) may(name string) bool          { return s.names[name] == s.closed }
func (s shape) with(names ...string) shape    { return s.changed(names, true) }
func (s shape) without(names ...string) shape { return s.changed(names, false) }

func (s shape) changed(names []string, there bool) shape {
	changed := shape{s.closed, maps.Clone(s.names)}
	if changed.names == nil {
		changed.names = map[string]bool{}
	}
	for _, name := range names {
		if there == s.closed {
			changed.names[name] = true
		} else {
			delete(changed.names, name)
		}
	}
	return changed
}

// union is what either of two results can have.
func (s shape) union(other shape) shape {
	switch {
	case s.closed && other.closed:
		return s.with(slices.Collect(maps.Keys(other.names))...)
	case s.closed:
		return other.with(slices.Collect(maps.Keys(s.names))...)
	case other.closed:
		return s.with(slices.Collect(maps.Keys(other.names))...)
	}
	both := shape{names: map[string]bool{}}
	for name := range s.names {
		if other.names[name] {
			both.names[name] = true
		}
	}
	return both
}

// list returns the labels of a closed shape for people.
func (s shape) list() string { return "{" + strings.Join(sortedKeys(s.names), ", ") + "}" }

func shapeOf(e parser.Expr) shape {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return shapeOf(e.Expr)
	case *parser.StepInvariantExpr:
		return shapeOf(e.Expr)
	case *parser.UnaryExpr:
		return shapeOf(e.Expr)
	case *parser.SubqueryExpr:
		return shapeOf(e.Expr)
	case *parser.MatrixSelector:
		return shapeOf(e.VectorSelector)
	case *parser.VectorSelector:
		result := open()
		for _, m := range e.LabelMatchers {
			if m.Type == labels.MatchEqual && m.Value == "" {
				result = result.without(m.Name)
			}
		}
		return result
	case *parser.AggregateExpr:
		return shapeOfAggregate(e)
	case *parser.Call:
		return shapeOfCall(e)
	case *parser.BinaryExpr:
		return shapeOfBinary(e)
	default:
		return closed()
	}
}

func shapeOfAggregate(e *parser.AggregateExpr) shape {
	inner := shapeOf(e.Expr)
	switch e.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		return inner
	}
	result := closed()
	if e.Without {
		result = inner.without(e.Grouping...)
	} else {
		for _, name := range e.Grouping {
			if inner.may(name) {
				result.names[name] = true
			}
		}
	}
	if label, ok := e.Param.(*parser.StringLiteral); ok && e.Op == parser.COUNT_VALUES {
		return result.with(label.Val)
	}
	return result
}

func shapeOfCall(e *parser.Call) shape {
	switch e.Func.Name {
	case "absent", "absent_over_time":
		return shapeOfAbsent(e.Args[0])
	case "info", "histogram_quantiles":
		return open()
	case "scalar", "vector", "time", "pi":
		return closed()
	}
	result := closed()
	for _, argument := range e.Args {
		if kind := argument.Type(); kind == parser.ValueTypeVector || kind == parser.ValueTypeMatrix {
			result = shapeOf(argument)
			break
		}
	}
	switch e.Func.Name {
	case "label_replace", "label_join":
		if label, ok := e.Args[1].(*parser.StringLiteral); ok {
			return result.with(label.Val)
		}
		return open()
	case "histogram_quantile", "histogram_fraction":
		return result.without(model.BucketLabel)
	}
	return result
}

// shapeOfAbsent follows Prometheus: the result has the labels that the selector wants to be equal to something.
func shapeOfAbsent(argument parser.Expr) shape {
	selector := selectorOf(argument)
	result := closed()
	if selector == nil {
		return result
	}
	for _, m := range selector.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		if m.Type == labels.MatchEqual {
			result.names[m.Name] = true
		}
	}
	return result
}

// selectorOf returns the selector that an argument is, or nil.
func selectorOf(e parser.Expr) *parser.VectorSelector {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return e
	case *parser.MatrixSelector:
		return selectorOf(e.VectorSelector)
	case *parser.ParenExpr:
		return selectorOf(e.Expr)
	case *parser.StepInvariantExpr:
		return selectorOf(e.Expr)
	default:
		return nil
	}
}

func shapeOfBinary(e *parser.BinaryExpr) shape {
	left, right := shapeOf(e.LHS), shapeOf(e.RHS)
	m := e.VectorMatching
	switch {
	case m == nil && e.LHS.Type() == parser.ValueTypeVector:
		return left
	case m == nil:
		return right
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		return left
	case e.Op == parser.LOR:
		return left.union(right)
	case m.FillValues.LHS != nil || m.FillValues.RHS != nil:
		return open()
	case m.Card == parser.CardManyToOne:
		return left.with(m.Include...)
	case m.Card == parser.CardOneToMany:
		return right.with(m.Include...)
	case m.On:
		result := closed()
		for _, name := range m.MatchingLabels {
			if left.may(name) {
				result.names[name] = true
			}
		}
		return result
	default:
		return left.without(m.MatchingLabels...)
	}
}
