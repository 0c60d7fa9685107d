// SPDX-License-Identifier: Apache-2.0

// This file holds the msteamsv2 channel.

package builtins

func msteamsv2Signature() Signature {
	return Channel("msteamsv2", "an alert channel to Microsoft Teams through a workflow", "",
		`team = msteamsv2(name = "team", webhook_url = secret(env = "MSTEAMS_WORKFLOW_URL"), title = "{{ .CommonLabels.alertname }}")
deploy(monitoring_stack(V2_CRD, alert_channels = [team]))`,
		required(secretSetting("webhook_url", "MSTEAMS_WORKFLOW_URL", "Address of the workflow. Whoever knows it can post, so it is a secret.")),
		templateSetting("title", "Template of the card's title."),
		templateSetting("text", "Template of the card's text."),
		httpSetting(),
	)
}
