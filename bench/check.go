// SPDX-License-Identifier: Apache-2.0

// This file measures check against bare Starlark with trivial builtins.

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// tenantsScript declares count tenants, each with a stack, a channel, a target and two rules of its own.
func tenantsScript(prefix string, count int) string {
	return fmt.Sprintf(`
def monitoring(name):
    return tenant_monitoring(
        tenant = tenant(name = name, quota = {"pods": "50", "limits.memory": "16Gi"}, labels = {"example.com/team": name}),
        stack = monitoring_stack(
            api_version = V2_CRD,
            alert_channels = [discord(name = "on-call", webhook_url = secret(env = "BENCH_WEBHOOK_URL"))],
            scrape_targets = [service_monitor(name = "web", match_labels = {"app": "web"}, port = "http", interval = "30s")],
            alert_rules = [alert_rule_group(name = "web", rules = [
                recording_rule(record = "job:requests:rate5m", expr = "sum by (job, namespace) (rate(http_requests_total[5m]))"),
                alert_rule(
                    alert = "WebDown",
                    expr = 'up{job="web"} == 0',
                    for_ = "5m",
                    labels = {"severity": "critical", "team": name},
                    annotations = {"summary": "{{ $labels.instance }} is down"},
                ),
            ])],
        ),
    )

deploy(*[monitoring("%s-%%d" %% number) for number in range(%d)])
`, prefix, count)
}

// checkScript compares checking a script with evaluating it by bare go.starlark.net, every builtin a stub
// that gives None.
func checkScript(ctx context.Context, s settings) ([]row, error) {
	folder, err := os.MkdirTemp("", "harmonyscript-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "tenants.star")
	text := tenantsScript("tenant", s.checkTenants)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	ours := func() error {
		loaded, err := deployment.Load(ctx, path, deployment.Options{CheckOnly: true})
		if err != nil {
			return err
		}
		if len(loaded.Diagnostics) > 0 {
			return loaded.Diagnostics
		}
		if got := len(loaded.Deployment.Scores); got != s.checkTenants {
			return fmt.Errorf("check: got %d scores, want %d", got, s.checkTenants)
		}
		return nil
	}
	predeclared := stubs()
	bare := func() error {
		options := &syntax.FileOptions{Set: true, TopLevelControl: true}
		_, err := starlark.ExecFileOptions(options, &starlark.Thread{Name: "bare"}, path, text, predeclared)
		return err
	}
	mine, theirs, err := alternate(s.rounds, ours, bare)
	if err != nil {
		return nil, err
	}
	whole, err := peakMemory(ctx, s.program, "check", path)
	if err != nil {
		return nil, err
	}
	empty, err := peakMemory(ctx, s.program, "version")
	if err != nil {
		return nil, err
	}
	return []row{{
		name: fmt.Sprintf("check %d tenants", s.checkTenants), ours: mine, theirs: theirs,
		peer: "bare starlark with stubs", aim: 3,
		note: fmt.Sprintf("peak memory of the process %d MB, of version %d MB", whole>>20, empty>>20),
	}}, nil
}

// stubs returns every name that scripts see, the functions doing nothing.
func stubs() starlark.StringDict {
	library := builtins.Standard()
	names := starlark.StringDict{"struct": starlark.NewBuiltin("struct", starlarkstruct.Make)}
	for _, signature := range library.Signatures() {
		if signature.Receiver == "" {
			names[signature.Name] = starlark.NewBuiltin(signature.Name,
				func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
					return starlark.None, nil
				})
		}
	}
	for _, constant := range library.Constants() {
		names[constant.Name] = starlark.String(constant.Name)
	}
	return names
}
