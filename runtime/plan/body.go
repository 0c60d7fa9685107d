// SPDX-License-Identifier: Apache-2.0

// This file makes what is sent out of what was compiled.

package plan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// compose returns the manifest with the membership label and the secret values in it.
func compose(manifest []byte, applySet string, secrets map[string]string) ([]byte, error) {
	if len(secrets) == 0 {
		if body, ok := splice(manifest, applySet); ok {
			return body, nil
		}
	}
	return takeApart(manifest, applySet, secrets)
}

// takeApart is compose for manifests that a label cannot be put into as they are.
func takeApart(manifest []byte, applySet string, secrets map[string]string) ([]byte, error) {
	var fields, metadata map[string]json.RawMessage
	var labels map[string]string
	if err := json.Unmarshal(manifest, &fields); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if err := json.Unmarshal(fields["metadata"], &metadata); err != nil {
		return nil, fmt.Errorf("manifest: metadata: %w", err)
	}
	if raw, ok := metadata["labels"]; ok {
		if err := json.Unmarshal(raw, &labels); err != nil {
			return nil, fmt.Errorf("manifest: labels: %w", err)
		}
	}
	if labels == nil {
		labels = map[string]string{}
	}
	labels[inventory.MemberLabel] = applySet
	var err error
	if metadata["labels"], err = json.Marshal(labels); err != nil {
		return nil, fmt.Errorf("manifest: labels: %w", err)
	}
	if fields["metadata"], err = json.Marshal(metadata); err != nil {
		return nil, fmt.Errorf("manifest: metadata: %w", err)
	}
	if len(secrets) > 0 {
		if fields["data"], err = withSecrets(fields["data"], secrets); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return body, nil
}

// withSecrets adds values to a Secret's data. It is data and not stringData, whose fields nobody owns after an apply.
func withSecrets(raw json.RawMessage, secrets map[string]string) (json.RawMessage, error) {
	data := map[string]string{}
	if raw != nil {
		if err := json.Unmarshal(raw, &data); err != nil {
			return nil, fmt.Errorf("manifest: data: %w", err)
		}
	}
	for key, value := range secrets {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return json.Marshal(data)
}
