// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestOwnershipTakes(t *testing.T) {
	t.Parallel()
	quota := backend.ID{Version: "v1", Kind: "ResourceQuota", Namespace: "shop", Name: "tenant"}
	role := backend.ID{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole", Name: "shop"}
	for _, c := range []struct {
		name                 string
		ownership            Ownership
		quota, role, release bool
	}{
		{"none", Ownership{}, false, false, false},
		{"all", Ownership{All: true}, true, true, true},
		{"by name", Ownership{Objects: []string{"ResourceQuota/shop/tenant"}}, true, false, false},
		{"as printed", Ownership{Objects: []string{"ResourceQuota shop/tenant", "ClusterRole shop"}}, true, true, false},
		{"small letters", Ownership{Objects: []string{"resourcequota/shop/tenant"}}, true, false, false},
		{"with the group", Ownership{Objects: []string{"ClusterRole.rbac.authorization.k8s.io/shop"}}, false, true, false},
		{"of another group", Ownership{Objects: []string{"ClusterRole.example.com/shop", "ResourceQuota.example.com/shop/tenant"}}, false, false, false},
		{"in another namespace", Ownership{Objects: []string{"ResourceQuota/other/tenant", "ClusterRole/shop/shop"}}, false, false, false},
		{"a release", Ownership{Objects: []string{"HelmRelease/shop/stack"}}, false, false, true},
	} {
		if got := c.ownership.Takes(quota); got != c.quota {
			t.Errorf("%s: the quota: got %t", c.name, got)
		}
		if got := c.ownership.Takes(role); got != c.role {
			t.Errorf("%s: the role: got %t", c.name, got)
		}
		if got := c.ownership.TakesRelease("shop/stack"); got != c.release {
			t.Errorf("%s: the release: got %t", c.name, got)
		}
		item := &Item{Object: &backend.Object{ID: backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: "shop", Name: "x"}, Release: "shop/stack"}}
		if got := c.ownership.takesItem(item); got != c.release {
			t.Errorf("%s: an object of the release: got %t", c.name, got)
		}
		for _, id := range []backend.ID{quota, role} {
			if !(Ownership{Objects: []string{id.Reference()}}).Takes(id) {
				t.Errorf("%s is not taken by its own reference %s", id, id.Reference())
			}
		}
	}
}

func TestOwnershipOfUnknownObjects(t *testing.T) {
	t.Parallel()
	o, err := backend.NewObject(map[string]any{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "tenant", "namespace": "shop"}}, score.Origin{}, "t")
	if err != nil {
		t.Fatal(err)
	}
	request := Request{Deployment: "shop", Objects: []backend.Object{o}, TakeOwnership: Ownership{Objects: []string{"ResourceQuota/shop/tenant", "ResourceQuta/shop/tenant", "nonsense"}}}
	var list diag.List
	errors.As(request.Validate(), &list)
	if len(list) != 2 {
		t.Fatalf("got %v, want two problems", list)
	}
	for n, want := range []string{"did you mean --take-ownership=ResourceQuota/shop/tenant?", "harmonyscript plan"} {
		if list[n].Code != "ownership-unknown-object" || !strings.Contains(list[n].Fix, want) {
			t.Errorf("got %+v, want a fix with %q", list[n], want)
		}
	}
}
