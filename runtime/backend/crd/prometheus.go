// SPDX-License-Identifier: Apache-2.0

// This file describes a stack's Prometheus.

package crd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// prometheusSpec describes the Prometheus and adds the Secret that its remote write needs. Selectors of
// namespaces are left out everywhere: absent, they mean the Prometheus' own namespace (empty, they mean all).
func (s scope) prometheusSpec(b *backend.Builder) (*monitoringv1ac.PrometheusSpecApplyConfiguration, error) {
	resources, err := resourcesOf(s.Resources)
	if err != nil {
		return nil, err
	}
	spec := monitoringv1ac.PrometheusSpec().
		WithReplicas(int32(s.Replicas)).
		WithShards(int32(s.Shards)).
		WithRetention(monitoringv1.Duration(s.Retention)).
		WithServiceAccountName(s.prometheus()).
		WithAutomountServiceAccountToken(true).
		WithSecurityContext(podSecurity()).
		WithPortName(webPort).
		WithServiceDiscoveryRole(monitoringv1.EndpointSliceRole).
		WithServiceMonitorSelector(s.own()).
		WithPodMonitorSelector(s.own()).
		WithProbeSelector(s.own()).
		WithScrapeConfigSelector(s.own()).
		WithRuleSelector(s.own()).
		WithIgnoreNamespaceSelectors(true).
		WithArbitraryFSAccessThroughSMs(monitoringv1ac.ArbitraryFSAccessThroughSMsConfig().WithDeny(true)).
		// Alertmanager takes alerts for the same when all their labels are. The replica's label is dropped from
		// alerts by the operator; the Prometheus' own would keep alerts of two versions apart during a move.
		WithPrometheusExternalLabelName("").
		WithAlerting(monitoringv1ac.AlertingSpec().WithAlertmanagers(monitoringv1ac.AlertmanagerEndpoints().
			WithNamespace(s.Namespace).WithName(s.alertmanager()).WithPort(intstr.FromString(webPort)).
			WithAPIVersion(monitoringv1.AlertmanagerAPIVersion2)))
	if s.confined {
		// Series, rules and alerts get the tenant's namespace whatever they claim. That alone is what keeps
		// tenants apart; labels that clash otherwise are the tenant's own affair, so a target may keep them.
		spec.WithEnforcedNamespaceLabel(namespaceLabel)
		if !slices.ContainsFunc(s.ScrapeTargets, honorsLabels) {
			spec.WithOverrideHonorLabels(true)
		}
	}
	if len(s.ExternalLabels) > 0 {
		spec.WithExternalLabels(s.ExternalLabels)
	}
	if len(resources.Requests)+len(resources.Limits) > 0 {
		spec.WithResources(resources)
	}
	if s.Replicas > 1 {
		spec.WithAffinity(apart(s.prometheusPods()))
	}
	if s.Storage != "" {
		storage, err := storageOf(s.Storage)
		if err != nil {
			return nil, err
		}
		spec.WithStorage(storage)
	}
	return spec, s.addRemoteWrite(b, spec)
}

func storageOf(size string) (*monitoringv1ac.StorageSpecApplyConfiguration, error) {
	quantity, err := resource.ParseQuantity(size)
	if err != nil {
		return nil, fmt.Errorf("storage: got %q, want a quantity: %w", size, err)
	}
	claim := corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: quantity}},
	}
	// Its constructor would give the template a kind of its own, which the operator copies into the StatefulSet.
	template := &monitoringv1ac.EmbeddedPersistentVolumeClaimApplyConfiguration{Spec: &claim}
	return monitoringv1ac.StorageSpec().WithVolumeClaimTemplate(template), nil
}

func resourcesOf(r score.Resources) (corev1.ResourceRequirements, error) {
	var requirements corev1.ResourceRequirements
	for _, part := range []struct {
		name   string
		values map[string]string
		list   *corev1.ResourceList
	}{{"requests", r.Requests, &requirements.Requests}, {"limits", r.Limits, &requirements.Limits}} {
		for _, name := range slices.Sorted(maps.Keys(part.values)) {
			quantity, err := resource.ParseQuantity(part.values[name])
			if err != nil {
				return requirements, fmt.Errorf("resources %s %q: got %q, want a quantity: %w", part.name, name, part.values[name], err)
			}
			if *part.list == nil {
				*part.list = corev1.ResourceList{}
			}
			(*part.list)[corev1.ResourceName(name)] = quantity
		}
	}
	return requirements, nil
}

// addRemoteWrite describes the endpoints and adds the Secret with their credentials.
func (s scope) addRemoteWrite(b *backend.Builder, spec *monitoringv1ac.PrometheusSpecApplyConfiguration) error {
	secretName := s.name + "-remote-write"
	references := map[string]score.Secret{}
	origin := s.Origin
	for i, write := range s.RemoteWrite {
		key := write.Name
		if key == "" {
			key = strconv.Itoa(i)
		}
		reference := func(secret score.Secret, part string) corev1.SecretKeySelector {
			if secret.Source == score.SecretFromCluster {
				return selector(secret.Name, secret.Key)
			}
			references[backend.SecretKey(key, part)] = secret
			return selector(secretName, backend.SecretKey(key, part))
		}
		target := monitoringv1ac.RemoteWriteSpec().WithURL(monitoringv1.URL(write.URL))
		if write.Name != "" {
			target.WithName(write.Name)
		}
		token, basic := write.BearerToken.Source != 0, write.Username.Source != 0 || write.Password.Source != 0
		switch {
		case token && basic:
			return fmt.Errorf("remote write %s: got a bearer token and a user name or password, want one of the two", write.URL)
		case token:
			target.WithAuthorization(monitoringv1ac.Authorization().WithType("Bearer").WithCredentials(reference(write.BearerToken, "bearer_token")))
		case basic && (write.Username.Source == 0 || write.Password.Source == 0):
			return fmt.Errorf("remote write %s: got only one of user name and password, want both", write.URL)
		case basic:
			target.WithBasicAuth(monitoringv1ac.BasicAuth().
				WithUsername(reference(write.Username, "username")).WithPassword(reference(write.Password, "password")))
		}
		spec.WithRemoteWrite(target)
		if len(s.RemoteWrite) == 1 && write.Origin.Position().IsValid() {
			origin = write.Origin
		}
	}
	b.AddSecret(corev1ac.Secret(secretName, s.Namespace).WithLabels(s.labels).WithType(corev1.SecretTypeOpaque), references, origin)
	return nil
}

func selector(name, key string) corev1.SecretKeySelector {
	return corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key}
}
