// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// leaseAnswers are what a server says of a Lease: the codes for writes and for reads, and who holds it.
type leaseAnswers struct {
	write, read int
	holder      string
}

// leaseServer serves one Lease as now says, and returns a client of it.
func leaseServer(t *testing.T, o cluster.Options, now func() leaseAnswers) *cluster.Client {
	t.Helper()
	answer := func(w http.ResponseWriter, code int, content any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(content)
	}
	refuse := func(w http.ResponseWriter, code int) {
		reasons := map[int]metav1.StatusReason{http.StatusConflict: metav1.StatusReasonConflict, http.StatusNotFound: metav1.StatusReasonNotFound}
		answer(w, code, metav1.Status{Status: metav1.StatusFailure, Code: int32(code), Reason: reasons[code], Message: "no"})
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := now()
		switch {
		case r.URL.Path == "/apis/coordination.k8s.io/v1":
			answer(w, http.StatusOK, metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "leases", Kind: "Lease", Namespaced: true}}})
		case r.Method == http.MethodPut && said.write != http.StatusOK:
			refuse(w, said.write)
		case r.Method == http.MethodGet && said.read != http.StatusOK:
			refuse(w, said.read)
		default:
			answer(w, http.StatusOK, leaseOf(said.holder, "2"))
		}
	}))
	t.Cleanup(server.Close)
	client, err := cluster.NewClient(&rest.Config{Host: server.URL}, o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func leaseOf(holder, version string) *coordinationv1.Lease {
	lease := &coordinationv1.Lease{TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"}}
	lease.Name, lease.ResourceVersion, lease.Spec.HolderIdentity = "d", version, &holder
	return lease
}

// lockOf is a lock that a holder has taken.
func lockOf(client *cluster.Client, holder string) *lock {
	id := backend.ID{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease", Namespace: "n", Name: "d"}
	return &lock{client: client, id: id, lease: leaseOf(holder, "1")}
}

// A lock is lost when the cluster says so, not when it cannot say.
func TestRenew(t *testing.T) {
	t.Parallel()
	const me = "here/1/a/b"
	for _, c := range []struct {
		name        string
		write, read int
		holder      string
		renewed     bool
		lost        bool
	}{
		{"renewed", http.StatusOK, http.StatusOK, me, true, false},
		{"renewed, and the answer was lost", http.StatusConflict, http.StatusOK, me, true, false},
		{"taken over", http.StatusConflict, http.StatusOK, "there/2/c/d", false, true},
		{"deleted", http.StatusNotFound, http.StatusNotFound, "", false, true},
		{"deleted after a conflict", http.StatusConflict, http.StatusNotFound, "", false, true},
		{"a conflict, and then the server is away", http.StatusConflict, http.StatusServiceUnavailable, "", false, false},
		{"the server is away", http.StatusServiceUnavailable, http.StatusOK, me, false, false},
	} {
		l := lockOf(leaseServer(t, cluster.Options{RetryFor: time.Millisecond}, func() leaseAnswers { return leaseAnswers{c.write, c.read, c.holder} }), me)
		err := l.renew(context.Background())
		if lost := errors.Is(err, errTaken) || apierrors.IsNotFound(err); (err == nil) != c.renewed || lost != c.lost {
			t.Errorf("%s: got %v, want renewed=%t lost=%t", c.name, err, c.renewed, c.lost)
		}
		if c.renewed && l.lease.ResourceVersion != "2" {
			t.Errorf("%s: got version %s, want the one that is stored", c.name, l.lease.ResourceVersion)
		}
	}
}
