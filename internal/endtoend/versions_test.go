// SPDX-License-Identifier: Apache-2.0

// This file has the real operators of two versions of the monitoring API read the same stack, in the same namespace at
// the same time, and compares what Prometheus and Alertmanager would get of it.

package endtoend

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// madeOf is what an operator made of a stack.
type madeOf struct {
	// rules have the groups of every rule file, as YAML, sorted.
	rules []string
	// scrapes have what is enforced on a scrape job, by the job's name.
	scrapes map[string]enforced
	// alertmanager is the configuration file.
	alertmanager string
}

// enforced is the part of a scrape job that keeps a tenant to its namespace.
type enforced struct {
	HonorLabels bool `json:"honor_labels"`
	// Relabelled and MetricRelabelled are what the label "namespace" is finally set to.
	Relabelled, MetricRelabelled string
}

// TestVersionsAgree deploys a tenant and a stack that stands alone in V2_CRD and V3_RHOB, each with a rule and a target
// that somebody else put beside them, and expects both versions to evaluate and route alike.
func TestVersionsAgree(t *testing.T) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	for name, sample := range map[string]func(score.APIVersion) score.Score{
		"tenant":      func(version score.APIVersion) score.Score { return samples.IsolatedTenant(version) },
		"stack":       func(version score.APIVersion) score.Score { return samples.FullStack(version) },
		"other stack": func(version score.APIVersion) score.Score { return samples.RoutedStack(version) },
	} {
		t.Run(name, func(t *testing.T) {
			v2 := generate(t, client, crd.New(), sample(score.V2CRD), operator.GroupCoreOS)
			v3 := generate(t, client, rhob.New(), sample(score.V3RHOB), operator.GroupRHOBS)
			if diff := cmp.Diff(v2.rules, v3.rules); diff != "" {
				t.Errorf("rules differ (- is V2_CRD, + is V3_RHOB):\n%s", diff)
			}
			if diff := cmp.Diff(v2.scrapes, v3.scrapes); diff != "" {
				t.Errorf("scrape jobs differ (- is V2_CRD, + is V3_RHOB):\n%s", diff)
			}
			if diff := cmp.Diff(v2.alertmanager, v3.alertmanager); diff != "" {
				t.Errorf("configurations of Alertmanager differ (- is V2_CRD, + is V3_RHOB):\n%s", diff)
			}
			if name == "tenant" {
				checkConfined(t, v3)
			}
		})
	}
}

// checkConfined expects the namespace to be enforced, so that two versions that agree do not agree to enforce nothing.
func checkConfined(t *testing.T, g madeOf) {
	t.Helper()
	all := strings.Join(g.rules, "\n")
	for _, want := range []string{`http_requests_total{namespace="blue"}`, `up{namespace="blue"}`, "namespace: blue"} {
		if !strings.Contains(all, want) {
			t.Errorf("got no %s in the rules:\n%s", want, all)
		}
	}
	if strings.Contains(all, "other") {
		t.Errorf("a rule reaches another namespace:\n%s", all)
	}
	for job, e := range g.scrapes {
		if e != (enforced{HonorLabels: false, Relabelled: "blue", MetricRelabelled: "blue"}) {
			t.Errorf("job %s: got %+v, want the tenant's namespace on all series", job, e)
		}
	}
}

// generate applies what b makes of s, with foreign objects beside it, and returns what the operator of group made of it.
func generate(t *testing.T, client *cluster.Client, b backend.Backend, s score.Score, group string) madeOf {
	t.Helper()
	objects, err := b.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(objects, func(a, b backend.Object) int { return int(a.Stage - b.Stage) })
	var namespace, name string
	var labels map[string]any
	for _, o := range objects {
		if o.ID.Kind == "ServiceMonitor" || o.ID.Kind == "AlertmanagerConfig" {
			var content map[string]any
			if err := json.Unmarshal(o.Manifest, &content); err != nil {
				t.Fatal(err)
			}
			labels, _, _ = unstructured.NestedMap(content, "metadata", "labels")
		}
		if o.ID.Kind == "Prometheus" {
			namespace, name = o.ID.Namespace, o.ID.Name
		}
	}
	for _, o := range objects {
		send(t, client, o.ID, withSecrets(t, o))
	}
	// The clusters of others have these Secrets already.
	for secret, key := range map[string]string{"mimir": "password", "audit": "token"} {
		send(t, client, backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: secret}, map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": secret, "namespace": namespace},
			"stringData": map[string]any{key: "x"},
		})
	}
	foreign := map[string]any{"name": "foreign", "namespace": namespace, "labels": labels}
	send(t, client, backend.ID{Group: group, Version: "v1", Kind: "PrometheusRule", Namespace: namespace, Name: "foreign"}, map[string]any{
		"apiVersion": group + "/v1", "kind": "PrometheusRule", "metadata": foreign, "spec": map[string]any{"groups": []any{map[string]any{
			"name": "foreign", "rules": []any{map[string]any{"alert": "Foreign", "expr": "up == 0", "labels": map[string]any{"namespace": "other"}}},
		}}},
	})
	send(t, client, backend.ID{Group: group, Version: "v1", Kind: "PodMonitor", Namespace: namespace, Name: "foreign"}, map[string]any{
		"apiVersion": group + "/v1", "kind": "PodMonitor", "metadata": foreign, "spec": map[string]any{
			"selector": map[string]any{}, "podMetricsEndpoints": []any{map[string]any{"port": "web", "honorLabels": true, "relabelings": []any{
				map[string]any{"targetLabel": "namespace", "replacement": "other"},
			}}},
		},
	})
	return await(t, client, namespace, name)
}

