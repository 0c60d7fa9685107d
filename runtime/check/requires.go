// SPDX-License-Identifier: Apache-2.0

// This file compares the metrics that rule groups require with those that the stack's targets expose.

package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// libraryFiles begin the names of the standard library's files. What a script got from there is reported where the
// script asked for it.
const libraryFiles = "@stdlib//"

// Preset says which function of the standard library returns targets that expose a family of metrics.
type Preset struct {
	// Metrics is the beginning that the names of the metrics share: "kube_".
	Metrics string
	// Module is what a script loads: "@stdlib//targets/kubernetes.star".
	Module string
	// Function of that module.
	Function string
}

// Presets returns the targets of the standard library that a fix may name, those with longer names of metrics first.
func Presets() []Preset {
	const targets = libraryFiles + "targets/"
	return []Preset{
		{"prometheus_operator_", targets + "monitoring.star", "prometheus_operator"},
		{"certmanager_", targets + "monitoring.star", "cert_manager"},
		{"alertmanager_", targets + "monitoring.star", "alertmanager"},
		{"prometheus_", targets + "monitoring.star", "prometheus"},
		{"container_", targets + "kubernetes.star", "cadvisor"},
		{"kubelet_", targets + "kubernetes.star", "kubelet"},
		{"reloader_", targets + "monitoring.star", "config_reloader"},
		{"probe_", targets + "blackbox_exporter.star", "http_probe"},
		{"node_", targets + "node_exporter.star", "node_exporter"},
		{"kube_", targets + "kubernetes.star", "kube_state_metrics"},
	}
}

type requirementsKey struct {
	rules   rulesKey
	targets *score.ScrapeTarget
	number  int
	version score.APIVersion
	tenant  bool
}

type requirementKey struct {
	at          score.Position
	group, lack string
}

// requirements reports groups whose metrics nothing says to expose. tenant tells that the stack is a tenant's.
func (c *checker) requirements(s score.MonitoringStack, tenant bool) {
	if !c.once(requirementsKey{keyOfRules(s.AlertRules), first(s.ScrapeTargets), len(s.ScrapeTargets), s.APIVersion, tenant}) {
		return
	}
	var exposed []string
	for _, g := range s.AlertRules {
		if len(g.Requires) == 0 {
			continue
		}
		if exposed == nil {
			exposed = exposedBy(s, tenant)
		}
		var lacking []string
		for _, metric := range g.Requires {
			if !slices.ContainsFunc(exposed, func(pattern string) bool { return exposes(pattern, metric) }) && !slices.Contains(lacking, metric) {
				lacking = append(lacking, metric)
			}
		}
		at := callInScript(g.Origin)
		if len(lacking) == 0 || !c.once(requirementKey{at.Position(), g.Name, strings.Join(lacking, " ")}) {
			continue
		}
		what := lacking[0]
		if more := len(lacking) - 1; more == 1 {
			what = "the metrics " + lacking[0] + " and " + lacking[1]
		} else if more > 1 {
			what = fmt.Sprintf("%s and %d more metrics", what, more)
		}
		c.report(problem{
			code: "metrics-not-exposed", origin: at, argument: "requires",
			summary: fmt.Sprintf("alert_rule_group %q: got rules that require %s, which no target of monitoring_stack %q says to expose", g.Name, what, s.Name),
			detail:  "Without them these rules never give anything: " + namedMetrics(lacking) + ".",
			fix:     exposingFix(lacking),
		})
	}
}

// callInScript returns the origin of a value as far as its script knows it: where a function of the standard library
// made the value, that is the call of the function.
func callInScript(origin score.Origin) score.Origin {
	if !strings.HasPrefix(origin.Position().File, libraryFiles) {
		return origin
	}
	for i, caller := range origin.Callers() {
		if !strings.HasPrefix(caller.File, libraryFiles) {
			return score.NewOrigin(&score.CallSite{Position: caller}, origin.Callers()[i+1:])
		}
	}
	return origin
}

// namedMetrics lists metrics for a sentence, the first of them when there are many.
func namedMetrics(metrics []string) string {
	const most = 8
	if len(metrics) <= most+1 {
		return quoteList(metrics, "and")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(metrics[:most], ", "), len(metrics)-most)
}

