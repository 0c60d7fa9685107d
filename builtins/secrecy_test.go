// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// TestSecretsAreNotShown gives a secret as a plain string in every way that people do by mistake. It must not be in
// anything that is told, in whatever form.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const secret = "https://discord.com/api/webhooks/1/hunter2"
	for name, text := range map[string]string{
		"in its place":          `discord(name = "x", webhook_url = "SECRET")`,
		"under a wrong name":    `discord(name = "x", webhok_url = "SECRET")`,
		"under any wrong name":  `discord(name = "x", address = "SECRET", webhook_url = secret(env = "X"))`,
		"by position":           `discord("SECRET")`,
		"beside a mistake":      "discord(name = 3, webhook_url = \"SECRET\"); x = nothing_here",
		"from a variable":       "url = \"SECRET\"\ndiscord(name = \"x\", webhook_url = url)\nurl = 1 // 0",
		"on the line of a call": "def f(url):\n  return discord(name = \"x\", webhook_url = url)\nf(\"SECRET\")",
		"put together":          `discord(name = "x", webhook_url = "SECRET" + "?wait=true")`,
		"in secret itself":      `secret("SECRET")`,
		"as secret's value":     `secret(value = "SECRET")`,
		"in a raw string":       `discord(name = "x", webhook_url = r"SECRET")`,
		"over lines":            "discord(name = \"x\", webhook_url = \"\"\"SECRET\nand more\"\"\", titel = 1)",
		"through **":            `discord(**{"name": "x", "webhook_url": "SECRET"})`,
		"through replace":       `discord(name = "x", webhook_url = secret(env = "X")).replace(webhook_url = "SECRET")`,
		"in a list":             `discord(name = "x", webhook_url = ["SECRET"][0])`,
		"for a password":        `remote_write(url = "http://x", username = secret(env = "X"), password = "SECRET")`,
		"in code not reached":   "def f():\n  discord(name = \"x\", webhook_url = \"SECRET\")\n",
	} {
		text = strings.ReplaceAll(text, "SECRET", secret)
		result, problems := builtins.Standard().Host(host.Options{}).RunSource(context.Background(), "s.star", text)
		if !problems.HasErrors() {
			t.Errorf("%s: got no error", name)
		}
		encoded, err := json.Marshal(problems)
		if err != nil {
			t.Fatal(err)
		}
		for what, told := range map[string]string{"text": problems.Render(result.Sources, diag.Style{}), "JSON": string(encoded), "error": problems.Error()} {
			if strings.Contains(told, "hunter2") {
				t.Errorf("%s: the secret is in the %s:\n%s", name, what, told)
			}
		}
	}
}
