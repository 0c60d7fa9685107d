// SPDX-License-Identifier: Apache-2.0

// This file measures check against `promtool check rules` on the same rules.

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// rulesPerGroup is what groups of the usual rule packs have.
const rulesPerGroup = 10

// benchRule is one rule in the words of both formats. No two have a text in common, so that nothing is remembered from one
// to the next.
type benchRule struct {
	name, expr, summary, description string
	lasting                          string
}

// benchRules returns count rules of the kinds that the mixins have.
func benchRules(count int) []benchRule {
	kinds := []string{
		`up{job="web-%d"} == 0`,
		`sum by (job, code) (rate(http_requests_total{job="web-%d",code=~"5.."}[5m])) / ignoring (code) group_left sum by (job) (rate(http_requests_total[5m])) > 0.05`,
		`histogram_quantile(0.99, sum by (job, le) (rate(http_request_duration_seconds_bucket{job="web-%d"}[10m]))) > 0.5`,
		`(node_filesystem_avail_bytes{instance="host-%d"} / node_filesystem_size_bytes * 100 < 15 and predict_linear(node_filesystem_avail_bytes[6h], 24 * 60 * 60) < 0) * on (instance) group_left (nodename) node_uname_info`,
		`increase(kube_pod_container_status_restarts_total{namespace="team-%d"}[15m]) > 3`,
	}
	rules := make([]benchRule, count)
	for i := range rules {
		rules[i] = benchRule{
			name: fmt.Sprintf("Alert%d", i), expr: fmt.Sprintf(kinds[i%len(kinds)], i), lasting: "10m",
			summary:     fmt.Sprintf("Number %d: {{ $labels.job }} is at {{ $value | humanizePercentage }}", i),
			description: fmt.Sprintf("For ten minutes {{ $labels.job }} has been worse than number %d allows. The last value was {{ $value | humanize }}.", i),
		}
	}
	return rules
}

// rulesScript writes the rules as a script, each a call of its own.
func rulesScript(rules []benchRule) string {
	var b strings.Builder
	b.WriteString("deploy(monitoring_stack(\n    V2_CRD,\n    alert_channels = [webhook(name = \"tickets\", url = secret(env = \"TICKETS_URL\"))],\n")
	b.WriteString("    scrape_targets = [http_sd(name = \"machines\", url = \"https://inventory.example.com/targets\")],\n    alert_rules = [\n")
	for i, r := range rules {
		if i%rulesPerGroup == 0 {
			fmt.Fprintf(&b, "        alert_rule_group(name = \"group-%d\", rules = [\n", i/rulesPerGroup)
		}
		fmt.Fprintf(&b, "            alert_rule(\n                alert = %q,\n                expr = '%s',\n                for_ = %q,\n                labels = {\"severity\": \"warning\"},\n"+
			"                annotations = {\"summary\": %q, \"description\": %q},\n            ),\n", r.name, r.expr, r.lasting, r.summary, r.description)
		if i%rulesPerGroup == rulesPerGroup-1 || i == len(rules)-1 {
			b.WriteString("        ]),\n")
		}
	}
	b.WriteString("    ],\n))\n")
	return b.String()
}

// rulesFile writes the rules as a rule file of Prometheus.
func rulesFile(rules []benchRule) string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for i, r := range rules {
		if i%rulesPerGroup == 0 {
			fmt.Fprintf(&b, "- name: group-%d\n  rules:\n", i/rulesPerGroup)
		}
		fmt.Fprintf(&b, "  - alert: %s\n    expr: '%s'\n    for: %s\n    labels:\n      severity: warning\n    annotations:\n      summary: %q\n      description: %q\n",
			r.name, r.expr, r.lasting, r.summary, r.description)
	}
	return b.String()
}

// checkRules compares checking rules with Prometheus' own checks: in one process with the package that promtool calls, and
// where there is a promtool as whole programs.
func checkRules(ctx context.Context, s settings) ([]row, error) {
	folder, err := os.MkdirTemp("", "harmonyscript-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	rules := benchRules(s.rules)
	script, file := filepath.Join(folder, "rules.star"), filepath.Join(folder, "rules.yaml")
	if err := errors.Join(os.WriteFile(script, []byte(rulesScript(rules)), 0o600), os.WriteFile(file, []byte(rulesFile(rules)), 0o600)); err != nil {
		return nil, err
	}
	ours := func() error {
		loaded, err := deployment.Load(ctx, script, deployment.Options{CheckOnly: true})
		if err != nil {
			return err
		}
		if len(loaded.Diagnostics) > 0 {
			return loaded.Diagnostics
		}
		return nil
	}
	theirs := func() error {
		groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return errors.Join(errs...)
		}
		if want := (s.rules + rulesPerGroup - 1) / rulesPerGroup; len(groups.Groups) != want {
			return fmt.Errorf("rules: got %d groups, want %d", len(groups.Groups), want)
		}
		return nil
	}
	mine, others, err := alternate(s.rounds, ours, theirs)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("check %d rules", s.rules)
	rows := []row{{name: name + ", in one process", ours: mine, theirs: others, peer: "rulefmt.ParseFile", aim: 1}}
	promtool, err := exec.LookPath(s.promtool)
	if err != nil {
		rows[0].note = "no promtool to compare whole programs with"
		return rows, nil
	}
	medians, err := alternatePrograms(ctx, s.rounds, []string{s.program, "check", script}, []string{promtool, "check", "rules", file})
	if err != nil {
		return rows, err
	}
	us, them := medians[0], medians[1]
	return append(rows,
		row{name: name + ", start to end", ours: us.wall, theirs: them.wall, peer: "promtool check rules", aim: 1, note: fmt.Sprintf("peak memory %d MB and %d MB", us.peak>>20, them.peak>>20)},
		row{name: name + ", processor time", ours: us.processor, theirs: them.processor, peer: "promtool check rules", aim: 1}), nil
}
