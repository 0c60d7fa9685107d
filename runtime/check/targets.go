// SPDX-License-Identifier: Apache-2.0

// This file checks scrape targets.

package check

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type targetsKey struct {
	targets *score.ScrapeTarget
	number  int
	version score.APIVersion
}

// targets checks the scrape targets of one stack.
func (c *checker) targets(targets []score.ScrapeTarget, b backend.Backend) {
	key := targetsKey{targets: first(targets), number: len(targets)}
	if b != nil {
		key.version = b.Version()
	}
	if !c.once(key) {
		return
	}
	names := map[[2]string]score.Origin{}
	for _, t := range targets {
		if t == nil {
			continue
		}
		c.target(t)
		c.targetFeatures(t, b)
		name := [2]string{t.Kind(), t.TargetName()}
		if before, twice := names[name]; twice && t.TargetName() != "" {
			c.report(problem{
				code: "duplicate-target", origin: t.Source(), argument: "name", value: t.TargetName(),
				summary: fmt.Sprintf("%s %q: got a second one of this name in one stack, want different names", t.Kind(), t.TargetName()),
				fix:     "rename one of them",
				related: firstDefinition(before),
			})
			continue
		}
		names[name] = t.Source()
	}
}

// targetFeatures reports what the version lacks.
func (c *checker) targetFeatures(t score.ScrapeTarget, b backend.Backend) {
	if b == nil {
		return
	}
	who := fmt.Sprintf("%s %q", t.Kind(), t.TargetName())
	switch t := t.(type) {
	case score.Probe:
		c.feature(b, backend.FeatureProbe, who, t.Source(), "")
		if t.HonorLabels {
			c.feature(b, backend.FeatureHonorLabelsProbe, who, t.Origin, "honor_labels")
		}
	default:
		// Every kind's feature is called as it is.
		c.feature(b, backend.Feature(t.Kind()), who, t.Source(), "")
	}
}

// target checks one target.
func (c *checker) target(t score.ScrapeTarget) {
	if t.Source().Position().IsValid() && !c.once(identityOf(t)) {
		return
	}
	who := fmt.Sprintf("%s %q", t.Kind(), t.TargetName())
	c.objectName(who, t.TargetName(), backend.MaxObjectName-backend.MaxStackName-1, t.Source(), "name")
	c.endpoint(who, score.EndpointOf(t), t.Source())
	switch t := t.(type) {
	case score.ServiceMonitor:
		c.monitor(who, "services", t.MatchLabels, t.Port, t.Origin)
		c.servicePort(who, t.Port, t.Origin)
		c.namespaces(who, t.Namespaces, t.Origin)
		c.copiedLabels(who, t.TargetLabels, t.Origin, "target_labels")
		c.copiedLabels(who, t.PodTargetLabels, t.Origin, "pod_target_labels")
	case score.PodMonitor:
		c.monitor(who, "pods", t.MatchLabels, t.Port, t.Origin)
		c.containerPort(who, t.Port, t.Origin)
		c.namespaces(who, t.Namespaces, t.Origin)
		c.copiedLabels(who, t.PodTargetLabels, t.Origin, "pod_target_labels")
	case score.StaticTargets:
		c.addresses(who, t.Targets, "targets", t.Origin, c.address)
		c.targetLabels(who, t.Labels, t.Origin)
	case score.HTTPDiscovery:
		c.url(who+": url", t.URL, t.Origin, "url", "discovery_http_config = http_config(basic_auth = …)")
		c.duration(who, t.RefreshInterval, t.Origin, "refresh_interval", false)
		c.settings(who, "", t.Discovery, t.Origin)
		c.loginNames(who, t.Discovery, t.Origin)
		c.discoveryHeaders(who, t.Discovery, t.Origin)
	case score.DNSDiscovery:
		c.dnsDiscovery(who, t)
	case score.Probe:
		c.address(who+": prober", t.Prober, t.Origin, "prober")
		c.addresses(who, t.Targets, "targets", t.Origin, c.probed)
		c.targetLabels(who, t.Labels, t.Origin)
	}
}

func (c *checker) monitor(who, what string, match map[string]string, port string, origin score.Origin) {
	c.kubernetesLabels(who, match, origin, "match_labels")
	if len(match) == 0 {
		c.report(problem{
			code: "empty-selector", origin: origin, argument: "match_labels",
			summary: fmt.Sprintf("%s: got no labels to match, so it selects all %s of the namespace", who, what),
			fix:     "add match_labels = {\"app\": \"…\"}",
		})
	}
	if number := strings.TrimSpace(port); number != "" && strings.Trim(number, "0123456789") == "" {
		object := strings.TrimSuffix(what, "s")
		c.report(problem{
			code: "port-number", origin: origin, argument: "port", value: port,
			summary: fmt.Sprintf("%s: got the port number %s, want the name of the %s's port", who, number, object),
			fix:     fmt.Sprintf("write the port's name; `kubectl get %s -o yaml` shows it as ports[].name", object),
		})
	}
}

func isNumber(port string) bool {
	trimmed := strings.TrimSpace(port)
	return trimmed != "" && strings.Trim(trimmed, "0123456789") == ""
}

// servicePort checks the name of a service's port, which is a DNS label.
func (c *checker) servicePort(who, port string, origin score.Origin) {
	if isNumber(port) || len(validation.IsDNS1123Label(port)) == 0 {
		return
	}
	c.portName(who, port, origin, "at most 63 lower-case letters, digits and dashes")
}

// containerPort checks the name of a container's port, which has at most 15 characters.
func (c *checker) containerPort(who, port string, origin score.Origin) {
	if isNumber(port) || len(validation.IsValidPortName(port)) == 0 {
		return
	}
	c.portName(who, port, origin, "at most 15 lower-case letters, digits and dashes with at least one letter")
}

func (c *checker) portName(who, port string, origin score.Origin, want string) {
	p := problem{
		code: "invalid-port-name", origin: origin, argument: "port", value: port,
		summary: fmt.Sprintf("%s: got the port name %s, want %s", who, shown(port), want),
	}
	if port == "" {
		p.summary = fmt.Sprintf("%s: got no port, want the name of one", who)
	}
	c.report(p)
}

// addresses checks the list of targets in the argument list, each with check.
func (c *checker) addresses(who string, targets []string, list string, origin score.Origin, check func(who, target string, origin score.Origin, argument string)) {
	if len(targets) == 0 {
		c.report(problem{code: "no-addresses", origin: origin, argument: list, summary: who + ": got no " + list + ", want at least one"})
	}
	seen := map[string]bool{}
	for i, target := range targets {
		check(who+": "+list, target, origin, element(list, i))
		if seen[target] {
			c.report(problem{
				code: "duplicate-address", origin: origin, argument: element(list, i), value: target,
				summary: fmt.Sprintf("%s: %s: got %s twice, want it once", who, list, shown(target)), fix: "remove one",
			})
		}
		seen[target] = true
	}
}

func (c *checker) targetLabels(who string, labels map[string]string, origin score.Origin) {
	c.prometheusLabels(who, labels, origin, "labels")
	c.reservedLabels(who, labels, origin, "labels", map[string]string{
		"__address__": "Prometheus sets it to the target's address.", "__name__": "It holds the name of the series.",
	})
}
