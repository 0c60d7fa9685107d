// SPDX-License-Identifier: Apache-2.0

// This file writes objects as the manifest that Helm stores with a release.

package helm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// manifestOf writes objects as one YAML stream, with labels added to each.
func manifestOf(objects []backend.Object, labels map[string]string) (string, error) {
	var b bytes.Buffer
	for _, o := range objects {
		encoded := o.Manifest
		if len(labels) > 0 {
			var err error
			if encoded, err = withLabels(encoded, labels); err != nil {
				return "", fmt.Errorf("%s: %w", o.ID, err)
			}
		}
		text, err := yaml.JSONToYAML(encoded)
		if err != nil {
			return "", fmt.Errorf("%s: %w", o.ID, err)
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return b.String(), nil
}

func withLabels(manifest []byte, labels map[string]string) ([]byte, error) {
	return edit(manifest, "labels", labels)
}

// edit adds entries to a map in the metadata of an object.
func edit(manifest []byte, field string, entries map[string]string) ([]byte, error) {
	var content map[string]any
	decoder := json.NewDecoder(bytes.NewReader(manifest))
	decoder.UseNumber()
	if err := decoder.Decode(&content); err != nil {
		return nil, err
	}
	metadata, _ := content["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		content["metadata"] = metadata
	}
	existing, _ := metadata[field].(map[string]any)
	if existing == nil {
		existing = map[string]any{}
		metadata[field] = existing
	}
	for key, value := range entries {
		existing[key] = value
	}
	return json.Marshal(content)
}

// parseManifest decodes the objects of a stored manifest. namespace is the release's.
func parseManifest(manifest, namespace, name string) ([]backend.Object, error) {
	release := backend.Release{Namespace: namespace, Name: name, Score: "release " + namespace + "/" + name}
	texts := releaseutil.SplitManifests(manifest)
	var list []backend.Object
	for i := range len(texts) {
		contents, err := decodeManifest(texts[fmt.Sprintf("manifest-%d", i)])
		if err != nil {
			return nil, fmt.Errorf("manifest of release %s: %w", release.Key(), err)
		}
		for _, content := range contents {
			object, err := newObject(content, release)
			if err != nil {
				return nil, fmt.Errorf("manifest of release %s: %w", release.Key(), err)
			}
			object.Stage, object.Release = backend.StageReleases, release.Key()
			list = append(list, object)
		}
	}
	return list, nil
}

// keeping returns a manifest in which the objects that keep selects bear Helm's own mark for what stays.
func keeping(objects []backend.Object, keep func(backend.ID) bool) (string, error) {
	var b strings.Builder
	for _, o := range objects {
		encoded := o.Manifest
		if keep(o.ID) {
			var err error
			if encoded, err = edit(encoded, "annotations", map[string]string{kube.ResourcePolicyAnno: kube.KeepPolicy}); err != nil {
				return "", fmt.Errorf("%s: %w", o.ID, err)
			}
		}
		text, err := yaml.JSONToYAML(encoded)
		if err != nil {
			return "", fmt.Errorf("%s: %w", o.ID, err)
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return b.String(), nil
}
