// SPDX-License-Identifier: Apache-2.0

// This file routes single alerts as Alertmanager's dispatcher does, in the tree that the operator generates.

package routing

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// NamespaceLabel is the label by which the operator keeps the alerts of tenants apart.
const NamespaceLabel = "namespace"

// Tree is a routing tree as an Alertmanager has it: all versions of the monitoring API generate the same.
type Tree struct {
	// Top notifies nobody. Its only child is the stack's tree, which the operator makes continue.
	Top *Node
	// Namespace is the only one whose alerts a tenant's tree takes; empty for a stack that stands alone.
	Namespace string
}

// Of returns the tree of a stack. namespace is the tenant's for a stack in a tenant, where the operator adds a matcher
// on it (the strategy OnNamespace), and empty for a stack that stands alone (the strategy None).
func Of(stack score.MonitoringStack, namespace string) (*Tree, error) {
	own, err := Compile(stack.AlertChannels, stack.Route)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stack.Title(), err)
	}
	return Place(own, namespace), nil
}

// OfScore returns the tree of a monitoring_stack or tenant_monitoring.
func OfScore(s score.Score) (*Tree, error) {
	switch s := s.(type) {
	case score.MonitoringStack:
		return Of(s, "")
	case score.TenantMonitoring:
		return Of(s.ScopedStack(), s.Tenant.Name)
	default:
		return nil, fmt.Errorf("%s: got a score of kind %q, want a monitoring_stack or tenant_monitoring", s.Title(), s.Kind())
	}
}

// Place puts a compiled tree where the operator puts it; see Of. It does not change own.
func Place(own *Node, namespace string) *Tree {
	first := *own
	first.Continue = true
	if namespace != "" {
		// The operator appends the matcher, whatever matchers there are.
		first.Matchers = append(slices.Clip(slices.Clone(first.Matchers)), equal(NamespaceLabel, namespace))
	}
	return &Tree{Top: &Node{Routes: []*Node{&first}}, Namespace: namespace}
}

// equal returns a matcher on one value. Unlike regular expressions it cannot be refused.
func equal(label, value string) *labels.Matcher {
	return &labels.Matcher{Type: labels.MatchEqual, Name: label, Value: value}
}

// ReceiverName is what the operator calls a channel's receiver, or a mute time, of the AlertmanagerConfig called
// config.
func ReceiverName(namespace, config, name string) string {
	return namespace + "/" + config + "/" + name
}

// Hop is one node on an alert's way, with its place among its siblings.
type Hop struct {
	Node  *Node
	Index int
}

// Delivery is one end of an alert's way.
type Delivery struct {
	// Way leads from the stack's own top to the node that delivers.
	Way []Hop
}

// End is the node that delivers.
func (d Delivery) End() *Node { return d.Way[len(d.Way)-1].Node }

// Deliveries returns where an alert with these labels ends, in the order in which Alertmanager finds the ends. Ends
// without a channel notify nobody. An alert that the stack does not take has no end.
func (t *Tree) Deliveries(alert map[string]string) []Delivery {
	var found []Delivery
	for i, first := range t.Top.Routes {
		found, _ = first.deliver(alert, nil, i, found)
	}
	return found
}

// Channels returns the channels that get an alert with these labels, in order; one that gets it twice is there twice.
func (t *Tree) Channels(alert map[string]string) []string {
	var names []string
	for _, d := range t.Deliveries(alert) {
		if name := d.End().Channel; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// deliver appends the ends of an alert at and below n, and reports whether n matches.
func (n *Node) deliver(alert map[string]string, way []Hop, index int, found []Delivery) ([]Delivery, bool) {
	for _, m := range n.Matchers {
		if !m.Matches(alert[m.Name]) {
			return found, false
		}
	}
	way = append(slices.Clip(way), Hop{n, index})
	before := len(found)
	for i, child := range n.Routes {
		var matched bool
		if found, matched = child.deliver(alert, way, i, found); matched && !child.Continue {
			break
		}
	}
	if len(found) == before {
		found = append(found, Delivery{Way: way})
	}
	return found, true
}
