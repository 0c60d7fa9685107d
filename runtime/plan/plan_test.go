// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestDiff(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"same", `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,2]}}`, ``},
		{"value", `{"spec":{"replicas":1}}`, `{"spec":{"replicas":2}}`, `.spec.replicas: 1 -> 2`},
		{"added", `{"spec":{}}`, `{"spec":{"a":{"b":"x","c":true}}}`, `.spec.a.b: <nil> -> x; .spec.a.c: <nil> -> true`},
		{"removed", `{"spec":{"a":{"b":"x"}}}`, `{"spec":{}}`, `.spec.a.b: x -> <nil>`},
		{"empty map", `{"spec":{}}`, `{"spec":{"a":{}}}`, `.spec.a: <nil> -> map[]`},
		{"list by place", `{"l":[1,2,3]}`, `{"l":[1,5]}`, `.l[1]: 2 -> 5; .l[2]: 3 -> <nil>`},
		{"list by name", `{"c":[{"name":"a","i":1},{"name":"b","i":2}]}`, `{"c":[{"name":"b","i":3},{"name":"a","i":1}]}`, `.c[name="b"].i: 2 -> 3; .c[order]: a, b -> b, a`},
		{"order of a named list", `{"c":[{"name":"a"},{"name":"b"}]}`, `{"c":[{"name":"b"},{"name":"a"}]}`, `.c[order]: a, b -> b, a`},
		{"named list grows in front", `{"c":[{"name":"a"}]}`, `{"c":[{"name":"b"},{"name":"a"}]}`, `.c[name="b"].name: <nil> -> b`},
		{"names twice", `{"c":[{"name":"a"},{"name":"a"}]}`, `{"c":[{"name":"a"},{"name":"b"}]}`, `.c[1].name: a -> b`},
		{"type", `{"a":"1"}`, `{"a":1}`, `.a: 1 -> 1`},
		{
			"server's own", `{"status":{"x":1},"metadata":{"resourceVersion":"1","uid":"u","managedFields":[1],"generation":1,"labels":{"a":"b"}}}`,
			`{"status":{"x":2},"metadata":{"resourceVersion":"2","uid":"v","managedFields":[2],"generation":2,"labels":{"a":"c"}}}`, `.metadata.labels.a: b -> c`,
		},
	} {
		var got []string
		for _, change := range Diff(decode(t, c.before), decode(t, c.after)) {
			got = append(got, fmt.Sprintf("%s: %v -> %v", change.Path, change.Before, change.After))
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}

func TestDiffOfSecretsTellsNoValue(t *testing.T) {
	before := decode(t, `{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"labels":{"a":"1"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}},"data":{"k":"aHVudGVyMg==","gone":"hunter2"}}`)
	after := decode(t, `{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"labels":{"a":"2"}},"data":{"k":"bmV3"},"stringData":{"x":"hunter2"}}`)
	changes := Diff(before, after)
	encoded, err := json.Marshal(changes)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(encoded) + fmt.Sprintf("%+v", changes); strings.Contains(text, "hunter2") || strings.Contains(text, "aHVudGVyMg") || strings.Contains(text, "bmV3") {
		t.Fatalf("a value was told: %s", text)
	}
	var paths []string
	for _, c := range changes {
		paths = append(paths, fmt.Sprintf("%s/%t", c.Path, c.Secret))
	}
	if got, want := strings.Join(paths, " "), ".data.gone/true .data.k/true .metadata.annotations.kubectl.kubernetes.io/last-applied-configuration/true .metadata.labels.a/false .stringData.x/true"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add(`{"a":[{"name":"x"},null,1]}`, `{"a":{"b":null}}`)
	f.Add(`{"metadata":[],"kind":"Secret","apiVersion":"v1"}`, `{"metadata":null}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		var before, after map[string]any
		if json.Unmarshal([]byte(a), &before) != nil || json.Unmarshal([]byte(b), &after) != nil {
			return
		}
		if same := Diff(before, before); len(same) != 0 {
			t.Fatalf("%s differs from itself: %v", a, same)
		}
		there, back := Diff(before, after), Diff(after, before)
		if before["kind"] == after["kind"] && before["apiVersion"] == after["apiVersion"] && len(there) != len(back) {
			t.Fatalf("%d fields one way, %d the other", len(there), len(back))
		}
	})
}

func TestCompose(t *testing.T) {
	body, err := compose([]byte(`{"apiVersion":"v1","data":{"plain":"cA=="},"kind":"Secret","metadata":{"labels":{"app":"x"},"name":"s"}}`), "applyset-1", map[string]string{"url": "https://example.com/?a=b&c=<d>"})
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","labels":{"app":"x","applyset.kubernetes.io/part-of":"applyset-1"}},"data":{"plain":"cA==","url":"aHR0cHM6Ly9leGFtcGxlLmNvbS8/YT1iJmM9PGQ+"}}`)
	if got := decode(t, string(body)); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for _, bad := range []string{``, `[]`, `{"metadata":1}`, `{"metadata":{"labels":[]}}`, `{"metadata":{}, "data":[]}`} {
		if _, err := compose([]byte(bad), "x", map[string]string{"a": "b"}); err == nil {
			t.Errorf("%q was composed", bad)
		}
	}
}

func managed(manager string, operation metav1.ManagedFieldsOperationType, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, APIVersion: "v1", FieldsV1: metav1.NewFieldsV1(fields)}
}

