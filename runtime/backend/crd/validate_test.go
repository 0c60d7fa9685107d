// SPDX-License-Identifier: Apache-2.0

// This file holds compiled rules against Prometheus' parser.

package crd_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestRules(t *testing.T) {
	groups := 0
	for name, sample := range samples.Scores(score.V2CRD) {
		for _, o := range compile(t, sample) {
			if o.ID.Kind != "PrometheusRule" {
				continue
			}
			groups++
			for _, err := range ruleProblems(t, o) {
				t.Errorf("%s: %s: %v", name, o.ID, err)
			}
		}
	}
	if groups == 0 {
		t.Error("no sample has rules")
	}
}

func ruleProblems(t *testing.T, o backend.Object) []error {
	t.Helper()
	var rule struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := json.Unmarshal(o.Manifest, &rule); err != nil {
		t.Fatal(err)
	}
	_, errs := rulefmt.Parse(rule.Spec, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	return errs
}
