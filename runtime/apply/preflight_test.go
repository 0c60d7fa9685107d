// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// reviews are the questions for rights that were asked.
func (c *counter) reviews() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	n := 0
	for _, line := range c.lines {
		if strings.Contains(line, "selfsubjectaccessreviews") {
			n++
		}
	}
	return n
}

// All rights that are missing are told at once, at their lines, before anything is written.
func TestPreflight(t *testing.T) {
	t.Parallel()
	admin := newWorld(t)
	ns, other := admin.namespace(1, "tenant"), admin.namespace(2, "tenant")
	user := "jo-" + admin.name
	verbs := []any{"get", "list", "create", "update", "patch", "delete"}
	grant := func(where string, rules ...any) {
		admin.add(50, "grants", object("rbac.authorization.k8s.io/v1", "Role", where, admin.name, map[string]any{"rules": rules}))
		admin.add(51, "grants", object("rbac.authorization.k8s.io/v1", "RoleBinding", where, admin.name, map[string]any{
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": admin.name},
			"subjects": []any{map[string]any{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}},
		}))
	}
	rule := func(verbs []any, group string, resources ...any) map[string]any {
		return map[string]any{"apiGroups": []any{group}, "resources": resources, "verbs": verbs}
	}
	grant(inventory.DefaultNamespace, rule([]any{"get"}, "", "secrets"), rule([]any{"get"}, "coordination.k8s.io", "leases"))
	grant(ns, rule(verbs, "", "configmaps"), rule([]any{"get", "list", "patch"}, "", "serviceaccounts"))
	admin.counter.reset()
	mustBe(t, admin.run(), apply.Done, map[apply.Status]int{apply.Created: 6})
	if n := admin.counter.reviews(); n != 1 {
		t.Errorf("who may do everything: got %d questions, want 1", n)
	}
	admin.counter.reset()
	mustBe(t, admin.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 6})
	if n := admin.counter.reviews(); n != 0 {
		t.Errorf("a run without changes: got %d questions, want none", n)
	}

	w := newWorld(t, func(o *cluster.Options) { o.ImpersonateUser = user })
	granted := func(verb, group, resource, where string) {
		t.Helper()
		awaitRights(t, w.client, cluster.Access{Verb: verb, Group: group, Resource: resource, Namespace: where})
	}
	granted("get", "", "secrets", inventory.DefaultNamespace)
	granted("get", "coordination.k8s.io", "leases", inventory.DefaultNamespace)
	granted("delete", "", "configmaps", ns)
	granted("patch", "", "serviceaccounts", ns)
	w.configMap(3, "tenant", ns, "allowed", map[string]any{"a": "1"})
	for n, name := range []string{"one", "two"} {
		w.add(4+n, "tenant", object("v1", "ServiceAccount", ns, name, nil))
	}
	w.configMap(6, "tenant", other, "elsewhere", map[string]any{"a": "1"})
	w.add(7, "tenant", object("nowhere.example/v1", "Widget", ns, "missing", nil))
	w.counter.reset()
	_, err := apply.Run(context.Background(), w.request())
	list := mustErr[diag.List](t, err)
	d := mustHave(t, list, "forbidden", "ServiceAccount "+ns+"/one: no right to create serviceaccounts in namespace "+ns, 4)
	if !strings.Contains(d.Detail, "ServiceAccount "+ns+"/two") || !strings.Contains(d.Fix, "kubectl auth can-i create serviceaccounts --namespace "+ns) {
		t.Errorf("got detail %q and fix %q", d.Detail, d.Fix)
	}
	mustHave(t, list, "forbidden", "no right to create, get, list, patch configmaps in namespace "+other, 6)
	mustHave(t, list, "forbidden", "no right to create, delete, update leases.coordination.k8s.io in namespace "+inventory.DefaultNamespace, 0)
	mustHave(t, list, "forbidden", "no right to create, update secrets in namespace "+inventory.DefaultNamespace, 0)
	mustHave(t, list, "kind-not-installed", "Widget", 7)
	if len(list) != 5 || !strings.Contains(list.Render(nil, diag.Style{}), "nothing was written") {
		t.Errorf("got %d diagnostics:\n%s", len(list), list.Render(nil, diag.Style{}))
	}
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("wrote without the rights: %v", writes)
	}
	// After everything at once, 15 pairs of a verb and a kind are asked for everywhere, and then in the namespaces where they are
	// needed, those of ConfigMaps in two: each once, whatever the number of objects.
	if n := w.counter.reviews(); n != 1+15+19 {
		t.Errorf("got %d questions, want 35", n)
	}

	// A plan tells the same, as a warning: who may only look can plan.
	w.drop("Widget", "missing")
	p := w.plan()
	if d := mustHave(t, p.Diagnostics, "forbidden", "no right to create serviceaccounts", 4); d.Severity != diag.Warning || p.Diagnostics.HasErrors() {
		t.Errorf("plan: got %s", p.Diagnostics.Render(nil, diag.Style{}))
	}
	if s := step(t, p, "ServiceAccount", "one"); s.Action != plan.Create || !strings.Contains(s.Reason, "no right to try it out") {
		t.Errorf("plan: got %+v", s)
	}

	// With the rights everything is done.
	admin.objects = slices.DeleteFunc(admin.objects, func(o backend.Object) bool { return o.ID.Kind != "Namespace" })
	grant(inventory.DefaultNamespace, rule(verbs, "", "secrets"), rule(verbs, "coordination.k8s.io", "leases"))
	grant(ns, rule(verbs, "", "configmaps", "serviceaccounts"))
	grant(other, rule(verbs, "", "configmaps"))
	if o := admin.run(); o.State != apply.Done {
		t.Fatalf("granting: %s", o.Diagnostics.Render(nil, diag.Style{}))
	}
	granted("delete", "", "secrets", inventory.DefaultNamespace)
	granted("delete", "coordination.k8s.io", "leases", inventory.DefaultNamespace)
	granted("delete", "", "serviceaccounts", ns)
	granted("delete", "", "configmaps", other)
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 4})
}
