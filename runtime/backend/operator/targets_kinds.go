// SPDX-License-Identifier: Apache-2.0

// This file makes the spec of each kind of target. The kinds spell the same things differently.

package operator

import (
	"maps"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// monitored is the endpoint of a ServiceMonitor and of a PodMonitor.
func monitored(name, port string, e score.Endpoint, c connection) fields {
	f := fields{"port": port}
	f.text("path", e.Path)
	f.text("scheme", e.Scheme)
	f.text("interval", e.Interval)
	f.text("scrapeTimeout", e.ScrapeTimeout)
	f.flag("honorLabels", e.HonorLabels)
	if e.HonorTimestamps != nil {
		f["honorTimestamps"] = *e.HonorTimestamps
	}
	if len(e.Params) > 0 {
		f["params"] = e.Params
	}
	f.withRelabelings("relabelings", []fields{jobName(name)}, e.Relabelings)
	f.withRelabelings("metricRelabelings", nil, e.MetricRelabelings)
	f.add(c.settings(e.HTTP))
	return f
}

func serviceMonitor(t score.ServiceMonitor, c connection) fields {
	spec := fields{"endpoints": []fields{monitored(t.Name, t.Port, t.Endpoint, c)}, "selector": selecting(t.MatchLabels)}
	spec.namespaces(t.Namespaces)
	spec.texts("targetLabels", t.TargetLabels)
	spec.texts("podTargetLabels", t.PodTargetLabels)
	spec.limits(t.Endpoint)
	return spec
}

func podMonitor(t score.PodMonitor, c connection) fields {
	spec := fields{"podMetricsEndpoints": []fields{monitored(t.Name, t.Port, t.Endpoint, c)}, "selector": selecting(t.MatchLabels)}
	spec.namespaces(t.Namespaces)
	spec.texts("podTargetLabels", t.PodTargetLabels)
	spec.limits(t.Endpoint)
	return spec
}

func selecting(labels map[string]string) fields {
	if len(labels) == 0 {
		return fields{}
	}
	return fields{"matchLabels": labels}
}

func (f fields) namespaces(names []string) {
	switch {
	case slices.Contains(names, score.AllNamespaces):
		f["namespaceSelector"] = fields{"any": true}
	case len(names) > 0:
		f["namespaceSelector"] = fields{"matchNames": names}
	}
}

// scrapeConfig is the spec of a ScrapeConfig but for its targets.
func (s Scope) scrapeConfig(name string, e score.Endpoint, c connection) fields {
	c.http2 = "enableHTTP2"
	spec := fields{"jobName": name}
	spec.text("metricsPath", e.Path)
	spec.text("scheme", e.Scheme)
	spec.text("scrapeInterval", e.Interval)
	spec.text("scrapeTimeout", e.ScrapeTimeout)
	spec.flag("honorLabels", e.HonorLabels)
	if e.HonorTimestamps != nil {
		spec["honorTimestamps"] = *e.HonorTimestamps
	}
	if len(e.Params) > 0 {
		spec["params"] = e.Params
	}
	var last []fields
	if s.Confined {
		// The operator enforces the namespace on the samples of every target, but on the target itself only where its
		// resource relabels it. Without that, `up` and what else Prometheus says about a target would lack the label that
		// every rule of the tenant asks for, and a rule about a target that is down would never fire.
		last = []fields{{"targetLabel": namespaceLabel, "replacement": s.Namespace}}
	}
	spec.withRelabelings("relabelings", nil, e.Relabelings, last...)
	spec.withRelabelings("metricRelabelings", nil, e.MetricRelabelings)
	spec.limits(e)
	spec.add(c.settings(e.HTTP))
	return spec
}

func (s Scope) staticTargets(t score.StaticTargets, c connection) fields {
	list := fields{"targets": t.Targets}
	if len(t.Labels) > 0 {
		list["labels"] = t.Labels
	}
	spec := s.scrapeConfig(t.Name, t.Endpoint, c)
	spec["staticConfigs"] = []fields{list}
	return spec
}

func (s Scope) httpDiscovery(t score.HTTPDiscovery, c connection) fields {
	spec := s.scrapeConfig(t.Name, t.Endpoint, c)
	c.http2 = "enableHTTP2"
	discovery := c.inside("discovery_http_config").settings(t.Discovery)
	discovery["url"] = t.URL
	discovery.text("refreshInterval", t.RefreshInterval)
	spec["httpSDConfigs"] = []fields{discovery}
	return spec
}

func (s Scope) dnsDiscovery(t score.DNSDiscovery, c connection) fields {
	discovery := fields{"names": t.Names}
	if t.Type != "SRV" {
		discovery.text("type", t.Type)
	}
	discovery.number("port", int64(t.Port))
	discovery.text("refreshInterval", t.RefreshInterval)
	spec := s.scrapeConfig(t.Name, t.Endpoint, c)
	spec["dnsSDConfigs"] = []fields{discovery}
	return spec
}

func probe(t score.Probe, c connection) fields {
	prober := fields{"url": t.Prober}
	prober.text("path", t.Path)
	prober.text("scheme", t.Scheme)
	list := fields{"static": t.Targets}
	if len(t.Labels) > 0 {
		list["labels"] = t.Labels
	}
	list.withRelabelings("relabelingConfigs", nil, t.Relabelings)
	spec := fields{"jobName": t.Name, "prober": prober, "targets": fields{"staticConfig": list}}
	spec.text("module", t.Module)
	spec.text("interval", t.Interval)
	spec.text("scrapeTimeout", t.ScrapeTimeout)
	if len(t.Params) > 0 {
		params := make([]fields, 0, len(t.Params))
		for _, name := range slices.Sorted(maps.Keys(t.Params)) {
			params = append(params, fields{"name": name, "values": t.Params[name]})
		}
		spec["params"] = params
	}
	spec.withRelabelings("metricRelabelings", nil, t.MetricRelabelings)
	spec.limits(t.Endpoint)
	for name, value := range c.settings(t.HTTP) {
		// How the prober is reached is partly said with the prober.
		if strings.HasPrefix(name, "proxy") || name == "noProxy" {
			prober[name] = value
			continue
		}
		spec[name] = value
	}
	return spec
}
