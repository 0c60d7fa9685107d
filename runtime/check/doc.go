// SPDX-License-Identifier: Apache-2.0

// Package check looks for everything that is wrong with what a script declares, before anything is touched:
// names, PromQL, durations, labels, templates, matchers, addresses, quantities, duplicates, what the chosen
// monitoring API version cannot express, and declarations that fit together badly.
//
// It does no I/O, reports all problems at once, and gives each a stable code (see Codes) and the most exact
// place that the script's positions allow: inside a string literal where the value is one. What a parser of
// the real programs judges is judged by that parser: PromQL, alert templates, matchers, durations, quantities.
//
// An Error is what Prometheus, Alertmanager, their operator or the API server would refuse, or what could
// not do what it says; a Warning is what they would take and its author most likely does not want.
package check
