// SPDX-License-Identifier: Apache-2.0

// This file holds compiled objects against the parsers of those who read them: the schemas of the custom resources,
// the operator's validation of Alertmanager configuration, and Prometheus' parser of rules.

package crd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// schemas validates objects against custom resource definitions, by API version and kind.
type schemas map[string]customResource

type customResource struct {
	structural *schema.Structural
	validator  *validate.SchemaValidator
}

// readSchemas reads the definitions that prometheus-operator ships in its module.
func readSchemas(t *testing.T) schemas {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus-operator/prometheus-operator").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(module)), "example", "prometheus-operator-crd", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no definitions in the operator's module: %v", err)
	}
	found := schemas{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(content, &definition); err != nil {
			t.Fatal(err)
		}
		for _, version := range definition.Spec.Versions {
			found[definition.Spec.Group+"/"+version.Name+" "+definition.Spec.Names.Kind] = readSchema(t, version.Schema.OpenAPIV3Schema)
		}
	}
	return found
}

func readSchema(t *testing.T, properties *apiextensionsv1.JSONSchemaProps) customResource {
	t.Helper()
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(properties, &internal, nil); err != nil {
		t.Fatal(err)
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(properties)
	if err != nil {
		t.Fatal(err)
	}
	var openAPI spec.Schema
	if err := json.Unmarshal(encoded, &openAPI); err != nil {
		t.Fatal(err)
	}
	return customResource{structural, validate.NewSchemaValidator(&openAPI, nil, "", strfmt.Default)}
}

// problems returns what is wrong with a manifest.
func (s schemas) problems(manifest []byte) []string {
	var object map[string]any
	if err := json.Unmarshal(manifest, &object); err != nil {
		return []string{err.Error()}
	}
	if !strings.HasPrefix(fmt.Sprint(object["apiVersion"]), "monitoring.") {
		// Kinds of Kubernetes itself: the strict decoder knows no other fields than theirs.
		codecs := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict)
		if _, _, err := codecs.UniversalDeserializer().Decode(manifest, nil, nil); err != nil {
			return []string{err.Error()}
		}
		return nil
	}
	definition, ok := s[fmt.Sprintf("%s %s", object["apiVersion"], object["kind"])]
	if !ok {
		return []string{fmt.Sprintf("no definition of %s %s", object["apiVersion"], object["kind"])}
	}
	var problems []string
	for _, err := range definition.validator.Validate(object).Errors {
		problems = append(problems, err.Error())
	}
	for _, path := range pruning.PruneWithOptions(object, definition.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		problems = append(problems, "unknown field "+path)
	}
	return problems
}

func TestSchemas(t *testing.T) {
	definitions := readSchemas(t)
	kinds := map[string]bool{}
	for name, sample := range samples() {
		for _, o := range compile(t, sample) {
			kinds[o.ID.APIVersion()+" "+o.ID.Kind] = true
			for _, problem := range definitions.problems(o.Manifest) {
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
	definitions := readSchemas(t)
	for _, breakage := range []struct{ kind, old, new string }{
		{"Prometheus", `"retention":"30d"`, `"retention":"thirty"`},
		{"Prometheus", `"replicas"`, `"replica"`},
		{"ServiceMonitor", `"interval":"15s"`, `"interval":15`},
		{"AlertmanagerConfig", `"sendResolved"`, `"send_resolved"`},
		{"NetworkPolicy", `"podSelector"`, `"podselectors"`},
	} {
		bitten := false
		for _, o := range compile(t, fullStack()) {
			if o.ID.Kind == breakage.kind && bytes.Contains(o.Manifest, []byte(breakage.old)) {
				broken := bytes.ReplaceAll(o.Manifest, []byte(breakage.old), []byte(breakage.new))
				bitten = bitten || len(definitions.problems(broken)) > 0
			}
		}
		if !bitten {
			t.Errorf("%s with %s passes", breakage.kind, breakage.new)
		}
	}
}

func TestAlertmanagerConfigs(t *testing.T) {
	for name, sample := range samples() {
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
	for name, sample := range samples() {
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
