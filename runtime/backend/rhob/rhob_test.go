// SPDX-License-Identifier: Apache-2.0

package rhob_test

import (
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	obov1alpha1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1alpha1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

var contract = samples.Contract{
	Backend: rhob.New(), Group: "monitoring.rhobs", Definitions: []samples.Definitions{samples.RHOBS(), samples.Observability()},
	Breakages: []samples.Breakage{
		{Kind: "MonitoringStack", Old: `"retention":"30d"`, New: `"retention":"thirty"`},
		{Kind: "MonitoringStack", Old: `"persistentVolumeClaim"`, New: `"storage"`},
		{Kind: "Prometheus", Old: `"ignoreNamespaceSelectors"`, New: `"ignoreNamespaces"`},
		{Kind: "Alertmanager", Old: `"None"`, New: `"Never"`},
		{Kind: "ServiceMonitor", Old: `"interval":"15s"`, New: `"interval":15`},
		{Kind: "AlertmanagerConfig", Old: `"sendResolved"`, New: `"send_resolved"`},
		{Kind: "NetworkPolicy", Old: `"podSelector"`, New: `"podselectors"`},
	},
	Names: func(kind, name string) []string {
		if kind != "MonitoringStack" {
			return nil
		}
		// The longest names that are made of it: those of a Service, and of a StatefulSet in a label.
		problems := validation.IsDNS1035Label(name + "-thanos-sidecar")
		return append(problems, validation.IsValidLabelValue("prometheus-"+name+"-shard-99-0123456789")...)
	},
	Shared: []string{"Prometheus", "Alertmanager"},
	// The fork's own types.
	Configurations: func() []any { return []any{&obov1alpha1.AlertmanagerConfig{}} },
}

func compile(t testing.TB, s score.Score) []backend.Object {
	t.Helper()
	return contract.Compile(t, s)
}

func TestContract(t *testing.T) { contract.Check(t) }

func only(t *testing.T, objects []backend.Object, kind string) map[string]any {
	t.Helper()
	var found []map[string]any
	for _, o := range objects {
		if o.ID.Kind != kind {
			continue
		}
		var content map[string]any
		if err := json.Unmarshal(o.Manifest, &content); err != nil {
			t.Fatal(err)
		}
		found = append(found, content)
	}
	if len(found) != 1 {
		t.Fatalf("got %d objects of kind %s, want 1", len(found), kind)
	}
	return found[0]
}

func spec(t *testing.T, objects []backend.Object, kind string) map[string]any {
	t.Helper()
	content, _ := only(t, objects, kind)["spec"].(map[string]any)
	return content
}

func TestGolden(t *testing.T) {
	for name, sample := range samples.Scores(score.V3RHOB) {
		t.Run(name, func(t *testing.T) {
			files.Check(t, name+".yaml", samples.Text(t, compile(t, sample)))
		})
	}
}

// TestNamespaceOfSeries expects it to be enforced for tenants alone.
func TestNamespaceOfSeries(t *testing.T) {
	objects := compile(t, samples.IsolatedTenant(score.V3RHOB))
	if got := spec(t, objects, "Prometheus"); got["enforcedNamespaceLabel"] != "namespace" || got["overrideHonorLabels"] != true {
		t.Errorf("got %v, want the namespace of series and alerts enforced", got)
	}
	if got := spec(t, compile(t, samples.FullStack(score.V3RHOB)), "Prometheus"); got["enforcedNamespaceLabel"] != nil {
		t.Errorf("got %v, want nothing enforced where there is no tenant", got)
	}
}

// TestOverlays expects what is ours of the generated resources to leave alone what observability-operator sends: it takes
// its fields back by force whenever it looks.
func TestOverlays(t *testing.T) {
	theirs := []string{
		"replicas", "podMetadata", "logLevel", "resources", "serviceAccountName", "serviceMonitorSelector", "podMonitorSelector", "probeSelector",
		"scrapeConfigSelector", "ruleSelector", "nodeSelector", "tolerations", "affinity", "additionalScrapeConfigs", "storage", "securityContext",
		"remoteWrite", "externalLabels", "enableRemoteWriteReceiver", "enableFeatures", "retention", "thanos", "web", "image", "secrets", "alerting",
		"scrapeInterval", "alertmanagerConfigSelector", "alertmanagerConfigNamespaceSelector",
	}
	for name, sample := range samples.Scores(score.V3RHOB) {
		objects := compile(t, sample)
		for _, kind := range []string{"Prometheus", "Alertmanager"} {
			if !slices.ContainsFunc(objects, func(o backend.Object) bool { return o.ID.Kind == kind }) {
				continue
			}
			object := only(t, objects, kind)
			for field := range object["spec"].(map[string]any) {
				if slices.Contains(theirs, field) {
					t.Errorf("%s: %s has %s, which is observability-operator's", name, kind, field)
				}
			}
			metadata := object["metadata"].(map[string]any)
			for label := range metadata["labels"].(map[string]any) {
				if strings.HasPrefix(label, "app.kubernetes.io/") {
					t.Errorf("%s: %s has the label %s, which is observability-operator's", name, kind, label)
				}
			}
			if want := only(t, objects, "MonitoringStack")["metadata"].(map[string]any)["name"]; metadata["name"] != want {
				t.Errorf("%s: %s is called %v, want the stack's name %v", name, kind, metadata["name"], want)
			}
		}
	}
}

// TestStackSaysWhatItWants expects everything that a MonitoringStack would default to be written out, and nothing that
// nobody gave.
func TestStackSaysWhatItWants(t *testing.T) {
	got, err := json.Marshal(spec(t, compile(t, score.MonitoringStack{Origin: samples.At(1), APIVersion: score.V3RHOB}), "MonitoringStack"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"alertmanagerConfig":{"disabled":false},"prometheusConfig":{"replicas":1},"resourceSelector":{"matchLabels":` +
		`{"app.kubernetes.io/managed-by":"harmonyscript","harmonyscript.io/stack":"monitoring"}},"resources":{},"retention":"` + score.DefaultRetention + `"}`
	if string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestSelection expects the stack to select exactly the objects that are made for it.
func TestSelection(t *testing.T) {
	objects := compile(t, samples.IsolatedTenant(score.V3RHOB))
	selector := spec(t, objects, "MonitoringStack")["resourceSelector"].(map[string]any)["matchLabels"].(map[string]any)
	selected := map[string]bool{}
	for _, o := range objects {
		var object struct {
			Metadata struct {
				Labels map[string]any `json:"labels"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(o.Manifest, &object); err != nil {
			t.Fatal(err)
		}
		found := true
		for key, value := range selector {
			found = found && object.Metadata.Labels[key] == value
		}
		if found && o.ID.Group == "monitoring.rhobs" {
			selected[o.ID.Kind] = true
		}
	}
	want := []string{"AlertmanagerConfig", "MonitoringStack", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig", "ServiceMonitor"}
	if got := slices.Sorted(maps.Keys(selected)); !slices.Equal(got, want) {
		t.Errorf("got %v selected, want %v", got, want)
	}
}

// TestNamesOfEqualStacks expects stacks in two namespaces to be called differently: the name is unique in the cluster.
func TestNamesOfEqualStacks(t *testing.T) {
	one, two := samples.FullStack(score.V3RHOB), samples.FullStack(score.V3RHOB)
	two.Namespace = "elsewhere"
	if a, b := only(t, compile(t, one), "MonitoringStack"), only(t, compile(t, two), "MonitoringStack"); a["metadata"].(map[string]any)["name"] == b["metadata"].(map[string]any)["name"] {
		t.Errorf("stacks in two namespaces are both called %v", a["metadata"])
	}
}

// TestNetwork expects policies for the pods that observability-operator's own services select, with the ports of the
// sidecar as open as the web port.
func TestNetwork(t *testing.T) {
	for _, test := range []struct {
		score score.Score
		open  bool
	}{{samples.FullStack(score.V3RHOB), true}, {samples.IsolatedTenant(score.V3RHOB), false}} {
		objects := compile(t, test.score)
		stack := only(t, objects, "MonitoringStack")["metadata"].(map[string]any)["name"].(string)
		for _, component := range []string{"prometheus", "alertmanager"} {
			index := slices.IndexFunc(objects, func(o backend.Object) bool { return o.ID.Kind == "NetworkPolicy" && o.ID.Name == stack+"-"+component })
			if index < 0 {
				t.Errorf("%s: no policy for %s", test.score.Title(), component)
				continue
			}
			var policy networkingv1.NetworkPolicy
			if err := json.Unmarshal(objects[index].Manifest, &policy); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"app.kubernetes.io/component": component, "app.kubernetes.io/part-of": stack}
			if got := policy.Spec.PodSelector.MatchLabels; !maps.Equal(got, want) {
				t.Errorf("%s: got pods %v, want %v", objects[index].ID, got, want)
			}
			web, ports := policy.Spec.Ingress[0], []string{}
			for _, port := range web.Ports {
				ports = append(ports, port.Port.String())
			}
			wantPorts := map[string][]string{"prometheus": {"9090", "10901"}, "alertmanager": {"9093"}}[component]
			if !slices.Equal(ports, wantPorts) || (len(web.From) == 0) != test.open {
				t.Errorf("%s: got ports %v from %v, want %v, open: %v", objects[index].ID, ports, web.From, wantPorts, test.open)
			}
		}
	}
}
