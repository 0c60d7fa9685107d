// SPDX-License-Identifier: Apache-2.0

// This file holds the slack channel and its attachments' fields and actions.

package builtins

const slackExample = `team = slack(
    name = "team",
    api_url = secret(env = "SLACK_WEBHOOK_URL"),
    channel = "#alerts",
    title = "{{ .CommonLabels.alertname }} is {{ .Status }}",
    fields = [slack_field(title = "Namespace", value = "{{ .CommonLabels.namespace }}", short = True)],
    actions = [
        slack_action(type = "button", text = "Runbook", url = "{{ .CommonAnnotations.runbook_url }}"),
        slack_action(
            type = "button", text = "Acknowledge", name = "acknowledge", value = "{{ .GroupLabels.alertname }}",
            confirm = slack_confirmation(text = "Do you look after it?"),
        ),
    ],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [team]))`

func slackSignatures() []Signature {
	const api, token = `api_url = secret(env = "SLACK_WEBHOOK_URL")`, `app_token = secret(env = "SLACK_APP_TOKEN")`
	return []Signature{
		Channel("slack", "an alert channel to Slack", "", slackExample,
			secretSetting("api_url", "SLACK_WEBHOOK_URL", "Address of the incoming webhook. Whoever knows it can post, so it is a secret."),
			secretSetting("app_token", "SLACK_APP_TOKEN", "Token of a Slack app, in place of api_url."),
			urlSetting("app_url", "Where a message with app_token is posted; Slack's own without it."),
			templateSetting("channel", "Template of the channel or user that the message goes to."),
			templateSetting("username", "Template of the name that the message appears under."),
			templateSetting("color", "Template of the colour beside the message."),
			limited(templateSetting("title", "Template of the title."), 1024),
			templateURLSetting("title_link", "Template of the title's address."),
			templateSetting("pretext", "Template of the text above the message."),
			templateSetting("text", "Template of the message."),
			templateSetting("message_text", "Template of the text outside of the attachment."),
			blocksSetting("fields", "slack_field", "Fields below the message."),
			flagSetting("short_fields", "Whether fields stand beside each other when they do not say so themselves."),
			templateSetting("footer", "Template of the footer."),
			templateSetting("fallback", "Template of the text for clients that show no attachments."),
			templateSetting("callback_id", "Template of the identifier that actions are answered with."),
			templateSetting("icon_emoji", "Template of the emoji beside the message."),
			templateURLSetting("icon_url", "Template of the address of the picture beside the message."),
			templateURLSetting("image_url", "Template of the address of a picture in the message."),
			templateURLSetting("thumb_url", "Template of the address of a small picture in the message."),
			flagSetting("link_names", "Whether names of users and channels become links."),
			Argument{Name: "mrkdwn_in", Type: ListOf(String()), Doc: "Which parts are formatted: fallback, pretext and text without it."},
			blocksSetting("actions", "slack_action", "Buttons below the message."),
			flagSetting("update_message", "Whether a message is changed when its alerts change. It wants a bot's token and the address of chat.postMessage as api_url."),
			timeoutSetting("timeout", "How long a post may take, as a duration.", "10s"),
			httpSetting(),
			resolvedSetting(false),
		).with(oneOf(map[string]string{"api_url": api, "app_token": token}, "api_url", "app_token"),
			needs("update_message", "api_url", `api_url = secret(…) with the address of chat.postMessage, and the bot's token in http_config`)),
		Block("slack_field", "a field below a Slack message", "", slackExample,
			required(templateSetting("title", "Template of the field's title.")),
			required(templateSetting("value", "Template of the field's text.")),
			flagSetting("short", "Whether it may stand beside another field."),
		),
		Block("slack_action", "a button below a Slack message", "", slackExample,
			required(templateSetting("type", "Kind of the action: button.")),
			required(templateSetting("text", "Template of what the button says.")),
			templateURLSetting("url", "Template of the address that the button leads to."),
			templateSetting("style", "Template of the look: default, primary or danger."),
			templateSetting("name", "Template of the action's name, for a button that a Slack app answers."),
			templateSetting("value", "Template of what the Slack app gets."),
			blockSetting("confirm", "slack_confirmation", "Question that is asked first."),
		).with(oneOf(map[string]string{"url": `url = "https://…"`, "name": `name = "…"`}, "url", "name")),
		Block("slack_confirmation", "a question before a button of a Slack message acts", "", slackExample,
			required(templateSetting("text", "Template of the question.")),
			templateSetting("title", "Template of the title."),
			templateSetting("ok_text", "Template of the button that agrees."),
			templateSetting("dismiss_text", "Template of the button that does not."),
		),
	}
}
