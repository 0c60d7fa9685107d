// SPDX-License-Identifier: Apache-2.0

// Package helm is all that harmonyscript knows of the Helm SDK: it finds charts, renders releases, and installs, upgrades,
// rolls back and uninstalls them. No other package imports the SDK, so that another version of it changes this one alone.
package helm

import (
	"context"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// FieldManager is the name under which Helm's writes are known in the managedFields of objects.
const FieldManager = "harmonyscript-helm"

// OwnerLabel is on the stored revisions of a release. Its value is the ApplySet ID of the deployment that made it.
const OwnerLabel = "harmonyscript.io/deployment"

// Charts finds charts and renders releases. It talks to registries and files, never to a cluster.
type Charts interface {
	// Render returns what the chart makes of the release for the target. Problems are at the release's lines in the script:
	// a chart that is not found, a value that the chart does not know (a warning), a template that fails. When they have
	// errors, Rendered is nil.
	Render(ctx context.Context, release backend.Release, target Target) (*Rendered, diag.List)
}

// Target is what templates are told about the cluster (`.Capabilities`).
type Target struct {
	// KubernetesVersion is the API server's: "v1.37.2". Empty means the one of the Kubernetes libraries.
	KubernetesVersion string
	// APIVersions are "group/version" and "group/version/Kind" that the cluster serves. Empty means Kubernetes' own and
	// those of prometheus-operator.
	APIVersions []string
}

// Chart identifies a chart that was found.
type Chart struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	AppVersion string `json:"appVersion,omitempty"`
	// Digest of the archive ("sha256:…"); of a folder, that of its contents.
	Digest string `json:"digest"`
	// Source is where it came from, without credentials.
	Source string `json:"source"`
}

// Rendered is a release with what its chart makes of it. Equal releases, charts and targets give equal bytes.
type Rendered struct {
	Release backend.Release
	Chart   Chart
	// Objects are those of the release in the order in which Helm installs them: stage backend.StageReleases, Release set
	// to the release's key, namespace filled in.
	Objects []backend.Object
	// Definitions are the CustomResourceDefinitions of the chart when Release.Definitions is set. They are no objects of the
	// release (their Release is ""): Helm never upgrades them, so they are applied like objects of our own.
	Definitions []backend.Object
	// Hooks are run by Helm around an install, upgrade or removal, sorted by name. They are no members of anything.
	Hooks []Hook

	// source is the loaded chart with the values, in the SDK's types.
	source any
}

// Hook is an object that Helm makes at certain moments and then leaves alone or removes.
type Hook struct {
	ID backend.ID `json:"id"`
	// Events are those of Helm: "pre-install", "post-upgrade".
	Events []string `json:"events"`
	Weight int      `json:"weight,omitempty"`
	// Manifest is JSON with sorted keys.
	Manifest []byte `json:"-"`
}

// Manager carries releases out in one cluster.
type Manager interface {
	// State reads a release; nil when there is none of that name.
	State(ctx context.Context, namespace, name string) (*State, error)
	// Apply installs or upgrades, and rolls back or removes what failed. A release that a killed process left pending is
	// recovered first; while others may be at work on it the error is a *BusyError. Objects that exist without being the
	// release's are taken over: the caller has made sure that they may be.
	Apply(ctx context.Context, rendered *Rendered, options ApplyOptions) (*State, error)
	// Uninstall removes a release with its history. The objects in options.Keep stay as they are. While others may be at work
	// on the release the error is a *BusyError.
	Uninstall(ctx context.Context, namespace, name string, options UninstallOptions) error
}

// ApplyOptions say how a release is carried out.
type ApplyOptions struct {
	// Owner is stored with the release as OwnerLabel.
	Owner string
	// Labels are put on every object of the release beside those of the chart.
	Labels map[string]string
	// Timeout bounds hooks; 0 means 5 minutes. Readiness is not waited for here.
	Timeout time.Duration
	// History is how many revisions are kept; 0 means 10.
	History int
	// Redact takes secrets out of what is stored with a revision that failed; nil leaves it as it is.
	Redact func(string) string
}

// UninstallOptions say how a release is removed.
type UninstallOptions struct {
	// Keep are objects that stay: others own them now.
	Keep []backend.ID
	// Timeout bounds hooks; 0 means 5 minutes.
	Timeout time.Duration
	// Redact takes secrets out of what is stored about a failure; nil leaves it as it is.
	Redact func(string) string
}

// Status is the state that Helm stored with the last revision: "deployed", "failed", "pending-upgrade".
type Status string

// Deployed is the status of a release whose last revision was carried out. Every other one needs an Apply.
const Deployed Status = "deployed"

// Pending reports whether an operation is under way, or was when its process died.
func (s Status) Pending() bool {
	return s == "pending-install" || s == "pending-upgrade" || s == "pending-rollback" || s == "uninstalling"
}

// State is a release as the cluster has it.
type State struct {
	Namespace, Name string
	// Revision is the number of the last one, from 1.
	Revision int
	Status   Status
	// Operation is what has not come to its end; nil when the last one has.
	Operation *Operation
	// Description is Helm's own word about the last revision, free of secrets.
	Description string
	// Owner is the value of OwnerLabel; empty when somebody else made the release.
	Owner   string
	Chart   Chart
	Updated time.Time
	// Objects are those of the last revision that was deployed.
	Objects []backend.ID
	// Size is the number of bytes that the last revision takes in its Secret, of at most 1 MiB.
	Size int
}
