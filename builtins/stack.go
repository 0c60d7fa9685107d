// SPDX-License-Identifier: Apache-2.0

// This file holds monitoring_stack and remote_write.

package builtins

import (
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Results that arguments ask for.
const (
	kindChannel     = "alert_channel"
	kindTarget      = "scrape_target"
	kindGroup       = "alert_rule_group"
	kindRemoteWrite = "remote_write"
	kindScore       = "score"
)

func stackSignatures() []Signature {
	namespace := Argument{
		Name: "namespace", Type: String(), Default: score.DefaultStackNamespace,
		Doc: "Kubernetes namespace in which everything is made. In a tenant_monitoring the tenant's namespace takes its place.",
	}
	targets := Argument{
		Name: "scrape_targets", Type: ListOf(ValueOf(kindTarget)),
		Doc:  "What Prometheus scrapes: service_monitor, pod_monitor, static_targets and probe values.",
		Hint: `scrape_targets = [service_monitor(name = "web", match_labels = {"app": "web"}, port = "http")]`,
	}
	return []Signature{
		{
			Name: "monitoring_stack", Family: "scores", Result: kindScore, Positional: 2,
			Summary: "a Prometheus and an Alertmanager with their channels, targets and rules",
			Doc:     "The same stack can be deployed through each version of the monitoring API: only api_version changes. What a version cannot express is refused at the line that asks for it.",
			Arguments: append([]Argument{
				{Name: "api_version", Type: Version(), Required: true, Doc: "Version of the monitoring API: V1_HELM, V2_CRD or V3_RHOB."},
				namespace,
				{Name: "name", Type: String(), Default: score.DefaultStackName, Doc: "Name of the Prometheus and Alertmanager resources."},
				{Name: "alert_channels", Type: ListOf(ValueOf(kindChannel)), Doc: "Where alerts go. Each channel gets every alert that its matchers let through."},
				targets,
				{Name: "alert_rules", Type: ListOf(ValueOf(kindGroup)), Doc: "Groups of alerting and recording rules."},
				{Name: "retention", Type: String(), Default: score.DefaultRetention, Doc: "How long samples are kept, as a duration of Prometheus.", Hint: `retention = "10d"`},
				{Name: "storage", Type: String(), Doc: "Size of each Prometheus' volume, as a quantity of Kubernetes. Without it storage ends with the pod.", Hint: `storage = "50Gi"`},
				{Name: "replicas", Type: Int(), Default: score.DefaultReplicas, Doc: "Replicas of Prometheus and of Alertmanager."},
				{Name: "shards", Type: Int(), Default: score.DefaultShards, Doc: "Shards among which Prometheus spreads its targets."},
				{Name: "remote_write", Type: ListOf(ValueOf(kindRemoteWrite)), Doc: "Other systems that samples are sent to."},
				{Name: "external_labels", Type: MapOf(String()), Doc: "Labels added to everything that leaves this Prometheus."},
				{
					Name: "resources", Type: MapOf(MapOf(String()), "requests", "limits"), Doc: "Compute resources of the Prometheus container, as quantities.",
					Hint: `resources = {"requests": {"cpu": "500m", "memory": "2Gi"}}`,
				},
			}, slices.Concat(routingArguments(), helmArguments())...),
			Example: `stack = monitoring_stack(
    api_version = V2_CRD,
    namespace = "monitoring",
    scrape_targets = [service_monitor(name = "web", match_labels = {"app": "web"}, port = "http")],
)
deploy(stack)`,
			Build: buildStack,
		},
		{
			Name: "set_namespace", Receiver: "monitoring_stack", Family: "scores", Result: kindScore, Positional: 1,
			Summary:   "a copy of the stack in another namespace",
			Arguments: []Argument{required(namespace)},
			Example:   `deploy(monitoring_stack(V2_CRD).set_namespace("platform"))`,
			change: func(_ *Value, c *Call) change {
				return change{field: "namespace", value: c.Value("namespace")}
			},
		},
		{
			Name: "add_alert_channel", Receiver: "monitoring_stack", Family: "scores", Result: kindScore, Positional: 1,
			Summary:   "a copy of the stack with one more alert channel",
			Arguments: []Argument{{Name: "channel", Type: ValueOf(kindChannel), Required: true, Doc: "The channel that comes after those of the stack."}},
			Example: `stack = monitoring_stack(V2_CRD).add_alert_channel(
    discord(name = "on-call", webhook_url = secret(env = "DISCORD_WEBHOOK_URL")),
)
deploy(stack)`,
			change: func(receiver *Value, c *Call) change {
				i, _ := receiver.signature.find("alert_channels")
				channels, _ := receiver.args[i].(list)
				return change{field: "alert_channels", value: append(slices.Clone(channels), c.Value("channel")), element: "channel"}
			},
		},
		{
			Name: "set_scrape_targets", Receiver: "monitoring_stack", Family: "scores", Result: kindScore, Positional: 1,
			Summary:   "a copy of the stack with other scrape targets",
			Arguments: []Argument{required(targets)},
			Example: `stack = monitoring_stack(V2_CRD).set_scrape_targets([
    pod_monitor(name = "web", match_labels = {"app": "web"}, port = "metrics"),
])
deploy(stack)`,
			change: func(_ *Value, c *Call) change {
				return change{field: "scrape_targets", value: c.Value("scrape_targets")}
			},
		},
	}
}

func required(a Argument) Argument {
	a.Required, a.Default = true, nil
	return a
}

func buildStack(c *Call) (any, error) {
	resources := c.StringMaps("resources")
	return score.MonitoringStack{
		Origin:         c.Origin(),
		APIVersion:     ValueAs[score.APIVersion](c, "api_version"),
		Namespace:      c.String("namespace"),
		Name:           c.String("name"),
		AlertChannels:  Values[score.AlertChannel](c, "alert_channels"),
		ScrapeTargets:  Values[score.ScrapeTarget](c, "scrape_targets"),
		AlertRules:     Values[score.RuleGroup](c, "alert_rules"),
		Route:          c.route(),
		InhibitRules:   Values[score.InhibitRule](c, "inhibit_rules"),
		MuteTimes:      Values[score.MuteTime](c, "mute_times"),
		Retention:      c.String("retention"),
		Storage:        c.String("storage"),
		Replicas:       c.Int("replicas"),
		Shards:         c.Int("shards"),
		RemoteWrite:    Values[score.RemoteWrite](c, "remote_write"),
		ExternalLabels: c.StringMap("external_labels"),
		Resources:      score.Resources{Requests: resources["requests"], Limits: resources["limits"]},
		HelmChart:      c.helmChart(),
		HelmValues:     c.Data("helm_values"),
	}, nil
}
