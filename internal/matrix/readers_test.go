// SPDX-License-Identifier: Apache-2.0

// This file reads compiled objects with the types, schemas and validations of those who will get them.

package matrix

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	obov1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1"
	obov1alpha1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// readers read the objects of a version.
type readers struct {
	schemas samples.Schemas
	// types give an empty value of each kind's type.
	types map[string]func() any
}

func newReaders(t *testing.T, version score.APIVersion) readers {
	t.Helper()
	if version == score.V3RHOB {
		return readers{samples.ReadSchemas(t, samples.RHOBS(), samples.Observability()), map[string]func() any{
			"AlertmanagerConfig": func() any { return &obov1alpha1.AlertmanagerConfig{} },
			"ScrapeConfig":       func() any { return &obov1alpha1.ScrapeConfig{} },
			"PrometheusRule":     func() any { return &obov1.PrometheusRule{} },
			"ServiceMonitor":     func() any { return &obov1.ServiceMonitor{} },
			"PodMonitor":         func() any { return &obov1.PodMonitor{} },
			"Probe":              func() any { return &obov1.Probe{} },
		}}
	}
	return readers{samples.ReadSchemas(t, samples.CoreOS()), map[string]func() any{
		"AlertmanagerConfig": func() any { return &v1alpha1.AlertmanagerConfig{} },
		"ScrapeConfig":       func() any { return &v1alpha1.ScrapeConfig{} },
		"PrometheusRule":     func() any { return &monitoringv1.PrometheusRule{} },
		"ServiceMonitor":     func() any { return &monitoringv1.ServiceMonitor{} },
		"PodMonitor":         func() any { return &monitoringv1.PodMonitor{} },
		"Probe":              func() any { return &monitoringv1.Probe{} },
	}}
}

// check reads every object.
func (r readers) check(t *testing.T, objects []backend.Object) {
	t.Helper()
	for _, o := range objects {
		for _, problem := range r.schemas.Problems(o.Manifest) {
			t.Errorf("%s: %s", o.ID, problem)
		}
		if empty, ok := r.types[o.ID.Kind]; ok {
			checkRoundTrip(t, o, empty())
		}
		switch o.ID.Kind {
		case "AlertmanagerConfig":
			// The fork has the same types; of what it lacks, it was not given anything.
			var config v1alpha1.AlertmanagerConfig
			if err := json.Unmarshal(o.Manifest, &config); err != nil {
				t.Fatal(err)
			}
			if err := amvalidation.ValidateAlertmanagerConfig(&config); err != nil {
				t.Errorf("%s: %v", o.ID, err)
			}
		case "PrometheusRule":
			checkRules(t, o)
		}
	}
}

// checkRoundTrip reads an object into its reader's type and expects everything to be there afterwards.
func checkRoundTrip(t *testing.T, o backend.Object, typed any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(typed); err != nil {
		t.Errorf("%s: %v", o.ID, err)
		return
	}
	encoded, err := json.Marshal(typed)
	if err != nil {
		t.Fatal(err)
	}
	if lost := lost(t, o.Manifest, encoded); lost != "" {
		t.Errorf("%s: its type loses fields: %s", o.ID, lost)
	}
}

// checkRules reads the groups as a rule file of Prometheus.
func checkRules(t *testing.T, o backend.Object) {
	t.Helper()
	var content struct {
		Spec map[string]any `json:"spec"`
	}
	if err := json.Unmarshal(o.Manifest, &content); err != nil {
		t.Fatal(err)
	}
	for _, group := range content.Spec["groups"].([]any) {
		// It is for Thanos; the operator leaves it out of what Prometheus reads.
		delete(group.(map[string]any), "partial_response_strategy")
	}
	text, err := yaml.Marshal(content.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler)); len(problems) > 0 {
		t.Errorf("%s: %v\n%s", o.ID, problems, text)
	}
}

// lost returns what is in sent and is not, or is another value, in kept.
func lost(t *testing.T, sent, kept []byte) string {
	t.Helper()
	var before, after any
	if err := json.Unmarshal(sent, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(kept, &after); err != nil {
		t.Fatal(err)
	}
	return cmp.Diff(before, common(before, after))
}

// common returns what of after is said in before, too.
func common(before, after any) any {
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			return after
		}
		both := map[string]any{}
		for key, value := range b {
			if kept, ok := a[key]; ok {
				both[key] = common(value, kept)
			}
		}
		return both
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			return after
		}
		both := make([]any, len(b))
		for i := range b {
			both[i] = common(b[i], a[i])
		}
		return both
	}
	return after
}
