// SPDX-License-Identifier: Apache-2.0

// Package backend defines what turns scores into Kubernetes objects: the Backend of one monitoring API
// version, the Sender that carries alert channels into it, the table of what each version can express, and
// the registry that a program fills explicitly.
//
// Everything here is pure: no I/O, no cluster, no clock. The same score compiles to the same bytes.
package backend

import (
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Compiler turns scores into objects.
type Compiler interface {
	// Compile returns the objects that s wants to exist, in a fixed order. It does not look at anything but s.
	// The error is for scores that check would have refused, or a bug; its text names the score.
	Compile(s score.Score) ([]Object, error)
}

// Backend compiles the versioned scores of one monitoring API version.
type Backend interface {
	Compiler
	// Version is the API version that this backend serves.
	Version() score.APIVersion
	// Capabilities says what the version can express.
	Capabilities() Capabilities
	// Sender carries alert channels into this version.
	Sender() Sender
	// Requires lists the custom resource definitions that must be served before anything can be applied.
	Requires() []CRD
}

// ReleaseCompiler is a Compiler whose scores want Helm releases beside objects.
type ReleaseCompiler interface {
	Compiler
	// CompileReleases returns the releases that s wants, in a fixed order. Like Compile it is pure: what a chart
	// makes of the values is found out by package helm.
	CompileReleases(s score.Score) ([]Release, error)
}

// CRD names a custom resource definition that a backend needs in the cluster.
type CRD struct {
	// Group, Version and Kind of the resource: "monitoring.coreos.com", "v1", "Prometheus".
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	// Provider is what installs it, in words for a user: "prometheus-operator".
	Provider string `json:"provider"`
}

// Sender carries the neutral description of alert channels into the dialect of one monitoring API version.
// It knows no channel: everything that it needs is in the description.
type Sender interface {
	// Check reports what of channel this version cannot express, at the channel's arguments.
	Check(channel score.AlertChannel) diag.List
	// Send returns the objects that make Alertmanager deliver to the channels.
	Send(delivery Delivery) ([]Object, error)
}

// Delivery is what a Sender is asked to deliver.
type Delivery struct {
	// Namespace is where the objects are made and whose alerts they receive.
	Namespace string
	// Stack names the Alertmanager that must pick the objects up.
	Stack string
	// Alertmanager is the name of that Alertmanager's resource; empty means StackName(Stack).
	Alertmanager string
	// Confined channels get no alerts but those with the label namespace=Namespace: the stack belongs to a tenant.
	Confined bool
	// Labels are those that the Alertmanager selects its configuration by.
	Labels map[string]string
	// Channels in the script's order. Without a Route each gets every alert that its matchers let through.
	Channels []score.AlertChannel
	// Route, InhibitRules and MuteTimes are the stack's.
	Route        *score.Route
	InhibitRules []score.InhibitRule
	MuteTimes    []score.MuteTime
	// Origin and Score are recorded with objects that belong to no single channel.
	Origin score.Origin
	Score  string
}

// Registry knows the backends and the compilers of unversioned scores. It is filled when it is made and
// never changes.
type Registry struct {
	backends  []Backend
	compilers map[string]Compiler
}

// NewRegistry returns a registry of the given backends, ordered by version, and of the compilers for
// unversioned kinds of score such as "tenant". Two backends of one version are an error.
func NewRegistry(backends []Backend, compilers map[string]Compiler) (*Registry, error) {
	sorted := slices.Clone(backends)
	slices.SortFunc(sorted, func(a, b Backend) int { return int(a.Version() - b.Version()) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i-1].Version() == sorted[i].Version() {
			return nil, fmt.Errorf("registry: got two backends for %s, want one", sorted[i].Version())
		}
	}
	kinds := make(map[string]Compiler, len(compilers))
	for kind, compiler := range compilers {
		kinds[kind] = compiler
	}
	return &Registry{backends: sorted, compilers: kinds}, nil
}

// Backend returns the backend of version.
func (r *Registry) Backend(version score.APIVersion) (Backend, bool) {
	for _, b := range r.backends {
		if b.Version() == version {
			return b, true
		}
	}
	return nil, false
}

// Backends returns all backends, ordered by version.
func (r *Registry) Backends() []Backend { return slices.Clone(r.backends) }

// Compiles reports whether an unversioned score of this kind has a compiler.
func (r *Registry) Compiles(kind string) bool {
	_, ok := r.compilers[kind]
	return ok
}

// Compile turns s into objects with the compiler of its version or kind.
func (r *Registry) Compile(s score.Score) ([]Object, error) {
	compiler, err := r.compiler(s)
	if err != nil {
		return nil, err
	}
	return compiler.Compile(s)
}

// CompileReleases returns the Helm releases that s wants: none, unless its version deploys through Helm.
func (r *Registry) CompileReleases(s score.Score) ([]Release, error) {
	compiler, err := r.compiler(s)
	if err != nil {
		return nil, err
	}
	if compiler, ok := compiler.(ReleaseCompiler); ok {
		return compiler.CompileReleases(s)
	}
	return nil, nil
}

func (r *Registry) compiler(s score.Score) (Compiler, error) {
	if compiler, ok := r.compilers[s.Kind()]; ok {
		return compiler, nil
	}
	versioned, ok := s.(score.Versioned)
	if !ok {
		return nil, fmt.Errorf("%s: no compiler for scores of kind %q", s.Title(), s.Kind())
	}
	b, ok := r.Backend(versioned.MonitoringAPIVersion())
	if !ok {
		return nil, fmt.Errorf("%s: no backend for %s", s.Title(), versioned.MonitoringAPIVersion())
	}
	return b, nil
}
