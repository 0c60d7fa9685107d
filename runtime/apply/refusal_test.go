// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"fmt"
	"net/http"
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

func TestForbidden(t *testing.T) {
	t.Parallel()
	admin := newWorld(t)
	ns := admin.namespace(1, "tenant")
	admin.run()
	user := "jane-" + admin.name
	grant := func(where, name string, rules ...any) {
		admin.add(50, "grants", object("rbac.authorization.k8s.io/v1", "Role", where, name, map[string]any{"rules": rules}))
		admin.add(51, "grants", object("rbac.authorization.k8s.io/v1", "RoleBinding", where, name, map[string]any{
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
			"subjects": []any{map[string]any{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}},
		}))
	}
	all := []any{"get", "list", "create", "update", "patch", "delete"}
	grant(inventory.DefaultNamespace, admin.name, map[string]any{"apiGroups": []any{"", "coordination.k8s.io"}, "resources": []any{"secrets", "leases"}, "verbs": all})
	grant(ns, "some", map[string]any{"apiGroups": []any{""}, "resources": []any{"configmaps"}, "verbs": all})
	admin.run()

	w := newWorld(t, func(o *cluster.Options) { o.ImpersonateUser = user })
	awaitRights(t, w.client,
		cluster.Access{Verb: "delete", Resource: "secrets", Namespace: inventory.DefaultNamespace},
		cluster.Access{Verb: "delete", Group: "coordination.k8s.io", Resource: "leases", Namespace: inventory.DefaultNamespace},
		cluster.Access{Verb: "delete", Resource: "configmaps", Namespace: ns},
	)
	w.configMap(3, "tenant", ns, "allowed", map[string]any{"a": "1"})
	w.add(4, "tenant", object("v1", "ServiceAccount", ns, "forbidden", nil))
	w.add(5, "tenant", object("v1", "Service", ns, "depends", map[string]any{"spec": map[string]any{"clusterIP": "None", "selector": map[string]any{"a": "b"}}}))
	w.add(6, "other", object("v1", "Endpoints", ns, "independent", nil))
	// Without being asked, the rights that are missing are found when they are needed.
	late := func(r *apply.Request) { r.NoPreflight = true }
	request := w.planRequest()
	request.NoPreflight = true
	p, err := plan.Compute(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	if s := step(t, p, "ServiceAccount", "forbidden"); s.Action != plan.Blocked || s.Diagnostic.Code != "forbidden" {
		t.Errorf("plan: got %+v, want blocked", s)
	}
	o := w.run(late)
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Created: 1, apply.ObjectFailed: 2, apply.NotTried: 1})
	d := mustHave(t, o.Diagnostics, "forbidden", "no right to patch serviceaccounts in namespace "+ns, 4)
	if !strings.Contains(d.Fix, "kubectl auth can-i patch serviceaccounts --namespace "+ns) {
		t.Errorf("fix: got %q", d.Fix)
	}
	mustHave(t, o.Diagnostics, "forbidden", "endpoints", 6)
	// Without the right to list the whole cluster, namespaces are listed one by one.
	mustBe(t, w.run(late), apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.ObjectFailed: 2, apply.NotTried: 1})
}

func TestForbiddenInventory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *cluster.Options) { o.ImpersonateUser = "nobody-at-all" })
	w.namespace(1, "tenant")
	_, err := apply.Run(context.Background(), w.request())
	if list := cluster.Diagnostics(err); len(list) != 1 || list[0].Code != "forbidden" {
		t.Fatalf("got %v, want forbidden", list)
	}
}

func TestQuotaExceeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.run()
	foreign(t, w.client, http.MethodPost, "/api/v1/namespaces/"+ns+"/resourcequotas", object("v1", "ResourceQuota", ns, "quota", map[string]any{"spec": map[string]any{"hard": map[string]any{"services": "0"}}}))
	w.configMap(2, "tenant", ns, "fits", map[string]any{"a": "1"})
	w.add(3, "tenant", object("v1", "Service", ns, "too-much", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 80}}}}))
	ports := map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 80}}}}
	awaitQuota(t, w.client, "/api/v1/namespaces/"+ns+"/services", object("v1", "Service", ns, "one-more", ports))
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.Created: 1, apply.ObjectFailed: 1})
	mustHave(t, o.Diagnostics, "quota-exceeded", "services=1", 3)
}

