// SPDX-License-Identifier: Apache-2.0

// This file wants everything that is written to be on record before.

package moves

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// watchRecord returns a round tripper that looks into a tenant's inventory before each object is applied: if the process died of
// that write, the inventory alone would tell of the object.
func watchRecord(t *testing.T, kubeconfig, tenant string) func(http.RoundTripper) http.RoundTripper {
	t.Helper()
	client, err := cluster.Connect(cluster.Options{Kubeconfig: kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	store := inventory.NewStore(client, "")
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			// Tests write marks of their own into another namespace.
			if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == "" && !strings.Contains(r.URL.Path, "/"+markerNamespace+"/") {
				inv, err := store.Load(r.Context(), tenant)
				if err != nil {
					t.Errorf("inventory of %s: %v", tenant, err)
				} else if !knows(inv, r.URL.Path) {
					t.Errorf("%s is applied and not on record: a process that died of it would orphan it", r.URL.Path)
				}
			}
			return next.RoundTrip(r)
		})
	}
}

// knows reports whether an inventory knows the object at a path.
func knows(inv *inventory.Inventory, path string) bool {
	known := slices.Clone(inv.Pending)
	for _, m := range inv.Members {
		known = append(known, m.ID)
	}
	return slices.ContainsFunc(known, func(id backend.ID) bool { return pathOf(id) == path })
}

// pathOf returns where the API server has an object.
func pathOf(id backend.ID) string {
	path := "/apis/" + id.APIVersion()
	if id.Group == "" {
		path = "/api/" + id.Version
	}
	if id.Namespace != "" {
		path += "/namespaces/" + id.Namespace
	}
	resource, _ := meta.UnsafeGuessKindToResource(cluster.KindOf(id))
	return path + "/" + resource.Resource + "/" + id.Name
}
