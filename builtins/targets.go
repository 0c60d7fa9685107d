// SPDX-License-Identifier: Apache-2.0

// This file holds service_monitor, pod_monitor, static_targets, http_sd, dns_sd and probe.

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
			Doc: "Labels of the " + what + " to scrape.", Hint: `match_labels = {"app": "web"}`,
		}
	}
	port := func(what string) Argument {
		return Argument{Name: "port", Type: String(), Required: true, Doc: "NAME of the " + what + "'s port, not its number.", Hint: `port = "http"`}
	}
	namespaces := Argument{
		Name: "namespaces", Type: ListOf(String()), Hint: `namespaces = ["shop"]`,
		Doc: "Namespaces to look in, beside which Prometheus gets the rights it needs there; the stack's own without it, every one with [\"*\"]. A tenant's targets are in its own namespace only.",
	}
	podLabels := Argument{Name: "pod_target_labels", Type: ListOf(String()), Doc: "Labels of the pod that are copied to the series.", Hint: `pod_target_labels = ["version"]`}
	refresh := Argument{Name: "refresh_interval", Type: String(), Doc: "Time between two readings of the list, as a duration; Prometheus' default without it.", Hint: `refresh_interval = "1m"`}
	return []Signature{
		relabelSignature(),
		Signature{
			Name: "service_monitor", Family: "scrape targets", Result: kindTarget,
			Summary: "scrapes the pods behind services",
			Arguments: slices.Concat([]Argument{
				name, match("services"), port("service"), namespaces,
				{Name: "target_labels", Type: ListOf(String()), Doc: "Labels of the service that are copied to the series.", Hint: `target_labels = ["team"]`},
				podLabels,
			}, scrapeArguments("/metrics", byMonitor)),
			Example: `web = service_monitor(
    name = "web", match_labels = {"app": "web"}, port = "https", interval = "30s", scheme = "https",
    tls_config = tls_config(ca = secret(name = "web-tls", key = "ca.crt"), server_name = "web"),
    authorization = authorization(credentials = secret(env = "WEB_METRICS_TOKEN")),
)
deploy(monitoring_stack(V2_CRD, scrape_targets = [web]))`,
			Build: func(c *Call) (any, error) {
				return score.ServiceMonitor{
					Origin: c.Origin(), Name: c.String("name"), MatchLabels: c.StringMap("match_labels"), Namespaces: c.Strings("namespaces"), Port: c.String("port"),
					TargetLabels: c.Strings("target_labels"), PodTargetLabels: c.Strings("pod_target_labels"), Endpoint: endpoint(c),
				}, nil
			},
		}.with(connectionRules()...),
		Signature{
			Name: "pod_monitor", Family: "scrape targets", Result: kindTarget,
			Summary:   "scrapes pods that need no service",
			Arguments: slices.Concat([]Argument{name, match("pods"), port("container"), namespaces, podLabels}, scrapeArguments("/metrics", byMonitor)),
			Example: `jobs = pod_monitor(name = "jobs", match_labels = {"app": "jobs"}, port = "metrics")
deploy(monitoring_stack(V2_CRD, scrape_targets = [jobs]))`,
			Build: func(c *Call) (any, error) {
				return score.PodMonitor{
					Origin: c.Origin(), Name: c.String("name"), MatchLabels: c.StringMap("match_labels"), Namespaces: c.Strings("namespaces"), Port: c.String("port"),
					PodTargetLabels: c.Strings("pod_target_labels"), Endpoint: endpoint(c),
				}, nil
			},
		}.with(connectionRules()...),
		Signature{
			Name: "static_targets", Family: "scrape targets", Result: kindTarget,
			Summary: "scrapes a fixed list of addresses",
			Arguments: slices.Concat([]Argument{
				name,
				{Name: "targets", Type: ListOf(String()), Required: true, Doc: `Addresses as "host:port".`, Hint: `targets = ["db.example.com:9187"]`},
				labels,
			}, scrapeArguments("/metrics", byScrapeConfig)),
			Example: `databases = static_targets(name = "databases", targets = ["db.example.com:9187"], labels = {"team": "data"})
deploy(monitoring_stack(V2_CRD, scrape_targets = [databases]))`,
			Build: func(c *Call) (any, error) {
				return score.StaticTargets{Origin: c.Origin(), Name: c.String("name"), Targets: c.Strings("targets"), Labels: c.StringMap("labels"), Endpoint: endpoint(c)}, nil
			},
		}.with(connectionRules()...),
		Signature{
			Name: "http_sd", Family: "scrape targets", Result: kindTarget,
			Summary: "scrapes the addresses that an HTTP endpoint lists",
			Doc:     "The endpoint answers with a JSON list of {\"targets\": [\"host:port\"], \"labels\": {…}}. Arguments such as tls_config and basic_auth are for scraping; discovery_http_config is for reading the list.",
			Arguments: slices.Concat([]Argument{
				name,
				required(urlSetting("url", "Address of the list.")), refresh,
				blockSetting("discovery_http_config", "http_config", "How to read the list: authentication, TLS, proxy."),
			}, scrapeArguments("/metrics", byScrapeConfig)),
			Example: `machines = http_sd(
    name = "machines", url = "https://inventory.example.com/prometheus", refresh_interval = "5m",
    discovery_http_config = http_config(basic_auth = basic_auth(username = secret(env = "INVENTORY_USER"), password = secret(env = "INVENTORY_PASSWORD"))),
)
deploy(monitoring_stack(V2_CRD, scrape_targets = [machines]))`,
			Build: func(c *Call) (any, error) {
				return score.HTTPDiscovery{
					Origin: c.Origin(), Name: c.String("name"), URL: c.String("url"), RefreshInterval: c.String("refresh_interval"),
					Discovery: ValueAs[score.Block](c, "discovery_http_config").Fields, Endpoint: endpoint(c),
				}, nil
			},
		}.with(connectionRules()...),
		Signature{
			Name: "dns_sd", Family: "scrape targets", Result: kindTarget,
			Summary: "scrapes the addresses that DNS names resolve to",
			Arguments: slices.Concat([]Argument{
				name,
				{Name: "names", Type: ListOf(String()), Required: true, Doc: "DNS names to look up.", Hint: `names = ["_metrics._tcp.db.example.com"]`},
				{Name: "type", Type: String(), Default: "SRV", Values: []string{"SRV", "A", "AAAA", "MX", "NS"}, Doc: "Type of the records."},
				{Name: "port", Type: Int(), Doc: "Number of the port to scrape. SRV records bring ports of their own.", Hint: "port = 9187"},
				refresh,
			}, scrapeArguments("/metrics", byScrapeConfig)),
			Example: `databases = dns_sd(name = "databases", names = ["db.example.com"], type = "A", port = 9187)
deploy(monitoring_stack(V2_CRD, scrape_targets = [databases]))`,
			Build: func(c *Call) (any, error) {
				return score.DNSDiscovery{
					Origin: c.Origin(), Name: c.String("name"), Names: c.Strings("names"), Type: c.String("type"), Port: c.Int("port"),
					RefreshInterval: c.String("refresh_interval"), Endpoint: endpoint(c),
				}, nil
			},
		}.with(connectionRules()...),
		Signature{
			Name: "probe", Family: "scrape targets", Result: kindTarget,
			Summary: "asks a prober such as the blackbox exporter to look at addresses",
			Doc:     "What is connected to is the prober: tls_config, basic_auth and the like are for it.",
			Arguments: slices.Concat([]Argument{
				name,
				{Name: "prober", Type: String(), Required: true, Doc: `Address of the prober as "host:port".`, Hint: `prober = "blackbox-exporter:9115"`},
				{Name: "module", Type: String(), Doc: "Module of the prober.", Hint: `module = "http_2xx"`},
				{Name: "targets", Type: ListOf(String()), Required: true, Doc: "What is probed, usually URLs.", Hint: `targets = ["https://example.com"]`},
				labels,
			}, scrapeArguments("/probe", byProbe)),
			Example: `site = probe(name = "site", prober = "blackbox-exporter:9115", module = "http_2xx", targets = ["https://example.com"])
deploy(monitoring_stack(V2_CRD, scrape_targets = [site]))`,
			Build: func(c *Call) (any, error) {
				return score.Probe{
					Origin: c.Origin(), Name: c.String("name"), Prober: c.String("prober"), Module: c.String("module"), Targets: c.Strings("targets"),
					Labels: c.StringMap("labels"), Endpoint: endpoint(c),
				}, nil
			},
		}.with(connectionRules()...),
	}
}
