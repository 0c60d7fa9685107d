// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// render renders the test chart with values and some files replaced.
func render(t testing.TB, values map[string]any, target Target, pairs ...string) (*Rendered, diag.List) {
	t.Helper()
	release := releaseOf(t, score.HelmChart{Path: folder(t, with(testChart(), pairs...))}, values)
	return NewCharts(ChartOptions{}).Render(context.Background(), release, target)
}

func extra(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	return map[string]any{"extra": m}
}

func TestRender(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"prometheus": map[string]any{"prometheusSpec": map[string]any{"sampleLimit": 12345678, "retention": nil}},
		"extra":      map[string]any{"hook": "post-upgrade,pre-install"},
	}
	release := releaseOf(t, score.HelmChart{Path: folder(t, testChart())}, values)
	release.Definitions = true
	rendered, problems := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, o := range rendered.Objects {
		got = append(got, o.ID.String())
		if o.Stage != backend.StageReleases || o.Release != "monitoring/stack" || o.Score != release.Score || o.Origin.Position().Line != 1 {
			t.Errorf("%s: got stage %s, release %q, score %q, origin %s", o.ID, o.Stage, o.Release, o.Score, o.Origin.Position())
		}
	}
	want := "[ConfigMap monitoring/stack-config ClusterRole monitoring-stack Service monitoring/stack-web ServiceMonitor monitoring/stack]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v\nwant %v", got, want)
	}
	const config = `{"apiVersion":"v1","data":{"class":"none","found":"0","kubernetes":"v1.37.2","limit":"12345678","served":"true","text":""},` +
		`"kind":"ConfigMap","metadata":{"name":"stack-config","namespace":"monitoring"}}`
	if got := string(rendered.Objects[0].Manifest); got != config {
		t.Errorf("got %s\nwant %s", got, config)
	}
	if got := string(rendered.Objects[1].Manifest); strings.Contains(got, "namespace") {
		t.Errorf("a ClusterRole has no namespace: got %s", got)
	}
	if len(rendered.Definitions) != 1 || rendered.Definitions[0].ID.String() != "CustomResourceDefinition widgets.example.org" ||
		rendered.Definitions[0].Stage != backend.StageCRDs || rendered.Definitions[0].Release != "" || rendered.Definitions[0].Score != release.Score {
		t.Errorf("got definitions %+v", rendered.Definitions)
	}
	if len(rendered.Hooks) != 1 || rendered.Hooks[0].ID.String() != "Job monitoring/stack-hook" || rendered.Hooks[0].Weight != 3 ||
		fmt.Sprint(rendered.Hooks[0].Events) != "[post-upgrade pre-install]" {
		t.Errorf("got hooks %+v", rendered.Hooks)
	}
	again, _ := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{})
	for i := range again.Objects {
		if string(again.Objects[i].Manifest) != string(rendered.Objects[i].Manifest) {
			t.Errorf("%s: the second rendering differs", again.Objects[i].ID)
		}
	}
	release.Definitions = false
	if plain, _ := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{}); len(plain.Definitions) != 0 {
		t.Errorf("got %d definitions for a release that has none", len(plain.Definitions))
	}
}

