// SPDX-License-Identifier: Apache-2.0

// This file compiles scrape targets to monitors, probes and scrape configurations. All of them give their series
// the job label that the script can see: the target's name. The resources' own defaults differ from kind to kind
// and contain names of objects, so that rules would depend on how a version spells things.

package operator

import (
	"fmt"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	v1alpha1types "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// AddTargets adds a resource per scrape target, the Secret with their credentials, called `<stack>-scrape-targets` in
// every version, and the rights to find targets in other namespaces.
func (s Scope) AddTargets(b *backend.Builder) {
	s.addAccess(b)
	credentials := connections{secretName: backend.StackName(s.Name) + "-scrape-targets", references: map[string]score.Secret{}}
	for _, target := range s.ScrapeTargets {
		c := credentials.of(target)
		switch t := target.(type) {
		case score.ServiceMonitor:
			s.addTarget(b, target, s.v1(), monitoringv1.ServiceMonitorsKind, serviceMonitor(t, c))
		case score.PodMonitor:
			s.addTarget(b, target, s.v1(), monitoringv1.PodMonitorsKind, podMonitor(t, c))
		case score.StaticTargets:
			s.addTarget(b, target, s.v1alpha1(), v1alpha1types.ScrapeConfigsKind, s.staticTargets(t, c))
		case score.HTTPDiscovery:
			s.addTarget(b, target, s.v1alpha1(), v1alpha1types.ScrapeConfigsKind, s.httpDiscovery(t, c))
		case score.DNSDiscovery:
			s.addTarget(b, target, s.v1alpha1(), v1alpha1types.ScrapeConfigsKind, s.dnsDiscovery(t, c))
		case score.Probe:
			s.addTarget(b, target, s.v1(), monitoringv1.ProbesKind, probe(t, c))
		default:
			b.Fail(fmt.Errorf("%s: no resource for scrape target %q of kind %q", b.Title, target.TargetName(), target.Kind()))
		}
	}
	b.AddSecret(corev1ac.Secret(credentials.secretName, s.Namespace).WithLabels(s.Labels).WithType(corev1.SecretTypeOpaque), credentials.references, s.Origin)
}

func (s Scope) addTarget(b *backend.Builder, target score.ScrapeTarget, apiVersion, kind string, spec fields) {
	b.Add(fields{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": fields{"name": backend.ObjectName(s.Name, objectNameOf(target)), "namespace": s.Namespace, "labels": s.Labels},
		"spec":     spec,
	}, target.Source())
}

// objectNameOf keeps targets of different kinds apart whose resources are of one kind: their names are unique among
// those of their own kind only.
func objectNameOf(target score.ScrapeTarget) string {
	switch target.(type) {
	case score.HTTPDiscovery:
		return "http." + target.TargetName()
	case score.DNSDiscovery:
		return "dns." + target.TargetName()
	default:
		return target.TargetName()
	}
}

// fields are those of an object. Each is there only when the script says something: the zero value means Prometheus'
// default, which an object must not spell out, or every later default of the operator would be a conflict.
type fields map[string]any

func (f fields) text(name, value string) {
	if value != "" {
		f[name] = value
	}
}

func (f fields) number(name string, value int64) {
	if value != 0 {
		f[name] = value
	}
}

func (f fields) flag(name string, value bool) {
	if value {
		f[name] = true
	}
}

func (f fields) texts(name string, values []string) {
	if len(values) > 0 {
		f[name] = values
	}
}

func (f fields) add(more fields) {
	for name, value := range more {
		f[name] = value
	}
}

// limits are the same fields in the spec of every kind, and so is how answers are read.
func (f fields) limits(e score.Endpoint) {
	f.number("sampleLimit", e.Limits.Samples)
	f.number("targetLimit", e.Limits.Targets)
	f.number("labelLimit", e.Limits.Labels)
	f.number("labelNameLengthLimit", e.Limits.LabelNameLength)
	f.number("labelValueLengthLimit", e.Limits.LabelValueLength)
	f.number("keepDroppedTargets", e.Limits.KeptDropped)
	f.text("bodySizeLimit", e.Limits.BodySize)
	f.texts("scrapeProtocols", e.ScrapeProtocols)
	f.text("fallbackScrapeProtocol", e.FallbackScrapeProtocol)
	f.text("scrapeClass", e.ScrapeClass)
}

// jobName sets the job label. A dollar sign would refer to a group of the expression.
func jobName(name string) fields {
	return fields{"targetLabel": "job", "replacement": strings.ReplaceAll(name, "$", "$$")}
}

func relabelings(list []score.Relabeling) []fields {
	steps := make([]fields, len(list))
	for i, r := range list {
		step := fields{}
		if r.Action != "replace" {
			step.text("action", r.Action)
		}
		step.texts("sourceLabels", r.SourceLabels)
		step.text("regex", r.Regex)
		step.text("targetLabel", r.TargetLabel)
		step.number("modulus", r.Modulus)
		// An empty text means something here.
		if r.Separator != nil {
			step["separator"] = *r.Separator
		}
		if r.Replacement != nil {
			step["replacement"] = *r.Replacement
		}
		steps[i] = step
	}
	return steps
}

// withRelabelings puts steps in front of those of the script.
func (f fields) withRelabelings(name string, first []fields, list []score.Relabeling, last ...fields) {
	steps := append(append(first, relabelings(list)...), last...)
	if len(steps) > 0 {
		f[name] = steps
	}
}

// honorsLabels reports whether a target asks to keep those labels of its series that clash with its own.
func honorsLabels(target score.ScrapeTarget) bool {
	_, isProbe := target.(score.Probe)
	return !isProbe && score.EndpointOf(target).HonorLabels
}
