// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

var update = flag.Bool("update", false, "write the golden files")

// cluster answers from a fixed set of objects, as an API server does with the same selectors.
type cluster struct {
	objects []unstructured.Unstructured
	// fail gives the error of a request, by "get Kind namespace/name" or "list Kind namespace".
	fail map[string]error

	mu       sync.Mutex
	requests []string
}

func readCluster(t testing.TB) *cluster {
	t.Helper()
	text, err := os.ReadFile("testdata/cluster.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{fail: map[string]error{}}
	for _, document := range strings.Split(string(text), "\n---\n") {
		c.objects = append(c.objects, *object(t, document))
	}
	return c
}

func (c *cluster) request(text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, text)
	return c.fail[text]
}

func (c *cluster) Get(ctx context.Context, id backend.ID) (*unstructured.Unstructured, error) {
	if err := c.request("get " + id.String()); err != nil {
		return nil, err
	}
	for i := range c.objects {
		o := &c.objects[i]
		if o.GroupVersionKind() == (schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}) && o.GetNamespace() == id.Namespace && o.GetName() == id.Name {
			return o, ctx.Err()
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: id.Group, Resource: strings.ToLower(id.Kind)}, id.Name)
}

func (c *cluster) GetMetadata(ctx context.Context, id backend.ID) (*metav1.PartialObjectMetadata, error) {
	o, err := c.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: o.GetName(), Namespace: o.GetNamespace(), CreationTimestamp: o.GetCreationTimestamp(), ManagedFields: o.GetManagedFields(),
	}}, nil
}

func (c *cluster) List(ctx context.Context, kind schema.GroupVersionKind, namespace, labelSelector, fieldSelector string) ([]unstructured.Unstructured, error) {
	if err := c.request(strings.TrimSpace("list " + kind.Kind + " " + namespace)); err != nil {
		return nil, err
	}
	byLabel, err := labels.Parse(labelSelector)
	if err != nil {
		return nil, err
	}
	byField, err := fields.ParseSelector(fieldSelector)
	if err != nil {
		return nil, err
	}
	var found []unstructured.Unstructured
	for _, o := range c.objects {
		kindOfEvent, _, _ := unstructured.NestedString(o.Object, "type")
		if o.GroupVersionKind() == kind && (namespace == "" || o.GetNamespace() == namespace) &&
			byLabel.Matches(labels.Set(o.GetLabels())) && byField.Matches(fields.Set{"type": kindOfEvent}) {
			found = append(found, o)
		}
	}
	return found, ctx.Err()
}

func id(group, kind, namespace, name string) backend.ID {
	return backend.ID{Group: group, Version: "v1", Kind: kind, Namespace: namespace, Name: name}
}

const coreos = "monitoring.coreos.com"

func demo() status.Request {
	at := func(line int) score.Position { return score.Position{File: "demo.star", Line: line, Column: 1} }
	blue, green := `tenant_monitoring "blue"`, `tenant_monitoring "green"`
	return status.Request{
		Deployment: "demo", LabelSelector: "member=demo",
		Items: []status.Item{
			{ID: id("", "Namespace", "", "blue"), Score: blue, Position: at(9)},
			{ID: id("", "Secret", "blue", "on-call"), Score: blue, Position: at(2)},
			{ID: id(coreos, "Prometheus", "blue", "monitoring"), Score: blue, Position: at(9)},
			{ID: id(coreos, "PrometheusRule", "blue", "web"), Score: blue, Position: at(5)},
			{ID: id("", "Namespace", "", "green"), Score: green, Position: at(10)},
			{ID: id(coreos, "Prometheus", "green", "monitoring"), Score: green, Position: at(10)},
			{ID: id(coreos, "Alertmanager", "green", "monitoring"), Score: green, Position: at(10)},
			{ID: id(coreos, "PrometheusRule", "green", "web"), Score: green, Position: at(5)},
			{ID: id("", "ServiceAccount", "green", "prometheus-monitoring"), Score: green, Position: at(10)},
		},
	}
}

func reader(c status.Client) *status.Reader {
	return &status.Reader{Client: c, Now: func() time.Time { return time.Date(2026, 9, 1, 10, 5, 0, 0, time.UTC) }}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", path, diff)
	}
}

func TestRead(t *testing.T) {
	c := readCluster(t)
	tree, err := reader(c).Read(context.Background(), demo())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tree.golden.json", string(encoded)+"\n")
	if strings.Contains(string(encoded), "c2VjcmV0LXZhbHVl") {
		t.Error("the tree holds a Secret's value")
	}
	// Each kind in each namespace is listed once at most, whatever the number of objects.
	seen := map[string]bool{}
	for _, request := range c.requests {
		if seen[request] {
			t.Errorf("%q was requested twice", request)
		}
		seen[request] = true
	}
}

