// SPDX-License-Identifier: Apache-2.0

// This file holds the pagerduty channel and its links and images.

package builtins

const pagerdutyExample = `on_call = pagerduty(
    name = "on-call",
    routing_key = secret(env = "PAGERDUTY_ROUTING_KEY"),
    severity = '{{ or .CommonLabels.severity "error" }}',
    details = {"namespace": "{{ .CommonLabels.namespace }}"},
    links = [pagerduty_link(href = "{{ .CommonAnnotations.runbook_url }}", text = "Runbook")],
    images = [pagerduty_image(src = "https://example.com/logo.png", alt = "logo")],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [on_call]))`

func pagerdutySignatures() []Signature {
	return []Signature{
		Channel("pagerduty", "an alert channel to PagerDuty", "The field `class` of Alertmanager is the argument class_, since `class` is a reserved word.", pagerdutyExample,
			secretSetting("routing_key", "PAGERDUTY_ROUTING_KEY", "Key of an integration of the type Events API v2."),
			secretSetting("service_key", "PAGERDUTY_SERVICE_KEY", "Key of an integration of the type Prometheus."),
			urlSetting("url", "Where events are sent; PagerDuty's own address without it."),
			templateSetting("client", "Template of the name of what sends it."),
			templateURLSetting("client_url", "Template of the address of what sends it."),
			limited(templateSetting("description", "Template of the summary."), 1024),
			choiceSetting("severity", "Template of the severity; error without it.", "critical", "error", "warning", "info"),
			templateSetting("source", "Template of what is affected; client without it."),
			templateSetting("class_", "Template of the kind of event."),
			templateSetting("component", "Template of the part that is affected."),
			templateSetting("group", "Template of the group that the part belongs to."),
			entriesSetting("details", "Details of the event, each a template."),
			blocksSetting("images", "pagerduty_image", "Pictures in the incident."),
			blocksSetting("links", "pagerduty_link", "Links in the incident."),
			timeoutSetting("timeout", "How long a request may take, as a duration.", "10s"),
			httpSetting(),
		).with(oneOf(map[string]string{
			"routing_key": `routing_key = secret(env = "PAGERDUTY_ROUTING_KEY")`, "service_key": `service_key = secret(env = "PAGERDUTY_SERVICE_KEY")`,
		}, "routing_key", "service_key")),
		Block("pagerduty_link", "a link in a PagerDuty incident", "", pagerdutyExample,
			required(templateURLSetting("href", "Template of the address.")),
			templateSetting("text", "Template of what the link says."),
		),
		Block("pagerduty_image", "a picture in a PagerDuty incident", "", pagerdutyExample,
			required(templateURLSetting("src", "Template of the picture's address.")),
			templateSetting("alt", "Template of the text for who cannot see it."),
			templateURLSetting("href", "Template of the address that the picture leads to."),
		),
	}
}
