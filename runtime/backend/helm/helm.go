// SPDX-License-Identifier: Apache-2.0

// Package helm compiles monitoring stacks to releases of the kube-prometheus-stack chart: the backend of V1_HELM.
//
// A release holds no more than what only the chart can make: Prometheus, Alertmanager and their Services, and for a
// stack that stands alone the operator, Grafana and the exporters. Everything else are the objects that V2_CRD makes
// too, under the same names and with the same bytes. So a stack moves between the two versions in place, and Helm,
// which stores its values in the cluster, never sees a secret.
//
// The package knows how the chart spells things, and nothing of Helm itself: package runtime/helm renders.
package helm

import (
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// provider installs the resources and reconciles them.
const provider = "prometheus-operator, which a monitoring_stack of V1_HELM that stands alone brings along"

type compiler struct {
	sender       *alertmanagerconfig.Sender
	capabilities backend.Capabilities
}

var (
	_ backend.ReleaseCompiler = compiler{}
	_ backend.ValuesChecker   = compiler{}
)

// New returns the backend of V1_HELM. It is a backend.ReleaseCompiler and a backend.ValuesChecker too.
func New() backend.Backend {
	return compiler{sender: alertmanagerconfig.New(alertmanagerconfig.CoreOS(score.V1Helm)), capabilities: capabilities()}
}

// Version returns score.V1Helm.
func (compiler) Version() score.APIVersion { return score.V1Helm }

// Sender returns the sender into AlertmanagerConfigs of monitoring.coreos.com.
func (c compiler) Sender() backend.Sender { return c.sender }

// Capabilities lists what the chart can express: whatever prometheus-operator's resources can.
func (c compiler) Capabilities() backend.Capabilities { return c.capabilities }

func capabilities() backend.Capabilities {
	return backend.NewCapabilities(operator.Features(backend.FeatureShards, backend.FeatureHelmValues), map[backend.Feature]string{
		backend.FeatureTenantShared:     `this version gives every tenant a Prometheus and an Alertmanager of its own: use mode = "dedicated"`,
		backend.FeatureHonorLabelsProbe: operator.NoHonorLabelsProbe,
	})
}

// Requires lists the resources of prometheus-operator. The release of a stack that stands alone brings their
// definitions along (backend.Release.Definitions): whoever looks for them has to count these as there.
func (compiler) Requires() []backend.CRD { return operator.Requires(operator.GroupCoreOS, provider) }

// Compile returns the objects of a monitoring_stack or tenant_monitoring that are not its release's.
func (c compiler) Compile(s score.Score) ([]backend.Object, error) {
	b := &backend.Builder{Title: s.Title()}
	scope, err := c.scope(b, s)
	if err != nil {
		return nil, err
	}
	scope.AddNamespace(b)
	scope.AddIdentity(b)
	scope.AddNetwork(b)
	scope.AddDisruptionBudget(b, scope.Prometheus)
	scope.AddDisruptionBudget(b, scope.Alertmanager)
	// Only for the Secret with the credentials of remote write; the rest is in the release's values.
	if _, err := scope.RemoteWriteSpecs(b); err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.Title, err))
	}
	if !scope.Confined {
		addGrafanaLogin(b, scope)
	}
	b.Append(c.sender.Send(scope.Delivery(b.Title)))
	scope.AddTargets(b)
	scope.AddRules(b)
	return b.Objects()
}

// CompileReleases returns the one release of a monitoring_stack or tenant_monitoring.
func (c compiler) CompileReleases(s score.Score) ([]backend.Release, error) {
	scope, err := c.scope(nil, s)
	if err != nil {
		return nil, err
	}
	own, err := valuesOf(scope)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Title(), err)
	}
	all := merge(own, scope.HelmValues)
	keepMounts(all, scope.AlertmanagerSecrets)
	encoded, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("%s: helm_values: %w", s.Title(), err)
	}
	release := backend.Release{
		Namespace: scope.Namespace, Name: scope.Resource, Values: encoded,
		Definitions: !scope.Confined, Origin: scope.Origin, Score: s.Title(),
	}
	if scope.HelmChart != nil {
		release.Chart = *scope.HelmChart
	}
	return []backend.Release{release}, nil
}

func (c compiler) scope(b *backend.Builder, s score.Score) (operator.Scope, error) {
	scope, err := operator.ScopeOf(b, s, c.capabilities)
	scope.AlertmanagerSecrets = c.sender.Mounts(scope.AlertChannels)
	return scope, err
}