func TestRenderForCluster(t *testing.T) {
	t.Parallel()
	rendered, problems := render(t, nil, Target{KubernetesVersion: "v1.33.1+k3s1", APIVersions: []string{"v1", "apps/v1"}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := string(rendered.Objects[0].Manifest); !strings.Contains(got, `"kubernetes":"v1.33.1"`) || !strings.Contains(got, `"served":"false"`) {
		t.Errorf("got %s", got)
	}
}

// TestDefaultKubernetesVersion keeps the constant with the libraries.
func TestDefaultKubernetesVersion(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`k8s.io/client-go v0(\.\d+\.\d+)`).FindStringSubmatch(string(content))
	if found == nil || "v1"+found[1] != DefaultKubernetesVersion {
		t.Errorf("go.mod has client-go %v, and DefaultKubernetesVersion is %s", found, DefaultKubernetesVersion)
	}
}

// TestBadValues expects a readable reason at the script's line for all that values can break.
func TestBadValues(t *testing.T) {
	t.Parallel()
	schema := `{"type":"object","properties":{"extra":{"type":"object","properties":{"port":{"type":"integer"}}}}}`
	for _, test := range []struct {
		name   string
		values map[string]any
		target Target
		files  []string
		code   string
		place  string
		text   string
	}{
		{
			"a map for a string",
			map[string]any{"prometheus": map[string]any{"prometheusSpec": map[string]any{"retention": map[string]any{"days": 3}}}},
			Target{},
			nil,
			"helm-values-invalid", "a.star:4:23", "wants a string for prometheus.prometheusSpec.retention, got a map",
		},
		{"a list for a map", map[string]any{"extra": []any{1}}, Target{}, nil, "helm-values-invalid", "a.star:3:19", "wants a map for extra, got a list"},
		{"a template that fails", extra("fail", "set extra.port"), Target{}, nil, "helm-values-invalid", "a.star:3:19", "templates/config.yaml:1: set extra.port"},
		{
			"a template that cannot run", nil,
			Target{},
			[]string{"templates/bad.yaml", `{{ include "one" . }}`, "templates/_one.tpl", `{{ define "one" }}{{ .Values.none.of.this }}{{ end }}`},
			"helm-values-invalid", "a.star:3:19", "nil pointer evaluating",
		},
		{"a template that cannot be parsed", nil, Target{}, []string{"templates/bad.yaml", `{{ if }}`}, "helm-values-invalid", "a.star:3:19", "missing value for if"},
		{"a template without end", nil, Target{}, []string{"templates/bad.yaml", `{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}`}, "helm-values-invalid", "a.star:3:19", "nested reference"},
		{"a schema", extra("port", "web"), Target{}, []string{"values.schema.json", schema}, "helm-values-invalid", "a.star:3:19", "extra/port"},
		{"no YAML", nil, Target{}, []string{"templates/bad.yaml", "a: [\n"}, "helm-values-invalid", "a.star:3:19", "bad.yaml"},
		{"no object", nil, Target{}, []string{"templates/bad.yaml", "a: 1\n"}, "helm-values-invalid", "a.star:3:19", "templates/bad.yaml"},
		{"twice the same", nil, Target{}, []string{"templates/bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stack-config}\n"}, "helm-values-invalid", "a.star:3:19", "gives it too"},
		{"a definition that is none", nil, Target{}, []string{"crds/bad.yaml", "a: [\n"}, "helm-values-invalid", "a.star:3:19", "crds/bad.yaml"},
		{"an old cluster", nil, Target{KubernetesVersion: "v1.20.0"}, nil, "chart-unsuitable", "a.star:2:18", "wants Kubernetes >=1.25.0-0, and the cluster has v1.20.0"},
		{"no version of a cluster", nil, Target{KubernetesVersion: "new"}, nil, "chart-unsuitable", "a.star:2:18", `got Kubernetes version "new"`},
		{
			"a value that we need",
			map[string]any{"cleanPrometheusOperatorObjectNames": true},
			Target{},
			[]string{"values.yaml", strings.Replace(testChart()["values.yaml"], "cleanPrometheusOperatorObjectNames: false\n", "", 1)},
			"chart-unsuitable", "a.star:2:18", "kube-prometheus-stack 1.2.3 does not know the value cleanPrometheusOperatorObjectNames",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			release := releaseOf(t, score.HelmChart{Path: folder(t, with(testChart(), test.files...))}, test.values)
			release.Definitions = true
			rendered, problems := NewCharts(ChartOptions{}).Render(context.Background(), release, test.target)
			if rendered != nil || len(problems) != 1 {
				t.Fatalf("got %v, %v", rendered, problems)
			}
			d := problems[0]
			if d.Code != test.code || d.Position.String() != test.place || !strings.Contains(d.Summary, test.text) || strings.Contains(d.Summary, "\n") || d.Severity != diag.Error {
				t.Errorf("got %s\nwant %s: %s [%s]", d, test.place, test.text, test.code)
			}
		})
	}
}

func TestValuesThatAreNoMap(t *testing.T) {
	t.Parallel()
	release := releaseOf(t, score.HelmChart{Path: folder(t, testChart())}, nil)
	for _, values := range []string{"[]", `"a"`, "{"} {
		release.Values = []byte(values)
		if _, problems := NewCharts(ChartOptions{}).Render(context.Background(), release, Target{}); len(problems) != 1 || problems[0].Code != "helm-values-invalid" {
			t.Errorf("%s: got %v", values, problems)
		}
	}
}