// exposingFix names the presets that would help, and the way for targets of the script's own.
func exposingFix(lacking []string) string {
	var presets, families []string
	for _, metric := range lacking {
		family := metric
		for _, p := range Presets() {
			if strings.HasPrefix(metric, p.Metrics) {
				family = p.Metrics + "*"
				if preset := fmt.Sprintf("%s() of %s", p.Function, p.Module); !slices.Contains(presets, preset) {
					presets = append(presets, preset)
				}
				break
			}
		}
		if quoted := fmt.Sprintf("%q", family); !slices.Contains(families, quoted) {
			families = append(families, quoted)
		}
	}
	own := fmt.Sprintf("say exposes = [%s] on the target that gives them", strings.Join(families, ", "))
	if len(presets) == 0 {
		return own
	}
	return fmt.Sprintf("add %s to scrape_targets, or %s", quoteList(presets, "and"), own)
}

// exposes reports whether a name, or a family such as "node_*", is or has the metric.
func exposes(pattern, metric string) bool {
	if family, isFamily := strings.CutSuffix(pattern, "*"); isFamily {
		return strings.HasPrefix(metric, family)
	}
	return pattern == metric
}

// platformParts are the parts of V1_HELM's chart that a stack of its own has beside the servers, by their keys in the
// chart's values, and what they expose.
func platformParts() map[string][]string {
	return map[string][]string{
		"kubeStateMetrics":      {"kube_*"},
		"nodeExporter":          {"node_*"},
		"kubelet":               {"kubelet_*", "container_*", "machine_*", "storage_operation_*", "volume_manager_*"},
		"prometheusOperator":    {"prometheus_operator_*"},
		"prometheus":            {"prometheus_*", "reloader_*", "process_*", "go_*"},
		"alertmanager":          {"alertmanager_*", "process_*", "go_*"},
		"coreDns":               {"coredns_*"},
		"kubeApiServer":         {"apiserver_*", "aggregator_*", "rest_client_*", "workqueue_*"},
		"kubeEtcd":              {"etcd_*"},
		"kubeScheduler":         {"scheduler_*"},
		"kubeControllerManager": {"node_collector_*"},
		"kubeProxy":             {"kubeproxy_*"},
	}
}

// exposedBy returns the names and families of metrics that a stack is known to have: what its targets say, what they
// are by their kind or name, what the version brings along, and what the rules record.
func exposedBy(s score.MonitoringStack, tenant bool) []string {
	// Prometheus itself makes these for whatever it scrapes and evaluates.
	exposed := []string{"up", "scrape_*", "ALERTS", "ALERTS_FOR_STATE"}
	for _, t := range s.ScrapeTargets {
		if says, ok := t.(interface{ ExposedMetrics() []string }); ok {
			exposed = append(exposed, says.ExposedMetrics()...)
		}
		if _, isProbe := t.(score.Probe); isProbe {
			exposed = append(exposed, "probe_*")
		}
		exposed = append(exposed, looksLike(t)...)
	}
	for _, g := range s.AlertRules {
		for _, r := range g.Rules {
			if r.Record != "" {
				exposed = append(exposed, r.Record)
			}
		}
	}
	switch {
	case s.APIVersion == score.V1Helm && !tenant:
		parts := platformParts()
		for _, part := range slices.Sorted(maps.Keys(parts)) {
			values, _ := s.HelmValues[part].(map[string]any)
			if enabled, said := values["enabled"].(bool); enabled || !said {
				exposed = append(exposed, parts[part]...)
			}
		}
	case s.APIVersion == score.V3RHOB:
		// observability-operator lets every MonitoringStack scrape its own two servers. Not so the operator itself, whose
		// metrics begin as Prometheus' do.
		for _, part := range []string{"build", "config", "engine", "http", "notifications", "remote_storage", "rule", "sd", "target", "tsdb", "web"} {
			exposed = append(exposed, "prometheus_"+part+"_*")
		}
		exposed = append(exposed, "alertmanager_*", "process_*", "go_*")
	}
	return exposed
}

// looksLike returns the families that a target gives whose names or labels are those of a well-known exporter. A source
// that is federated may have anything.
func looksLike(t score.ScrapeTarget) []string {
	if t == nil {
		return nil
	}
	words := []string{t.TargetName()}
	switch t := t.(type) {
	case score.ServiceMonitor:
		words = append(words, slices.Collect(maps.Values(t.MatchLabels))...)
		words = append(words, t.Path)
	case score.PodMonitor:
		words = append(words, slices.Collect(maps.Values(t.MatchLabels))...)
		words = append(words, t.Path)
	case score.StaticTargets:
		words = append(append(words, t.Targets...), t.Path)
	}
	text := strings.ToLower(strings.Join(words, " "))
	if strings.Contains(text, "federat") {
		return []string{"*"}
	}
	var families []string
	for _, e := range exporters {
		// The last word of each is too common to tell anything here.
		if slices.ContainsFunc(e.words[:len(e.words)-1], func(word string) bool { return strings.Contains(text, word) }) {
			families = append(families, e.prefix+"*")
		}
	}
	return families
}
