// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/client-go/rest"
)

// A run that ends just before it sends an object has not touched it, and must not record that it may have.
func TestWhatIsNeverSentIsNotInDoubt(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("got a request: %s %s", r.Method, r.URL) }))
	t.Cleanup(server.Close)
	client, err := cluster.NewClient(&rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(Request{Client: client}, false)
	r.outcome = &Outcome{}
	r.work = &plan.Work{Inventory: &inventory.Inventory{}, Secrets: &plan.Secrets{Redactor: &cluster.Redactor{}}}
	id := backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: "tenant", Name: "a"}
	item := &plan.Item{Object: &backend.Object{ID: id, Manifest: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`)}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.send(ctx, item)
	if r.statusOf(item.Key()) != NotTried || len(r.uncertain) > 0 {
		t.Errorf("got %s, in doubt %v, want it not tried and nothing in doubt", r.statusOf(item.Key()), r.uncertain)
	}
}
