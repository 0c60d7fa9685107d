// SPDX-License-Identifier: Apache-2.0

// This file holds the rocketchat channel and its attachments' fields and actions.

package builtins

const rocketchatExample = `chat = rocketchat(
    name = "chat",
    api_url = "https://chat.example.com/",
    token = secret(env = "ROCKETCHAT_TOKEN"),
    token_id = secret(env = "ROCKETCHAT_TOKEN_ID"),
    channel = "#alerts",
    fields = [rocketchat_field(title = "Namespace", value = "{{ .CommonLabels.namespace }}", short = True)],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [chat]))`

const rocketchatActionExample = `runbook = rocketchat_action(text = "Runbook", url = "{{ .CommonAnnotations.runbook_url }}")
print(runbook.text)
deploy(monitoring_stack(V2_CRD))`

func rocketchatSignatures() []Signature {
	return []Signature{
		Channel("rocketchat", "an alert channel to Rocket.Chat", "", rocketchatExample,
			required(secretSetting("token", "ROCKETCHAT_TOKEN", "Token of the user who posts.")),
			required(secretSetting("token_id", "ROCKETCHAT_TOKEN_ID", "Identifier of that token.")),
			urlSetting("api_url", "Address of the server; https://open.rocket.chat/ without it."),
			templateSetting("channel", "Template of the channel or user that the message goes to."),
			templateSetting("color", "Template of the colour beside the message."),
			limited(templateSetting("title", "Template of the title."), 1024),
			templateURLSetting("title_link", "Template of the title's address."),
			templateSetting("text", "Template of the message."),
			blocksSetting("fields", "rocketchat_field", "Fields below the message."),
			flagSetting("short_fields", "Whether fields stand beside each other when they do not say so themselves."),
			templateSetting("emoji", "Template of the emoji beside the message."),
			templateURLSetting("icon_url", "Template of the address of the picture beside the message."),
			templateURLSetting("image_url", "Template of the address of a picture in the message."),
			templateURLSetting("thumb_url", "Template of the address of a small picture in the message."),
			flagSetting("link_names", "Whether names of users and channels become links."),
			blocksSetting("actions", "rocketchat_action", "Buttons below the message."),
			httpSetting(),
			resolvedSetting(false),
		),
		Block("rocketchat_field", "a field below a Rocket.Chat message", "", rocketchatExample,
			required(templateSetting("title", "Template of the field's title.")),
			required(templateSetting("value", "Template of the field's text.")),
			flagSetting("short", "Whether it may stand beside another field."),
		),
		Block("rocketchat_action", "a button below a Rocket.Chat message", "No version of the monitoring API carries it today: Alertmanager refuses what the operators make of it.", rocketchatActionExample,
			required(templateSetting("text", "Template of what the button says.")),
			templateURLSetting("url", "Template of the address that the button leads to."),
			templateSetting("msg", "Template of the message that the button sends."),
		).with(atLeastOne(map[string]string{"url": `url = "https://…"`, "msg": `msg = "…"`}, "url", "msg")),
	}
}
