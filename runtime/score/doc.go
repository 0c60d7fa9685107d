// SPDX-License-Identifier: Apache-2.0

// Package score holds the values that a script declares: monitoring stacks, tenants, alert channels,
// rules and scrape targets, as plain Go values.
//
// The package knows neither Starlark nor Kubernetes. A value is complete when it is made and is never
// changed afterwards: constructors copy what they are given, and every consumer treats slices and maps of
// these structs as read-only. Whoever wants a changed value makes a copy with the change.
//
// Durations are strings in Prometheus' notation ("5m", "1h30m", "10d"), quantities are strings in
// Kubernetes' notation ("50Gi", "500m"). Whether they are valid is the business of package check, which
// reports all problems of a script at once.
package score
