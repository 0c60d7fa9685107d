// SPDX-License-Identifier: Apache-2.0

// Package rhob compiles monitoring stacks to observability-operator's resources in monitoring.rhobs: the backend of
// V3_RHOB.
//
// A MonitoringStack stands for the two servers. observability-operator makes a Prometheus and an Alertmanager of it, with
// identities, services and disruption budgets, and its fork of prometheus-operator makes pods of these. What the
// MonitoringStack cannot say is said beside it, in the way that observability-operator documents: with server-side apply,
// parts of the generated resources are ours (see overlay.go).
//
// A stack's resources are called after a name that is unique in the cluster, because observability-operator makes
// ClusterRoles called after it. No name is the same as in another version, but for Secrets, which hold the same: a stack
// moves to or from this version by running twice for a while.
package rhob

import (
	"fmt"

	rhobsv1alpha1 "github.com/rhobs/observability-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// provider installs the resources and reconciles them.
const provider = "observability-operator"

type compiler struct {
	sender       *alertmanagerconfig.Sender
	capabilities backend.Capabilities
}

// New returns the backend of V3_RHOB.
func New() backend.Backend {
	return compiler{sender: alertmanagerconfig.New(alertmanagerconfig.RHOBS(score.V3RHOB)), capabilities: capabilities()}
}

// Version returns score.V3RHOB.
func (compiler) Version() score.APIVersion { return score.V3RHOB }

// Sender returns the sender into AlertmanagerConfigs of monitoring.rhobs.
func (c compiler) Sender() backend.Sender { return c.sender }

// Capabilities lists what observability-operator's resources can express.
func (c compiler) Capabilities() backend.Capabilities { return c.capabilities }

func capabilities() backend.Capabilities {
	return backend.NewCapabilities(operator.Features(), map[backend.Feature]string{
		backend.FeatureShards: "a MonitoringStack has no shards, and each of its Prometheus pods insists on a node of its own: " +
			"split the targets over several stacks",
		backend.FeatureTenantShared:     `this version gives every tenant a MonitoringStack of its own: use mode = "dedicated"`,
		backend.FeatureHonorLabelsProbe: operator.NoHonorLabelsProbe,
	}).Reserving(map[backend.Feature]backend.Reservation{
		// A MonitoringStack of the version that is in use has no field for it, and observability-operator owns the field of
		// the Alertmanager that it makes.
		backend.FeatureReplicas: {
			Except: alertmanagers,
			Reason: fmt.Sprintf("it is for Prometheus: observability-operator makes %d Alertmanagers whatever it is, and as each insists on a node of its own "+
				"the cluster needs %d nodes; so does each of several Prometheus", alertmanagers, alertmanagers),
		},
	})
}

// alertmanagers is how many Alertmanagers observability-operator makes for a MonitoringStack.
const alertmanagers = 2

// Requires lists the resources of observability-operator and of the operator that comes with it.
func (compiler) Requires() []backend.CRD {
	stack := backend.CRD{Group: operator.GroupRHOBS, Version: rhobsv1alpha1.GroupVersion.Version, Kind: stackKind, Provider: provider}
	return append([]backend.CRD{stack}, operator.Requires(operator.GroupRHOBS, provider)...)
}

// Compile returns the objects of a monitoring_stack or tenant_monitoring.
func (c compiler) Compile(s score.Score) ([]backend.Object, error) {
	b := &backend.Builder{Title: s.Title()}
	scope, err := operator.ScopeOf(b, s, c.capabilities)
	if err != nil {
		return nil, err
	}
	c.addStack(b, renamed(scope))
	return b.Objects()
}

// renamed gives a stack the names and labels that observability-operator does.
func renamed(s operator.Scope) operator.Scope {
	s.Group = operator.GroupRHOBS
	s.Resource = backend.ClusterStackName(s.Namespace, s.Name)
	for _, server := range []struct {
		*operator.Server
		component string
	}{{&s.Prometheus, "prometheus"}, {&s.Alertmanager, "alertmanager"}} {
		server.Name = s.Resource + "-" + server.component
		// Its services, disruption budgets and affinities select pods by these.
		server.Pods = map[string]string{"app.kubernetes.io/component": server.component, "app.kubernetes.io/part-of": s.Resource}
	}
	s.Prometheus.Beside = []int32{thanosPort}
	return s
}

// addStack adds the objects of a stack in the order in which a reader wants to see them.
func (c compiler) addStack(b *backend.Builder, s operator.Scope) {
	s.AlertmanagerSecrets = c.sender.Mounts(s.AlertChannels)
	s.AddNamespace(b)
	s.AddNetwork(b)
	addStackResource(b, s)
	addOverlays(b, s)
	b.Append(c.sender.Send(s.Delivery(b.Title)))
	s.AddTargets(b)
	s.AddRules(b)
}
