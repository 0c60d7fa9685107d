// SPDX-License-Identifier: Apache-2.0

// This file holds the scripts of the tests.

package secrecy

import "fmt"

// secretsScript deploys a stack with secrets from everywhere: the environment, a file, a Secret of the cluster.
const secretsScript = `name = param("name", default = "secrets")
version = {"V1_HELM": V1_HELM, "V2_CRD": V2_CRD, "V3_RHOB": V3_RHOB}[param("version", default = "V2_CRD")]
retention = param("retention", default = "10d")

stack = monitoring_stack(
    api_version = version,
    retention = retention,
    alert_channels = [
        discord(name = "env", webhook_url = secret(env = "HOOK_URL")),
        discord(name = "file", webhook_url = secret(file = "file.txt")),
        discord(name = "cluster", webhook_url = secret(name = "hooks", key = "url")),
        pagerduty(name = "word", routing_key = secret(env = "WORD")),
        webhook(
            name = "quoted",
            url = secret(env = "HOOK_URL"),
            http_config = http_config(basic_auth = basic_auth(username = secret(env = "UNICODE"), password = secret(env = "QUOTED"))),
        ),
        webhook(
            name = "lines",
            url = "https://tickets.example.com/alerts",
            http_config = http_config(authorization = authorization(credentials = secret(env = "LINES"))),
        ),
    ],
    scrape_targets = [
        service_monitor(
            name = "web",
            match_labels = {"app": "web"},
            port = "http",
            basic_auth = basic_auth(username = secret(env = "WORD"), password = secret(env = "UNICODE")),
        ),
        static_targets(name = "outside", targets = ["metrics.example.org:9100"], authorization = authorization(credentials = secret(env = "WORD"))),
    ],
    remote_write = [remote_write(url = "https://metrics.example.com/write", username = secret(env = "SHORT"), password = secret(env = "QUOTED"))],
    alert_rules = [alert_rule_group(name = "web", rules = [alert_rule(alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "1m", labels = {"severity": "critical"})])],
)
deploy(tenant_monitoring(tenant = name, stack = stack), name = name)
`

// literals are scripts, by name, in which somebody has written the secret itself, and something else is wrong, too.
func literals() map[string]string {
	url := secrets()["HOOK_URL"]
	scripts := map[string]string{
		"in-place.star":     fmt.Sprintf("deploy(monitoring_stack(V2_CRD, alert_channels = [discord(name = \"x\", webhook_url = %q)]))\n", url),
		"a-variable.star":   fmt.Sprintf("url = %q\ndeploy(monitoring_stack(V2_CRD, alert_channels = [discord(name = \"x\", webhook_url = url, titel = url)]))\n", url),
		"as-variable.star":  fmt.Sprintf("discord(name = \"x\", webhook_url = secret(env = %q))\n", url),
		"as-parameter.star": "discord(name = \"x\", webhook_url = param(\"url\"))\n",
		"unclosed.star":     "discord(name = \"x\", webhook_url = \"" + url + ")\n",
		"forgotten.star":    fmt.Sprintf("discord(name = \"x\" webhook_url = %q)\n", url),
		"in-brackets.star":  fmt.Sprintf("discord(\n    name = \"x\",\n    webhook_url = %q\n    titel = 1)\n", url),
		"user.star":         "x = \"https://nEEdleQ7:nEEdleQ7pass@hooks.example.com\" y\n",
		"token.star":        "x = 'xoxb-0123456789-nEEdleQ7' y\n",
		"misspelt.star":     fmt.Sprintf("discrod(name = \"x\", webhook_url = %q)\n", url),
		"misspelt-key.star": "pagerdoty(name = \"x\", routing_key = \"nEEdleQ7word\")\n",
		"lines.star":        "discord(name = \"x\", webhook_url = \"\"\"https://x/nEEdleQ7\nnEEdleQ7\"\"\", nEEdle = 1 2)\n",
		"open-lines.star":   "discord(name = \"x\", webhook_url = \"\"\"https://x/nEEdleQ7\nnEEdleQ7, titel = 1)\n",
		"password.star":     "password = 'nEEdleQ7' 'word'\n",
		"chart.star":        "deploy(monitoring_stack(V1_HELM, helm_chart = helm_chart(repo = \"https://user:nEEdleQ7pass@charts.example.com\", version = \"1\"), helm_values = {\"grafana\": {\"adminPassword\": \"nEEdleQ7word\"}}))\n",
	}
	return scripts
}