func TestExplain(t *testing.T) {
	cases := map[string]backend.ID{
		"explain_quota.golden":    id(coreos, "Prometheus", "green", "monitoring"),
		"explain_image.golden":    id(coreos, "Alertmanager", "green", "monitoring"),
		"explain_ready.golden":    id(coreos, "Prometheus", "blue", "monitoring"),
		"explain_rejected.golden": id(coreos, "PrometheusRule", "blue", "web"),
		"explain_missing.golden":  id(coreos, "Probe", "blue", "web"),
	}
	for name, wanted := range cases {
		t.Run(name, func(t *testing.T) {
			o, err := reader(readCluster(t)).Explain(context.Background(), wanted)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, o.Detail()+"\n")
		})
	}
}

func TestReadWithoutRights(t *testing.T) {
	forbidden := func(resource string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("not yours"))
	}
	c := readCluster(t)
	c.fail["list Prometheus"] = forbidden("prometheuses")
	c.fail["get Prometheus green/monitoring"] = forbidden("prometheuses")
	c.fail["list Pod blue"] = forbidden("pods")
	c.fail["get Alertmanager green/monitoring"] = &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: coreos, Kind: "Alertmanager"}}
	c.fail["list PrometheusRule"] = errors.New("connection refused")
	tree, err := reader(c).Read(context.Background(), demo())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Prometheus blue/monitoring":    "Ready",
		"Prometheus green/monitoring":   "Unknown Forbidden",
		"Alertmanager green/monitoring": "NotFound KindNotServed",
		"PrometheusRule blue/web":       "Unknown Unreadable",
		"PrometheusRule green/web":      "Unknown Unreadable",
	}
	for _, s := range tree.Scores {
		for _, o := range s.Objects {
			if w, ok := want[o.ID.String()]; ok && strings.TrimSpace(string(o.State)+" "+o.Reason) != w {
				t.Errorf("%s: got %s, want %s", o.ID, o.Condition, w)
			}
		}
	}
	if len(tree.Problems) != 1 || !strings.Contains(tree.Problems[0], "pods in blue cannot be read") {
		t.Errorf("problems: got %q, want one about the pods in blue", tree.Problems)
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := reader(readCluster(t)).Read(ctx, demo()); !errors.Is(err, context.Canceled) {
		t.Errorf("read: got %v, want the context's error", err)
	}
	if _, err := reader(readCluster(t)).Explain(ctx, demo().Items[2].ID); !errors.Is(err, context.Canceled) {
		t.Errorf("explain: got %v, want the context's error", err)
	}
}

// Many namespaces cost one list per kind, and one per namespace only for who may not list the cluster.
func TestReadManyNamespaces(t *testing.T) {
	c := &cluster{fail: map[string]error{}}
	request := status.Request{Deployment: "many", LabelSelector: "member=many"}
	for i := range 100 {
		namespace := fmt.Sprintf("tenant-%02d", i)
		c.objects = append(c.objects,
			*object(t, fmt.Sprintf("apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: m, namespace: %s, uid: p%d, labels: {member: many}}\n", namespace, i)),
			*object(t, fmt.Sprintf("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s, namespace: %s, uid: s%d, ownerReferences: [{uid: p%d}]}\n", namespace, i, i)),
			*object(t, fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: s-0, namespace: %s, uid: pod%d, ownerReferences: [{uid: s%d}]}\n", namespace, i, i)))
		request.Items = append(request.Items, status.Item{ID: id(coreos, "Prometheus", namespace, "m"), Score: namespace})
	}
	check := func(requests int) {
		t.Helper()
		c.requests = nil
		tree, err := reader(c).Read(context.Background(), request)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.requests) != requests {
			t.Errorf("got %d requests, want %d", len(c.requests), requests)
		}
		for _, s := range tree.Scores {
			if len(s.Objects[0].Pods) != 1 || len(s.Objects[0].Owned) != 1 {
				t.Fatalf("%s: got %d pods and %d owned objects, want 1 and 1", s.Title, len(s.Objects[0].Pods), len(s.Objects[0].Owned))
			}
		}
	}
	check(4)
	c.fail["list Pod"] = apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("not yours"))
	check(4 + 100)
}

