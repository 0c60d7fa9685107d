// SPDX-License-Identifier: Apache-2.0

// This file gives the end-to-end tests a control plane, a client that counts, and objects.

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	os.Exit(shared.Main(m))
}

func kubeconfig(t testing.TB) string {
	t.Helper()
	return shared.Kubeconfig(t)
}

// counter counts requests by method, and lets a test look at each before it is sent.
type counter struct {
	mutex  sync.Mutex
	counts map[string]int
	lines  []string
	before func(*http.Request) error
	next   http.RoundTripper
}

func (c *counter) wrap(next http.RoundTripper) http.RoundTripper {
	c.next = next
	return c
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mutex.Lock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[r.Method]++
	c.lines = append(c.lines, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
	before := c.before
	c.mutex.Unlock()
	if before != nil {
		if err := before(r); err != nil {
			return nil, err
		}
	}
	return c.next.RoundTrip(r)
}

func (c *counter) reset() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.counts, c.lines = nil, nil
}

func (c *counter) total() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.lines)
}

// writes are the requests that could change anything.
func (c *counter) writes() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var writes []string
	for _, line := range c.lines {
		if !strings.HasPrefix(line, "GET ") && !strings.Contains(line, "dryRun=All") && !strings.Contains(line, "/selfsubjectaccessreviews?") {
			writes = append(writes, line)
		}
	}
	return writes
}

// world is one test's part of the cluster.
type world struct {
	t       *testing.T
	client  *cluster.Client
	counter *counter
	// name is the deployment's, and the prefix of its namespaces.
	name     string
	objects  []backend.Object
	releases []*helm.Rendered
	helm     helm.Manager
	// script is what objects and releases came of, where they did.
	script string
	// secrets are values of environment variables beside those of the process.
	secrets map[string]string
}

var unique struct {
	sync.Mutex
	n int
}

func newWorld(t *testing.T, options ...func(*cluster.Options)) *world {
	t.Helper()
	w := &world{t: t, counter: &counter{}}
	o := cluster.Options{Kubeconfig: kubeconfig(t), Version: "test", Wrap: w.counter.wrap}
	for _, option := range options {
		option(&o)
	}
	w.client = connect(t, o)
	unique.Lock()
	unique.n++
	w.name = fmt.Sprintf("e2e-%d-%d", time.Now().UnixNano()%1e9, unique.n)
	unique.Unlock()
	t.Cleanup(func() {
		admin := connect(t, cluster.Options{Kubeconfig: kubeconfig(t)})
		// Nobody waits until the namespaces are gone: the control plane goes with the tests.
		_, _ = apply.Destroy(context.Background(), apply.Request{Client: admin, Deployment: w.name, Helm: w.helm, DeleteNamespaces: true, Timeout: time.Millisecond})
	})
	return w
}

