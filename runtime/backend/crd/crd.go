// SPDX-License-Identifier: Apache-2.0

// Package crd compiles monitoring stacks to prometheus-operator's resources in monitoring.coreos.com: the backend
// of V2_CRD.
//
// Everything that a stack makes is in its namespace, is named after it and is found by its label, so that stacks
// and tenants never see each other. The backend asks for no right outside the namespace.
package crd

import (
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// provider installs the resources and reconciles them.
const provider = "prometheus-operator"

type compiler struct {
	sender       *alertmanagerconfig.Sender
	capabilities backend.Capabilities
}

// New returns the backend of V2_CRD.
func New() backend.Backend {
	return compiler{sender: alertmanagerconfig.New(alertmanagerconfig.CoreOS(score.V2CRD)), capabilities: capabilities()}
}

// Version returns score.V2CRD.
func (compiler) Version() score.APIVersion { return score.V2CRD }

// Sender returns the sender into AlertmanagerConfigs of monitoring.coreos.com.
func (c compiler) Sender() backend.Sender { return c.sender }

// Capabilities lists what prometheus-operator's resources can express.
func (c compiler) Capabilities() backend.Capabilities { return c.capabilities }

func capabilities() backend.Capabilities {
	return backend.NewCapabilities(operator.Features(backend.FeatureShards), map[backend.Feature]string{
		backend.FeatureTenantShared:     `this version gives every tenant a Prometheus and an Alertmanager of its own: use mode = "dedicated"`,
		backend.FeatureHonorLabelsProbe: operator.NoHonorLabelsProbe,
	})
}

// Requires lists the resources of prometheus-operator that the backend makes.
func (compiler) Requires() []backend.CRD {
	return operator.Requires(operator.GroupCoreOS, provider)
}

// Compile returns the objects of a monitoring_stack or tenant_monitoring.
func (c compiler) Compile(s score.Score) ([]backend.Object, error) {
	b := &backend.Builder{Title: s.Title()}
	scope, err := operator.ScopeOf(b, s, c.capabilities)
	if err != nil {
		return nil, err
	}
	c.addStack(b, scope)
	return b.Objects()
}

// addStack adds the objects of a stack in the order in which a reader wants to see them.
func (c compiler) addStack(b *backend.Builder, s operator.Scope) {
	s.AlertmanagerSecrets = c.sender.Mounts(s.AlertChannels)
	s.AddNamespace(b)
	s.AddIdentity(b)
	s.AddNetwork(b)
	addServers(b, s)
	b.Append(c.sender.Send(s.Delivery(b.Title)))
	s.AddTargets(b)
	s.AddRules(b)
}
