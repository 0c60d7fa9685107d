// SPDX-License-Identifier: Apache-2.0

package host

import (
	"strings"
	"testing"
)

func TestLikelySecretsAreHidden(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`discord(webhook_url = "https://hooks.example.com/MARKER/MARKER" name`,
		`x = "https://MARKER:MARKER@hooks.example.com" y`,
		`url = https://user:MARKER@hooks.example.com/MARKER`,
		`routing_key = "MARKER MARKER`,
		`discord_webhook = 'MARKER`,
		"password = \"\"\"MARKER\nMARKER\"\"\", x = 1 2",
		"password = r'''MARKER\nMARKER",
		"password = \"\"\"MARKER\n\n\nMARKER",
		`x = "xoxb-0123456789-MARKER" y`,
	} {
		if shown := HideLikelySecrets(text); strings.Contains(shown, "MARKER") {
			t.Errorf("%q: got %q", text, shown)
		}
	}
	for _, text := range []string{`name = "on-call" x`, "http://localhost x", `secret(name = "hooks", key = "discord")`, `alert_rule(alert = "Down", expr = "up == 0" labels`} {
		if shown := HideLikelySecrets(text); shown != text {
			t.Errorf("%q: got %q, want it as it is", text, shown)
		}
	}
}
