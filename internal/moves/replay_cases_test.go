// SPDX-License-Identifier: Apache-2.0

// This file holds the judge to account: histories with a hole, a gap or no move in them must not pass.

package moves

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// inCoreOS and inRHOBS are the kinds of the two operators.
var (
	inCoreOS = schema.GroupKind{Group: groupOf(score.V2CRD), Kind: "Alertmanager"}
	inRHOBS  = schema.GroupKind{Group: groupOf(score.V3RHOB), Kind: "Alertmanager"}
	secrets  = schema.GroupKind{Kind: "Secret"}
)

func objectAt(kind schema.GroupKind, name string, revision int64) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(kind.WithVersion("v1"))
	o.SetNamespace("blue")
	o.SetName(name)
	o.SetResourceVersion(strconv.FormatInt(revision, 10))
	return o
}

// server is the change of an Alertmanager by a writer.
func server(kind schema.GroupKind, name string, revision int64, available bool, writer string) change {
	o := objectAt(kind, name, revision)
	state := "False"
	if available {
		state = "True"
	}
	o.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": state}}}
	if err := unstructured.SetNestedSlice(o.Object, []any{map[string]any{"manager": writer, "operation": "Apply", "apiVersion": "v1"}}, "metadata", "managedFields"); err != nil {
		panic(err)
	}
	return change{kind: kind, revision: revision, object: o}
}

// configuration is the change of the Secret that an operator makes for an Alertmanager.
func configuration(t *testing.T, name string, revision int64, channels ...string) change {
	t.Helper()
	var text bytes.Buffer
	packer := gzip.NewWriter(&text)
	fmt.Fprintln(packer, "receivers:")
	fmt.Fprintln(packer, `- name: "null"`)
	for _, channel := range channels {
		fmt.Fprintf(packer, "- name: blue/%s/%s\n", name, channel)
	}
	if err := packer.Close(); err != nil {
		t.Fatal(err)
	}
	o := objectAt(secrets, "alertmanager-"+name+"-generated", revision)
	o.Object["data"] = map[string]any{"alertmanager.yaml.gz": base64.StdEncoding.EncodeToString(text.Bytes())}
	return change{kind: secrets, revision: revision, object: o}
}

// gone is the deletion of what a change made.
func gone(c change, revision int64) change {
	o := c.object.DeepCopy()
	o.SetResourceVersion(strconv.FormatInt(revision, 10))
	return change{kind: c.kind, revision: revision, object: o, gone: true}
}

// historyOf makes a whole history of changes, of which the first two are there before it begins.
func historyOf(changes ...change) history {
	const before = 2
	h := history{namespace: "blue", channels: []string{"on-call", "tickets"}, changes: slices.Clone(changes[before:])}
	for _, kind := range []schema.GroupKind{inCoreOS, inRHOBS, secrets} {
		at := func(changes []change) listing {
			l := listing{kind: kind, revision: changes[len(changes)-1].revision}
			live := map[string]*unstructured.Unstructured{}
			for _, c := range changes {
				if c.kind == kind && !c.gone {
					live[nameOf(c.object)] = c.object
				} else if c.kind == kind {
					delete(live, nameOf(c.object))
				}
			}
			for _, o := range live {
				l.objects = append(l.objects, *o)
			}
			return l
		}
		h.before, h.after = append(h.before, at(changes[:before])), append(h.after, at(changes))
	}
	return h
}

// parallelMove is a move from V2_CRD to V3_RHOB as it should be.
func parallelMove(t *testing.T) []change {
	t.Helper()
	old, oldHolds := server(inCoreOS, "monitoring", 10, true, cluster.FieldManager), configuration(t, "monitoring", 20, "on-call", "tickets")
	return []change{
		old, oldHolds,
		server(inRHOBS, "monitoring-1", 30, false, "observability-operator"),
		configuration(t, "monitoring-1", 40),
		server(inRHOBS, "monitoring-1", 50, true, "observability-operator"),
		configuration(t, "monitoring-1", 60, "on-call", "tickets"),
		configuration(t, "monitoring", 70),
		gone(old, 80), gone(oldHolds, 90),
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	move := parallelMove(t)
	swapped := slices.Clone(move)
	swapped[5], swapped[6] = configuration(t, "monitoring", 60), configuration(t, "monitoring-1", 70, "on-call", "tickets")
	half := slices.Clone(move)
	half[5] = configuration(t, "monitoring-1", 60, "on-call")
	unready := slices.Clone(move)
	unready[4] = server(inRHOBS, "monitoring-1", 50, false, "observability-operator")
	going := slices.Insert(slices.Clone(move), 2, server(inCoreOS, "monitoring", 25, true, cluster.FieldManager))
	going[2].object.Object["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	stranger := configuration(t, "monitoring", 30)
	stranger.object.SetNamespace("red")
	shuffled := historyOf(move...)
	slices.Reverse(shuffled.changes)
	missing := historyOf(move...)
	missing.changes = slices.Delete(missing.changes, 3, 4)
	early := historyOf(move...)
	early.changes = early.changes[:6]
	for name, test := range map[string]struct {
		history  history
		from, to score.APIVersion
		states   int
		// want is in the one problem that there is, "" for none.
		want string
	}{
		"a move without a gap":              {historyOf(move...), score.V2CRD, score.V3RHOB, 8, ""},
		"changes out of order":              {shuffled, score.V2CRD, score.V3RHOB, 8, ""},
		"receivers lost before":             {historyOf(swapped...), score.V2CRD, score.V3RHOB, 8, "got 1 of 8 states in which no ready Alertmanager holds all channels"},
		"one of two receivers":              {historyOf(half[:7]...), score.V2CRD, score.V2CRD, 6, "got 1 of 6 states"},
		"the new one is not ready":          {historyOf(unready[:7]...), score.V2CRD, score.V2CRD, 6, "got 1 of 6 states"},
		"the old one is being deleted":      {historyOf(going...), score.V2CRD, score.V3RHOB, 9, "got 4 of 9 states"},
		"nothing there":                     {historyOf(move[0], move[1], gone(move[0], 30)), score.V2CRD, score.V2CRD, 2, "no Alertmanager"},
		"no move":                           {historyOf(move[:3]...), score.V2CRD, score.V3RHOB, 2, "got channels held by V2_CRD at first and by V2_CRD at last, want V2_CRD and V3_RHOB"},
		"not over":                          {historyOf(move[:6]...), score.V2CRD, score.V3RHOB, 5, "by V2_CRD and V3_RHOB at last"},
		"another namespace":                 {historyOf(move[0], move[1], stranger), score.V2CRD, score.V2CRD, 1, ""},
		"a change is missing":               {missing, score.V2CRD, score.V3RHOB, 0, "Secret: the changes that were seen lead to"},
		"the last changes are missing":      {early, score.V2CRD, score.V3RHOB, 0, "the changes that were seen lead to"},
		"another writer in the same object": {historyOf(move[0], move[1], server(inCoreOS, "monitoring", 30, true, helm.FieldManager)), score.V2CRD, score.V1Helm, 2, ""},
		"the writer stays":                  {historyOf(move[0], move[1], server(inCoreOS, "monitoring", 30, true, cluster.FieldManager)), score.V2CRD, score.V1Helm, 2, "by V2_CRD at last"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := replay(test.history)
			var problems []string
			if err != nil {
				problems = []string{err.Error()}
			} else {
				problems = r.problems(test.from, test.to)
			}
			got := strings.Join(problems, "\n")
			if r.states != test.states {
				t.Errorf("got %d states, want %d", r.states, test.states)
			}
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got problems %q, want %q", got, test.want)
			}
		})
	}
}
