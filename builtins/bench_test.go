// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

const thousandTenants = `
def monitoring(name):
    return tenant_monitoring(
        tenant = tenant(name = name, quota = {"pods": "50"}, labels = {"team": name}),
        stack = monitoring_stack(
            api_version = V2_CRD,
            alert_channels = [discord(name = "on-call", webhook_url = secret(env = "WEBHOOK_URL"))],
            scrape_targets = [service_monitor(name = "web", match_labels = {"app": "web"}, port = "http", interval = "30s")],
            alert_rules = [alert_rule_group(name = "web", rules = [
                recording_rule(record = "job:requests:rate5m", expr = "sum by (job) (rate(http_requests_total[5m]))"),
                alert_rule(
                    alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "5m",
                    labels = {"severity": "critical", "team": name}, annotations = {"summary": "{{ $labels.instance }} is down"},
                ),
            ])],
        ),
    )

deploy([monitoring("tenant-%d" % number) for number in range(1000)])
`

// BenchmarkTenants evaluates a thousand tenants: "host" is everything of this package and of the host, "bare" is the
// interpreter alone with functions that do nothing.
func BenchmarkTenants(b *testing.B) {
	b.Run("host", func(b *testing.B) {
		h := builtins.Standard().Host(host.Options{})
		b.ReportAllocs()
		for b.Loop() {
			if _, problems := h.RunSource(context.Background(), "tenants.star", thousandTenants); len(problems) > 0 {
				b.Fatal(problems)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		nothing := func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, nil
		}
		stubs := starlark.StringDict{}
		for name := range builtins.Standard().Predeclared() {
			stubs[name] = starlark.NewBuiltin(name, nothing)
		}
		b.ReportAllocs()
		for b.Loop() {
			options := &syntax.FileOptions{Set: true, TopLevelControl: true}
			if _, err := starlark.ExecFileOptions(options, &starlark.Thread{}, "tenants.star", thousandTenants, stubs); err != nil {
				b.Fatal(err)
			}
		}
	})
}
