// SPDX-License-Identifier: Apache-2.0

// This file holds the incidentio channel.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

func incidentioSignature() Signature {
	return Channel("incidentio", "an alert channel to incident.io", "",
		`incidents = incidentio(
    name = "incidents",
    url = "https://api.incident.io/v2/alert_events/alertmanager/01HW0000000000",
    alert_source_token = secret(env = "INCIDENTIO_TOKEN"),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [incidents]))`,
		Argument{
			Name: "url", Type: OneOf(Secret(), String()), Required: true, Format: score.FormatURL,
			Doc:  "Address of the alert source: a secret, or a string when there is no secret in it.",
			Hint: `url = "https://api.incident.io/v2/alert_events/alertmanager/…"`,
		},
		secretSetting("alert_source_token", "INCIDENTIO_TOKEN", "Token of the alert source."),
		numberSetting("max_alerts", "How many alerts one message may hold; 0 means all."),
		timeoutSetting("timeout", "How long a message may take, as a duration.", "10s"),
		httpSetting(),
	).with(atLeastOne(map[string]string{
		"alert_source_token": `alert_source_token = secret(env = "INCIDENTIO_TOKEN")`,
		"http_config":        `http_config = http_config(authorization = authorization(credentials = secret(env = "INCIDENTIO_TOKEN")))`,
	}, "alert_source_token", "http_config"))
}
