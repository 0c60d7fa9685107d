// SPDX-License-Identifier: Apache-2.0

// This file says which alerts get to a node of the tree, and which a node delivers.

package routing

import (
	"maps"
	"slices"
)

// Spot is a node in its place in the tree.
type Spot struct {
	// Way leads from the stack's own top to the node.
	Way []Hop
	// Around asks for an alert that gets to the node's parent and looks at its children. The tree's own matchers on
	// the tenant's namespace are part of it.
	Around Formula
	// Before are the siblings in front of the node that do not continue: what they match never gets to it.
	Before []*Node
}

// Node is the node.
func (s Spot) Node() *Node { return s.Way[len(s.Way)-1].Node }

// Matching asks for an alert that gets to the parent and that the node's own matchers match.
func (s Spot) Matching() Formula {
	f := s.Around.clone()
	f.Match(s.Node().Matchers)
	return f
}

// Arriving asks for an alert that gets to the node.
func (s Spot) Arriving() Formula {
	f := s.Matching()
	for _, sibling := range s.Before {
		f.Refuse(sibling.Matchers)
	}
	return f
}

// Delivering asks for an alert that the node delivers: one that gets there and that no child takes.
func (s Spot) Delivering() Formula {
	f := s.Arriving()
	for _, child := range s.Node().Routes {
		f.Refuse(child.Matchers)
	}
	return f
}

// Spots visits all nodes of the stack's own tree, parents first, in order. visit keeps it from going on below a
// node by returning false.
func (t *Tree) Spots(visit func(Spot) bool) {
	for i, first := range t.Top.Routes {
		spots(Spot{Way: []Hop{{first, i}}}, visit)
	}
}

func spots(s Spot, visit func(Spot) bool) {
	if !visit(s) {
		return
	}
	around := s.Arriving()
	var before []*Node
	for i, child := range s.Node().Routes {
		spots(Spot{Way: append(slices.Clip(s.Way), Hop{child, i}), Around: around, Before: slices.Clip(before)}, visit)
		if !child.Continue {
			before = append(before, child)
		}
	}
}

// Delivers looks for an alert with the given labels that some channel gets; labels that are not given may be
// anything. A given label with the value "" is one that the alert lacks. With Yes comes such an alert.
func (t *Tree) Delivers(s *Solver, given map[string]string) (witness map[string]string, found Verdict) {
	var known Formula
	for _, label := range slices.Sorted(maps.Keys(given)) {
		known.All = append(known.All, Literal{Label: label, Matcher: equal(label, given[label])})
	}
	found = No
	t.Spots(func(spot Spot) bool {
		if found == Yes {
			return false
		}
		if spot.Node().Channel == "" && len(spot.Node().Routes) == 0 {
			return false
		}
		f := spot.Arriving()
		if spot.Node().Channel != "" {
			f = spot.Delivering()
		}
		f.All = append(f.All, known.All...)
		alert, verdict := s.Solve(f)
		switch {
		case spot.Node().Channel == "":
			return verdict != No
		case verdict == Yes:
			witness, found = alert, Yes
		case verdict == Unknown:
			found = Unknown
		}
		return found != Yes
	})
	return witness, found
}
