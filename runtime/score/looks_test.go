// SPDX-License-Identifier: Apache-2.0

package score_test

import (
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestLooksLikeSecret(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789", 4)
	for _, c := range []struct {
		key, text string
		want      bool
	}{
		{"password", "hunter2", true},
		{"adminPassword", "x", true},
		{"GF_SECURITY_ADMIN_PASSWORD", "x", true},
		{"api-key", "x", true},
		{"secret_access_key", "x", true},
		{"bearerToken", "x", true},
		{"webhook.url", "https://example.org", true},
		{"password", "", false},
		{"password", "  ", false},
		{"existingSecret", "grafana-admin", false},
		{"secretName", "grafana-admin", false},
		{"passwordKey", "admin-password", false},
		{"userKey", "admin-user", false},
		{"bearerTokenFile", "/var/run/secrets/token", false},
		{"api_url", "https://api.example.org/user", false},
		{"key", "x", false},
		{"monkey", "x", false},
		{"note", "https://discord.com/api/webhooks/1/abc", true},
		{"note", "https://DISCORD.com/api/webhooks/1/abc", true},
		{"note", "https://discord.com/api/webhooks/", false},
		{"note", "https://notdiscord.com/api/webhooks/1/abc", false},
		{"note", "https://hooks.slack.com/services/T/B/x", true},
		{"note", "https://acme.webhook.office.com/webhookb2/1", true},
		{"note", "https://api.telegram.org/bot1:x/sendMessage", true},
		{"note", "https://me:pass@example.org/", true},
		{"note", "https://me@example.org/", false},
		{"note", "postgres://grafana:pass@db:5432/grafana", true},
		{"note", "-----BEGIN RSA PRIVATE KEY-----\nx", true},
		{"note", "-----BEGIN CERTIFICATE-----\nx", false},
		{"note", "see xoxb-1234567890-abc", true},
		{"note", "ghp_" + digits, true},
		{"note", "AKIA" + "ABCDEFGHIJKLMNOP", true},
		{"note", "task-force-is-a-long-word-of-ours", false},
		{"note", "plain text with a % and a : in it", false},
		{"note", "http://[::1", false},
	} {
		if got := score.LooksLikeSecret(c.key, c.text); got != c.want {
			t.Errorf("%s = %q: got %t, want %t", c.key, c.text, got, c.want)
		}
	}
}
