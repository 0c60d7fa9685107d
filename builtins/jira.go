// SPDX-License-Identifier: Apache-2.0

// This file holds the jira channel.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

const jiraExample = `tickets = jira(
    name = "tickets",
    api_url = "https://example.atlassian.net/rest/api/3/",
    project = "OPS",
    issue_type = "Bug",
    summary = jira_field(template = "{{ .CommonLabels.alertname }} in {{ .CommonLabels.namespace }}"),
    fields = {"customfield_10001": "{{ .CommonLabels.team }}"},
    http_config = http_config(basic_auth = basic_auth(username = "alerts@example.com", password = secret(env = "JIRA_TOKEN"))),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [tickets]))`

func jiraSignatures() []Signature {
	text := func(name, doc string) Argument {
		return Argument{Name: name, Type: OneOf(String(), ValueOf("jira_field")), Doc: doc, Hint: name + ` = "…"`}
	}
	http := required(httpSetting())
	http.Doc = "How to connect, with the credentials: for Jira Cloud basic_auth with the e-mail address and an API token, for Jira Data Center authorization with a personal access token."
	http.Hint = `http_config = http_config(basic_auth = basic_auth(username = "alerts@example.com", password = secret(env = "JIRA_TOKEN")))`
	return []Signature{
		Channel("jira", "an alert channel that keeps an issue in Jira", "", jiraExample,
			required(urlSetting("api_url", "Address of the API, with its version.")),
			required(templateSetting("project", "Template of the project's key.")),
			required(templateSetting("issue_type", "Template of the kind of issue.")),
			http,
			enumSetting("api_type", "Which API it is; found out by the address without it.", "auto", "cloud", "datacenter"),
			limited(text("summary", "Template of the issue's summary, or a jira_field."), 255),
			limited(text("description", "Template of the issue's description, or a jira_field."), 32767),
			Argument{Name: "labels", Type: ListOf(String()), Doc: "Labels of the issue, each a template.", Hint: `labels = ["alertmanager"]`},
			templateSetting("priority", "Template of the issue's priority."),
			textSetting("reopen_transition", "Transition that opens a closed issue again."),
			textSetting("resolve_transition", "Transition that closes an issue."),
			textSetting("wont_fix_resolution", "Resolution of issues that are not opened again."),
			Argument{Name: "reopen_duration", Type: String(), Doc: "How long after it was closed an issue is opened again, as a duration; always without it.", Format: score.FormatDuration, Hint: `reopen_duration = "7d"`},
			Argument{
				Name: "fields", Type: MapOf(OneOf(String(), Int(), Float(), Bool(), ListOf(String()), MapOf(String()))),
				Doc: "Further fields of the issue; texts are templates.", Hint: `fields = {"customfield_10001": "…"}`,
			},
		),
		Block("jira_field", "a text of a Jira issue", "", jiraExample,
			required(templateSetting("template", "Template of the text.")),
			Argument{Name: "enable_update", Type: Bool(), Default: true, Doc: "Whether the text of an open issue is changed. No operator can say False yet."},
		),
	}
}
