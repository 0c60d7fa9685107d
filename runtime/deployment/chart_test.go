// SPDX-License-Identifier: Apache-2.0

package deployment_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	helmbackend "github.com/harmonyscript/harmonyscript/runtime/backend/helm"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// chartVariable names another chart than the one that was written for tests: the one that users have.
const chartVariable = "HARMONYSCRIPT_TEST_CHART"

// spelledOut is what the chart says of a server, and V2_CRD leaves to the operator, which takes the same.
var spelledOut = map[string]map[string]any{
	"Prometheus": {
		"paused": false, "logLevel": "info", "logFormat": "logfmt", "listenLocal": false, "enableOTLPReceiver": false,
		"enableAdminAPI": false, "hostNetwork": false, "routePrefix": "/",
	},
	"Alertmanager": {
		"paused": false, "logLevel": "info", "logFormat": "logfmt", "listenLocal": false, "retention": "120h", "hostNetwork": false, "routePrefix": "/",
	},
}

// TestChartSaysWhatV2Says renders the release of every sample and compares the servers with those of V2_CRD: equal specs
// give equal pods, so that a stack which moves between the two versions in place restarts none.
func TestChartSaysWhatV2Says(t *testing.T) {
	braces := samples.FullStack(score.V1Helm)
	braces.ExternalLabels = map[string]string{"cluster": `{{ .Release.Name }} it's "{{"`, "lines": "a: {{\n\tb"}
	all := samples.Scores(score.V1Helm)
	all["braces"] = braces
	for name, s := range all {
		t.Run(name, func(t *testing.T) {
			tenant := s.Kind() == (score.TenantMonitoring{}).Kind()
			rendered := render(t, s)
			want := byKind(t, compile(t, crd.New(), s))
			got := byKind(t, rendered.Objects)
			for kind, spelled := range spelledOut {
				chart, ours := got[kind][0], want[kind][0]
				if chart.name != ours.name || chart.namespace != ours.namespace {
					t.Errorf("%s: got %s/%s, want %s/%s", kind, chart.namespace, chart.name, ours.namespace, ours.name)
				}
				for field, value := range spelled {
					if chart.spec[field] != value {
						t.Errorf("%s: %s: got %v, want %v", kind, field, chart.spec[field], value)
					}
					delete(chart.spec, field)
				}
				sameSelectors(t, chart.spec, ours.spec, chart.namespace, tenant)
				if diff := gocmp.Diff(ours.spec, chart.spec); diff != "" {
					t.Errorf("%s: - is V2_CRD, + is the chart:\n%s", kind, diff)
				}
			}
			sameServices(t, got["Service"], want["Service"])
			if tenant != (len(rendered.Definitions) == 0) || tenant != (len(rendered.Objects) == 4) {
				t.Errorf("got %d objects and %d definitions in the release (tenant: %t)", len(rendered.Objects), len(rendered.Definitions), tenant)
			}
			if len(got["Secret"]) > 0 {
				t.Errorf("got Secrets in the release: %v", got["Secret"])
			}
			everythingIsFound(t, got)
		})
	}
}

// sameSelectors compares the selectors and takes them away. V2_CRD leaves selectors of namespaces out, which means the
// own one; the chart has to name it. A stack that stands alone finds the chart's monitors and rules as well.
func sameSelectors(t *testing.T, chart, ours map[string]any, namespace string, tenant bool) {
	t.Helper()
	own := map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": namespace}}
	for _, kind := range []string{"serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule", "alertmanagerConfig"} {
		field, selector := kind+"NamespaceSelector", kind+"Selector"
		if ours[selector] == nil {
			continue // the other server's
		}
		if diff := gocmp.Diff(own, chart[field]); diff != "" {
			t.Errorf("%s: - want, + got:\n%s", field, diff)
		}
		delete(chart, field)
		if tenant || kind == "alertmanagerConfig" {
			continue
		}
		wider := chart[selector].(map[string]any)["matchLabels"].(map[string]any)
		narrow := ours[selector].(map[string]any)["matchLabels"].(map[string]any)
		if len(wider) == 0 || len(wider) >= len(narrow) {
			t.Errorf("%s: got %v, want a part of %v", selector, wider, narrow)
		}
		for label, value := range wider {
			if narrow[label] != value {
				t.Errorf("%s: got %s=%v, want a part of %v", selector, label, value, narrow)
			}
		}
		chart[selector] = ours[selector]
	}
	if !tenant {
		// The chart's own monitors look into other namespaces and read the token of the pod.
		delete(ours, "ignoreNamespaceSelectors")
		delete(ours, "arbitraryFSAccessThroughSMs")
	}
}

