// SPDX-License-Identifier: Apache-2.0

// This file holds the webhook channel.

package builtins

func webhookSignature() Signature {
	return Channel("webhook", "an alert channel to any HTTP endpoint, in Alertmanager's own JSON", "",
		`audit = webhook(name = "audit", url = "http://audit.platform.svc:8080/alerts", send_resolved = True)
deploy(monitoring_stack(V2_CRD, alert_channels = [audit]))`,
		Argument{
			Name: "url", Type: OneOf(Secret(), String()), Required: true,
			Doc:  "Address that alerts are posted to: a secret, or a string when there is no secret in it.",
			Hint: `url = secret(env = "WEBHOOK_URL")`,
		},
		Argument{Name: "max_alerts", Type: Int(), Doc: "How many alerts one post may hold; 0 means all."},
		Argument{Name: "timeout", Type: String(), Doc: "How long a post may take, as a duration.", Hint: `timeout = "10s"`},
	)
}
