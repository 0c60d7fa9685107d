// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/client-go/rest"
)

// Others may change a value of ours and leave us the owner of the field, so that managedFields is as it was: by an apply
// under our name, and by replacing the object twice by an old copy. Neither may be taken for unchanged.
func TestValuesChangedBehindTheirOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := &exactness{world: w, http: must(rest.HTTPClientFor(w.client.RESTConfig()))}
	ns := w.namespace(1, "tenant")
	data := func(value string) map[string]any { return map[string]any{"data": map[string]any{"key": value}} }
	quota := func(value string) map[string]any { return spec(map[string]any{"hard": map[string]any{"pods": value}}) }
	monitor := func(value string) map[string]any {
		return spec(map[string]any{"selector": map[string]any{}, "endpoints": []any{map[string]any{"port": value}}})
	}
	cases := []struct {
		apiVersion, kind string
		fields           func(value string) map[string]any
	}{
		{"v1", "ConfigMap", data}, {"v1", "ResourceQuota", quota}, {"monitoring.coreos.com/v1", "ServiceMonitor", monitor},
	}
	names := []string{"applied", "replaced", "labelled", "beside"}
	for n, c := range cases {
		for m, name := range names {
			content := object(c.apiVersion, c.kind, ns, name, c.fields("1"))
			content["metadata"].(map[string]any)["labels"] = map[string]any{"ours": "1"}
			w.add(10*(n+1)+m, "tenant", content)
		}
	}
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Created: 13})
	for _, o := range w.objects[1:] {
		e := x.editor(o.ID)
		live := e.get()
		metadata := live["metadata"].(map[string]any)
		status := http.StatusOK
		switch o.ID.Name {
		case "applied":
			for _, c := range cases {
				if c.kind == o.ID.Kind {
					mine := object(c.apiVersion, c.kind, ns, "applied", c.fields("2"))
					mine["metadata"].(map[string]any)["labels"] = metadata["labels"]
					status = e.apply(mine, cluster.FieldManager, false)
				}
			}
		case "replaced":
			for _, c := range cases {
				if c.kind == o.ID.Kind {
					for key, value := range c.fields("2") {
						live[key] = value
					}
				}
			}
			delete(metadata, "resourceVersion")
			if o.ID.Kind == "ServiceMonitor" {
				// Custom resources are replaced only with the version that is meant.
				metadata["resourceVersion"] = e.get()["metadata"].(map[string]any)["resourceVersion"]
			}
			if status = e.put(live, "kubectl-replace"); status == http.StatusOK {
				if o.ID.Kind == "ServiceMonitor" {
					metadata["resourceVersion"] = e.get()["metadata"].(map[string]any)["resourceVersion"]
				}
				status = e.put(live, "kubectl-replace")
			}
		case "labelled":
			mine := object(o.ID.APIVersion(), o.ID.Kind, ns, "labelled", nil)
			for _, c := range cases {
				if c.kind == o.ID.Kind {
					mine = object(c.apiVersion, c.kind, ns, "labelled", c.fields("1"))
				}
			}
			labels := metadata["labels"].(map[string]any)
			labels["ours"] = "2"
			mine["metadata"].(map[string]any)["labels"] = labels
			status = e.apply(mine, cluster.FieldManager, false)
		case "beside":
			status = e.patch(mergePatch, "other", map[string]any{"metadata": map[string]any{"annotations": map[string]any{"other": "1"}}})
		}
		if status != http.StatusOK {
			t.Fatalf("%s: the edit was refused with %d", o.ID, status)
		}
	}
	p := w.plan()
	for _, c := range cases {
		for _, name := range names {
			want := plan.Update
			if name == "beside" {
				want = plan.Unchanged
			}
			if s := step(t, p, c.kind, name); s.Action != want {
				t.Errorf("%s: got %+v, want %s", s.ID, s, want)
			}
		}
	}
	w.counter.reset()
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Updated: 9, apply.Unchanged: 4})
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Unchanged: 13})
	if w.plan().HasChanges() {
		t.Fatal("after the repair the plan still has changes")
	}
}

