// SPDX-License-Identifier: Apache-2.0

// This file holds what all kinds of scrape targets share: how they are scraped, and what becomes of their labels.

package score

// Endpoint says how a target is scraped. Empty strings, nil and 0 mean Prometheus' defaults.
type Endpoint struct {
	// Path of the metrics, by default "/metrics".
	Path string
	// Scheme is "http" (the default) or "https".
	Scheme string
	// Params are parameters of the request, each with its values.
	Params map[string][]string
	// Interval is the time between two scrapes.
	Interval string
	// ScrapeTimeout is the time after which a scrape has failed; not longer than Interval.
	ScrapeTimeout string
	// HonorLabels keeps a label of the scraped series that clashes with one of the target.
	HonorLabels bool
	// HonorTimestamps says whether the times that samples bring along count; by default they do.
	HonorTimestamps *bool
	// HTTP are the settings of http_config, under the names of Prometheus' configuration: "tls_config", "basic_auth".
	HTTP []Field
	// Relabelings change or drop targets before they are scraped, MetricRelabelings the series that came of it.
	Relabelings, MetricRelabelings []Relabeling
	// Limits beyond which a scrape has failed.
	Limits ScrapeLimits
	// ScrapeProtocols are the formats that Prometheus asks for, the best first: "OpenMetricsText1.0.0".
	ScrapeProtocols []string
	// FallbackScrapeProtocol is the format that an answer without a valid Content-Type is read as.
	FallbackScrapeProtocol string
	// ScrapeClass is the name of a scrape class that the Prometheus resource defines.
	ScrapeClass string
	// Exposes are names of metrics that the target is said to give, a family of them as "node_*". They change nothing in
	// the cluster: checks compare them with what rule groups require.
	Exposes []string
}

// ExposedMetrics returns Exposes; by it checks find out what a target of any kind gives.
func (e Endpoint) ExposedMetrics() []string { return e.Exposes }

// ScrapeLimits are limits of one scrape; 0 and "" mean none.
type ScrapeLimits struct {
	// Samples that are left after the metric relabelings.
	Samples int64
	// Targets that are left after the relabelings.
	Targets int64
	// Labels of one sample, and how long their names and values may be in bytes.
	Labels, LabelNameLength, LabelValueLength int64
	// KeptDropped is how many dropped targets Prometheus remembers, to show them.
	KeptDropped int64
	// BodySize is the largest answer before it is unpacked, such as "10MB".
	BodySize string
}

// Relabeling is one step of Prometheus' relabeling.
type Relabeling struct {
	Origin Origin
	// Action is what to do: "replace" where it is empty.
	Action string
	// SourceLabels are the labels whose values, joined by Separator, are matched against Regex.
	SourceLabels []string
	// Separator is ";" where it is nil.
	Separator *string
	// Regex is anchored at both ends; it matches everything where it is empty.
	Regex string
	// TargetLabel is the label that is written.
	TargetLabel string
	// Replacement is what is written, "$1" where it is nil.
	Replacement *string
	// Modulus of the hash, for the action "hashmod".
	Modulus int64
}

// ScrapeProtocols returns the formats of metrics that Prometheus can ask for.
func ScrapeProtocols() []string {
	return []string{"PrometheusProto", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4"}
}

// EndpointOf returns how a target is scraped; the zero value for a kind that another program added.
func EndpointOf(target ScrapeTarget) Endpoint {
	switch t := target.(type) {
	case ServiceMonitor:
		return t.Endpoint
	case PodMonitor:
		return t.Endpoint
	case StaticTargets:
		return t.Endpoint
	case HTTPDiscovery:
		return t.Endpoint
	case DNSDiscovery:
		return t.Endpoint
	case Probe:
		return t.Endpoint
	default:
		return Endpoint{}
	}
}

// NamespacesOf returns the namespaces that a monitor names, nil for a target that names none.
func NamespacesOf(target ScrapeTarget) []string {
	switch t := target.(type) {
	case ServiceMonitor:
		return t.Namespaces
	case PodMonitor:
		return t.Namespaces
	default:
		return nil
	}
}
