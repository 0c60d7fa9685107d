// SPDX-License-Identifier: Apache-2.0

// Package alerttest answers what rules and routes do: which alerts fire for given series, and who gets an alert.
//
// Evaluate runs groups of rules over synthetic series with Prometheus' own PromQL engine, at each of the groups' own
// intervals, and keeps the state of alerts as Prometheus does. Deliver walks the routing tree of a stack, with its
// mute times and inhibit rules. Nothing here reads a clock: both are pure functions of what they are given.
//
// Prometheus' package rules is not linked in, because it brings the clients of all clouds with it; the tests hold this
// package against promtool.
package alerttest
