// SPDX-License-Identifier: Apache-2.0

// This file copies what Helm changes while it renders: it drops dependencies that are switched off and merges values.

package helm

import (
	"maps"

	"helm.sh/helm/v3/pkg/chart"
)

// annotations of the stored chart tell where it came from.
const (
	digestAnnotation = "harmonyscript.io/chart-digest"
	sourceAnnotation = "harmonyscript.io/chart-source"
)

// fresh returns a copy of the chart that may be changed. Templates and files are shared.
func (l *loadedChart) fresh() *chart.Chart {
	c := copyChart(l.chart)
	annotations := maps.Clone(c.Metadata.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[digestAnnotation], annotations[sourceAnnotation] = l.facts.Digest, l.facts.Source
	c.Metadata.Annotations = annotations
	return c
}

func copyChart(c *chart.Chart) *chart.Chart {
	metadata := *c.Metadata
	metadata.Dependencies = nil
	for _, dependency := range c.Metadata.Dependencies {
		if dependency != nil {
			d := *dependency
			metadata.Dependencies = append(metadata.Dependencies, &d)
		}
	}
	fresh := &chart.Chart{
		Raw: c.Raw, Metadata: &metadata, Lock: c.Lock, Templates: c.Templates, Values: copyMap(c.Values), Schema: c.Schema, Files: c.Files,
	}
	for _, dependency := range c.Dependencies() {
		fresh.AddDependency(copyChart(dependency))
	}
	return fresh
}

func copyMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	fresh := make(map[string]any, len(m))
	for key, value := range m {
		fresh[key] = copyValue(value)
	}
	return fresh
}

func copyValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return copyMap(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = copyValue(element)
		}
		return list
	}
	return value
}
