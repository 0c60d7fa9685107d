// SPDX-License-Identifier: Apache-2.0

package alertmanagerconfig_test

import (
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func text(name, value string) score.Field {
	return score.Field{Name: name, Argument: name, Value: value}
}

func secret(name string) score.Field {
	return score.Field{Name: name, Argument: name, Value: score.Secret{Source: score.SecretFromEnvironment, Name: "X_" + name}}
}

func block(name string, fields ...score.Field) score.Field {
	return score.Field{Name: name, Argument: name, Value: fields}
}

func value(name string, v any) score.Field { return score.Field{Name: name, Argument: name, Value: v} }

func channel(integration string, fields ...score.Field) score.AlertChannel {
	return score.AlertChannel{Constructor: integration, Name: "my-" + integration, Receiver: score.Receiver{Integration: integration, Fields: fields}}
}

// channels has one channel of every integration that prometheus-operator knows, in the words of Alertmanager's own
// configuration. No line of this package's code mentions any of them but for the table of irregular names.
func channels() []score.AlertChannel {
	return []score.AlertChannel{
		channel("discord", secret("webhook_url"), text("title", "a"), text("avatar_url", "https://example.org/a.png"), value("send_resolved", true)),
		channel("webhook", secret("url"), value("max_alerts", int64(5)), text("timeout", "10s"), block("http_config",
			block("authorization", text("type", "Bearer"), secret("credentials")), value("follow_redirects", false), text("proxy_url", "http://proxy:3128"),
			block("tls_config", value("insecure_skip_verify", true), text("server_name", "hook")))),
		channel("slack", secret("api_url"), text("channel", "#alerts"), text("icon_emoji", ":fire:"), text("callback_id", "x"), value("mrkdwn_in", []string{"text", "pretext"}), value("short_fields", true)),
		channel("pagerduty", secret("routing_key"), text("client_url", "https://example.org"), block("details", text("team", "web"), text("load", "high"))),
		channel("opsgenie", secret("api_key"), text("api_url", "https://api.opsgenie.com/"), text("tags", "a,b"), value("update_alerts", true)),
		channel("email", text("to", "a@example.org"), text("from", "b@example.org"), text("smarthost", "mail.example.org:587"), text("auth_username", "b"), secret("auth_password"),
			value("require_tls", true), block("headers", text("Subject", "Alert!"))),
		channel("telegram", secret("bot_token"), value("chat_id", int64(-1001234567890)), text("parse_mode", "HTML"), value("disable_notifications", true)),
		channel("msteams", secret("webhook_url"), text("summary", "s")),
		channel("msteamsv2", secret("webhook_url"), text("title", "t")),
		channel("pushover", secret("user_key"), secret("token"), text("retry", "2m"), text("expire", "1h"), text("ttl", "1h"), text("url_title", "u"), value("html", true)),
		channel("sns", text("topic_arn", "arn:aws:sns:eu-west-1:1:t"), text("api_url", "https://sns.eu-west-1.amazonaws.com"),
			block("sigv4", text("region", "eu-west-1"), secret("access_key"), secret("secret_key"), text("role_arn", "arn")), block("attributes", text("kind", "alert"))),
		channel("victorops", secret("api_key"), text("routing_key", "team"), text("api_url", "https://alert.victorops.com/"), block("custom_fields", text("site", "eu"))),
		channel("webex", text("room_id", "r"), block("http_config", block("authorization", secret("credentials")))),
		channel("wechat", secret("api_secret"), text("corp_id", "c"), text("agent_id", "1"), text("to_user", "@all")),
		channel("rocketchat", secret("token"), secret("token_id"), text("channel", "#a"), text("icon_url", "https://example.org/i.png"), value("link_names", true)),
	}
}
