// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestCheckValues gives values as users write them.
func TestCheckValues(t *testing.T) {
	for _, c := range []struct {
		name, values string
		tenant       bool
		want         []string
	}{
		{name: "what is free", values: `{
			prometheus: {prometheusSpec: {logLevel: debug, nodeSelector: {disk: ssd}, image: {registry: mirror.example.org}, externalUrl: "https://prometheus.example.org", secrets: [ca],
				storageSpec: {volumeClaimTemplate: {spec: {storageClassName: fast}}}}, service: {type: NodePort}},
			alertmanager: {alertmanagerSpec: {resources: {requests: {memory: 64Mi}}, storage: {}}, ingress: {enabled: true}},
			grafana: {admin: {existingSecret: mine, passwordKey: pw}, ingress: {enabled: true}}, prometheusOperator: {resources: {}}, defaultRules: {create: false},
			commonLabels: {team: platform}, extraManifests: [], prometheus-node-exporter: {tolerations: []}}`},
		{name: "what is free in a tenant", tenant: true, values: `{prometheus: {prometheusSpec: {logLevel: debug, tolerations: [{key: x}], enforcedSampleLimit: 1000}}, alertmanager: {alertmanagerSpec: {nodeSelector: {}}}}`},
		{
			name: "several at once, sorted", values: `{fullnameOverride: x, alertmanager: {config: {receivers: []}, alertmanagerSpec: {replicas: 3}}, prometheus: {serviceAccount: {annotations: {}}}}`,
			want: []string{"alertmanager.alertmanagerSpec.replicas", "alertmanager.config", "fullnameOverride", "prometheus.serviceAccount"},
		},
		{
			name: "a level that takes the place of others", values: `{prometheus: {prometheusSpec: null}, alertmanager: true}`,
			want: []string{"alertmanager", "prometheus.prometheusSpec"},
		},
		{
			name: "labels with dots", values: `{commonLabels: {harmonyscript.io/stack: other, app.kubernetes.io/managed-by: me}}`,
			want: []string{"commonLabels.app.kubernetes.io/managed-by", "commonLabels.harmonyscript.io/stack"},
		},
		{name: "Grafana's own password", values: `{grafana: {admin: {existingSecret: ""}}}`, want: []string{"grafana.admin.existingSecret"}},
		{
			name: "a tenant's Grafana", tenant: true, values: `{grafana: {enabled: true}, extraManifests: [], prometheus: {prometheusSpec: {hostNetwork: true}}}`,
			want: []string{"extraManifests", "grafana", "prometheus.prometheusSpec.hostNetwork"},
		},
		{
			name: "secrets by their names", values: `{grafana: {smtp: {password: hunter2, user: me}, env: {GF_AUTH_CLIENT_SECRET: hunter2}}, x: {apiKeys: [], api_key: [hunter2], tokenFile: /x, passwordKey: pw, existingSecret: s, automountServiceAccountToken: true, note: ""}}`,
			want: []string{"secret grafana.env.GF_AUTH_CLIENT_SECRET", "secret grafana.smtp.password", "secret x.api_key.0"},
		},
		{
			name: "secrets by their looks", values: `{a: "https://hooks.slack.com/services/T0/B0/hunter2", b: ["https://me:hunter2@example.org/"], c: "-----BEGIN EC PRIVATE KEY-----", d: "xoxb-123456789012-abc",
			e: "https://example.org/hook", f: "https://discord.com/channels/1"}`,
			want: []string{"secret a", "secret b.0", "secret c", "secret d"},
		},
		{name: "a secret that is reserved too is told once", values: `{grafana: {adminPassword: hunter2}}`, want: []string{"grafana.adminPassword"}},
		{name: "nothing", values: `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var values map[string]any
			if err := yaml.Unmarshal([]byte(c.values), &values); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range helm.New().(backend.ValuesChecker).CheckValues(values, c.tenant) {
				name := strings.Join(p.Path, ".")
				if p.Secret {
					name = "secret " + name
				}
				got = append(got, name)
				if p.Why == "" || !strings.HasSuffix(p.Why, ".") || strings.Contains(p.Why+p.Instead, "hunter2") {
					t.Errorf("%s: got reason %q and instead %q", name, p.Why, p.Instead)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestRefusals are what check would have said.
func TestRefusals(t *testing.T) {
	for name, s := range map[string]score.Score{
		"a quantity":    score.MonitoringStack{Storage: "lots"},
		"a credential":  score.MonitoringStack{RemoteWrite: []score.RemoteWrite{{URL: "https://a.b", Username: score.Secret{Source: score.SecretFromEnvironment, Name: "X"}}}},
		"a shared mode": score.TenantMonitoring{Mode: score.TenantShared},
		"another score": score.Tenant{Name: "x"},
		"a value":       score.MonitoringStack{HelmValues: map[string]any{"x": make(chan int)}},
	} {
		if _, err := helm.New().(backend.ReleaseCompiler).CompileReleases(s); err == nil || !strings.Contains(err.Error(), s.Title()) {
			t.Errorf("%s: got %v, want an error that names the score", name, err)
		}
	}
}

// TestReleaseFollowsTheScript looks at what the values do not say.
func TestReleaseFollowsTheScript(t *testing.T) {
	chart := score.HelmChart{Path: "charts/x", Version: "1.0.0"}
	values := map[string]any{"prometheus": map[string]any{"prometheusSpec": map[string]any{"image": map[string]any{"tag": "v1"}, "logLevel": "debug"}}, "grafana": nil}
	before := fmt.Sprintf("%#v", values)
	release := releaseOf(t, score.MonitoringStack{Namespace: "here", Name: "A Name", HelmChart: &chart, HelmValues: values})
	if release.Chart.Path != chart.Path || release.Chart.Version != chart.Version || release.Namespace != "here" || release.Name != backend.StackName("A Name") || !release.Definitions {
		t.Errorf("got %+v", release)
	}
	text := string(release.Values)
	for _, want := range []string{`"image":{"tag":"v1"}`, `"logLevel":"debug"`, `"grafana":null`, `"portName":"web"`, `"tsdb":null`} {
		if !strings.Contains(text, want) {
			t.Errorf("want %s in %s", want, text)
		}
	}
	if after := fmt.Sprintf("%#v", values); after != before {
		t.Errorf("the script's values changed: %s", after)
	}
	if plain := releaseOf(t, score.MonitoringStack{}); plain.Chart.Path+plain.Chart.Version+plain.Chart.Repository != "" || plain.Key() != "monitoring/monitoring" {
		t.Errorf("got %+v", plain)
	}
}