// TestRaisedQuotaCountsAtOnce raises a quota and makes what needs it, in one run, again and again: nothing is sent before the
// controller has put the new limit into force.
func TestRaisedQuotaCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	quota := func(services int) {
		w.add(2, "tenant", object("v1", "ResourceQuota", ns, "tenant", map[string]any{"spec": map[string]any{"hard": map[string]any{"services": fmt.Sprint(services)}}}))
	}
	quota(0)
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 2})
	for n := 1; n <= 5; n++ {
		w.drop("ResourceQuota", "tenant")
		quota(n)
		w.add(2+n, "tenant", object("v1", "Service", ns, fmt.Sprintf("number-%d", n), map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 80}}}}))
		w.counter.reset()
		mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: n, apply.Updated: 1, apply.Created: 1})
	}
}

func TestNamespaceTerminating(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "inside", map[string]any{"a": "1"})
	w.run()
	// A finalizer that nobody serves holds the namespace.
	w.edit(ns, "inside", func(o map[string]any) {
		o["metadata"].(map[string]any)["finalizers"] = []any{"example.com/held"}
	})
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns, nil)
	release := func() {
		w.edit(ns, "inside", func(o map[string]any) { delete(o["metadata"].(map[string]any), "finalizers") })
	}
	released := false
	defer func() {
		if !released {
			release()
		}
	}()
	if s := step(t, w.plan(), "Namespace", ns); s.Action != plan.Blocked || s.Diagnostic.Code != "namespace-terminating" {
		t.Fatalf("plan: got %+v", s)
	}
	w.configMap(3, "tenant", ns, "new", map[string]any{"a": "1"})
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.ObjectFailed: 1, apply.NotTried: 2})
	mustHave(t, o.Diagnostics, "namespace-terminating", "kubectl wait --for=delete namespace/"+ns, 1)

	// Another deployment that puts something into it is told by the server itself.
	other := newWorld(t)
	other.configMap(9, "other", ns, "guest", map[string]any{"a": "1"})
	mustHave(t, other.run().Diagnostics, "namespace-terminating", "is being deleted", 9)

	// Once it is gone, the same script makes everything anew.
	release()
	released = true
	await(t, "the end of the namespace", func() bool { return w.get("v1", "Namespace", "", ns) == nil })
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 3})
}

func TestNamespaceMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configMap(4, "tenant", "nowhere-"+w.name, "lost", map[string]any{"a": "1"})
	mustHave(t, w.run().Diagnostics, "namespace-missing", "kubectl create namespace", 4)
	if s := step(t, w.plan(), "ConfigMap", "lost"); s.Action != plan.Blocked {
		t.Fatalf("plan: got %+v, want blocked", s)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.run()
	w.add(2, "a", object("v1", "Service", ns, "bad", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": 700000}}}}))
	w.add(3, "b", object("v1", "ConfigMap", ns, "unknown", map[string]any{"dada": map[string]any{"a": "1"}}))
	w.add(4, "c", object("v1", "Service", ns, "fixed", map[string]any{"spec": map[string]any{"clusterIP": "None", "selector": map[string]any{"a": "b"}}}))
	p := w.plan()
	if s := step(t, p, "Service", "bad"); s.Action != plan.Blocked || s.Diagnostic.Code != "object-invalid" {
		t.Errorf("plan: got %+v", s)
	}
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 1, apply.Created: 1, apply.ObjectFailed: 2})
	mustHave(t, o.Diagnostics, "object-invalid", "spec.ports[0].port", 2)
	mustHave(t, o.Diagnostics, "object-invalid", "dada", 3)
	w.drop("Service", "bad")
	w.drop("ConfigMap", "unknown")
	w.drop("Service", "fixed")
	w.add(4, "c", object("v1", "Service", ns, "fixed", map[string]any{"spec": map[string]any{"clusterIP": "10.0.0.7", "selector": map[string]any{"a": "b"}}}))
	o = w.run()
	mustHave(t, o.Diagnostics, "field-immutable", "clusterIP", 4)
	if !w.plan().HasChanges() {
		t.Fatal("an object that could not be changed counts as unchanged")
	}
}

func TestKindNotInstalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "independent", map[string]any{"a": "1"})
	for n := range 3 {
		w.add(10+n, "stack", object("absent.example.com/v1alpha1", "Absent", ns, fmt.Sprintf("stack-%d", n), nil))
	}
	requires := []backend.CRD{{Group: "absent.example.com", Version: "v1alpha1", Kind: "Absent", Provider: "absent-operator"}}
	p, err := plan.Compute(context.Background(), plan.Request{Client: w.client, Deployment: w.name, Objects: w.objects, Requires: requires})
	if err != nil {
		t.Fatal(err)
	}
	s := step(t, p, "Absent", "stack-1")
	if s.Action != plan.Blocked || !strings.Contains(s.Diagnostic.Fix, "absent-operator") {
		t.Fatalf("got %+v", s)
	}
	if got := p.Count(); got[plan.Create] != 2 || got[plan.Blocked] != 3 {
		t.Fatalf("got %v", got)
	}
	o := w.run(func(r *apply.Request) { r.Requires = requires })
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Created: 2, apply.ObjectFailed: 3})
	mustHave(t, o.Diagnostics, "kind-not-installed", "2 more objects need it", 10)
	if len(o.Diagnostics) != 1 {
		t.Fatalf("one missing kind gives %d diagnostics:\n%s", len(o.Diagnostics), o.Diagnostics.Render(nil, diag.Style{}))
	}
}

// A definition and objects of its kind in one deployment: the plan works before the kind exists, and one run makes both.
func TestKindOfTheSameDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.name + ".example.com"
	ns := w.namespace(1, "tenant")
	w.add(2, "kinds", object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "things."+group, map[string]any{"spec": map[string]any{
		"group": group, "scope": "Namespaced", "names": map[string]any{"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
		"versions": []any{map[string]any{
			"name": "v1", "served": true, "storage": true,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{"size": map[string]any{"type": "integer"}}}},
		}},
	}}))
	w.add(3, "tenant", object(group+"/v1", "Thing", ns, "one", map[string]any{"size": 3}))
	if s := step(t, w.plan(), "Thing", "one"); s.Action != plan.Create {
		t.Fatalf("plan: got %+v", s)
	}
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 3})
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Unchanged: 3})

	// The definition stays while others have an object of its kind, whatever the run may delete.
	theirs := idOf(group+"/v1", "Thing", "default", "theirs")
	if _, err := w.client.Apply(context.Background(), theirs, []byte(`{"apiVersion":"`+group+`/v1","kind":"Thing","metadata":{"name":"theirs","namespace":"default"}}`), cluster.ApplyOptions{Manager: "others"}); err != nil {
		t.Fatal(err)
	}
	o := w.destroy(true)
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Deleted: 2, apply.Kept: 1})
	const want = "kept, since Thing default/theirs would go with it, which is not of this deployment"
	if at := slices.IndexFunc(o.Results, func(r apply.Result) bool { return r.Status == apply.Kept }); o.Results[at].Reason != want {
		t.Errorf("got %q, want %q", o.Results[at].Reason, want)
	}
	if w.get(group+"/v1", "Thing", "default", "theirs") == nil {
		t.Fatal("the object of others is gone")
	}
	if _, err := w.client.Delete(context.Background(), theirs, cluster.Preconditions{}); err != nil {
		t.Fatal(err)
	}
	mustBe(t, w.destroy(true), apply.Done, map[apply.Status]int{apply.Deleted: 1})
}

func TestDuplicateObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configMap(3, "one", "x", "twice", nil)
	w.configMap(8, "two", "x", "twice", nil)
	_, err := apply.Run(context.Background(), w.request())
	list := mustErr[diag.List](t, err)
	d := mustHave(t, list, "duplicate-object", "twice", 8)
	if len(d.Related) != 1 || d.Related[0].Position.Line != 3 {
		t.Fatalf("got %+v, want the first place too", d.Related)
	}
}

func TestNamespaceDoesNotFitTheKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configMap(3, "one", "", "nowhere", nil)
	w.add(4, "two", object("v1", "Namespace", "somewhere", w.name+"-x", nil))
	o := w.run()
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.ObjectFailed: 2})
	mustHave(t, o.Diagnostics, "object-invalid", "want one", 3)
	mustHave(t, o.Diagnostics, "object-invalid", "want none", 4)
}