// Others write the status of a quota all the time, and its metadata does not tell that from a change of what is in it. Such
// objects are read in the place of their metadata, so that they cost no request more than others.
func TestWhatIsWrittenAllTheTimeCostsNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := &exactness{world: w, http: must(rest.HTTPClientFor(w.client.RESTConfig()))}
	const tenants = 3
	for n := range tenants {
		ns := w.namespace(10*n+1, fmt.Sprintf("tenant-%d", n))
		w.add(10*n+2, "tenant", object("v1", "ResourceQuota", ns, "quota", spec(map[string]any{"hard": map[string]any{"pods": "5"}})))
	}
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Created: 2 * tenants})
	for _, o := range w.objects {
		if o.ID.Kind != "ResourceQuota" {
			continue
		}
		e := x.editor(o.ID)
		if status, _ := e.send(http.MethodPatch, e.object+"/status?fieldManager=controller", mergePatch, map[string]any{"status": map[string]any{"used": map[string]any{"pods": "1"}}}); status != http.StatusOK {
			t.Fatalf("%s: the status was refused with %d", o.ID, status)
		}
	}
	w.counter.reset()
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Unchanged: 2 * tenants})
	var about []string
	for _, line := range w.counter.lines {
		if strings.Contains(line, "/resourcequotas") {
			about = append(about, line)
		}
	}
	if len(about) != 1 {
		t.Errorf("got %d requests for quotas of which nothing changed, want 1: %v", len(about), about)
	}
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Errorf("got writes %v", writes)
	}
}

// A run that writes one object does not record anew what others wrote to the rest, where lists tell that it is as it was: that would
// have each part of a large record be written anew. What had to be asked for by itself is recorded, so that it need not be again.
func TestRecordKeepsWhatListsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := &exactness{world: w, http: must(rest.HTTPClientFor(w.client.RESTConfig()))}
	ns := w.namespace(1, "tenant")
	w.add(2, "tenant", object("v1", "ResourceQuota", ns, "listed", spec(map[string]any{"hard": map[string]any{"pods": "5"}})))
	w.add(3, "tenant", object("v1", "ServiceAccount", ns, "asked-for", nil))
	w.configMap(4, "tenant", ns, "changed", map[string]any{"key": "1"})
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Created: 4})
	versions := func() map[string]string {
		recorded := map[string]string{}
		for _, m := range w.stored().Members {
			recorded[m.ID.Name] = m.ResourceVersion
		}
		return recorded
	}
	before := versions()
	for kind, change := range map[string]struct {
		name, below string
		content     map[string]any
	}{
		"ResourceQuota":  {"listed", "/status", map[string]any{"status": map[string]any{"used": map[string]any{"pods": "1"}}}},
		"ServiceAccount": {"asked-for", "", map[string]any{"metadata": map[string]any{"annotations": map[string]any{"theirs": "1"}}}},
	} {
		e := x.editor(idOf("v1", kind, ns, change.name))
		if status, _ := e.send(http.MethodPatch, e.object+change.below+"?fieldManager=controller", mergePatch, change.content); status != http.StatusOK {
			t.Fatalf("%s: the edit was refused with %d", kind, status)
		}
	}
	w.drop("ConfigMap", "changed")
	w.configMap(4, "tenant", ns, "changed", map[string]any{"key": "2"})
	mustBe(t, w.run(quickly), apply.Done, map[apply.Status]int{apply.Updated: 1, apply.Unchanged: 3})
	after := versions()
	for name, again := range map[string]bool{ns: false, "listed": false, "asked-for": true, "changed": true} {
		if got := before[name] != after[name]; got != again || after[name] == "" {
			t.Errorf("%s: got %s recorded after %s, want another=%t", name, after[name], before[name], again)
		}
	}
	if now := w.get("v1", "ServiceAccount", ns, "asked-for").GetResourceVersion(); after["asked-for"] != now {
		t.Errorf("got %s recorded of what was asked for, want %s", after["asked-for"], now)
	}
}
