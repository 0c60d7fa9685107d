// SPDX-License-Identifier: Apache-2.0

// This file holds the webhook channel.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

func webhookSignature() Signature {
	return Channel("webhook", "an alert channel to any HTTP endpoint, in Alertmanager's own JSON", "",
		`audit = webhook(name = "audit", url = "http://audit.platform.svc:8080/alerts", send_resolved = True)
deploy(monitoring_stack(V2_CRD, alert_channels = [audit]))`,
		Argument{
			Name: "url", Type: OneOf(Secret(), String()), Required: true, Format: score.FormatTemplateURL,
			Doc:  "Address that alerts are posted to: a secret, or a string when there is no secret in it.",
			Hint: `url = secret(env = "WEBHOOK_URL")`,
		},
		numberSetting("max_alerts", "How many alerts one post may hold; 0 means all."),
		timeoutSetting("timeout", "How long a post may take, as a duration.", "10s"),
		Argument{
			Name: "payload", Type: String(), Doc: "Template of the body that is posted in place of Alertmanager's own.",
			Hint: "payload = '{\"text\": {{ .Status | toJson }}}'",
		},
		httpSetting(),
	)
}
