// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// prometheus adds a Prometheus that the real operator reconciles; more are further fields of its specification.
func (w *world) prometheus(line int, namespace, name string, more map[string]any) {
	w.add(line, "stack", object("v1", "ServiceAccount", namespace, name, nil))
	spec := map[string]any{"serviceAccountName": name, "replicas": 1, "ruleSelector": map[string]any{}, "serviceMonitorSelector": map[string]any{}}
	for key, value := range more {
		spec[key] = value
	}
	w.add(line, "stack", object("monitoring.coreos.com/v1", "Prometheus", namespace, name, map[string]any{"spec": spec}))
}

func TestWaitUntilItWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "stack")
	w.prometheus(2, ns, "works", nil)
	w.drop("ServiceAccount", "works")
	accounts := w.accountWhenAwaited(ns, "works", nil)
	var events []apply.Event
	observe := func(r *apply.Request) {
		r.Observe = func(e apply.Event) {
			events = append(events, e)
			accounts(e)
		}
	}
	o := w.run(observe)
	mustBe(t, o, apply.Done, map[apply.Status]int{apply.Created: 2})
	live := w.get("monitoring.coreos.com/v1", "Prometheus", ns, "works")
	status, _ := live.Object["status"].(map[string]any)
	if status["availableReplicas"] != int64(1) {
		t.Fatalf("the run ended before Prometheus was available: %v", status)
	}
	awaited := slices.ContainsFunc(events, func(e apply.Event) bool {
		return e.Type == apply.WaitingForReady && len(e.Waiting) == 1 && e.Waiting[0].ID.Kind == "Prometheus" && e.Total == 1
	})
	if !awaited {
		t.Fatalf("no event tells what was awaited: %+v", events)
	}
	var order []apply.EventType
	for _, e := range events {
		if len(order) == 0 || order[len(order)-1] != e.Type {
			order = append(order, e.Type)
		}
	}
	if order[0] != apply.Planned || order[len(order)-1] != apply.Finished {
		t.Fatalf("order of events: got %v", order)
	}

	// A second run waits too, with one request for the kind, and has no news.
	w.counter.reset()
	isReady := func(e apply.Event) bool { return e.Type == apply.ObjectReady && e.ID.Kind == "Prometheus" }
	events = nil
	mustBe(t, w.run(observe), apply.Done, map[apply.Status]int{apply.Unchanged: 2})
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("wrote: %v", writes)
	}
	if slices.ContainsFunc(events, isReady) {
		t.Fatalf("what was not touched is told to be ready: %+v", events)
	}

	// What a run has written is told to be ready, though it never was anything else.
	w.drop("Prometheus", "works")
	w.add(2, "stack", object("monitoring.coreos.com/v1", "Prometheus", ns, "works", map[string]any{
		"metadata": map[string]any{"namespace": ns, "name": "works", "annotations": map[string]any{"example.com/note": "changed"}},
		"spec":     map[string]any{"serviceAccountName": "works", "replicas": 1, "ruleSelector": map[string]any{}, "serviceMonitorSelector": map[string]any{}},
	}))
	mustBe(t, w.run(observe), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Updated: 1})
	if !slices.ContainsFunc(events, isReady) {
		t.Fatalf("what was written and works is not told to be ready: %+v", events)
	}
}

// accountWhenAwaited makes the account of a Prometheus, which its pods need, when a run has told that it waits, and after what before does;
// until then the Prometheus cannot be ready, however quick the machine is. It returns what has to observe the run.
func (w *world) accountWhenAwaited(namespace, name string, before func()) func(apply.Event) {
	made := false
	return func(e apply.Event) {
		if e.Type != apply.WaitingForReady || made {
			return
		}
		made = true
		if before != nil {
			before()
		}
		foreign(w.t, w.client, http.MethodPost, "/api/v1/namespaces/"+namespace+"/serviceaccounts", object("v1", "ServiceAccount", namespace, name, nil))
	}
}

func TestNotReadyInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "stack")
	w.prometheus(2, ns, "new", nil)
	w.configMap(3, "stack", ns, "old-of-stack", map[string]any{"a": "1"})
	w.configMap(4, "other", ns, "old-of-other", map[string]any{"a": "1"})
	mustBe(t, w.run(), apply.Done, map[apply.Status]int{apply.Created: 5})

	// What replaces the old does not work: the old of the same score stays, that of others goes.
	w.drop("Prometheus", "new")
	w.drop("ServiceAccount", "new")
	w.drop("ConfigMap", "old-of-stack")
	w.drop("ConfigMap", "old-of-other")
	w.prometheus(7, ns, "newer", map[string]any{"nodeSelector": map[string]any{"no": "such-node"}})
	o := w.run(func(r *apply.Request) { r.Timeout = 4 * time.Second })
	count := o.Count()
	if o.State != apply.NotReady || count[apply.ObjectNotReady] != 1 || count[apply.Deleted] != 1 || count[apply.Kept] != 3 {
		t.Fatalf("got %s with %v: %v", o.State, count, o.Results)
	}
	mustHave(t, o.Diagnostics, "not-ready", "Prometheus "+ns+"/newer does not work after 4s", 7)

	// A run that gives up after the scheduler has told of the pod tells of it, too.
	w.awaitUnschedulable(ns, "prometheus-newer-0")
	o = w.run(func(r *apply.Request) { r.Timeout = time.Second })
	if count := o.Count(); o.State != apply.NotReady || count[apply.ObjectNotReady] != 1 || count[apply.Deleted] != 0 || count[apply.Kept] != 3 {
		t.Fatalf("again: got %s with %v: %v", o.State, count, o.Results)
	}
	d := mustHave(t, o.Diagnostics, "not-ready", "Prometheus "+ns+"/newer does not work after 1s", 7)
	if !strings.Contains(d.Detail, "Pod") || !strings.Contains(d.Detail, "Unschedulable") {
		t.Fatalf("detail tells nothing of the pod:\n%s", d.Detail)
	}
	if w.get("monitoring.coreos.com/v1", "Prometheus", ns, "new") == nil {
		t.Fatal("the old Prometheus was deleted before the new one worked")
	}
	if s := step(t, w.plan(), "Prometheus", "new"); s.Action != plan.Delete {
		t.Fatalf("what was kept back is not planned for deletion any more: %+v", s)
	}

	// Once the new one works, the old goes.
	w.drop("Prometheus", "newer")
	w.drop("ServiceAccount", "newer")
	w.prometheus(7, ns, "newer", nil)
	o = w.run()
	if count := o.Count(); o.State != apply.Done || count[apply.Deleted] != 3 || count[apply.Updated] != 1 {
		t.Fatalf("got %s with %v: %v", o.State, count, o.Diagnostics)
	}
}

// awaitUnschedulable waits until the scheduler has told that it finds no node for a pod.
func (w *world) awaitUnschedulable(namespace, name string) {
	w.t.Helper()
	await(w.t, fmt.Sprintf("pod %s/%s to be unschedulable", namespace, name), func() bool {
		pod := w.get("v1", "Pod", namespace, name)
		return pod != nil && strings.Contains(fmt.Sprint(pod.Object["status"]), "Unschedulable")
	})
}

// awaitEvent waits until a controller has told something of an object.
func (w *world) awaitEvent(namespace, kind, name, reason string) {
	w.t.Helper()
	chosen := fmt.Sprintf("involvedObject.kind=%s,involvedObject.name=%s,reason=%s", kind, name, reason)
	await(w.t, "an event of "+chosen, func() bool {
		events, err := w.client.List(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: "Event"}, namespace, "", chosen)
		if err != nil {
			w.t.Fatal(err)
		}
		return len(events) > 0
	})
}

// TestRejectedByItsOperator repeats a run after an operator refused a rule: that nothing is left to send does not make it work.
func TestRejectedByItsOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "stack")
	w.prometheus(2, ns, "works", nil)
	rule := func(expression string) map[string]any {
		return object("monitoring.coreos.com/v1", "PrometheusRule", ns, "broken", map[string]any{"spec": map[string]any{
			"groups": []any{map[string]any{"name": "g", "rules": []any{map[string]any{"alert": "A", "expr": expression}}}},
		}})
	}
	w.add(3, "stack", rule("sum by ("))
	// The run looks once at what the operator has told, when the Prometheus works.
	w.drop("ServiceAccount", "works")
	observe := w.accountWhenAwaited(ns, "works", func() { w.awaitEvent(ns, "PrometheusRule", "broken", "InvalidConfiguration") })
	for _, run := range []string{"first", "again"} {
		o := w.run(func(r *apply.Request) { r.Observe = observe })
		if o.State != apply.NotReady {
			t.Fatalf("%s: got %s with %v, want the broken rule told", run, o.State, o.Count())
		}
		found := false
		for _, result := range o.Results {
			found = found || result.ID.Kind == "PrometheusRule" && result.Status == apply.ObjectNotReady && result.Position.Line == 3
		}
		if !found {
			t.Fatalf("%s: got %+v", run, o.Results)
		}
	}
	w.drop("PrometheusRule", "broken")
	w.add(3, "stack", rule("sum(up)"))
	for _, run := range []string{"corrected", "corrected, again"} {
		if o := w.run(); o.State != apply.Done {
			t.Fatalf("%s: got %s with %v: %v", run, o.State, o.Count(), o.Diagnostics)
		}
	}
}