func connect(t testing.TB, o cluster.Options) *cluster.Client {
	t.Helper()
	client, err := cluster.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// at returns an origin at a line of the test's script.
func at(line int) score.Origin {
	return score.NewOrigin(&score.CallSite{Position: score.Position{File: "e2e.star", Line: line, Column: 1}}, nil)
}

// add puts an object into what is to exist; line is where the script makes it.
func (w *world) add(line int, title string, content map[string]any) *backend.Object {
	w.t.Helper()
	o, err := backend.NewObject(content, at(line), title)
	if err != nil {
		w.t.Fatal(err)
	}
	w.objects = append(w.objects, o)
	return &w.objects[len(w.objects)-1]
}

// drop takes an object out of what is to exist.
func (w *world) drop(kind, name string) {
	w.t.Helper()
	for n, o := range w.objects {
		if o.ID.Kind == kind && o.ID.Name == name {
			w.objects = append(w.objects[:n:n], w.objects[n+1:]...)
			return
		}
	}
	w.t.Fatalf("no %s %s to drop", kind, name)
}

func object(apiVersion, kind, namespace, name string, more map[string]any) map[string]any {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	content := map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
	for key, value := range more {
		content[key] = value
	}
	return content
}

func (w *world) namespace(line int, title string) string {
	name := fmt.Sprintf("%s-%d", w.name, line)
	w.add(line, title, object("v1", "Namespace", "", name, nil))
	return name
}

func (w *world) configMap(line int, title, namespace, name string, data map[string]any) {
	w.add(line, title, object("v1", "ConfigMap", namespace, name, map[string]any{"data": data}))
}

func (w *world) request() apply.Request {
	return apply.Request{
		Client: w.client, Deployment: w.name, Objects: w.objects, Releases: w.releases, Helm: w.helm, Timeout: eventually,
		ResolveSecret: func(_ context.Context, s score.Secret) (string, error) {
			if value, ok := w.secrets[s.Name]; ok {
				return value, nil
			}
			if value, ok := os.LookupEnv(s.Name); ok {
				return value, nil
			}
			return "", fmt.Errorf("environment variable %s is not set", s.Name)
		},
	}
}

func (w *world) planRequest() plan.Request {
	return plan.Request{
		Client: w.client, Deployment: w.name, Objects: w.objects, Releases: w.releases, Helm: w.helm, ResolveSecret: w.request().ResolveSecret,
	}
}

func (w *world) plan() *plan.Plan {
	w.t.Helper()
	p, err := plan.Compute(context.Background(), w.planRequest())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) run(change ...func(*apply.Request)) *apply.Outcome {
	w.t.Helper()
	request := w.request()
	for _, c := range change {
		c(&request)
	}
	o, err := apply.Run(context.Background(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) destroy(deleteNamespaces bool) *apply.Outcome {
	w.t.Helper()
	request := w.request()
	request.DeleteNamespaces = deleteNamespaces
	o, err := apply.Destroy(context.Background(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// mustBe fails the test unless the run ended in state with exactly these counts.
func mustBe(t *testing.T, o *apply.Outcome, state apply.State, counts map[apply.Status]int) {
	t.Helper()
	got := o.Count()
	same := len(got) == len(counts)
	for status, n := range counts {
		same = same && got[status] == n
	}
	if o.State != state || !same {
		t.Fatalf("got %s with %v, want %s with %v\n%s", o.State, got, state, counts, o.Diagnostics.Render(nil, diag.Style{}))
	}
}

func mustHave(t *testing.T, list diag.List, code, text string, line int) diag.Diagnostic {
	t.Helper()
	for _, d := range list {
		whole := d.Render(nil, diag.Style{})
		if d.Code == code && strings.Contains(whole, text) && d.Position.Line == line {
			return d
		}
	}
	t.Fatalf("got no %s with %q at line %d in:\n%s", code, text, line, list.Render(nil, diag.Style{}))
	return diag.Diagnostic{}
}

func (w *world) get(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	w.t.Helper()
	id := idOf(apiVersion, kind, namespace, name)
	live, err := w.client.Get(context.Background(), id)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return live
}

func idOf(apiVersion, kind, namespace, name string) backend.ID {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		group, version = "", apiVersion
	}
	return backend.ID{Group: group, Version: version, Kind: kind, Namespace: namespace, Name: name}
}

// applyAs applies an object as some manager does, beside the engine.
func (w *world) applyAs(manager string, content map[string]any) {
	w.t.Helper()
	o, err := backend.NewObject(content, at(1), "")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.client.Apply(context.Background(), o.ID, o.Manifest, cluster.ApplyOptions{Manager: manager}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) inventory() *inventory.Inventory {
	w.t.Helper()
	inv, err := inventory.NewStore(w.client, "").Load(context.Background(), w.name)
	if err != nil {
		w.t.Fatal(err)
	}
	return inv
}

// members are the keys of what the inventory records, and pending what it is not sure of.
func (w *world) recorded() (members, pending map[string]bool) {
	w.t.Helper()
	inv := w.inventory()
	members, pending = map[string]bool{}, map[string]bool{}
	for _, m := range inv.Members {
		members[m.ID.String()] = true
	}
	for _, id := range inv.Pending {
		pending[id.String()] = true
	}
	return members, pending
}

func mustErr[T error](t *testing.T, err error) T {
	t.Helper()
	var target T
	if !errors.As(err, &target) {
		t.Fatalf("got error %v (%T), want %T", err, err, target)
	}
	return target
}

func step(t *testing.T, p *plan.Plan, kind, name string) plan.Step {
	t.Helper()
	for _, s := range p.Steps {
		if s.ID.Kind == kind && s.ID.Name == name {
			return s
		}
	}
	t.Fatalf("the plan has no step for %s %s", kind, name)
	return plan.Step{}
}
