// SPDX-License-Identifier: Apache-2.0

// This file holds the pushover channel.

package builtins

func pushoverSignature() Signature {
	return Channel("pushover", "an alert channel to Pushover", "",
		`phone = pushover(name = "phone", user_key = secret(env = "PUSHOVER_USER_KEY"), token = secret(env = "PUSHOVER_TOKEN"), priority = "1")
deploy(monitoring_stack(V2_CRD, alert_channels = [phone]))`,
		required(secretSetting("user_key", "PUSHOVER_USER_KEY", "Key of the user or group.")),
		required(secretSetting("token", "PUSHOVER_TOKEN", "Token of the application.")),
		limited(templateSetting("title", "Template of the title."), 250),
		limited(templateSetting("message", "Template of the message."), 1024),
		limited(templateURLSetting("url", "Template of an address that is shown beside the message."), 512),
		limited(templateSetting("url_title", "Template of the text that is shown for that address."), 100),
		templateSetting("device", "Template of the device; all devices of the user without it."),
		templateSetting("sound", "Template of the sound's name."),
		choiceSetting("priority", "How urgent it is; without it 2 while an alert fires, which has to be acknowledged, else 0.", "-2", "-1", "0", "1", "2"),
		timeoutSetting("retry", "Time between two reminders of priority 2, at least 30s; 1m without it.", "1m"),
		timeoutSetting("expire", "How long there are reminders of priority 2, at most 3h; 1h without it.", "1h"),
		timeoutSetting("ttl", "How long the message is kept.", "4h"),
		flagSetting("html", "Whether the message is HTML."),
		flagSetting("monospace", "Whether the message is shown in a monospaced font."),
		httpSetting(),
	)
}
