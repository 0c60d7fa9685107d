// SPDX-License-Identifier: Apache-2.0

// This file holds the webex channel.

package builtins

func webexSignature() Signature {
	http := required(httpSetting())
	http.Doc = "How to connect. Its authorization has the bot's token."
	http.Hint = `http_config = http_config(authorization = authorization(credentials = secret(env = "WEBEX_TOKEN")))`
	return Channel("webex", "an alert channel to a Webex room, through a bot", "",
		`room = webex(
    name = "room",
    room_id = "Y2lzY29zcGFyazovL3VzL1JPT00v",
    http_config = http_config(authorization = authorization(credentials = secret(env = "WEBEX_TOKEN"))),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [room]))`,
		required(templateSetting("room_id", "Template of the room's identifier.")),
		http,
		templateSetting("message", "Template of the message."),
		urlSetting("api_url", "Address of the API; Webex' own without it."),
	)
}
