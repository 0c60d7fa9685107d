// SPDX-License-Identifier: Apache-2.0

// Package routing knows which alert goes to which channel.
//
// Compile makes the routing tree of a stack out of its channels and its route: what every sender sends is this tree.
// Of puts it where the operator of each version of the monitoring API puts it, and answers, as Alertmanager's
// dispatcher does, who gets an alert with given labels. Reach and Solver answer questions about all alerts at once:
// whether any alert can get to a route, and which.
//
// Alertmanager's own dispatcher is not linked in, because it brings all of Alertmanager with it; the tests hold this
// package against it.
package routing