// sameServices wants every service of V2_CRD with its port and pods. The chart's may have ports beside.
func sameServices(t *testing.T, chart, ours []object) {
	t.Helper()
	for _, want := range ours {
		at := slices.IndexFunc(chart, func(o object) bool { return o.name == want.name && o.namespace == want.namespace })
		if at < 0 {
			t.Errorf("got no Service %s", want.name)
			continue
		}
		got := chart[at].spec
		if diff := gocmp.Diff(want.spec["selector"], got["selector"]); diff != "" {
			t.Errorf("Service %s: - is V2_CRD, + is the chart:\n%s", want.name, diff)
		}
		port := want.spec["ports"].([]any)[0].(map[string]any)
		if !slices.ContainsFunc(got["ports"].([]any), func(p any) bool {
			return p.(map[string]any)["name"] == port["name"] && p.(map[string]any)["port"] == port["port"]
		}) {
			t.Errorf("Service %s: got ports %v, want %v among them", want.name, got["ports"], port)
		}
	}
}

// everythingIsFound wants the chart's own monitors and rules to bear the labels that Prometheus selects by.
func everythingIsFound(t *testing.T, got map[string][]object) {
	t.Helper()
	for kind, field := range map[string]string{"ServiceMonitor": "serviceMonitorSelector", "PrometheusRule": "ruleSelector", "PodMonitor": "podMonitorSelector"} {
		labels := got["Prometheus"][0].spec[field].(map[string]any)["matchLabels"].(map[string]any)
		delete(labels, backend.LabelManagedBy) // put back by sameSelectors
		for _, o := range got[kind] {
			for label, value := range labels {
				if o.labels[label] != value {
					t.Errorf("%s %s/%s: got labels %v, want %v", kind, o.namespace, o.name, o.labels, labels)
				}
			}
		}
	}
}

func render(t *testing.T, s score.Score) *helm.Rendered {
	t.Helper()
	releases, err := helmbackend.New().(backend.ReleaseCompiler).CompileReleases(s)
	if err != nil {
		t.Fatal(err)
	}
	path := cmp.Or(os.Getenv(chartVariable), "../../testdata/charts/kube-prometheus-stack")
	charts := helm.NewCharts(helm.ChartOptions{Cache: t.TempDir(), Offline: true, Default: score.HelmChart{Path: path}})
	rendered, problems := charts.Render(t.Context(), releases[0], helm.Target{})
	if len(problems) > 0 {
		t.Fatalf("got problems:\n%s", problems.Render(nil, diag.Style{}))
	}
	return rendered
}

func compile(t *testing.T, compiler backend.Compiler, s score.Score) []backend.Object {
	t.Helper()
	objects, err := compiler.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// object is what the comparison looks at.
type object struct {
	namespace, name string
	labels          map[string]string
	spec            map[string]any
}

func byKind(t *testing.T, objects []backend.Object) map[string][]object {
	t.Helper()
	kinds := map[string][]object{}
	for _, o := range objects {
		var content struct {
			Metadata struct{ Labels map[string]string }
			Spec     map[string]any
		}
		if err := json.Unmarshal(o.Manifest, &content); err != nil {
			t.Fatal(err)
		}
		kinds[o.ID.Kind] = append(kinds[o.ID.Kind], object{o.ID.Namespace, o.ID.Name, maps.Clone(content.Metadata.Labels), content.Spec})
	}
	return kinds
}
