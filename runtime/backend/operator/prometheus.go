// SPDX-License-Identifier: Apache-2.0

// This file describes a stack's Prometheus.

package operator

import (
	"slices"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// PrometheusSpec describes the Prometheus and adds the Secret that its remote write needs. Selectors of
// namespaces are left out everywhere: absent, they mean the Prometheus' own namespace (empty, they mean all).
// The error is for quantities and credentials that check would have refused.
func (s Scope) PrometheusSpec(b *backend.Builder) (*monitoringv1ac.PrometheusSpecApplyConfiguration, error) {
	resources, err := s.PodResources()
	if err != nil {
		return nil, err
	}
	spec := s.ConfinedPrometheus().
		WithReplicas(int32(s.Replicas)).
		WithShards(int32(s.Shards)).
		WithRetention(monitoringv1.Duration(s.Retention)).
		WithServiceAccountName(s.Prometheus.Name).
		WithAutomountServiceAccountToken(true).
		WithSecurityContext(podSecurity()).
		WithPortName(WebPort).
		WithServiceDiscoveryRole(monitoringv1.EndpointSliceRole).
		// The chart cannot leave these two out, and both are flags of the container: said here as well, they stay the
		// same when a stack moves, and no pod restarts.
		WithExternalURL(s.Address(s.Prometheus)).
		WithWALCompression(true).
		WithServiceMonitorSelector(s.Own()).
		WithPodMonitorSelector(s.Own()).
		WithProbeSelector(s.Own()).
		WithScrapeConfigSelector(s.Own()).
		WithRuleSelector(s.Own()).
		WithAlerting(monitoringv1ac.AlertingSpec().WithAlertmanagers(monitoringv1ac.AlertmanagerEndpoints().
			WithNamespace(s.Namespace).WithName(s.Alertmanager.Name).WithPort(intstr.FromString(WebPort)).
			WithAPIVersion(monitoringv1.AlertmanagerAPIVersion2)))
	if len(s.ExternalLabels) > 0 {
		spec.WithExternalLabels(s.ExternalLabels)
	}
	if len(resources.Requests)+len(resources.Limits) > 0 {
		spec.WithResources(resources)
	}
	if s.Replicas > 1 {
		spec.WithAffinity(apart(s.Prometheus.Pods))
	}
	if s.Storage != "" {
		claim, err := s.VolumeClaim()
		if err != nil {
			return nil, err
		}
		// Its constructor would give the template a kind of its own, which the operator copies into the StatefulSet.
		template := &monitoringv1ac.EmbeddedPersistentVolumeClaimApplyConfiguration{Spec: &claim}
		spec.WithStorage(monitoringv1ac.StorageSpec().WithVolumeClaimTemplate(template))
	}
	remoteWrite, err := s.RemoteWriteSpecs(b)
	return spec.WithRemoteWrite(remoteWrite...), err
}

// ConfinedPrometheus is the part of a Prometheus that keeps it to its own namespace and its series to their own
// names, the same in every version.
func (s Scope) ConfinedPrometheus() *monitoringv1ac.PrometheusSpecApplyConfiguration {
	spec := monitoringv1ac.PrometheusSpec().
		WithIgnoreNamespaceSelectors(!s.namesNamespaces()).
		WithArbitraryFSAccessThroughSMs(monitoringv1ac.ArbitraryFSAccessThroughSMsConfig().WithDeny(true)).
		// Alertmanager takes alerts for the same when all their labels are. The replica's label is dropped from
		// alerts by the operator; the Prometheus' own would keep alerts of two versions apart during a move.
		WithPrometheusExternalLabelName("")
	if s.Confined {
		// Series, rules and alerts get the tenant's namespace whatever they claim. That alone is what keeps
		// tenants apart; labels that clash otherwise are the tenant's own affair, so a target may keep them.
		spec.WithEnforcedNamespaceLabel(namespaceLabel)
		if !slices.ContainsFunc(s.ScrapeTargets, honorsLabels) {
			spec.WithOverrideHonorLabels(true)
		}
	}
	return spec
}
