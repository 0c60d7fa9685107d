// SPDX-License-Identifier: Apache-2.0

// This file holds the discord channel.

package builtins

func discordSignature() Signature {
	return Channel("discord", "an alert channel to a Discord webhook", "",
		`on_call = discord(
    name = "on-call",
    webhook_url = secret(env = "DISCORD_WEBHOOK_URL"),
    matchers = ['severity="critical"'],
)
deploy(monitoring_stack(V2_CRD, alert_channels = [on_call]))`,
		required(secretSetting("webhook_url", "DISCORD_WEBHOOK_URL", "Address of the webhook. Whoever knows it can post, so it is a secret.")),
		limited(templateSetting("title", "Template of the message's title."), 256),
		limited(templateSetting("message", "Template of the embedded message."), 4096),
		limited(templateSetting("content", "Template of the text above the embedded message; it can mention people."), 2000),
		limited(textSetting("username", "Name that the message appears under."), 80),
		urlSetting("avatar_url", "Address of the picture beside the message."),
		httpSetting(),
	)
}
