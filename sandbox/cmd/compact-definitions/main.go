// SPDX-License-Identifier: Apache-2.0

// Command compact-definitions makes the CustomResourceDefinitions in a folder small, when the sandbox is built: `compact-definitions FOLDER` puts a
// JSON file without descriptions in the place of every YAML file. Making the definitions known is most of what the API server does while a sandbox starts, and it
// keeps several copies of each for as long as it runs.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compact-definitions FOLDER")
		os.Exit(2)
	}
	if err := compactFolder(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "compact-definitions:", err)
		os.Exit(1)
	}
}

func compactFolder(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: got no YAML files, want some", folder)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		compacted, err := compact(content)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(strings.TrimSuffix(file, ".yaml")+".json", compacted, 0o644); err != nil {
			return err
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// compact returns a definition in YAML as JSON without the descriptions in its schemas.
func compact(content []byte) ([]byte, error) {
	var definition map[string]any
	if err := yaml.UnmarshalStrict(content, &definition); err != nil {
		return nil, err
	}
	if definition["kind"] != "CustomResourceDefinition" {
		return nil, fmt.Errorf("kind: got %v, want CustomResourceDefinition", definition["kind"])
	}
	spec, _ := definition["spec"].(map[string]any)
	versions, _ := spec["versions"].([]any)
	for _, version := range versions {
		fields, _ := version.(map[string]any)
		schema, _ := fields["schema"].(map[string]any)
		dropDescriptions(schema["openAPIV3Schema"])
	}
	return json.Marshal(definition)
}

// schemasByName are the fields of a schema that hold schemas by the names of an object's fields, of which one can be called "description".
var schemasByName = map[string]bool{"properties": true, "patternProperties": true, "definitions": true}

// values are the fields of a schema that hold values and no schemas.
var values = map[string]bool{"default": true, "enum": true, "example": true}

// dropDescriptions takes the descriptions out of a schema and of those in it.
func dropDescriptions(node any) {
	switch node := node.(type) {
	case map[string]any:
		delete(node, "description")
		for name, below := range node {
			switch fields, isMap := below.(map[string]any); {
			case values[name]:
			case schemasByName[name] && isMap:
				for _, schema := range fields {
					dropDescriptions(schema)
				}
			default:
				dropDescriptions(below)
			}
		}
	case []any:
		for _, below := range node {
			dropDescriptions(below)
		}
	}
}
