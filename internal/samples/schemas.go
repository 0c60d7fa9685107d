// SPDX-License-Identifier: Apache-2.0

// This file validates objects against the schemas of custom resources and of Kubernetes' own kinds.

package samples

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
)

// Schemas validates objects against custom resource definitions.
type Schemas map[string]customResource

type customResource struct {
	structural *schema.Structural
	validator  *validate.SchemaValidator
}

// Definitions says where files with custom resource definitions are.
type Definitions struct {
	// Pin is the folder, from this module's root, of the go.mod that says which version of Module is meant.
	Pin string
	// Module that brings the files, and a pattern of their names in it.
	Module, Files string
}

// CoreOS are the definitions of prometheus-operator.
func CoreOS() Definitions {
	return Definitions{".", "github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd/*.yaml"}
}

// RHOBS are the definitions of observability-operator's fork of prometheus-operator.
func RHOBS() Definitions {
	return Definitions{"sandbox/components/obo-prometheus-operator", "github.com/rhobs/obo-prometheus-operator", "example/prometheus-operator-crd/*.yaml"}
}

// Observability are the definitions of observability-operator's own resources.
func Observability() Definitions {
	return Definitions{"sandbox/components/observability-operator", "github.com/rhobs/observability-operator", "deploy/crds/common/monitoring.rhobs_*.yaml"}
}

// ReadSchemas reads definitions from where Go has their modules; those that it does not have are downloaded.
func ReadSchemas(t *testing.T, sources ...Definitions) Schemas {
	t.Helper()
	found := Schemas{}
	for _, source := range sources {
		paths, err := filepath.Glob(filepath.Join(source.folder(t), filepath.FromSlash(source.Files)))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no definitions at %s in %s: %v", source.Files, source.Module, err)
		}
		for _, path := range paths {
			found.read(t, path)
		}
	}
	return found
}

func (d Definitions) folder(t *testing.T) string {
	t.Helper()
	module, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	command := exec.Command("go", "mod", "download", "-json", d.Module)
	command.Dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), filepath.FromSlash(d.Pin))
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go mod download %s, as %s pins it: %v: %s", d.Module, command.Dir, err, output)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(output, &downloaded); err != nil {
		t.Fatalf("go mod download %s: %v", d.Module, err)
	}
	return downloaded.Dir
}

func (s Schemas) read(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(content, &definition); err != nil {
		t.Fatal(err)
	}
	for _, version := range definition.Spec.Versions {
		s[definition.Spec.Group+"/"+version.Name+" "+definition.Spec.Names.Kind] = readSchema(t, version.Schema.OpenAPIV3Schema)
	}
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

// Problems returns what is wrong with a manifest.
func (s Schemas) Problems(manifest []byte) []string {
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
