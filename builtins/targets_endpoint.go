// SPDX-License-Identifier: Apache-2.0

// This file holds the arguments that all scrape targets share, and relabel.

package builtins

import (
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	kindRelabel = "relabel"

	relabelExample = `web = service_monitor(
    name = "web", match_labels = {"app": "web"}, port = "http",
    relabelings = [relabel(source_labels = ["__meta_kubernetes_pod_node_name"], target_label = "node")],
    metric_relabelings = [relabel(action = "drop", source_labels = ["__name__"], regex = "go_.*")],
)
deploy(monitoring_stack(V2_CRD, scrape_targets = [web]))`
)

func relabelActions() []string {
	return []string{"replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"}
}

func relabelSignature() Signature {
	return Signature{
		Name: "relabel", Family: "scrape targets", Result: kindRelabel,
		Summary: "one step of Prometheus' relabeling, which changes or drops targets and series",
		Arguments: []Argument{
			{Name: "action", Type: String(), Default: "replace", Values: relabelActions(), Doc: "What to do."},
			{Name: "source_labels", Type: ListOf(String()), Doc: "Labels whose values are joined and matched.", Hint: `source_labels = ["__name__"]`},
			{Name: "separator", Type: String(), Default: ";", Doc: "What the values are joined with."},
			{Name: "regex", Type: String(), Default: "(.*)", Doc: "Regular expression that the joined values, or for labelmap, labeldrop and labelkeep the names of labels, have to match from end to end.", Hint: `regex = "go_.*"`},
			{Name: "target_label", Type: String(), Doc: "Label that is written.", Hint: `target_label = "node"`},
			{Name: "replacement", Type: String(), Default: "$1", Doc: "What is written, with $1 for the first group of the expression. An empty text removes the label."},
			{Name: "modulus", Type: Int(), Doc: "Modulus of the hash, for hashmod."},
		},
		Example: relabelExample,
		Build: func(c *Call) (any, error) {
			r := score.Relabeling{
				Origin: c.Origin(), Action: c.String("action"), SourceLabels: c.Strings("source_labels"), TargetLabel: c.String("target_label"),
				Separator: optional[string](c, "separator"), Replacement: optional[string](c, "replacement"), Modulus: int64(c.Int("modulus")),
			}
			if c.Given("regex") {
				r.Regex = c.String("regex")
			}
			return r, nil
		},
	}
}

// optional returns an argument that was given, else nil.
func optional[T any](c *Call, name string) *T {
	if !c.Given(name) {
		return nil
	}
	value, _ := c.Value(name).(T)
	return &value
}

// discoveredBy are the kinds of targets that differ in what the monitoring API lets them say.
type discoveredBy int

const (
	byMonitor      discoveredBy = iota // ServiceMonitor and PodMonitor
	byScrapeConfig                     // ScrapeConfig
	byProbe                            // Probe
)

