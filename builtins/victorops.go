// SPDX-License-Identifier: Apache-2.0

// This file holds the victorops channel.

package builtins

func victoropsSignature() Signature {
	return Channel("victorops", "an alert channel to VictorOps, now Splunk On-Call", "",
		`on_call = victorops(name = "on-call", api_key = secret(env = "VICTOROPS_API_KEY"), routing_key = "database")
deploy(monitoring_stack(V2_CRD, alert_channels = [on_call]))`,
		required(secretSetting("api_key", "VICTOROPS_API_KEY", "Key of the REST integration.")),
		required(templateSetting("routing_key", "Template of the key that chooses the team.")),
		urlSetting("api_url", "Address of the API; VictorOps' own without it."),
		choiceSetting("message_type", "What a firing alert is told as; CRITICAL without it.", "CRITICAL", "WARNING", "INFO"),
		templateSetting("entity_display_name", "Template of the summary."),
		limited(templateSetting("state_message", "Template of the long explanation."), 20480),
		templateSetting("monitoring_tool", "Template of the name of what sends it."),
		entriesSetting("custom_fields", "Further fields of the message, each a template."),
		httpSetting(),
	)
}
