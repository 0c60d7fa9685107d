// SPDX-License-Identifier: Apache-2.0

// This file holds the wechat channel.

package builtins

func wechatSignature() Signature {
	return Channel("wechat", "an alert channel to WeChat Work", "",
		`team = wechat(name = "team", api_secret = secret(env = "WECHAT_API_SECRET"), corp_id = "ww0123456789", agent_id = "1000002", to_party = "2")
deploy(monitoring_stack(V2_CRD, alert_channels = [team]))`,
		required(secretSetting("api_secret", "WECHAT_API_SECRET", "Secret of the application.")),
		required(templateSetting("corp_id", "Template of the organisation's identifier.")),
		templateSetting("agent_id", "Template of the application's identifier."),
		templateSetting("to_user", "Template of the users, with | between them; @all means everybody."),
		templateSetting("to_party", "Template of the departments, with | between them."),
		templateSetting("to_tag", "Template of the tags, with | between them."),
		templateSetting("message", "Template of the message."),
		enumSetting("message_type", "Kind of the message; text without it.", "text", "markdown"),
		urlSetting("api_url", "Address of the API; WeChat's own without it."),
		httpSetting(),
		resolvedSetting(false),
	)
}
