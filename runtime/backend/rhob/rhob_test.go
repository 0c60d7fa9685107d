// SPDX-License-Identifier: Apache-2.0

package rhob_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

func compile(t testing.TB, s score.Score) []backend.Object {
	t.Helper()
	objects, err := rhob.New().Compile(s)
	if err != nil {
		t.Fatalf("compile %s: %v", s.Title(), err)
	}
	return objects
}

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

func TestDeterminism(t *testing.T) {
	first := samples.Text(t, compile(t, samples.IsolatedTenant(score.V3RHOB)))
	for range 20 {
		s := samples.IsolatedTenant(score.V3RHOB)
		for _, labels := range []*map[string]string{&s.Tenant.Labels, &s.Tenant.Quota, &s.Stack.ExternalLabels, &s.Stack.Resources.Requests} {
			// A copy, filled in the random order of a map's iteration.
			refilled := map[string]string{}
			for k, v := range *labels {
				refilled[k] = v
			}
			*labels = refilled
		}
		if got := samples.Text(t, compile(t, s)); !bytes.Equal(got, first) {
			t.Fatal("the same score compiled to different bytes")
		}
	}
}

// TestConfinement reads the compiled objects of a tenant for anything that reaches out of its namespace.
func TestConfinement(t *testing.T) {
	objects := compile(t, samples.IsolatedTenant(score.V3RHOB))
	for _, o := range objects {
		if o.ID.Namespace != "blue" && o.ID.Kind != "Namespace" {
			t.Errorf("%s is outside the tenant's namespace", o.ID)
		}
		if strings.HasPrefix(o.ID.Kind, "ClusterRole") {
			t.Errorf("%s reaches beyond the tenant", o.ID)
		}
		if o.ID.Group == "monitoring.rhobs" && bytes.Contains(o.Manifest, []byte("amespaceSelector\"")) {
			t.Errorf("%s selects namespaces: %s", o.ID, o.Manifest)
		}
	}
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

// TestNames holds the names of odd scores against Kubernetes' own rules, and those of equal stacks in two namespaces
// against each other.
func TestNames(t *testing.T) {
	for name, sample := range samples.Scores(score.V3RHOB) {
		for _, o := range compile(t, sample) {
			problems := validation.IsDNS1123Subdomain(o.ID.Name)
			if o.ID.Kind == "MonitoringStack" {
				// The longest names that are made of it: those of a Service, and of a StatefulSet in a label.
				problems = append(problems, validation.IsDNS1035Label(o.ID.Name+"-thanos-sidecar")...)
				problems = append(problems, validation.IsValidLabelValue("prometheus-"+o.ID.Name+"-shard-99-0123456789")...)
			}
			if len(problems) > 0 {
				t.Errorf("%s: %s: %v", name, o.ID, problems)
			}
		}
	}
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

// TestNoSecretInTheOpen knows only references, and expects each to be in a Secret.
func TestNoSecretInTheOpen(t *testing.T) {
	for _, o := range compile(t, samples.FullStack(score.V3RHOB)) {
		for _, reference := range []string{"DISCORD_WEBHOOK_URL", "/etc/token", "MIMIR_USER"} {
			if bytes.Contains(o.Manifest, []byte(reference)) {
				t.Errorf("%s mentions %s", o.ID, reference)
			}
		}
		if len(o.Secrets) > 0 && o.ID.Kind != "Secret" {
			t.Errorf("%s has secrets, want none but in a Secret", o.ID)
		}
	}
}

func TestErrors(t *testing.T) {
	broken := func(change func(*score.MonitoringStack)) score.Score {
		stack := samples.FullStack(score.V3RHOB)
		change(&stack)
		return stack
	}
	shared := samples.IsolatedTenant(score.V3RHOB)
	shared.Mode = score.TenantShared
	for name, test := range map[string]struct {
		score score.Score
		want  string
	}{
		"unknown score":   {score.Tenant{Name: "blue"}, "want a monitoring_stack or tenant_monitoring"},
		"shared mode":     {shared, `use mode = "dedicated"`},
		"storage":         {broken(func(s *score.MonitoringStack) { s.Storage = "lots" }), `storage: got "lots", want a quantity`},
		"resources":       {broken(func(s *score.MonitoringStack) { s.Resources.Limits = map[string]string{"cpu": "x"} }), `resources limits "cpu": got "x"`},
		"unknown channel": {broken(func(s *score.MonitoringStack) { s.AlertChannels[0].Receiver.Integration = "pigeon" }), "has no receiver for pigeon"},
		"two ways in":     {broken(func(s *score.MonitoringStack) { s.RemoteWrite[0].Username = s.RemoteWrite[1].Username }), "want one of the two"},
		"tenant's quota":  {score.TenantMonitoring{Tenant: score.Tenant{Name: "x", Quota: map[string]string{"limits.cpu": "many"}}}, `quota "limits.cpu": got "many"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rhob.New().Compile(test.score)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}