// withSecrets returns the object as it is sent, with made-up values for its secrets.
func withSecrets(t *testing.T, o backend.Object) map[string]any {
	t.Helper()
	var content map[string]any
	if err := json.Unmarshal(o.Manifest, &content); err != nil {
		t.Fatal(err)
	}
	if len(o.Secrets) > 0 {
		data := map[string]any{}
		for key := range o.Secrets {
			data[key] = base64.StdEncoding.EncodeToString([]byte("https://secret.example.org/" + key))
		}
		content["data"] = data
	}
	return content
}

// send applies an object without force, so that a field of another manager is an error.
func send(t *testing.T, client *cluster.Client, id backend.ID, content map[string]any) {
	t.Helper()
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Apply(t.Context(), id, body, cluster.ApplyOptions{}); err != nil {
		t.Fatalf("apply %s: %v", id, err)
	}
}

// await reads what the operator generates until it holds everything, which shows by the foreign objects: they were sent
// last.
func await(t *testing.T, client *cluster.Client, namespace, name string) madeOf {
	t.Helper()
	var last error
	ctx, cancel := context.WithTimeout(t.Context(), generatedWithin)
	defer cancel()
	for {
		g, err := read(t, client, namespace, name)
		if err == nil {
			return g
		}
		last = err
		select {
		case <-ctx.Done():
			t.Fatalf("the operator did not make everything of %s/%s: %v", namespace, name, last)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func read(t *testing.T, client *cluster.Client, namespace, name string) (madeOf, error) {
	t.Helper()
	g := madeOf{scrapes: map[string]enforced{}}
	var err error
	if g.rules, err = generated.Rules(t.Context(), client, namespace, name); err != nil {
		return g, err
	}
	if !strings.Contains(strings.Join(g.rules, "\n"), "Foreign") {
		return g, fmt.Errorf("no foreign rule among %d rule files", len(g.rules))
	}
	var prometheus struct {
		ScrapeConfigs []struct {
			JobName string `json:"job_name"`
			enforced
			Relabel       []relabelling `json:"relabel_configs"`
			MetricRelabel []relabelling `json:"metric_relabel_configs"`
		} `json:"scrape_configs"`
	}
	text, err := generated.Prometheus(t.Context(), client, namespace, name)
	if err == nil {
		err = yaml.Unmarshal(text, &prometheus)
	}
	if err != nil {
		return g, err
	}
	for _, job := range prometheus.ScrapeConfigs {
		// observability-operator adds jobs for its own servers.
		if !strings.HasSuffix(job.JobName, "-self") {
			g.scrapes[job.JobName] = enforced{job.HonorLabels, namespaceAfter(job.Relabel), namespaceAfter(job.MetricRelabel)}
		}
	}
	if _, ok := g.scrapes["podMonitor/"+namespace+"/foreign/0"]; !ok {
		return g, fmt.Errorf("no foreign job among %v", slices.Sorted(maps.Keys(g.scrapes)))
	}
	var alertmanager any
	if text, err = generated.Alertmanager(t.Context(), client, namespace, name); err == nil {
		err = yaml.Unmarshal(text, &alertmanager)
	}
	if err != nil {
		return g, err
	}
	encoded, err := yaml.Marshal(alertmanager)
	g.alertmanager = string(encoded)
	if err == nil && !strings.Contains(g.alertmanager, "discord_configs") {
		err = errors.New("no channel in Alertmanager's configuration")
	}
	return g, err
}

type relabelling struct {
	SourceLabels []string `json:"source_labels"`
	TargetLabel  string   `json:"target_label"`
	Replacement  string   `json:"replacement"`
}

// namespaceAfter returns what the label is set to by the last rule that sets it: "" when that depends on the target.
func namespaceAfter(rules []relabelling) string {
	namespace := ""
	for _, r := range rules {
		if r.TargetLabel == "namespace" {
			namespace = r.Replacement
			if len(r.SourceLabels) > 0 {
				namespace = ""
			}
		}
	}
	return namespace
}
