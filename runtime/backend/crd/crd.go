// SPDX-License-Identifier: Apache-2.0

// Package crd compiles monitoring stacks to prometheus-operator's resources in monitoring.coreos.com: the backend
// of V2_CRD.
//
// Everything that a stack makes is in its namespace, is named after it and is found by its label, so that stacks
// and tenants never see each other. The backend asks for no right outside the namespace.
package crd

import (
	"fmt"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/alertmanagerconfig"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
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
	return backend.NewCapabilities([]backend.Feature{
		backend.FeatureServiceMonitor,
		backend.FeaturePodMonitor,
		backend.FeatureStaticTargets,
		backend.FeatureProbe,
		backend.FeatureShards,
		backend.FeatureReplicas,
		backend.FeatureStorage,
		backend.FeatureRemoteWrite,
		backend.FeatureExternalLabels,
		backend.FeatureResources,
		backend.FeatureTenantDedicated,
		backend.FeatureRuleKeepFiring,
		backend.FeatureRuleGroupLimit,
	}, map[backend.Feature]string{
		backend.FeatureTenantShared:     `this version gives every tenant a Prometheus and an Alertmanager of its own: use mode = "dedicated"`,
		backend.FeatureHonorLabelsProbe: "a Probe has no such setting: the prober's own labels never clash with those of the target",
	})
}

// Requires lists the resources of prometheus-operator that the backend makes.
func (compiler) Requires() []backend.CRD {
	var required []backend.CRD
	for _, kind := range []string{
		monitoringv1.PrometheusesKind, monitoringv1.AlertmanagersKind, monitoringv1.PrometheusRuleKind,
		monitoringv1.ServiceMonitorsKind, monitoringv1.PodMonitorsKind, monitoringv1.ProbesKind,
	} {
		required = append(required, backend.CRD{Group: monitoring.GroupName, Version: monitoringv1.Version, Kind: kind, Provider: provider})
	}
	for _, kind := range []string{v1alpha1.ScrapeConfigsKind, v1alpha1.AlertmanagerConfigKind} {
		required = append(required, backend.CRD{Group: monitoring.GroupName, Version: v1alpha1.Version, Kind: kind, Provider: provider})
	}
	return required
}

// Compile returns the objects of a monitoring_stack or tenant_monitoring.
func (c compiler) Compile(s score.Score) ([]backend.Object, error) {
	switch s := s.(type) {
	case score.MonitoringStack:
		b := &backend.Builder{Title: s.Title()}
		c.stack(b, newScope(s, nil))
		return b.Objects()
	case score.TenantMonitoring:
		if s.Mode == score.TenantShared {
			return nil, fmt.Errorf("%s: got mode %q, want %q: %s", s.Title(), s.Mode, score.TenantDedicated,
				c.Capabilities().Reason(backend.FeatureTenantShared))
		}
		b := &backend.Builder{Title: s.Title()}
		b.Append(tenant.Objects(s.Tenant, s.Title(), s.Origin))
		c.stack(b, newScope(s.ScopedStack(), &s.Tenant))
		return b.Objects()
	default:
		return nil, fmt.Errorf("%s: got a score of kind %q, want a monitoring_stack or tenant_monitoring", s.Title(), s.Kind())
	}
}
