// SPDX-License-Identifier: Apache-2.0

// This file holds compiled objects against the schemas of those who read them, and the backend's row of features
// against the types.

package rhob_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	obov1alpha1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1alpha1"
	rhobsv1alpha1 "github.com/rhobs/observability-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestSchemas(t *testing.T) {
	definitions := samples.ReadSchemas(t, samples.RHOBS(), samples.Observability())
	kinds := map[string]bool{}
	for name, sample := range samples.Scores(score.V3RHOB) {
		for _, o := range compile(t, sample) {
			kinds[o.ID.APIVersion()+" "+o.ID.Kind] = true
			for _, problem := range definitions.Problems(o.Manifest) {
				t.Errorf("%s: %s: %s", name, o.ID, problem)
			}
		}
	}
	for _, required := range rhob.New().Requires() {
		if required.Provider == "" {
			t.Errorf("%s: nobody provides it", required.Kind)
		}
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
	definitions := samples.ReadSchemas(t, samples.RHOBS(), samples.Observability())
	for _, breakage := range []struct{ kind, old, new string }{
		{"MonitoringStack", `"retention":"30d"`, `"retention":"thirty"`},
		{"MonitoringStack", `"persistentVolumeClaim"`, `"storage"`},
		{"Prometheus", `"ignoreNamespaceSelectors"`, `"ignoreNamespaces"`},
		{"Alertmanager", `"None"`, `"Never"`},
		{"ServiceMonitor", `"interval":"15s"`, `"interval":15`},
		{"AlertmanagerConfig", `"sendResolved"`, `"send_resolved"`},
		{"NetworkPolicy", `"podSelector"`, `"podselectors"`},
	} {
		bitten := false
		for _, o := range compile(t, samples.FullStack(score.V3RHOB)) {
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

// TestAlertmanagerConfigs reads what is made into the fork's types, and has it validated by the code that the fork took
// over from prometheus-operator.
func TestAlertmanagerConfigs(t *testing.T) {
	found := 0
	for name, sample := range samples.Scores(score.V3RHOB) {
		for _, o := range compile(t, sample) {
			if o.ID.Kind != v1alpha1.AlertmanagerConfigKind {
				continue
			}
			found++
			var config v1alpha1.AlertmanagerConfig
			for _, into := range []any{&obov1alpha1.AlertmanagerConfig{}, &config} {
				decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(into); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := amvalidation.ValidateAlertmanagerConfig(&config); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if found == 0 {
		t.Error("no sample has an AlertmanagerConfig")
	}
}

// TestCapabilities expects a word about every feature that there is.
func TestCapabilities(t *testing.T) {
	row := rhob.New().Capabilities()
	for _, f := range []backend.Feature{
		backend.FeatureServiceMonitor, backend.FeaturePodMonitor, backend.FeatureStaticTargets, backend.FeatureProbe, backend.FeatureShards,
		backend.FeatureReplicas, backend.FeatureStorage, backend.FeatureRemoteWrite, backend.FeatureExternalLabels, backend.FeatureResources,
		backend.FeatureTenantDedicated, backend.FeatureTenantShared, backend.FeatureRuleKeepFiring, backend.FeatureRuleGroupLimit, backend.FeatureHonorLabelsProbe,
	} {
		if row.Supports(f) == (row.Reason(f) != "") {
			t.Errorf("%s: supported is %v and the reason against it %q", f, row.Supports(f), row.Reason(f))
		}
	}
	if row.Supports(backend.FeatureShards) {
		t.Error("a MonitoringStack supports shards, want not")
	}
}

// TestGapsOfTheStack fails when the type of the MonitoringStack grows what the backend says that it lacks, so that the
// backend learns it.
func TestGapsOfTheStack(t *testing.T) {
	for _, test := range []struct {
		of    reflect.Type
		lacks []string
	}{
		{reflect.TypeFor[rhobsv1alpha1.MonitoringStackSpec](), []string{"Shards", "EnforcedNamespaceLabel"}},
		{reflect.TypeFor[rhobsv1alpha1.PrometheusConfig](), []string{"Shards", "EnforcedNamespaceLabel", "ExternalURL"}},
		{reflect.TypeFor[rhobsv1alpha1.AlertmanagerConfig](), []string{"Replicas", "MatcherStrategy", "PersistentVolumeClaim"}},
	} {
		for _, name := range test.lacks {
			if _, has := test.of.FieldByName(name); has {
				t.Errorf("%s has %s now", test.of, name)
			}
		}
	}
}

// TestDialect expects settings that the fork does not have yet to be reported at their place, and no others.
func TestDialect(t *testing.T) {
	channel := samples.Webhook("https://audit.example.org")
	if problems := rhob.New().Sender().Check(channel); len(problems) > 0 {
		t.Errorf("got %v, want nothing against a webhook", problems)
	}
	channel.Receiver.Fields = append(channel.Receiver.Fields, score.Field{Name: "payload", Argument: "payload", Value: "{}"})
	problems := rhob.New().Sender().Check(channel)
	if len(problems) != 1 || problems[0].Code != "unsupported-setting" || problems[0].Position.Line != 20 || !strings.Contains(problems[0].Summary, "V3_RHOB") {
		t.Errorf("got %v, want one problem with the payload", problems)
	}
}
