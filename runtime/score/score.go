// SPDX-License-Identifier: Apache-2.0

// This file holds what all scores have in common, and deployments.

package score

// Score is an immutable value that declares a desired state. The kinds of this package are MonitoringStack,
// Tenant and TenantMonitoring; a program that embeds harmonyscript may add its own and register a compiler
// for them.
type Score interface {
	// Kind returns the constructor's name: "monitoring_stack", "tenant", "tenant_monitoring".
	Kind() string
	// Title names this score among those of its deployment, for people: `tenant_monitoring "blue"`.
	Title() string
	// Source tells where the script made the score.
	Source() Origin
}

// Versioned is a Score that is deployed through one version of the monitoring API.
type Versioned interface {
	Score
	// MonitoringAPIVersion returns the version that the script chose.
	MonitoringAPIVersion() APIVersion
}

var (
	_ Versioned = MonitoringStack{}
	_ Versioned = TenantMonitoring{}
	_ Score     = Tenant{}
)

// Deployment is the set of scores that one script deploys under one name.
type Deployment struct {
	// Name identifies the deployment in the cluster: two runs with the same name act on the same objects.
	Name string
	// Position is the first deploy() call.
	Position Position
	// Scores are in the order of the deploy() calls.
	Scores []Score
	// Clusters are the kubeconfig contexts that it belongs to; empty when the script leaves that open.
	Clusters []string
	// ClustersOrigin is the deploy() call that lists them.
	ClustersOrigin Origin
}
