// SPDX-License-Identifier: Apache-2.0

// This file holds the msteams channel.

package builtins

func msteamsSignature() Signature {
	return Channel("msteams", "an alert channel to Microsoft Teams through a connector", "Microsoft is retiring connectors; workflows, which follow them, take msteamsv2.",
		`team = msteams(name = "team", webhook_url = secret(env = "MSTEAMS_WEBHOOK_URL"), title = "{{ .CommonLabels.alertname }}")
deploy(monitoring_stack(V2_CRD, alert_channels = [team]))`,
		required(secretSetting("webhook_url", "MSTEAMS_WEBHOOK_URL", "Address of the connector. Whoever knows it can post, so it is a secret.")),
		templateSetting("title", "Template of the message's title."),
		templateSetting("summary", "Template of the summary, which notifications show."),
		templateSetting("text", "Template of the message."),
		httpSetting(),
	)
}
