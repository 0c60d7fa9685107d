// SPDX-License-Identifier: Apache-2.0

// This file holds the opsgenie channel and its responders.

package builtins

const opsgenieExample = `on_call = opsgenie(
    name = "on-call",
    api_key = secret(env = "OPSGENIE_API_KEY"),
    priority = '{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}',
    responders = [opsgenie_responder(type = "team", name = "web")],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [on_call]))`

func opsgenieSignatures() []Signature {
	return []Signature{
		Channel("opsgenie", "an alert channel to Opsgenie", "", opsgenieExample,
			required(secretSetting("api_key", "OPSGENIE_API_KEY", "Key of the API integration.")),
			urlSetting("api_url", "Address of the API; Opsgenie's own without it."),
			limited(templateSetting("message", "Template of the alert's text."), 130),
			templateSetting("description", "Template of the alert's description."),
			templateSetting("source", "Template of what sends it."),
			entriesSetting("details", "Details of the alert, each a template."),
			templateSetting("entity", "Template of what the alert is about."),
			blocksSetting("responders", "opsgenie_responder", "Who is told."),
			templateSetting("actions", "Template of the actions that are offered, with commas between them."),
			templateSetting("tags", "Template of the tags, with commas between them."),
			templateSetting("note", "Template of a further note."),
			choiceSetting("priority", "How urgent it is; P3 without it.", "P1", "P2", "P3", "P4", "P5"),
			flagSetting("update_alerts", "Whether the text and description of an open alert are changed."),
			httpSetting(),
		),
		Block("opsgenie_responder", "who an Opsgenie alert goes to", "", opsgenieExample,
			required(enumSetting("type", "What the responder is.", "team", "teams", "user", "escalation", "schedule")),
			templateSetting("id", "Template of the identifier."),
			templateSetting("name", "Template of the name; for teams several with commas between them."),
			templateSetting("username", "Template of the user's name."),
		).with(atLeastOne(map[string]string{"id": `id = "…"`, "name": `name = "…"`, "username": `username = "…"`}, "id", "name", "username")),
	}
}