// scrapeArguments are those of how a target is scraped. path is its default.
func scrapeArguments(path string, kind discoveredBy) []Argument {
	arguments := []Argument{
		{Name: "path", Type: String(), Doc: "Path of the HTTP endpoint; " + path + " without it."},
		{Name: "scheme", Type: String(), Values: []string{"http", "https"}, Doc: "Protocol; http without it."},
		{Name: "params", Type: MapOf(ListOf(String())), Doc: "Parameters of the request, each with a list of values.", Hint: `params = {"collect": ["cpu"]}`},
		{Name: "interval", Type: String(), Doc: "Time between two scrapes, as a duration; Prometheus' default without it.", Hint: `interval = "30s"`},
		{Name: "scrape_timeout", Type: String(), Doc: "Time after which a scrape has failed, as a duration; not longer than interval.", Hint: `scrape_timeout = "10s"`},
		{Name: "honor_labels", Type: Bool(), Default: false, Doc: "Whether a label of the scraped series wins over one of the target. The namespace of a tenant's series is the tenant's all the same."},
	}
	if kind != byProbe {
		arguments = append(arguments, Argument{Name: "honor_timestamps", Type: Bool(), Default: true, Doc: "Whether the times that samples bring along count."})
	}
	arguments = append(arguments, connectionArguments(kind)...)
	arguments = append(arguments,
		Argument{Name: "relabelings", Type: ListOf(ValueOf(kindRelabel)), Doc: "Steps that change or drop targets before they are scraped. The labels __meta_… say what is known of a target.", Hint: `relabelings = [relabel(source_labels = ["__meta_kubernetes_pod_node_name"], target_label = "node")]`},
		Argument{Name: "metric_relabelings", Type: ListOf(ValueOf(kindRelabel)), Doc: "Steps that change or drop series after they were scraped.", Hint: `metric_relabelings = [relabel(action = "drop", source_labels = ["__name__"], regex = "go_.*")]`},
		Argument{Name: "sample_limit", Type: Int(), Default: 0, Doc: "The most samples of one scrape, after metric_relabelings; beyond it the scrape has failed. 0 means no limit, as for the other limits."},
		Argument{Name: "target_limit", Type: Int(), Default: 0, Doc: "The most targets, after relabelings."},
		Argument{Name: "label_limit", Type: Int(), Default: 0, Doc: "The most labels of a sample."},
		Argument{Name: "label_name_length_limit", Type: Int(), Default: 0, Doc: "The longest name of a label, in bytes."},
		Argument{Name: "label_value_length_limit", Type: Int(), Default: 0, Doc: "The longest value of a label, in bytes."},
		Argument{Name: "keep_dropped_targets", Type: Int(), Default: 0, Doc: "How many dropped targets Prometheus remembers, to show them; 0 means all."},
	)
	if kind != byProbe {
		arguments = append(arguments, Argument{Name: "body_size_limit", Type: String(), Doc: "The largest answer, before it is unpacked; beyond it the scrape has failed.", Hint: `body_size_limit = "10MB"`})
	}
	return append(arguments,
		Argument{Name: "scrape_protocols", Type: ListOf(String()), Doc: "Formats that Prometheus asks for, the best first: " + protocolList() + ".", Hint: `scrape_protocols = ["OpenMetricsText1.0.0"]`},
		Argument{Name: "fallback_scrape_protocol", Type: String(), Values: score.ScrapeProtocols(), Doc: "Format that an answer without a valid Content-Type is read as; without it such a scrape has failed.", Hint: `fallback_scrape_protocol = "PrometheusText0.0.4"`},
		Argument{Name: "scrape_class", Type: String(), Doc: "Scrape class that the Prometheus resource defines, for example through helm_values.", Hint: `scrape_class = "mesh"`},
		Argument{Name: "exposes", Type: ListOf(String()), Doc: "Metrics that the target gives, a family of them as \"node_*\". It changes nothing in the cluster: check compares it with what rule groups require.", Hint: `exposes = ["pg_*"]`},
	)
}

func protocolList() string {
	text := ""
	for i, protocol := range score.ScrapeProtocols() {
		if i > 0 {
			text += ", "
		}
		text += protocol
	}
	return text
}

// connectionArguments are the settings of http_config that scraping a target can have. They stand in the target itself,
// as in Prometheus' configuration.
func connectionArguments(kind discoveredBy) []Argument {
	var arguments []Argument
	for _, a := range httpSettings("Prometheus") {
		// A ScrapeConfig can say this of its discovery only.
		if a.Name != "follow_redirects" || kind != byScrapeConfig {
			arguments = append(arguments, a)
		}
	}
	return arguments
}

// connectionRules say which of the settings go together.
func connectionRules() []rule {
	return []rule{atMostOne("authorization", "basic_auth", "oauth2"), atMostOne("proxy_url", "proxy_from_environment")}
}

func endpoint(c *Call) score.Endpoint {
	e := score.Endpoint{
		Path: c.String("path"), Scheme: c.String("scheme"), Params: stringLists(c, "params"),
		Interval: c.String("interval"), ScrapeTimeout: c.String("scrape_timeout"), HonorLabels: c.Bool("honor_labels"),
		Relabelings: Values[score.Relabeling](c, "relabelings"), MetricRelabelings: Values[score.Relabeling](c, "metric_relabelings"),
		Limits: score.ScrapeLimits{
			Samples: int64(c.Int("sample_limit")), Targets: int64(c.Int("target_limit")), Labels: int64(c.Int("label_limit")),
			LabelNameLength: int64(c.Int("label_name_length_limit")), LabelValueLength: int64(c.Int("label_value_length_limit")),
			KeptDropped: int64(c.Int("keep_dropped_targets")),
		},
		ScrapeProtocols: c.Strings("scrape_protocols"), FallbackScrapeProtocol: c.String("fallback_scrape_protocol"), ScrapeClass: c.String("scrape_class"), Exposes: c.Strings("exposes"),
	}
	if _, has := c.signature.find("honor_timestamps"); has {
		e.HonorTimestamps = optional[bool](c, "honor_timestamps")
		e.Limits.BodySize = c.String("body_size_limit")
	}
	var others []string
	settings := httpSettings("")
	for _, a := range c.signature.Arguments {
		if !slices.ContainsFunc(settings, func(setting Argument) bool { return setting.Name == a.Name }) {
			others = append(others, a.Name)
		}
	}
	e.HTTP = settingsOf(c, others...)
	return e
}

func stringLists(c *Call, name string) map[string][]string {
	d, _ := c.Value(name).(*dict)
	if d == nil {
		return nil
	}
	result := make(map[string][]string, len(d.keys))
	for i, key := range d.keys {
		result[key] = stringsOf(d.values[i])
	}
	return result
}
