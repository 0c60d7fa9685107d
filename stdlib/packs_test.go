// SPDX-License-Identifier: Apache-2.0

// This file tries every function that returns rules or targets, in stacks of every version.

package stdlib_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/moduledoc"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var versions = []string{"V1_HELM", "V2_CRD", "V3_RHOB"}

// load runs, checks and compiles a script.
func load(t *testing.T, text string) *deployment.Loaded {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.star")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	loaded, err := deployment.Load(t.Context(), file, deployment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// stackOf deploys what an example makes, with all that a stack needs to be without a flaw.
func stackOf(t *testing.T, version, example, exposes string) string {
	t.Helper()
	channel := `webhook(name = "all", url = secret(env = "ALL_URL"))`
	target := `static_targets(name = "all", targets = ["all.example.com:80"]` + exposes + `)`
	watchdog := `alert_rule_group(name = "w", rules = [alert_rule(alert = "W", expr = "vector(1)")])`
	switch {
	case strings.Contains(example, "rules = ["):
		return example + "\ndeploy(monitoring_stack(" + version + ", alert_channels = [" + channel + "], scrape_targets = [" + target + "], alert_rules = rules))\n"
	case strings.Contains(example, "targets = ["):
		return example + "\ndeploy(monitoring_stack(" + version + ", alert_channels = [" + channel + "], scrape_targets = targets, alert_rules = [" + watchdog + "]))\n"
	case strings.Contains(example, "tree = "):
		return example + "\ndeploy(monitoring_stack(" + version + ", alert_channels = [heartbeat], scrape_targets = [" + target + "], route = tree, alert_rules = [" +
			strings.ReplaceAll(watchdog, `"W"`, `"DeadMansSwitch"`) + "]))\n"
	}
	return ""
}

func stack(t *testing.T, loaded *deployment.Loaded) score.MonitoringStack {
	t.Helper()
	s, ok := loaded.Deployment.Scores[0].(score.MonitoringStack)
	if !ok {
		t.Fatalf("got %T, want a stack", loaded.Deployment.Scores[0])
	}
	return s
}

// TestExamples runs the example of every function, in a stack of every version, without a single diagnostic; and, for
// rules that require metrics, with the one warning that nothing exposes them.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, m := range modules(t) {
		for _, function := range m.functions {
			example := moduledoc.Parse(function.Doc()).Example
			if strings.HasPrefix(m.path, "lib/") {
				continue // TestPack has these
			}
			for _, version := range versions {
				script := stackOf(t, version, example, `, exposes = ["*"]`)
				if script == "" {
					t.Fatalf("%s: the example of %s makes neither rules, targets nor a tree", m.path, function.Name())
				}
				loaded := load(t, script)
				if len(loaded.Diagnostics) > 0 {
					t.Errorf("%s: %s, %s:\n%s", m.path, function.Name(), version, loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
					continue
				}
				if len(loaded.Objects) == 0 {
					t.Errorf("%s: %s, %s: got no objects", m.path, function.Name(), version)
				}
				if !strings.Contains(example, "rules = [") || version != "V2_CRD" {
					continue
				}
				var got []string
				for _, d := range load(t, stackOf(t, version, example, "")).Diagnostics {
					got = append(got, d.Code)
				}
				var want []string
				if requires := stack(t, loaded).AlertRules[0].Requires; len(requires) > 0 && !slices.Equal(requires, []string{"up"}) {
					want = []string{"metrics-not-exposed"}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %s: with targets that expose nothing: got %v, want %v", m.path, function.Name(), got, want)
				}
			}
		}
	}
}

// TestDefaults calls every pack with its defaults alone: what it requires is what its expressions read, and what its
// module lists.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for _, m := range modules(t) {
		if !strings.HasPrefix(m.path, "alerts/") {
			continue
		}
		listed := map[string]bool{}
		for _, function := range m.functions {
			if function.NumParams() > 0 && function.ParamDefault(0) == nil {
				continue // absent_guard has no sensible default
			}
			loaded := load(t, "load('@stdlib//"+m.path+"', f = '"+function.Name()+"')\n"+stackOf(t, "V2_CRD", "rules = [f()]", `, exposes = ["*"]`))
			if len(loaded.Diagnostics) > 0 {
				t.Errorf("%s: %s with its defaults:\n%s", m.path, function.Name(), loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
				continue
			}
			for _, g := range stack(t, loaded).AlertRules {
				read, recorded := map[string]bool{}, map[string]bool{}
				for _, r := range g.Rules {
					for _, metric := range metricsOf(t, r.Expr) {
						read[metric] = true
					}
					recorded[r.Record] = true
				}
				maps.DeleteFunc(read, func(metric string, _ bool) bool { return recorded[metric] })
				if got, want := slices.Sorted(slices.Values(g.Requires)), slices.Sorted(maps.Keys(read)); !slices.Equal(got, want) {
					t.Errorf("%s: %s requires\n%v, want what its expressions read:\n%v", m.path, function.Name(), got, want)
				}
				maps.Copy(listed, read)
			}
		}
		var want []string
		if requires, ok := m.globals["requires"]; ok {
			want = stringsOf(t, requires)
		}
		if got := slices.Sorted(maps.Keys(listed)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s lists requires = %v, want %v", m.path, want, got)
		}
	}
}

func metricsOf(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Fatalf("%v:\n%s", err, expr)
	}
	var names []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			for _, m := range selector.LabelMatchers {
				if m.Name == model.MetricNameLabel {
					names = append(names, m.Value)
				}
			}
		}
		return nil
	})
	return names
}

// TestPresets follows the table by which check names a preset: each is there, and exposes what the table says.
func TestPresets(t *testing.T) {
	t.Parallel()
	all := modules(t)
	for _, p := range check.Presets() {
		m := slices.IndexFunc(all, func(m module) bool { return "@stdlib//"+m.path == p.Module })
		if m < 0 {
			t.Errorf("%s: there is no such module", p.Module)
			continue
		}
		for _, function := range all[m].functions {
			if function.Name() != p.Function {
				continue
			}
			for _, target := range stack(t, load(t, stackOf(t, "V2_CRD", moduledoc.Parse(function.Doc()).Example, ""))).ScrapeTargets {
				says, ok := target.(interface{ ExposedMetrics() []string })
				if !ok || !slices.Contains(says.ExposedMetrics(), p.Metrics+"*") {
					t.Errorf("%s of %s does not expose %s*", p.Function, p.Module, p.Metrics)
				}
			}
			p.Function = ""
		}
		if p.Function != "" {
			t.Errorf("%s has no function %s", p.Module, p.Function)
		}
	}
}
