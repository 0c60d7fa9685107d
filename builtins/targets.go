// SPDX-License-Identifier: Apache-2.0

// This file holds service_monitor, pod_monitor, static_targets and probe.

package builtins

import (
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func targetSignatures() []Signature {
	name := Argument{Name: "name", Type: String(), Required: true, Doc: "Name of the target, unique among the stack's targets of its kind."}
	labels := Argument{Name: "labels", Type: MapOf(String()), Doc: "Labels added to every series."}
	match := func(what string) Argument {
		return Argument{
			Name: "match_labels", Type: MapOf(String()), Required: true,
			Doc: "Labels of the " + what + " to scrape, in the stack's namespace.", Hint: `match_labels = {"app": "web"}`,
		}
	}
	port := func(what string) Argument {
		return Argument{Name: "port", Type: String(), Required: true, Doc: "NAME of the " + what + "'s port, not its number.", Hint: `port = "http"`}
	}
	return []Signature{
		{
			Name: "service_monitor", Family: "scrape targets", Result: kindTarget,
			Summary:   "scrapes the pods behind services",
			Arguments: append([]Argument{name, match("services"), port("service")}, endpointArguments("/metrics")...),
			Example: `web = service_monitor(name = "web", match_labels = {"app": "web"}, port = "http", interval = "30s")
deploy(monitoring_stack(V2_CRD, scrape_targets = [web]))`,
			Build: func(c *Call) (any, error) {
				return score.ServiceMonitor{Origin: c.Origin(), Name: c.String("name"), MatchLabels: c.StringMap("match_labels"), Port: c.String("port"), Endpoint: endpoint(c)}, nil
			},
		},
		{
			Name: "pod_monitor", Family: "scrape targets", Result: kindTarget,
			Summary:   "scrapes pods that need no service",
			Arguments: append([]Argument{name, match("pods"), port("container")}, endpointArguments("/metrics")...),
			Example: `jobs = pod_monitor(name = "jobs", match_labels = {"app": "jobs"}, port = "metrics")
deploy(monitoring_stack(V2_CRD, scrape_targets = [jobs]))`,
			Build: func(c *Call) (any, error) {
				return score.PodMonitor{Origin: c.Origin(), Name: c.String("name"), MatchLabels: c.StringMap("match_labels"), Port: c.String("port"), Endpoint: endpoint(c)}, nil
			},
		},
		{
			Name: "static_targets", Family: "scrape targets", Result: kindTarget,
			Summary: "scrapes a fixed list of addresses",
			Arguments: slices.Concat([]Argument{
				name,
				{Name: "targets", Type: ListOf(String()), Required: true, Doc: `Addresses as "host:port".`, Hint: `targets = ["db.example.com:9187"]`},
				labels,
			}, endpointArguments("/metrics")),
			Example: `databases = static_targets(name = "databases", targets = ["db.example.com:9187"], labels = {"team": "data"})
deploy(monitoring_stack(V2_CRD, scrape_targets = [databases]))`,
			Build: func(c *Call) (any, error) {
				return score.StaticTargets{Origin: c.Origin(), Name: c.String("name"), Targets: c.Strings("targets"), Labels: c.StringMap("labels"), Endpoint: endpoint(c)}, nil
			},
		},
		{
			Name: "probe", Family: "scrape targets", Result: kindTarget,
			Summary: "asks a prober such as the blackbox exporter to look at addresses",
			Arguments: slices.Concat([]Argument{
				name,
				{Name: "prober", Type: String(), Required: true, Doc: `Address of the prober as "host:port".`, Hint: `prober = "blackbox-exporter:9115"`},
				{Name: "module", Type: String(), Doc: "Module of the prober.", Hint: `module = "http_2xx"`},
				{Name: "targets", Type: ListOf(String()), Required: true, Doc: "What is probed, usually URLs.", Hint: `targets = ["https://example.com"]`},
				labels,
			}, endpointArguments("/probe")),
			Example: `site = probe(name = "site", prober = "blackbox-exporter:9115", module = "http_2xx", targets = ["https://example.com"])
deploy(monitoring_stack(V2_CRD, scrape_targets = [site]))`,
			Build: func(c *Call) (any, error) {
				return score.Probe{
					Origin: c.Origin(), Name: c.String("name"), Prober: c.String("prober"), Module: c.String("module"), Targets: c.Strings("targets"),
					Labels: c.StringMap("labels"), Endpoint: endpoint(c),
				}, nil
			},
		},
	}
}

func endpointArguments(path string) []Argument {
	return []Argument{
		{Name: "path", Type: String(), Doc: "Path of the HTTP endpoint; " + path + " without it."},
		{Name: "scheme", Type: String(), Values: []string{"http", "https"}, Doc: "Protocol; http without it."},
		{Name: "interval", Type: String(), Doc: "Time between two scrapes, as a duration; Prometheus' default without it.", Hint: `interval = "30s"`},
		{Name: "scrape_timeout", Type: String(), Doc: "Time after which a scrape has failed, as a duration; not longer than interval.", Hint: `scrape_timeout = "10s"`},
		{Name: "honor_labels", Type: Bool(), Default: false, Doc: "Whether a label of the scraped series wins over one of the target."},
	}
}

func endpoint(c *Call) score.Endpoint {
	return score.Endpoint{
		Path: c.String("path"), Scheme: c.String("scheme"), Interval: c.String("interval"), ScrapeTimeout: c.String("scrape_timeout"), HonorLabels: c.Bool("honor_labels"),
	}
}
