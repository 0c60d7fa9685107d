// SPDX-License-Identifier: Apache-2.0

// This file holds the mattermost channel and what its messages are made of.

package builtins

const mattermostExample = `team = mattermost(
    name = "team",
    webhook_url = secret(env = "MATTERMOST_WEBHOOK_URL"),
    channel = "alerts",
    attachments = [mattermost_attachment(
        title = "{{ .CommonLabels.alertname }}",
        fields = [mattermost_field(title = "Namespace", value = "{{ .CommonLabels.namespace }}", short = True)],
    )],
    props = mattermost_props(card = "{{ .CommonAnnotations.description }}"),
    priority = mattermost_priority(priority = "urgent", requested_ack = True),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [team]))`

// mattermostTexts are the settings that a message and an attachment have in common.
func mattermostTexts() []Argument {
	return []Argument{
		templateSetting("fallback", "Template of the text for clients that show no attachments."),
		templateSetting("color", "Template of the colour beside the message."),
		templateSetting("pretext", "Template of the text above the message."),
		limited(templateSetting("text", "Template of the message."), 16383),
		templateSetting("author_name", "Template of the author's name."),
		templateURLSetting("author_link", "Template of the author's address."),
		templateURLSetting("author_icon", "Template of the address of the author's picture."),
		templateSetting("title", "Template of the title."),
		templateURLSetting("title_link", "Template of the title's address."),
		blocksSetting("fields", "mattermost_field", "Fields below the message."),
		templateURLSetting("thumb_url", "Template of the address of a small picture."),
		templateSetting("footer", "Template of the footer."),
		templateURLSetting("footer_icon", "Template of the address of the footer's picture."),
		templateURLSetting("image_url", "Template of the address of a picture."),
	}
}

func mattermostSignatures() []Signature {
	settings := append([]Argument{
		required(secretSetting("webhook_url", "MATTERMOST_WEBHOOK_URL", "Address of the incoming webhook. Whoever knows it can post, so it is a secret.")),
		templateSetting("channel", "Template of the channel or user that the message goes to."),
		templateSetting("username", "Template of the name that the message appears under."),
	}, mattermostTexts()...)
	settings = append(settings,
		templateURLSetting("icon_url", "Template of the address of the picture beside the message."),
		templateSetting("icon_emoji", "Template of the emoji beside the message."),
		blocksSetting("attachments", "mattermost_attachment", "Attachments; with them the texts of the message itself are not used."),
		templateSetting("type", "Template of the kind of post."),
		blockSetting("props", "mattermost_props", "Properties of the post."),
		blockSetting("priority", "mattermost_priority", "How urgent the post is."),
		httpSetting(),
	)
	return []Signature{
		Channel("mattermost", "an alert channel to Mattermost", "", mattermostExample, settings...),
		Block("mattermost_attachment", "an attachment of a Mattermost message", "", mattermostExample, mattermostTexts()...),
		Block("mattermost_field", "a field below a Mattermost message", "", mattermostExample,
			required(templateSetting("title", "Template of the field's title.")),
			required(templateSetting("value", "Template of the field's text.")),
			flagSetting("short", "Whether it may stand beside another field."),
		),
		Block("mattermost_props", "properties of a Mattermost message", "", mattermostExample,
			templateSetting("card", "Template of the text that is shown at the side."),
		),
		Block("mattermost_priority", "how urgent a Mattermost message is", "", mattermostExample,
			required(choiceSetting("priority", "How urgent it is.", "standard", "important", "urgent")),
			flagSetting("requested_ack", "Whether readers are asked to acknowledge it."),
			flagSetting("persistent_notifications", "Whether readers are reminded until they do."),
		),
	}
}
