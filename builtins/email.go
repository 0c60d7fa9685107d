// SPDX-License-Identifier: Apache-2.0

// This file holds the email channel.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

const emailExample = `mail = email(
    name = "mail",
    to = "on-call@example.com, Team <team@example.com>",
    from_ = "alerts@example.com",
    smarthost = "mail.example.com:587",
    auth_username = "alerts@example.com",
    auth_password = secret(env = "SMTP_PASSWORD"),
    headers = {"Subject": "[{{ .Status }}] {{ .CommonLabels.alertname }}"},
    threading = email_threading(thread_by_date = "daily"),
)
deploy(monitoring_stack(V2_CRD, alert_channels = [mail]))`

func emailSignatures() []Signature {
	const user = `auth_username = "alerts@example.com"`
	return []Signature{
		Channel("email", "an alert channel to e-mail addresses", "The field `from` of Alertmanager is the argument from_, since `from` is a reserved word.", emailExample,
			Argument{Name: "to", Type: String(), Required: true, Format: score.FormatMailboxes, Doc: "Who gets it: addresses with commas between them, or a template of them.", Hint: `to = "on-call@example.com"`},
			Argument{Name: "from_", Type: String(), Required: true, Format: score.FormatMailbox, Doc: "Who sends it: one address, or a template of one.", Hint: `from_ = "alerts@example.com"`},
			Argument{Name: "smarthost", Type: String(), Required: true, Format: score.FormatAddress, Doc: `SMTP server as "host:port". Port 465 means TLS from the start, others STARTTLS.`, Hint: `smarthost = "mail.example.com:587"`},
			textSetting("hello", "Name that Alertmanager gives to the server; localhost without it."),
			textSetting("auth_username", "User of the server."),
			secretSetting("auth_password", "SMTP_PASSWORD", "Password for LOGIN and PLAIN authentication."),
			secretSetting("auth_secret", "SMTP_SECRET", "Secret for CRAM-MD5 authentication."),
			textSetting("auth_identity", "Identity for PLAIN authentication."),
			entriesSetting("headers", "Headers of the message, each a template. The names are told apart without case."),
			templateSetting("html", "Template of the HTML body. An empty one leaves the HTML body out."),
			templateSetting("text", "Template of the text body; there is none without it."),
			Argument{Name: "require_tls", Type: Bool(), Default: true, Doc: "Whether nothing is sent to a server without TLS."},
			flagSetting("force_implicit_tls", "Whether TLS begins with the connection; without it on port 465 alone."),
			blockSetting("tls_config", "tls_config", "Certificates and versions of TLS."),
			blockSetting("threading", "email_threading", "Puts the messages about one group of alerts into one thread."),
			resolvedSetting(false),
		).with(needs("auth_password", "auth_username", user), needs("auth_secret", "auth_username", user)),
		emailThreading(),
	}
}

// emailThreading has the setting enabled without an argument: whoever writes it wants it.
func emailThreading() Signature {
	s := Block("email_threading", "messages about one group of alerts in one thread", "", emailExample,
		required(enumSetting("thread_by_date", "Whether a new thread begins every day.", "daily", "none")))
	build := s.Build
	s.Build = func(c *Call) (any, error) {
		made, err := build(c)
		if block, ok := made.(score.Block); ok {
			block.Fields = append([]score.Field{{Name: "enabled", Value: true}}, block.Fields...)
			made = block
		}
		return made, err
	}
	return s
}
