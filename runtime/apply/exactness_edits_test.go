// SPDX-License-Identifier: Apache-2.0

// This file does at random to objects what others do.

package apply_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

const (
	mergePatch = "application/merge-patch+json"
	jsonPatch  = "application/json-patch+json"
	applyPatch = "application/apply-patch+yaml"
)

// editor is somebody else at one object.
type editor struct {
	random *rand.Rand
	http   *http.Client
	// object is the URL of the object, list that of all of its kind, anchor an object that may own it.
	object, list string
	anchor       map[string]any
	// sent is what the engine sends for the object.
	sent map[string]any
	// log tells what was done.
	log []string
}

// send sends a request and returns the status and the answer, decoded.
func (e *editor) send(method, address, contentType string, content any) (int, map[string]any) {
	body, err := json.Marshal(content)
	if err != nil {
		return 0, nil
	}
	request, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	request.Header.Set("Content-Type", contentType)
	answer, err := e.http.Do(request)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil
	}
	decoded := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&decoded)
	return answer.StatusCode, decoded
}

func (e *editor) get() map[string]any {
	status, live := e.send(http.MethodGet, e.object, "application/json", nil)
	if status != http.StatusOK {
		return nil
	}
	return live
}

func (e *editor) put(content map[string]any, manager string) int {
	status, _ := e.send(http.MethodPut, e.object+"?fieldManager="+manager, "application/json", content)
	return status
}

func (e *editor) patch(contentType, manager string, content any) int {
	status, _ := e.send(http.MethodPatch, e.object+"?fieldManager="+manager, contentType, content)
	return status
}

func (e *editor) apply(content map[string]any, manager string, force bool) int {
	status, _ := e.send(http.MethodPatch, fmt.Sprintf("%s?fieldManager=%s&force=%t", e.object, manager, force), applyPatch, content)
	return status
}

func clone(content map[string]any) map[string]any {
	raw, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var copied map[string]any
	if err := decoder.Decode(&copied); err != nil {
		panic(err)
	}
	return copied
}

// edit is one way to change an object. It returns the last status.
type edit struct {
	name string
	do   func(e *editor, live map[string]any) int
}

// users of the object under their own names, and under ours.
var managers = []string{"kubectl-edit", "controller", cluster.FieldManager}

