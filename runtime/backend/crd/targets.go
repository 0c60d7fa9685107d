// SPDX-License-Identifier: Apache-2.0

// This file compiles scrape targets to monitors, probes and scrape configurations. All of them give their series
// the job label that the script can see: the target's name. The resources' own defaults differ from kind to kind
// and contain names of objects, so that rules would depend on how a version spells things.

package crd

import (
	"fmt"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	v1alpha1types "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1alpha1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func (s scope) addTargets(b *backend.Builder) {
	for _, target := range s.ScrapeTargets {
		name := backend.ObjectName(s.Name, target.TargetName())
		switch t := target.(type) {
		case score.ServiceMonitor:
			b.Add(monitoringv1ac.ServiceMonitor(name, s.Namespace).WithLabels(s.labels).WithSpec(serviceMonitor(t)), t.Origin)
		case score.PodMonitor:
			b.Add(monitoringv1ac.PodMonitor(name, s.Namespace).WithLabels(s.labels).WithSpec(podMonitor(t)), t.Origin)
		case score.StaticTargets:
			b.Add(v1alpha1.ScrapeConfig(name, s.Namespace).WithLabels(s.labels).WithSpec(staticTargets(t)), t.Origin)
		case score.Probe:
			b.Add(monitoringv1ac.Probe(name, s.Namespace).WithLabels(s.labels).WithSpec(probe(t)), t.Origin)
		default:
			b.Fail(fmt.Errorf("%s: no resource for scrape target %q of kind %q", b.Title, target.TargetName(), target.Kind()))
		}
	}
}

// honorsLabels reports whether a target asks to keep those labels of its series that clash with its own.
func honorsLabels(target score.ScrapeTarget) bool {
	switch t := target.(type) {
	case score.ServiceMonitor:
		return t.HonorLabels
	case score.PodMonitor:
		return t.HonorLabels
	case score.StaticTargets:
		return t.HonorLabels
	default:
		return false
	}
}

// jobName sets the job label. A dollar sign would refer to a group of the expression.
func jobName(name string) *monitoringv1ac.RelabelConfigApplyConfiguration {
	return monitoringv1ac.RelabelConfig().WithTargetLabel("job").WithReplacement(strings.ReplaceAll(name, "$", "$$"))
}

func serviceMonitor(t score.ServiceMonitor) *monitoringv1ac.ServiceMonitorSpecApplyConfiguration {
	endpoint := monitoringv1ac.Endpoint().WithPort(t.Port).WithRelabelConfigs(jobName(t.Name))
	given(t.Path, endpoint.WithPath)
	given(monitoringv1.Scheme(t.Scheme), endpoint.WithScheme)
	given(monitoringv1.Duration(t.Interval), endpoint.WithInterval)
	given(monitoringv1.Duration(t.ScrapeTimeout), endpoint.WithScrapeTimeout)
	given(t.HonorLabels, endpoint.WithHonorLabels)
	return monitoringv1ac.ServiceMonitorSpec().WithEndpoints(endpoint).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(t.MatchLabels))
}

func podMonitor(t score.PodMonitor) *monitoringv1ac.PodMonitorSpecApplyConfiguration {
	endpoint := monitoringv1ac.PodMetricsEndpoint().WithPort(t.Port).WithRelabelConfigs(jobName(t.Name))
	given(t.Path, endpoint.WithPath)
	given(monitoringv1.Scheme(t.Scheme), endpoint.WithScheme)
	given(monitoringv1.Duration(t.Interval), endpoint.WithInterval)
	given(monitoringv1.Duration(t.ScrapeTimeout), endpoint.WithScrapeTimeout)
	given(t.HonorLabels, endpoint.WithHonorLabels)
	return monitoringv1ac.PodMonitorSpec().WithPodMetricsEndpoints(endpoint).
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(t.MatchLabels))
}

func staticTargets(t score.StaticTargets) *v1alpha1.ScrapeConfigSpecApplyConfiguration {
	list := v1alpha1.StaticConfig()
	for _, address := range t.Targets {
		list.WithTargets(v1alpha1types.Target(address))
	}
	if len(t.Labels) > 0 {
		list.WithLabels(t.Labels)
	}
	spec := v1alpha1.ScrapeConfigSpec().WithJobName(t.Name).WithStaticConfigs(list)
	given(t.Path, spec.WithMetricsPath)
	given(monitoringv1.Scheme(t.Scheme), spec.WithScheme)
	given(monitoringv1.Duration(t.Interval), spec.WithScrapeInterval)
	given(monitoringv1.Duration(t.ScrapeTimeout), spec.WithScrapeTimeout)
	given(t.HonorLabels, spec.WithHonorLabels)
	return spec
}

func probe(t score.Probe) *monitoringv1ac.ProbeSpecApplyConfiguration {
	prober := monitoringv1ac.ProberSpec().WithURL(t.Prober)
	given(t.Path, prober.WithPath)
	given(monitoringv1.Scheme(t.Scheme), prober.WithScheme)
	list := monitoringv1ac.ProbeTargetStaticConfig().WithTargets(t.Targets...)
	if len(t.Labels) > 0 {
		list.WithLabels(t.Labels)
	}
	spec := monitoringv1ac.ProbeSpec().WithJobName(t.Name).WithProberSpec(prober).
		WithTargets(monitoringv1ac.ProbeTargets().WithStaticConfig(list))
	given(t.Module, spec.WithModule)
	given(monitoringv1.Duration(t.Interval), spec.WithInterval)
	given(monitoringv1.Duration(t.ScrapeTimeout), spec.WithScrapeTimeout)
	return spec
}

// given calls set with a value that the script gave: the zero value means Prometheus' default, which an object
// must not spell out, or every later default of the operator would be a conflict.
func given[T comparable, R any](value T, set func(T) R) {
	var zero T
	if value != zero {
		set(value)
	}
}
