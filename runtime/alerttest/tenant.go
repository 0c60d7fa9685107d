// SPDX-License-Identifier: Apache-2.0

// This file confines rules to a tenant, as the operator does before Prometheus sees them.

package alerttest

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// namespaceLabel is the label that tells tenants apart. Their operator sets it on every series and every alert.
const namespaceLabel = "namespace"

// confine makes the selectors of an expression choose the tenant's namespace. A matcher of the rule's own on it is
// dropped, of whatever kind it is. Like the operator it leaves the parameter of an aggregation alone.
func confine(n parser.Node, namespace string) {
	switch n := n.(type) {
	case *parser.AggregateExpr:
		confine(n.Expr, namespace)
	case *parser.VectorSelector:
		others := slices.DeleteFunc(slices.Clone(n.LabelMatchers), func(m *labels.Matcher) bool { return m.Name == namespaceLabel })
		n.LabelMatchers = append(others, labels.MustNewMatcher(labels.MatchEqual, namespaceLabel, namespace))
	default:
		for child := range parser.ChildrenIter(n) {
			confine(child, namespace)
		}
	}
}
