// SPDX-License-Identifier: Apache-2.0

// This file kills a process that applies, after each of its writes in turn.

package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// childVariable makes the test program carry out one order and nothing else.
const childVariable = "HARMONYSCRIPT_TEST_APPLY_CHILD"

// order is what a child process is to do.
type order struct {
	Kubeconfig string
	Deployment string
	Manifests  []json.RawMessage
	// Script takes the place of Manifests; Secrets are those that it refers to.
	Script  string
	Secrets map[string]string
	Destroy bool
	// DieAfter is the number of the write after which the process kills itself; the answer is on its way then.
	DieAfter int
}

// child carries out an order. It returns 0 when it came to its end alive.
func child() int {
	var o order
	if err := json.Unmarshal([]byte(os.Getenv(childVariable)), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var writes atomic.Int32
	client, err := cluster.Connect(cluster.Options{Kubeconfig: o.Kubeconfig, Wrap: func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			answer, err := next.RoundTrip(r)
			if r.Method != http.MethodGet && int(writes.Add(1)) == o.DieAfter {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
			return answer, err
		})
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	request := apply.Request{Client: client, Deployment: o.Deployment, Timeout: eventually, Parallel: 2}
	if o.Script != "" {
		request.NoWait = true
		request.ResolveSecret = func(_ context.Context, s score.Secret) (string, error) { return o.Secrets[s.Name], nil }
		if request.Objects, request.Releases, err = compile(o.Deployment, o.Script); err == nil {
			request.Helm, err = helm.NewManager(client.RESTConfig(), client.ServerNow)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	for n, manifest := range o.Manifests {
		object, err := backend.NewObject(manifest, at(n), "tenant")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		request.Objects = append(request.Objects, object)
	}
	carryOut := apply.Run
	if o.Destroy {
		carryOut = apply.Destroy
	}
	outcome, err := carryOut(context.Background(), request)
	if err != nil || outcome.State != apply.Done {
		fmt.Fprintln(os.Stderr, err, outcome)
		return 1
	}
	return 0
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// runChild carries out an order in a process of its own and reports whether it was killed.
func (w *world) runChild(o order) (killed bool) {
	w.t.Helper()
	o.Kubeconfig, o.Deployment = kubeconfig(w.t), w.name
	if o.Script, o.Secrets = w.script, w.secrets; w.script == "" {
		for _, object := range w.objects {
			o.Manifests = append(o.Manifests, object.Manifest)
		}
	}
	encoded, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+string(encoded))
	output, err := command.CombinedOutput()
	if err == nil {
		return false
	}
	if command.ProcessState.ExitCode() >= 0 {
		w.t.Fatalf("child: %v\n%s", err, output)
	}
	return true
}

// configMaps returns "name=value" of every ConfigMap of a namespace, sorted, whoever made it.
func (w *world) configMaps(namespace string) []string {
	w.t.Helper()
	list, err := w.client.List(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, namespace, "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, m := range list {
		data, _ := m.Object["data"].(map[string]any)
		if m.GetName() != "kube-root-ca.crt" {
			found = append(found, fmt.Sprintf("%s=%v", m.GetName(), data["key"]))
		}
	}
	slices.Sort(found)
	return found
}

func TestKilledAfterEachWrite(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"the same script again", "the script before", "destroy"} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ns := w.namespace(1, "tenant")
			tenant := w.objects[0]
			script := func(data ...string) {
				w.objects = []backend.Object{tenant}
				for n, pair := range data {
					name, value, _ := strings.Cut(pair, "=")
					w.configMap(2+n, "tenant", ns, name, map[string]any{"key": value})
				}
			}
			before, after := []string{"changes=1", "goes=1", "stays=1"}, []string{"changes=2", "comes=2", "stays=1"}
			script(before...)
			w.run()
			foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/configmaps", object("v1", "ConfigMap", ns, "theirs", map[string]any{"data": map[string]any{"key": "x"}}))
			points := 0
			for {
				script(after...)
				if !w.runChild(order{DieAfter: points + 1}) {
					break
				}
				points++
				want := after
				switch next {
				case "the script before":
					want = before
					script(before...)
					fallthrough
				case "the same script again":
					if o := w.run(); o.State != apply.Done {
						t.Fatalf("killed after write %d: got %s: %v", points, o.State, o.Diagnostics)
					}
				case "destroy":
					want = nil
					if o := w.destroy(false); o.State != apply.Done {
						t.Fatalf("killed after write %d: got %s: %v", points, o.State, o.Diagnostics)
					}
				}
				wanted := slices.Sorted(slices.Values(append(slices.Clone(want), "theirs=x")))
				if got := w.configMaps(ns); !slices.Equal(got, wanted) {
					t.Fatalf("killed after write %d: got %v, want %v", points, got, wanted)
				}
				if _, pending := w.recorded(); len(pending) != 0 {
					t.Fatalf("killed after write %d: still pending: %v", points, pending)
				}
				// Back to the start for the next point.
				script(before...)
				if o := w.run(); o.State != apply.Done {
					t.Fatalf("back after write %d: got %s: %v", points, o.State, o.Diagnostics)
				}
			}
			if points < 7 {
				t.Fatalf("got %d points to kill at, want a lock, an intent, two patches, a removal, records", points)
			}
			t.Logf("killed at %d points", points)
		})
	}
}

func TestDestroyKilledAfterEachWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"key": "1"})
	w.configMap(3, "tenant", ns, "b", map[string]any{"key": "1"})
	points := 0
	for {
		w.run()
		if !w.runChild(order{Destroy: true, DieAfter: points + 1}) {
			break
		}
		points++
		if o := w.destroy(false); o.State != apply.Done {
			t.Fatalf("killed after write %d: got %s: %v", points, o.State, o.Diagnostics)
		}
		if got := w.configMaps(ns); len(got) != 0 {
			t.Fatalf("killed after write %d: got %v, want nothing", points, got)
		}
		members, pending := w.recorded()
		if len(pending) != 0 || len(members) != 1 {
			t.Fatalf("killed after write %d: recorded %v, pending %v, want the kept namespace alone", points, members, pending)
		}
		if w.get("coordination.k8s.io/v1", "Lease", inventory.DefaultNamespace, w.name) != nil {
			t.Fatalf("killed after write %d: the lock stayed", points)
		}
	}
	if points < 5 {
		t.Fatalf("got %d points to kill at, want 5 or more", points)
	}
	t.Logf("killed at %d points", points)
}
