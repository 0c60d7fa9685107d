// SPDX-License-Identifier: Apache-2.0

// This file holds the telegram channel.

package builtins

func telegramSignature() Signature {
	return Channel("telegram", "an alert channel to a Telegram chat, through a bot", "",
		`chat = telegram(name = "chat", bot_token = secret(env = "TELEGRAM_BOT_TOKEN"), chat_id = -1001234567890)
deploy(monitoring_stack(V2_CRD, alert_channels = [chat]))`,
		required(secretSetting("bot_token", "TELEGRAM_BOT_TOKEN", "Token of the bot.")),
		Argument{Name: "chat_id", Type: Int64(), Required: true, Doc: "Number of the chat; that of a group is negative.", Hint: "chat_id = -1001234567890"},
		numberSetting("message_thread_id", "Number of the topic in a group that has topics."),
		limited(templateSetting("message", "Template of the message."), 4096),
		enumSetting("parse_mode", "How Telegram reads the message; HTML without it.", "HTML", "Markdown", "MarkdownV2"),
		flagSetting("disable_notifications", "Whether the message comes without a sound."),
		urlSetting("api_url", "Address of the Telegram API; Telegram's own without it."),
		httpSetting(),
	)
}