func TestDrift(t *testing.T) {
	after := []metav1.ManagedFieldsEntry{managed(cluster.FieldManager, "Apply", `{"f:data":{"f:a":{},"f:b":{},"f:c":{}}}`)}
	live := []metav1.ManagedFieldsEntry{
		managed(cluster.FieldManager, "Apply", `{"f:data":{"f:a":{}}}`),
		managed("kubectl-edit", "Update", `{"f:data":{"f:b":{},"f:z":{}}}`),
		managed("broken", "Update", `{`),
	}
	of := func(entries []metav1.ManagedFieldsEntry, sameScript bool) []Drift {
		return drift(entries, cluster.FieldManager, setOf(after, cluster.FieldManager).Difference(setOf(entries, cluster.FieldManager)), sameScript)
	}
	if got := fmt.Sprint(of(live, true)); !strings.Contains(got, "kubectl-edit Update") || !strings.Contains(got, "[.data.b]") || !strings.Contains(got, "[.data.c]") {
		t.Errorf("got %s, want b taken and c removed", got)
	}
	if got := of(live, false); len(got) != 1 || got[0].Manager != "kubectl-edit" {
		t.Errorf("a field that is new in the script was told as removed: %+v", got)
	}
	if got := of(after, true); len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}

func TestOrder(t *testing.T) {
	ids := []string{"apiextensions.k8s.io/v1 CustomResourceDefinition things.example.com", "v1 Namespace b", "v1 Namespace a", "example.com/v1 Thing x", "v1 ConfigMap m", "v1 ConfigMap l"}
	var removals []*Removal
	for _, text := range ids {
		parts := strings.Fields(text)
		group, version, found := strings.Cut(parts[0], "/")
		if !found {
			group, version = "", parts[0]
		}
		id := backend.ID{Group: group, Version: version, Kind: parts[1], Name: parts[2]}
		removals = append(removals, &Removal{ID: id, Member: inventory.Member{ID: id, Stage: StageOf(id)}})
	}
	sortRemovals(removals)
	var order []string
	for _, r := range removals {
		order = append(order, r.ID.Kind+"/"+r.ID.Name)
	}
	if got, want := strings.Join(order, " "), "Thing/x ConfigMap/l ConfigMap/m Namespace/a Namespace/b CustomResourceDefinition/things.example.com"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestKeeps(t *testing.T) {
	for kind, want := range map[string]bool{"Namespace": true, "PersistentVolumeClaim": true, "ConfigMap": false} {
		id := backend.ID{Version: "v1", Kind: kind, Name: "x"}
		if keep, reason := keeps(id, false); keep != want || keep != (reason != "") {
			t.Errorf("%s: got %t %q", kind, keep, reason)
		}
		if keep, _ := keeps(id, true); keep {
			t.Errorf("%s is kept against the request", kind)
		}
	}
	if keep, _ := keeps(backend.ID{Group: "other.example.com", Version: "v1", Kind: "Namespace", Name: "x"}, false); keep {
		t.Error("a kind of the same name in another group is kept")
	}
}

func TestCollapse(t *testing.T) {
	missing := func(line int, kind string) diag.Diagnostic {
		return diag.Diagnostic{Severity: diag.Error, Code: "kind-not-installed", Position: score.Position{File: "a", Line: line, Column: 1}, Summary: fmt.Sprintf("%s %d", kind, line), Fix: "install " + kind}
	}
	got := Collapse(diag.List{missing(3, "A"), missing(1, "A"), missing(2, "B"), missing(4, "A"), {Code: "forbidden"}, {Code: "forbidden", Summary: "x"}})
	if len(got) != 4 {
		t.Fatalf("got %v", got)
	}
	for _, d := range got {
		if d.Fix == "install A" && (d.Position.Line != 1 || d.Detail != "2 more objects need it") || d.Fix == "install B" && d.Detail != "" {
			t.Errorf("got %+v", d)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, ok := range map[string]bool{"blue": true, "blue.v2-x": true, "": false, "Blue": false, "a/b": false, strings.Repeat("a", 254): false} {
		r := Request{Deployment: name}
		if err := r.Validate(); (err == nil) != ok {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// The JSON form is what other programs read.
func TestPlanAsJSON(t *testing.T) {
	p := Plan{Schema: Schema, Deployment: "d", Cluster: "https://c", Steps: []Step{{
		Action: Update, ID: backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: "n", Name: "m"}, Stage: "foundations",
		Score: "tenant", Position: score.Position{File: "a.star", Line: 3, Column: 1}, Changes: []Change{{Path: ".data.a", Before: "1", After: nil}, {Path: ".data.s", Secret: true}},
	}}}
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":1,"deployment":"d","cluster":"https://c","steps":[{"action":"update","id":{"version":"v1","kind":"ConfigMap","namespace":"n","name":"m"},"stage":"foundations","score":"tenant",` +
		`"position":{"file":"a.star","line":3,"column":1},"changes":[{"path":".data.a","before":"1"},{"path":".data.s","secret":true}]}]}`
	if string(encoded) != want {
		t.Fatalf("got  %s\nwant %s", encoded, want)
	}
}
