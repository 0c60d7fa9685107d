// SPDX-License-Identifier: Apache-2.0

// This file turns what templates gave into objects.

package helm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// objects decodes manifests, in the order in which Helm installs them.
func (l *loadedChart) objects(release backend.Release, manifests []releaseutil.Manifest) ([]backend.Object, *problem) {
	var list []backend.Object
	seen := map[backend.ID]string{}
	for _, m := range manifests {
		contents, err := decodeManifest(m.Content)
		if err != nil {
			return nil, l.invalid(m.Name + " gives no YAML of an object: " + err.Error())
		}
		for _, content := range contents {
			object, err := newObject(content, release)
			if err != nil {
				return nil, l.invalid(m.Name + ": " + err.Error())
			}
			if first, twice := seen[object.ID]; twice {
				return nil, l.invalid(fmt.Sprintf("%s gives %s, and %s gives it too", m.Name, object.ID, first))
			}
			seen[object.ID] = m.Name
			object.Stage, object.Release = backend.StageReleases, release.Key()
			list = append(list, object)
		}
	}
	return list, nil
}

// hooks decodes what Helm makes around an operation.
func (l *loadedChart) hooks(release backend.Release, made []*helmrelease.Hook) ([]Hook, *problem) {
	var list []Hook
	for _, h := range made {
		contents, err := decodeManifest(h.Manifest)
		if err != nil {
			return nil, l.invalid(h.Path + " gives no YAML of an object: " + err.Error())
		}
		for _, content := range contents {
			object, err := newObject(content, release)
			if err != nil {
				return nil, l.invalid(h.Path + ": " + err.Error())
			}
			hook := Hook{ID: object.ID, Weight: h.Weight, Manifest: object.Manifest}
			for _, event := range h.Events {
				hook.Events = append(hook.Events, event.String())
			}
			list = append(list, hook)
		}
	}
	slices.SortStableFunc(list, func(a, b Hook) int { return cmp.Or(strings.Compare(a.ID.Name, b.ID.Name), a.ID.Compare(b.ID)) })
	return list, nil
}

// definitions decodes the CustomResourceDefinitions of a chart and all its dependencies.
func definitions(c *chart.Chart) ([]backend.Object, error) {
	var list []backend.Object
	for _, file := range c.CRDObjects() {
		for _, text := range releaseutil.SplitManifests(string(file.File.Data)) {
			contents, err := decodeManifest(text)
			if err != nil {
				return nil, fmt.Errorf("%s gives no YAML of an object: %w", file.Filename, err)
			}
			for _, content := range contents {
				object, err := backend.NewObject(content, score.Origin{}, c.Name())
				if err != nil {
					return nil, fmt.Errorf("%s: %w", file.Filename, err)
				}
				list = append(list, object)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b backend.Object) int { return a.ID.Compare(b.ID) })
	return list, nil
}

// definitionsOf returns the definitions of a release. enabled is the chart without the dependencies that its values switch off.
func (l *loadedChart) definitionsOf(release backend.Release, enabled *chart.Chart) ([]backend.Object, *problem) {
	read := l.definitions
	if len(enabled.CRDObjects()) != len(l.chart.CRDObjects()) {
		read = func() ([]backend.Object, error) { return definitions(enabled) }
	}
	shared, err := read()
	if err != nil {
		return nil, l.invalid(err.Error())
	}
	list := slices.Clone(shared)
	for i := range list {
		list[i].Origin, list[i].Score = release.Origin, release.Score
	}
	return list, nil
}

// newObject makes an object of a release: with a namespace, if its kind has one.
func newObject(content map[string]any, release backend.Release) (backend.Object, error) {
	metadata, _ := content["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		content["metadata"] = metadata
	}
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	switch namespace, _ := metadata["namespace"].(string); {
	case clusterScoped(apiVersion, kind):
		delete(metadata, "namespace")
	case namespace == "":
		metadata["namespace"] = release.Namespace
	}
	dropNulls(content)
	return backend.NewObject(content, release.Origin, release.Score)
}

// dropNulls removes fields without a value, which templates leave behind. A server-side apply would take some of them for
// a wish to own the field.
func dropNulls(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if element == nil {
				delete(v, key)
				continue
			}
			dropNulls(element)
		}
	case []any:
		for _, element := range v {
			dropNulls(element)
		}
	}
}

// decodeManifest decodes one document. A list of objects, as some charts give it, is its elements.
func decodeManifest(text string) ([]map[string]any, error) {
	var content map[string]any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		return nil, err
	}
	if content == nil {
		// Only comments.
		return nil, nil
	}
	items, isList := content["items"]
	if kind, _ := content["kind"].(string); !isList || !strings.HasSuffix(kind, "List") {
		return []map[string]any{content}, nil
	}
	elements, _ := items.([]any)
	var contents []map[string]any
	for i, element := range elements {
		object, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("element %d of its list is no map", i)
		}
		contents = append(contents, object)
	}
	return contents, nil
}
