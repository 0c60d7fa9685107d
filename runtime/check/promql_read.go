// SPDX-License-Identifier: Apache-2.0

// This file reads out of an expression what it says of targets, tenants and other rules.

package check

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

func placed(name string, at posrange.PositionRange) selected {
	return selected{name, int(at.Start), int(at.End - at.Start)}
}

// read collects the names in selectors.
func (e *expression) read(parsed parser.Expr) {
	metrics := map[string]bool{}
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				at := placed(m.Value, n.PosRange)
				switch {
				case m.Name == "namespace":
					e.namespaces = append(e.namespaces, namespaceMatcher{at, m})
				case m.Type == labels.MatchEqual && m.Name == model.JobLabel:
					e.jobs = append(e.jobs, at)
				case m.Type == labels.MatchEqual && m.Name == model.MetricNameLabel && !metrics[m.Value]:
					metrics[m.Value] = true
					e.metrics = append(e.metrics, at)
				}
			}
		case *parser.MatrixSelector:
			e.lookBack(n, path)
		case *parser.Call:
			if n.Func.Name == "label_replace" || n.Func.Name == "label_join" {
				if label, ok := n.Args[1].(*parser.StringLiteral); ok && label.Val == "namespace" {
					e.written = append(e.written, placed(n.Func.Name, n.PosRange))
				}
			}
		}
		return nil
	})
}

// lookBack remembers ranges that have to hold at least two samples.
func (e *expression) lookBack(n *parser.MatrixSelector, path []parser.Node) {
	selector := selectorOf(n)
	if selector == nil || len(path) == 0 || n.RangeExpr != nil {
		return
	}
	call, ok := path[len(path)-1].(*parser.Call)
	if !ok {
		return
	}
	switch call.Func.Name {
	case "rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets":
	default:
		return
	}
	l := lookBack{selected: placed(selector.Name, n.PositionRange()), function: call.Func.Name, duration: n.Range}
	for _, m := range selector.LabelMatchers {
		if m.Name == model.JobLabel && m.Type == labels.MatchEqual {
			l.job = m.Value
		}
	}
	e.ranges = append(e.ranges, l)
}
