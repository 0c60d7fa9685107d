// SPDX-License-Identifier: Apache-2.0

// This file holds compiled objects against the parsers of those who read them: the schemas of the custom resources,
// the operator's validation of Alertmanager configuration, and Prometheus' parser of rules.

package crd_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestSchemas(t *testing.T) {
	definitions := samples.ReadSchemas(t, samples.CoreOS())
	kinds := map[string]bool{}
	for name, sample := range samples.Scores(score.V2CRD) {
		for _, o := range compile(t, sample) {
			kinds[o.ID.APIVersion()+" "+o.ID.Kind] = true
			for _, problem := range definitions.Problems(o.Manifest) {
				t.Errorf("%s: %s: %s", name, o.ID, problem)
			}
		}
	}
	for _, required := range backendUnderTest.Requires() {
		if id := required.Group + "/" + required.Version + " " + required.Kind; !kinds[id] {
			t.Errorf("the backend requires %s and no sample makes it", id)
		} else {
			delete(kinds, id)
		}
	}
	for kind := range kinds {
		if strings.HasPrefix(kind, "monitoring.") {
			t.Errorf("the backend makes %s without requiring it", kind)
		}
	}
}

// TestSchemasBite breaks objects in ways that the schemas have to notice, so that their silence means something.
func TestSchemasBite(t *testing.T) {
	definitions := samples.ReadSchemas(t, samples.CoreOS())
	for _, breakage := range []struct{ kind, old, new string }{
		{"Prometheus", `"retention":"30d"`, `"retention":"thirty"`},
		{"Prometheus", `"replicas"`, `"replica"`},
		{"ServiceMonitor", `"interval":"15s"`, `"interval":15`},
		{"AlertmanagerConfig", `"sendResolved"`, `"send_resolved"`},
		{"NetworkPolicy", `"podSelector"`, `"podselectors"`},
	} {
		bitten := false
		for _, o := range compile(t, samples.FullStack(score.V2CRD)) {
			if o.ID.Kind == breakage.kind && bytes.Contains(o.Manifest, []byte(breakage.old)) {
				broken := bytes.ReplaceAll(o.Manifest, []byte(breakage.old), []byte(breakage.new))
				bitten = bitten || len(definitions.Problems(broken)) > 0
			}
		}
		if !bitten {
			t.Errorf("%s with %s passes", breakage.kind, breakage.new)
		}
	}
}

func TestAlertmanagerConfigs(t *testing.T) {
	for name, sample := range samples.Scores(score.V2CRD) {
		for _, o := range compile(t, sample) {
			if o.ID.Kind != v1alpha1.AlertmanagerConfigKind {
				continue
			}
			var config v1alpha1.AlertmanagerConfig
			decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&config); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if err := amvalidation.ValidateAlertmanagerConfig(&config); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

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
