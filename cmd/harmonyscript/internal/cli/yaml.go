// SPDX-License-Identifier: Apache-2.0

package cli

// This file turns manifests into YAML.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v2"
)

// yamlOf returns a manifest as YAML with sorted keys, the same text as sigs.k8s.io/yaml.JSONToYAML gives. That reads
// JSON with a parser of YAML, which takes more time than everything else that is done for an object.
func yamlOf(manifest []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(manifest))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return yaml.Marshal(withNumbers(value))
}

// withNumbers replaces the texts of numbers by numbers, in place where it can.
func withNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = withNumbers(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = withNumbers(inner)
		}
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return n
		}
		return v.String() // no float can hold it
	}
	return value
}
