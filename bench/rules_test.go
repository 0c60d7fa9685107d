// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// The script and the rule file are the same rules, and nothing is wrong with them: otherwise the comparison would be one of
// error messages.
func TestBenchRulesAreGood(t *testing.T) {
	rules := benchRules(25)
	groups, errs := rulefmt.Parse([]byte(rulesFile(rules)), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	path := filepath.Join(t.TempDir(), "rules.star")
	if err := os.WriteFile(path, []byte(rulesScript(rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := deployment.Load(context.Background(), path, deployment.Options{})
	if err != nil || len(loaded.Diagnostics) > 0 {
		t.Fatal(err, loaded.Diagnostics)
	}
	sent := 0
	for _, o := range loaded.Objects {
		if o.ID.Kind == "PrometheusRule" {
			sent++
		}
	}
	if want := len(groups.Groups); want != 3 || sent != want {
		t.Errorf("got %d groups in the file and %d in the script, want 3", want, sent)
	}
}

func BenchmarkCheckRules(b *testing.B) {
	path := filepath.Join(b.TempDir(), "rules.star")
	if err := os.WriteFile(path, []byte(rulesScript(benchRules(1000))), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if loaded, err := deployment.Load(context.Background(), path, deployment.Options{CheckOnly: true}); err != nil || len(loaded.Diagnostics) > 0 {
			b.Fatal(err, loaded.Diagnostics)
		}
	}
}