// A rejection counts only when it is newer than the object's last change.
func TestRejectionBeforeTheLastChange(t *testing.T) {
	for since, want := range map[string]status.State{"2026-09-01T10:00:01Z": status.Failed, "2026-09-01T10:30:00Z": status.Ready} {
		c := readCluster(t)
		rule := id(coreos, "PrometheusRule", "blue", "web")
		o, err := c.Get(context.Background(), rule)
		if err != nil {
			t.Fatal(err)
		}
		change := []any{
			map[string]any{"manager": "harmonyscript", "operation": "Apply", "time": since},
			map[string]any{"manager": "operator", "operation": "Apply", "time": "2026-09-01T23:00:00Z", "subresource": "status"},
		}
		if err := unstructured.SetNestedSlice(o.Object, change, "metadata", "managedFields"); err != nil {
			t.Fatal(err)
		}
		got, err := reader(c).Explain(context.Background(), rule)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != want {
			t.Errorf("changed at %s: got %s, want %s", since, got.Condition, want)
		}
	}
}

// An event about this version of the object counts whenever it was changed, one about an older version does not; and one
// from before a Secret or ConfigMap was changed that the object refers to does not, because the wrong value may have been
// there. Whether the deployment made it plays no part.
func TestRejectionByVersion(t *testing.T) {
	config := func(version string) string {
		return "apiVersion: monitoring.coreos.com/v1alpha1\nkind: AlertmanagerConfig\nmetadata: {name: c, namespace: blue, uid: c1, resourceVersion: \"" + version + "\", creationTimestamp: \"2026-09-01T10:00:05Z\"}\n" +
			"spec: {receivers: [{name: s, webhookConfigs: [{urlSecret: {name: s, key: url}, httpConfig: {tlsConfig: {ca: {configMap: {name: ca, key: ca.crt}}}}}]}]}\n"
	}
	event := func(at string) string {
		return "apiVersion: v1\nkind: Event\nmetadata: {name: e, namespace: blue}\ntype: Warning\nreason: InvalidConfiguration\nmessage: 'url: parse \"hush:\\\"//x\": first path segment'\ninvolvedObject: {uid: c1, resourceVersion: \"7\"}\neventTime: \"" + at + "\"\n"
	}
	made := func(kind, name, changed string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + ", namespace: blue, creationTimestamp: \"" + changed + "\"}\n"
	}
	for name, c := range map[string]struct {
		config, event, referred string
		want                    status.State
	}{
		"this version, same second":          {config("7"), event("2026-09-01T10:00:05.1Z"), made("Secret", "s", "2026-09-01T10:00:04Z"), status.Failed},
		"an older version, same second":      {config("8"), event("2026-09-01T10:00:05.1Z"), made("Secret", "s", "2026-09-01T10:00:04Z"), status.Ready},
		"an older version, clearly later":    {config("8"), event("2026-09-01T10:00:09Z"), made("Secret", "s", "2026-09-01T10:00:04Z"), status.Failed},
		"before the secret was corrected":    {config("7"), event("2026-09-01T10:00:09Z"), made("Secret", "s", "2026-09-01T10:00:12Z"), status.Ready},
		"before the ConfigMap was corrected": {config("7"), event("2026-09-01T10:00:09Z"), made("ConfigMap", "ca", "2026-09-01T10:00:12Z"), status.Ready},
		"the Secret is not the ConfigMap":    {config("7"), event("2026-09-01T10:00:09Z"), made("Secret", "ca", "2026-09-01T10:00:12Z"), status.Failed},
		"another secret was changed":         {config("7"), event("2026-09-01T10:00:09Z"), made("Secret", "other", "2026-09-01T10:00:12Z"), status.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			cl := &cluster{objects: []unstructured.Unstructured{*object(t, c.config), *object(t, c.event), *object(t, c.referred)}}
			tree, err := reader(cl).Read(context.Background(), status.Request{Items: []status.Item{
				{ID: backend.ID{Group: coreos, Version: "v1alpha1", Kind: "AlertmanagerConfig", Namespace: "blue", Name: "c"}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			got := tree.Scores[0].Objects[0]
			if got.State != c.want {
				t.Errorf("got %s, want %s", got.Condition, c.want)
			}
			encoded, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if text := string(encoded); strings.Contains(text, "hush") || !strings.Contains(text, `parse \"(hidden)\": first`) {
				t.Errorf("a value that did not parse is not hidden: %s", text)
			}
		})
	}
}

// Owner references that lead in a circle do not make the reader loop.
func TestReadCircle(t *testing.T) {
	c := &cluster{objects: []unstructured.Unstructured{
		*object(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: apps, uid: one}\n"),
		*object(t, "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: b, namespace: apps, uid: two, ownerReferences: [{uid: one}, {uid: two}]}\n"),
	}}
	o, err := reader(c).Explain(context.Background(), id("apps", "Deployment", "apps", "a"))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Owned) != 1 {
		t.Errorf("got %d owned objects, want 1", len(o.Owned))
	}
}
