// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/client-go/rest"
)

// A quota that was changed is waited for until its controller has put the new limits into force; one that was made, or left as it
// was, costs nothing. What a quota refuses before it has been looked at is sent again.
func TestChangedQuotasAreAwaited(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/api/v1" {
			_, _ = fmt.Fprint(w, `{"resources": [{"name": "resourcequotas", "kind": "ResourceQuota", "namespaced": true}]}`)
			return
		}
		enforced := "1"
		if looks.Add(1) == 3 {
			enforced = "5"
		}
		_, _ = fmt.Fprintf(w, `{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tenant"}, "spec": {"hard": {"pods": "5"}}, "status": {"hard": {"pods": %q}}}`, enforced)
	}))
	t.Cleanup(server.Close)
	client, err := cluster.NewClient(&rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(Request{Client: client}, false)
	r.outcome = &Outcome{}
	var items []*plan.Item
	for namespace, status := range map[string]Status{"changed": Updated, "made": Created, "as-it-was": Unchanged, "refused": ObjectFailed} {
		id := backend.ID{Version: "v1", Kind: "ResourceQuota", Namespace: namespace, Name: "tenant"}
		item := &plan.Item{Object: &backend.Object{ID: id, Stage: backend.StageFoundations}}
		r.settle(item, status, nil)
		items = append(items, item)
	}
	r.awaitQuotas(t.Context(), items)
	if looks.Load() != 3 {
		t.Errorf("got %d looks at quotas, want three at the one that was changed", looks.Load())
	}
	refusal := errors.New(`services "web" is forbidden: exceeded quota: tenant, requested: services=1, used: services=1, limited: services=1`)
	unknown := errors.New(`services "web" is forbidden: status unknown for quota: tenant, resources: services`)
	now := time.Now()
	for _, c := range []struct {
		what, namespace string
		err             error
		sent            time.Time
		again           bool
	}{
		{"a refusal just after the change", "changed", refusal, now, true},
		{"one long after it", "changed", refusal, now.Add(-quotaSeenWithin), false},
		{"another refusal", "changed", errors.New("no right"), now, false},
		{"no refusal", "changed", nil, now, false},
		{"a quota that was made", "made", refusal, now, false},
		{"a quota that was made and not looked at yet", "made", unknown, now, true},
		{"a quota that somebody else has just made", "as-it-was", unknown, now, true},
		{"one that is never looked at", "made", unknown, now.Add(-quotaWithin), false},
		{"a quota that was not touched", "as-it-was", refusal, now, false},
	} {
		if got := r.awaitsQuota(c.err, c.namespace, c.sent); got != c.again {
			t.Errorf("%s: got %t, want %t", c.what, got, c.again)
		}
	}
}
