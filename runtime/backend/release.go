// SPDX-License-Identifier: Apache-2.0

// This file holds Helm releases as scores want them, and what their backends say about a script's values.

package backend

import "github.com/harmonyscript/harmonyscript/runtime/score"

// Release is a Helm release that a score wants to exist. It is what a backend knows without the chart: which
// objects come of it is found out by rendering, see package helm.
type Release struct {
	// Namespace and Name identify the release.
	Namespace string
	Name      string
	// Chart is where the chart comes from; its zero value means the default chart.
	Chart score.HelmChart
	// Values are those of harmonyscript with the script's helm_values merged over them, as JSON with sorted keys. They
	// hold no secret: Helm stores them in the cluster.
	Values []byte
	// Definitions tells that the CustomResourceDefinitions in the chart belong to this release. A tenant's release
	// leaves them to the platform's.
	Definitions bool
	// Origin is the score's place in the script; its arguments "helm_chart" and "helm_values" have places of their own.
	Origin score.Origin
	// Score is the title of the score that the release belongs to.
	Score string
}

// Key identifies the release in a cluster: "namespace/name".
func (r Release) Key() string { return r.Namespace + "/" + r.Name }

// ValuesChecker is a Backend that takes values for a chart from scripts (score.MonitoringStack.HelmValues) and does not
// let them undo what the score says.
type ValuesChecker interface {
	// CheckValues returns what is wrong with values, ordered by path. tenant tells that the stack is a tenant's, of
	// which less may be changed.
	CheckValues(values map[string]any, tenant bool) []ValueProblem
}

// ValueProblem is a value that a script may not give.
type ValueProblem struct {
	// Path leads to the value: "prometheus", "prometheusSpec", "replicas".
	Path []string
	// Secret tells that the value looks like a secret. It is never part of Why or Instead.
	Secret bool
	// Why says in a sentence what the value would break.
	Why string
	// Instead says what to write; empty when there is nothing that does the same.
	Instead string
}
