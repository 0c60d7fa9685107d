// SPDX-License-Identifier: Apache-2.0

// Package status reads back: whether an object is really working, and how everything that a deployment made
// is doing, as a tree of scores, objects and pods. It never writes.
//
// Judge looks at one object alone and is pure. A Reader asks a cluster, through an interface that can only
// get and list. Both return values with a JSON form; how they look on a terminal is the caller's business.
//
// Generic readiness (kstatus) calls a Prometheus current whose Available condition is False, because it
// looks only at the generation and at the standard conditions. So the kinds of prometheus-operator have
// readers of their own here, and a program adds those of other groups to the Kinds that it passes.
package status
