// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things.example.com
  annotations: {description: stays}
spec:
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        description: goes
        type: object
        properties:
          description:
            description: goes
            type: string
          list:
            items:
              description: goes
              default: {description: stays}
              enum: [{description: stays}]
              type: object
          other:
            anyOf:
            - {description: goes, type: string}
            additionalProperties: {description: goes}
            x-kubernetes-validations:
            - {rule: self == self, message: stays}
`

func TestCompact(t *testing.T) {
	compacted, err := compact([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",` +
		`"metadata":{"annotations":{"description":"stays"},"name":"things.example.com"},` +
		`"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"properties":{` +
		`"description":{"type":"string"},` +
		`"list":{"items":{"default":{"description":"stays"},"enum":[{"description":"stays"}],"type":"object"}},` +
		`"other":{"additionalProperties":{},"anyOf":[{"type":"string"}],"x-kubernetes-validations":[{"message":"stays","rule":"self == self"}]}},` +
		`"type":"object"}}}]}}`
	if string(compacted) != want {
		t.Errorf("got %s\nwant %s", compacted, want)
	}
}

func TestCompactFolder(t *testing.T) {
	folder := t.TempDir()
	if err := compactFolder(folder); err == nil {
		t.Error("an empty folder: got no error")
	}
	file := filepath.Join(folder, "things.yaml")
	if err := os.WriteFile(file, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := compactFolder(folder); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, "things.json"))
	if err != nil || !json.Valid(content) {
		t.Errorf("got %q, %v, want JSON", content, err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the YAML file is left")
	}
	for _, wrong := range []string{"kind: [", "kind: Deployment\n", "kind: a\nkind: b\n"} {
		if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := compactFolder(folder); err == nil || !strings.Contains(err.Error(), "things.yaml") {
			t.Errorf("%q: got %v, want an error with the file's name", wrong, err)
		}
	}
}