var edits = []edit{
	{"update", func(e *editor, live map[string]any) int {
		e.mutate(live)
		return e.put(live, pick(e.random, managers...))
	}},
	{"update of an old copy", func(e *editor, live map[string]any) int {
		// kubectl replace of an export, twice: the second gives the fields back to those who owned them in the export.
		e.mutate(live)
		delete(live["metadata"].(map[string]any), "resourceVersion")
		if status := e.put(live, "kubectl-replace"); status != http.StatusOK {
			return status
		}
		return e.put(live, "kubectl-replace")
	}},
	{"update and back", func(e *editor, live map[string]any) int {
		before := clone(live)
		e.mutate(live)
		if status := e.put(live, "kubectl-edit"); status != http.StatusOK {
			return status
		}
		delete(before["metadata"].(map[string]any), "resourceVersion")
		delete(before["metadata"].(map[string]any), "managedFields")
		return e.put(before, "kubectl-edit")
	}},
	{"merge patch", func(e *editor, live map[string]any) int {
		before := clone(live)
		e.mutate(live)
		return e.patch(mergePatch, pick(e.random, managers...), mergeDifference(before, live))
	}},
	{"JSON patch", func(e *editor, live map[string]any) int {
		before := clone(live)
		e.mutate(live)
		var operations []map[string]any
		for _, key := range slices.Sorted(maps.Keys(live)) {
			if first, second := encode(before[key]), encode(live[key]); key != "metadata" && first != second {
				operations = append(operations, map[string]any{"op": "add", "path": "/" + key, "value": live[key]})
			}
		}
		return e.patch(jsonPatch, pick(e.random, managers...), append(operations, map[string]any{"op": "test", "path": "/kind", "value": live["kind"]}))
	}},
	{"apply by another", func(e *editor, _ map[string]any) int {
		mine := clone(e.sent)
		e.mutate(mine)
		return e.apply(mine, "other", e.random.IntN(2) == 0)
	}},
	{"apply of the same by another", func(e *editor, _ map[string]any) int {
		return e.apply(clone(e.sent), "other", e.random.IntN(2) == 0)
	}},
	{"apply under our name", func(e *editor, _ map[string]any) int {
		mine := clone(e.sent)
		e.mutate(mine)
		return e.apply(mine, cluster.FieldManager, true)
	}},
	{"apply of less under our name", func(e *editor, live map[string]any) int {
		metadata := live["metadata"].(map[string]any)
		return e.apply(map[string]any{"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": map[string]any{
			"name": metadata["name"], "namespace": metadata["namespace"], "labels": metadata["labels"],
		}}, cluster.FieldManager, true)
	}},
	{"managedFields cleared", func(e *editor, live map[string]any) int {
		return e.patch(mergePatch, "someone", map[string]any{"metadata": map[string]any{"managedFields": []any{map[string]any{}}}})
	}},
	{"managedFields cleared, value changed", func(e *editor, live map[string]any) int {
		live["metadata"].(map[string]any)["managedFields"] = []any{map[string]any{}}
		e.mutate(live)
		return e.put(live, "someone")
	}},
	{"our label removed", func(e *editor, live map[string]any) int {
		return e.patch(mergePatch, pick(e.random, managers...), map[string]any{"metadata": map[string]any{"labels": map[string]any{inventory.MemberLabel: nil}}})
	}},
	{"all labels removed", func(e *editor, live map[string]any) int {
		delete(live["metadata"].(map[string]any), "labels")
		return e.put(live, "kubectl-edit")
	}},
	{"annotation added", func(e *editor, live map[string]any) int {
		return e.patch(mergePatch, "kubectl-annotate", map[string]any{"metadata": map[string]any{"annotations": map[string]any{"other.example/seen": fmt.Sprint(e.random.IntN(100))}}})
	}},
	{"label added", func(e *editor, live map[string]any) int {
		return e.patch(mergePatch, "kubectl-label", map[string]any{"metadata": map[string]any{"labels": map[string]any{"other": fmt.Sprint(e.random.IntN(100))}}})
	}},
	{"finalizer", func(e *editor, live map[string]any) int {
		return e.patch(mergePatch, "guard", map[string]any{"metadata": map[string]any{"finalizers": []any{"example.com/hold"}}})
	}},
	{"owner", func(e *editor, live map[string]any) int {
		metadata := e.anchor["metadata"].(map[string]any)
		return e.patch(mergePatch, "parent", map[string]any{"metadata": map[string]any{"ownerReferences": []any{
			map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": metadata["name"], "uid": metadata["uid"]},
		}}})
	}},
	{"status", func(e *editor, live map[string]any) int {
		conditions := []any{map[string]any{"type": "Seen", "status": "True", "reason": "Test", "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}}
		status, _ := e.send(http.MethodPatch, e.object+"/status?fieldManager=controller", mergePatch, map[string]any{"status": map[string]any{"conditions": conditions}})
		return status
	}},
	{"deleted", func(e *editor, live map[string]any) int { return e.remove() }},
	{"deleted and made again", func(e *editor, live map[string]any) int {
		e.remove()
		again := clone(e.sent)
		if e.random.IntN(2) == 0 {
			delete(again["metadata"].(map[string]any), "labels")
		}
		if e.random.IntN(2) == 0 {
			e.mutate(again)
		}
		status, _ := e.send(http.MethodPost, e.list+"?fieldManager="+pick(e.random, managers...), "application/json", again)
		return status
	}},
	{"deleted and applied again under our name", func(e *editor, live map[string]any) int {
		e.remove()
		return e.apply(clone(e.sent), cluster.FieldManager, true)
	}},
}

// remove deletes the object for good.
func (e *editor) remove() int {
	e.patch(mergePatch, "guard", map[string]any{"metadata": map[string]any{"finalizers": nil}})
	status, _ := e.send(http.MethodDelete, e.object, "application/json", map[string]any{"propagationPolicy": "Background"})
	return status
}

// run makes some random edits.
func (e *editor) run(count int) {
	for range count {
		live := e.get()
		if live == nil {
			return
		}
		chosen := pick(e.random, edits...)
		e.log = append(e.log, fmt.Sprintf("%s: %d", chosen.name, chosen.do(e, live)))
	}
}

// mutate changes something at random in what a script could ask for.
func (e *editor) mutate(content map[string]any) {
	var places []func()
	walk(content, "", func(path string, change []func()) { places = append(places, change...) }, e.random)
	for range 1 + e.random.IntN(2) {
		if len(places) > 0 {
			pick(e.random, places...)()
		}
	}
}

// walk offers every change that can be made to what is in a map.
func walk(m map[string]any, path string, offer func(string, []func()), r *rand.Rand) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		here := path + "." + key
		switch here {
		case ".status", ".kind", ".apiVersion", ".metadata.name", ".metadata.namespace", ".metadata.uid",
			".metadata.managedFields", ".metadata.resourceVersion", ".metadata.generation", ".metadata.creationTimestamp":
			continue
		}
		var changes []func()
		if here != ".metadata" {
			changes = append(changes, func() { delete(m, key) })
		}
		switch v := m[key].(type) {
		case string:
			changes = append(changes, func() { m[key] = respell(r, v) }, func() { m[key] = respell(r, v) })
		case json.Number:
			n, _ := v.Int64()
			changes = append(changes, func() { m[key] = n + 1 })
		case bool:
			changes = append(changes, func() { m[key] = !v })
		case map[string]any:
			changes = append(changes, func() { v["added"] = pick(r, "1", "x") })
			walk(v, here, offer, r)
		case []any:
			changes = append(changes, func() { m[key] = v[:len(v)/2] }, func() { m[key] = append(slices.Clone(v), v...) })
			if len(v) > 1 {
				changes = append(changes, func() { slices.Reverse(v) }, func() { slices.Reverse(v) })
			}
			for _, element := range v {
				if fields, ok := element.(map[string]any); ok {
					changes = append(changes, func() {
						other := maps.Clone(fields)
						other["name"] = "more"
						m[key] = append([]any{other}, v...)
					})
					walk(fields, here, offer, r)
				}
			}
		}
		offer(here, changes)
	}
}

// respell returns another text, now and then one that means the same.
func respell(r *rand.Rand, text string) string {
	same := map[string]string{"1": "1000m", "1000m": "1", "1Gi": "1024Mi", "1024Mi": "1Gi", "1000": "1k", "2k": "2000", "1Ti": "1024Gi", "24h": "1d", "5m": "300s"}
	if other, ok := same[text]; ok && r.IntN(2) == 0 {
		return other
	}
	return pick(r, "1", "2", "1000m", "1Gi", "x", "web", "b25l", text+"x")
}

// mergeDifference returns the merge patch from one object to another.
func mergeDifference(before, after map[string]any) map[string]any {
	patch := map[string]any{}
	for key, value := range after {
		b, isMap := before[key].(map[string]any)
		a, alsoMap := value.(map[string]any)
		switch {
		case isMap && alsoMap:
			if below := mergeDifference(b, a); len(below) > 0 {
				patch[key] = below
			}
		case encode(before[key]) != encode(value):
			patch[key] = value
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			patch[key] = nil
		}
	}
	return patch
}

func encode(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
