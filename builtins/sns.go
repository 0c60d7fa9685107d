// SPDX-License-Identifier: Apache-2.0

// This file holds the sns channel and how it signs its requests.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

const snsExample = `topic = sns(
    name = "topic",
    topic_arn = "arn:aws:sns:eu-west-1:123456789012:alerts",
    sigv4 = sigv4(region = "eu-west-1", access_key = secret(env = "AWS_ACCESS_KEY_ID"), secret_key = secret(env = "AWS_SECRET_ACCESS_KEY")),
    attributes = {"severity": "{{ .CommonLabels.severity }}"},
)
deploy(monitoring_stack(V2_CRD, alert_channels = [topic]))`

func snsSignatures() []Signature {
	const role = `role_arn = "arn:…"`
	return []Signature{
		Channel("sns", "an alert channel to Amazon SNS", "", snsExample,
			templateSetting("topic_arn", "Template of the name of the topic that is published to."),
			templateSetting("target_arn", "Template of the name of the platform endpoint that is published to."),
			templateSetting("phone_number", "Template of the phone number that gets a text message."),
			blockSetting("sigv4", "sigv4", "How requests are signed; from the environment of Alertmanager's process without it."),
			templateURLSetting("api_url", "Address of the API; that of the region without it."),
			templateSetting("subject", "Template of the subject."),
			templateSetting("message", "Template of the message."),
			entriesSetting("attributes", "Attributes of the message, each a template."),
			flagSetting("use_aws_http_client", "Whether the HTTP client of the AWS SDK is used, which reads more of the AWS configuration."),
			httpSetting(),
		).with(oneOf(map[string]string{
			"topic_arn": `topic_arn = "arn:…"`, "target_arn": `target_arn = "arn:…"`, "phone_number": `phone_number = "+…"`,
		}, "topic_arn", "target_arn", "phone_number")),
		Block("sigv4", "how requests to AWS are signed", "", snsExample,
			textSetting("region", "Region of AWS."),
			secretSetting("access_key", "AWS_ACCESS_KEY_ID", "Identifier of the access key."),
			secretSetting("secret_key", "AWS_SECRET_ACCESS_KEY", "Secret of the access key."),
			textSetting("profile", "Profile of the AWS configuration."),
			textSetting("role_arn", "Name of a role that is taken on."),
			textSetting("external_id", "External identifier that the role asks for."),
			textSetting("session_name", "Name of the session in which the role is taken on."),
			Argument{Name: "tags", Type: MapOf(String()), Format: score.FormatText, Doc: "Tags of that session.", Hint: `tags = {"team": "web"}`},
			flagSetting("use_fips_sts_endpoint", "Whether the role is asked for at the FIPS endpoint of AWS STS."),
			textSetting("service_name", "Name of the service that requests are signed for, when it is not the usual one."),
		).with(needs("external_id", "role_arn", role), needs("session_name", "role_arn", role), needs("tags", "role_arn", role), together("access_key", "secret_key", `access_key = secret(env = "AWS_ACCESS_KEY_ID")`, `secret_key = secret(env = "AWS_SECRET_ACCESS_KEY")`)),
	}
}
