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
		Argument{
			Name: "webhook_url", Type: Secret(), Required: true, Doc: "Address of the webhook. Whoever knows it can post, so it is a secret.",
			Hint: `webhook_url = secret(env = "DISCORD_WEBHOOK_URL")`,
		},
		Argument{Name: "title", Type: String(), Doc: "Template of the message's title."},
		Argument{Name: "message", Type: String(), Doc: "Template of the embedded message."},
		Argument{Name: "content", Type: String(), Doc: "Template of the text above the embedded message; it can mention people."},
		Argument{Name: "username", Type: String(), Doc: "Name that the message appears under."},
		Argument{Name: "avatar_url", Type: String(), Doc: "Address of the picture beside the message.", Hint: `avatar_url = "https://…"`},
	)
}