// TestUnknownValues expects a warning with the nearest name for what a chart does not know, and none for what it may.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	dependency := []string{
		"Chart.yaml", testChart()["Chart.yaml"] + "dependencies:\n- {name: grafana, version: 1.0.0, alias: boards, condition: boards.enabled}\n",
		"charts/grafana/Chart.yaml", "apiVersion: v2\nname: grafana\nversion: 1.0.0\n",
		"charts/grafana/values.yaml", "adminUser: admin\nsidecar: {}\nglobal: {imageRegistry: \"\"}\n",
		"charts/grafana/templates/c.yaml", "{{- with .Values.podLabels }}{{ end }}",
		"values.schema.json", `{"properties":{"known":{"properties":{"bySchema":{}}}}}`,
	}
	for _, test := range []struct {
		values string
		want   string
	}{
		{`{"prometheus":{"prometheusSpec":{"retentoin":"3d"}}}`, "a.star:4:23 prometheus.prometheusSpec.retentoin: did you mean prometheus.prometheusSpec.retention?"},
		{`{"prometheus":{"retention":"3d"}}`, "a.star:4:23 prometheus.retention: did you mean prometheus.prometheusSpec.retention?"},
		{`{"prometeus":{"enabled":false}}`, "a.star:3:19 prometeus: did you mean prometheus?"},
		{`{"extra":{"somethingElse":1}}`, "a.star:3:19 extra.somethingElse: see `helm show values` for what the chart knows"},
		{`{"boards":{"adminUsr":"x"}}`, "a.star:3:19 boards.adminUsr: did you mean boards.adminUser?"},
		// What the chart leaves open, has in a comment, a template, a schema or a condition.
		{`{"commonLabels":{"a":"b"},"prometheus":{"annotations":{"x.org/y":"z"}}}`, ""},
		{`{"prometheus":{"prometheusSpec":{"scrapeClass":"x"}}}`, ""},
		{`{"boards":{"enabled":false,"sidecar":{"any":1},"podLabels":{"a":"b"}}}`, ""},
		{`{"global":{"imageRegistry":"r","rbac":{"create":false}},"tags":{"x":true}}`, ""},
		{`{"known":{"bySchema":1}}`, ""},
		{`{"gone":null}`, ""},
	} {
		var values map[string]any
		if err := json.Unmarshal([]byte(test.values), &values); err != nil {
			t.Fatal(err)
		}
		rendered, problems := render(t, values, Target{}, dependency...)
		got := ""
		for _, d := range problems {
			_, path, _ := strings.Cut(d.Summary, "does not know the value ")
			got += fmt.Sprintf("%s %s: %s", d.Position, path, d.Fix)
			if d.Code != "helm-value-unknown" || d.Severity != diag.Warning {
				t.Errorf("%s: got %s", test.values, d)
			}
		}
		if rendered == nil || got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.values, got, test.want)
		}
	}
}

// TestLargeReleases fills charts with what gzip cannot pack.
func TestLargeReleases(t *testing.T) {
	t.Parallel()
	noise := func(size int) string {
		var b strings.Builder
		sum := digestOf([]byte("seed"))
		for b.Len() < size {
			sum = digestOf([]byte(sum))
			b.WriteString(sum[7:])
		}
		return b.String()
	}
	for _, test := range []struct {
		size int
		want string
	}{{100 << 10, "[]"}, {1000 << 10, "[warning release-large]"}, {1700 << 10, "[error release-too-large]"}} {
		_, problems := render(t, nil, Target{}, "files/noise.txt", noise(test.size))
		if got := fmt.Sprint(codes(problems)); got != test.want {
			t.Errorf("%d KiB of noise: got %s, want %s: %v", test.size>>10, got, test.want, problems)
		}
	}
}

func TestLocalChartThatChanges(t *testing.T) {
	t.Parallel()
	path := folder(t, testChart())
	store := NewCharts(ChartOptions{})
	release := releaseOf(t, score.HelmChart{Path: path}, nil)
	first, _ := store.Render(context.Background(), release, Target{})
	if err := os.WriteFile(path+"/templates/more.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	second, _ := store.Render(context.Background(), release, Target{})
	if len(first.Objects) != 4 || len(second.Objects) != 5 || first.Chart.Digest == second.Chart.Digest {
		t.Errorf("got %d and %d objects, digests %s and %s", len(first.Objects), len(second.Objects), first.Chart.Digest, second.Chart.Digest)
	}
}

// TestConcurrentRenderings shares one store, as tenants of one script do.
func TestConcurrentRenderings(t *testing.T) {
	t.Parallel()
	store := NewCharts(ChartOptions{})
	path := folder(t, testChart())
	done := make(chan error)
	for i := range 8 {
		go func() {
			release := releaseOf(t, score.HelmChart{Path: path}, extra("text", fmt.Sprint("tenant ", i)))
			rendered, problems := store.Render(context.Background(), release, Target{})
			if rendered == nil || !strings.Contains(string(rendered.Objects[0].Manifest), fmt.Sprint("tenant ", i)) {
				done <- fmt.Errorf("tenant %d: %w", i, problems)
				return
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
