// SPDX-License-Identifier: Apache-2.0

// This file describes a stack's Alertmanager.

package operator

import (
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
)

// AlertmanagerSpec selects this stack's configuration in its own namespace. A tenant's routes match only alerts
// of its namespace. A stack that stands alone has alerts about other namespaces and without one (such as
// Watchdog), which that matcher would hide.
func (s Scope) AlertmanagerSpec() *monitoringv1ac.AlertmanagerSpecApplyConfiguration {
	strategy := monitoringv1.AlertmanagerConfigMatcherStrategyType("None")
	if s.Confined {
		strategy = monitoringv1.OnNamespaceConfigMatcherStrategyType
	}
	spec := monitoringv1ac.AlertmanagerSpec().
		WithReplicas(int32(s.Replicas)).
		WithServiceAccountName(s.Alertmanager.Name).
		WithAutomountServiceAccountToken(false).
		WithSecurityContext(podSecurity()).
		WithPortName(WebPort).
		WithExternalURL(s.Address(s.Alertmanager)).
		WithAlertmanagerConfigSelector(s.Own()).
		WithAlertmanagerConfigMatcherStrategy(monitoringv1ac.AlertmanagerConfigMatcherStrategy().WithType(strategy))
	spec.WithSecrets(s.AlertmanagerSecrets...)
	if s.Replicas > 1 {
		spec.WithAffinity(apart(s.Alertmanager.Pods))
	}
	return spec
}
