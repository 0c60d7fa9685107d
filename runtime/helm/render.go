// SPDX-License-Identifier: Apache-2.0

// This file renders releases.

package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// origin is what a rendered release was made from, for Manager.
type origin struct {
	chart        *loadedChart
	values       map[string]any
	capabilities *chartutil.Capabilities
}

// Render returns what the release's chart makes of it. `lookup` finds nothing in templates, here as in the cluster, so
// that what was planned is what is applied.
func (s *ChartStore) Render(ctx context.Context, release backend.Release, target Target) (*Rendered, diag.List) {
	loaded, failed := s.find(ctx, release)
	if failed != nil {
		return nil, diag.List{failed.at(release)}
	}
	rendered, problems := loaded.render(release, target)
	var list diag.List
	for _, p := range append(problems, loaded.warnings...) {
		list = append(list, p.at(release))
	}
	if ctx.Err() != nil {
		list = append(list, unreachable(loaded.from, ctx.Err()).at(release))
	}
	if list.HasErrors() {
		rendered = nil
	}
	return rendered, list.Sorted()
}

// render makes objects of a release. A panic, which a template can provoke in the engine's functions, is a problem like
// any other.
func (l *loadedChart) render(release backend.Release, target Target) (rendered *Rendered, problems []problem) {
	defer func() {
		if r := recover(); r != nil {
			rendered, problems = nil, append(problems, *l.invalid(fmt.Sprintf("the template engine failed: %v", r)))
		}
	}()
	values, err := decodeValues(release.Values)
	if err != nil {
		return nil, []problem{*l.invalid("the values are no map: " + err.Error())}
	}
	capabilities, failed := l.capabilities(target)
	if failed != nil {
		return nil, []problem{*failed}
	}
	problems = l.checkValues(values)
	for _, p := range problems {
		if !p.warning {
			return nil, problems
		}
	}
	made, failed := l.template(release, values, capabilities)
	if failed != nil {
		return nil, append(problems, *failed)
	}
	rendered = &Rendered{Release: release, Chart: l.facts, source: &origin{chart: l, values: values, capabilities: capabilities}}
	if rendered.Objects, failed = l.objects(release, made.manifests); failed != nil {
		return nil, append(problems, *failed)
	}
	if rendered.Hooks, failed = l.hooks(release, made.hooks); failed != nil {
		return nil, append(problems, *failed)
	}
	if release.Definitions {
		if rendered.Definitions, failed = l.definitionsOf(release, made.chart); failed != nil {
			return nil, append(problems, *failed)
		}
	}
	if p := l.checkSize(rendered, made, values); p != nil {
		problems = append(problems, *p)
	}
	return rendered, problems
}

// templated is what the engine made.
type templated struct {
	chart     *chart.Chart
	hooks     []*helmrelease.Hook
	manifests []releaseutil.Manifest
}

// template runs the engine.
func (l *loadedChart) template(release backend.Release, values map[string]any, capabilities *chartutil.Capabilities) (*templated, *problem) {
	c, given := l.fresh(), copyMap(values)
	if err := chartutil.ProcessDependenciesWithMerge(c, given); err != nil {
		return nil, l.invalid(readable(err))
	}
	options := chartutil.ReleaseOptions{Name: release.Name, Namespace: release.Namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValuesWithSchemaValidation(c, given, options, capabilities, false)
	if err != nil {
		return nil, l.invalid(readable(err))
	}
	files, err := engine.Engine{}.Render(c, all)
	if err != nil {
		return nil, l.invalid(readable(err))
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, l.invalid("a template gives no YAML: " + readable(err))
	}
	return &templated{chart: c, hooks: hooks, manifests: manifests}, nil
}

// capabilities tells templates about the cluster.
func (l *loadedChart) capabilities(target Target) (*chartutil.Capabilities, *problem) {
	text := target.KubernetesVersion
	if text == "" {
		text = DefaultKubernetesVersion
	}
	version, err := chartutil.ParseKubeVersion(text)
	if err != nil {
		return nil, &problem{code: "chart-unsuitable", argument: "version", summary: fmt.Sprintf("%s: got Kubernetes version %q, want one like %q", l.title(), text, DefaultKubernetesVersion)}
	}
	if wanted := l.chart.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, version.String()) {
		return nil, &problem{
			code: "chart-unsuitable", argument: "version", summary: fmt.Sprintf("%s wants Kubernetes %s, and the cluster has %s", l.title(), wanted, version.Version),
			fix: "use a version of the chart that is made for this cluster, or another cluster",
		}
	}
	served := target.APIVersions
	if len(served) == 0 {
		served = defaultAPIVersions()
	}
	return &chartutil.Capabilities{KubeVersion: *version, APIVersions: served, HelmVersion: chartutil.DefaultCapabilities.HelmVersion}, nil
}

func (l *loadedChart) invalid(reason string) *problem {
	return &problem{
		code: "helm-values-invalid", value: []string{}, summary: l.title() + " cannot be rendered with these values: " + oneLine(reason),
		fix: "correct helm_values; `helm show values` tells what the chart takes",
	}
}

// decodeValues decodes a release's values. Whole numbers stay whole: Helm would print a million as 1e+06.
func decodeValues(encoded []byte) (map[string]any, error) {
	values := map[string]any{}
	if len(encoded) == 0 {
		return values, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	if values == nil {
		return map[string]any{}, nil
	}
	convertNumbers(values)
	return values, nil
}

func convertNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = convertNumbers(element)
		}
	case []any:
		for i, element := range v {
			v[i] = convertNumbers(element)
		}
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		if number, err := v.Float64(); err == nil {
			return number
		}
		return v.String()
	}
	return value
}

var (
	templateError  = regexp.MustCompile(`^(?:execution error|parse error|template error)? ?(?:at|in)? ?\(?([^\s():]+/templates/[^\s():]+)(?::(\d+))?(?::\d+)?\)?: *(.*)$`)
	executingError = regexp.MustCompile(`^(?:template: )?([^\s:]+/templates/[^\s:]+):(\d+)(?::\d+)?: (.*)$`)
	chainPart      = regexp.MustCompile(`(?:error calling include: |error calling tpl: )?(?:template: )?[^\s:]+/templates/[^\s:]+:\d+:\d+: executing "[^"]*" at <[^>]*>: `)
)

// readable turns an error of the engine, which is a chain of templates that call each other, into the place in the
// template that the chart's author knows and the reason at the chain's end.
func readable(err error) string {
	text := oneLine(err.Error())
	text = strings.TrimPrefix(text, "values don't meet the specifications of the schema(s) in the following chart(s): ")
	for _, form := range []*regexp.Regexp{templateError, executingError} {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		place, reason := m[1], chainPart.ReplaceAllString(m[3], "")
		if m[2] != "" {
			place += ":" + m[2]
		}
		return place + ": " + strings.TrimPrefix(reason, "error calling fail: ")
	}
	return chainPart.ReplaceAllString(text, "")
}
