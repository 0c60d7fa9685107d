// SPDX-License-Identifier: Apache-2.0

// This file takes the part of a tree that leads to some of the channels.

package routing

// Only returns the tree for those channels alone that deliver reports: an alert gets to each of them in it exactly as in
// the whole tree, and to no other. It does not change n.
//
// That holds because where an alert ends depends on the matchers alone, and every node says its own channel. So a tree
// can be split over two configurations, each with its own channels, and both together do what the whole does. What
// neither delivers nor keeps an alert from others is left out.
func (n *Node) Only(deliver func(channel string) bool) *Node {
	part := *n
	part.Routes = nil
	if part.Channel != "" && !deliver(part.Channel) {
		part.Channel, part.MuteTimes, part.ActiveTimes = "", nil, nil
	}
	for _, child := range n.Routes {
		below := child.Only(deliver)
		if !below.delivers() {
			below.Routes = nil
			if part.Channel == "" && below.Continue {
				continue
			}
		}
		part.Routes = append(part.Routes, below)
	}
	// With a channel, the last ones still keep alerts from it.
	for last := len(part.Routes) - 1; last >= 0 && part.Channel == "" && !part.Routes[last].delivers(); last-- {
		part.Routes = part.Routes[:last]
	}
	return &part
}

// delivers reports whether the node or one below it has a channel.
func (n *Node) delivers() bool {
	if n.Channel != "" {
		return true
	}
	for _, child := range n.Routes {
		if child.delivers() {
			return true
		}
	}
	return false
}
