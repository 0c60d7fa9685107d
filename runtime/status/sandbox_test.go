// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	live "github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Main(m)) }

// What the real controllers report on a MonitoringStack, on its servers, and on a configuration that is rejected.
func TestMonitoringStackOnTheSandbox(t *testing.T) {
	client, err := live.Connect(live.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	const namespace, name = "readback", "whole"
	apply := func(id backend.ID, manifest string) {
		t.Helper()
		if _, err := client.Apply(t.Context(), id, []byte(manifest), live.ApplyOptions{Manager: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	stackID := backend.ID{Group: "monitoring.rhobs", Version: "v1alpha1", Kind: "MonitoringStack", Namespace: namespace, Name: name}
	good, bad := stackID, stackID
	good.Kind, good.Name = "AlertmanagerConfig", "good"
	bad.Kind, bad.Name = "AlertmanagerConfig", "bad"

	if got, err := status.Receivers(t.Context(), client, namespace, name); got != nil || err != nil {
		t.Errorf("receivers before there is an Alertmanager: got %q, %v, want nothing", got, err)
	}
	apply(backend.ID{Version: "v1", Kind: "Namespace", Name: namespace}, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"readback"}}`)
	apply(stackID, `{"apiVersion":"monitoring.rhobs/v1alpha1","kind":"MonitoringStack","metadata":{"name":"whole","namespace":"readback"},
		"spec":{"resourceSelector":{"matchLabels":{"team":"blue"}}}}`)
	for id, url := range map[backend.ID]string{
		good: `"url":"http://127.0.0.1:9/hook"`,
		// It refers to a Secret that does not exist.
		bad: `"urlSecret":{"name":"missing","key":"url"}`,
	} {
		apply(id, `{"apiVersion":"monitoring.rhobs/v1alpha1","kind":"AlertmanagerConfig",
			"metadata":{"name":"`+id.Name+`","namespace":"readback","labels":{"team":"blue"}},
			"spec":{"route":{"receiver":"hook"},"receivers":[{"name":"hook","webhookConfigs":[{`+url+`}]}]}}`)
	}

	reader := &status.Reader{Client: client}
	request := status.Request{Deployment: "readback"}
	for _, id := range []backend.ID{stackID, good, bad} {
		request.Items = append(request.Items, status.Item{ID: id, Score: "stack"})
	}
	var objects []status.Object
	var receivers []string
	await := func(receiver string, want ...status.State) {
		t.Helper()
		for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
			tree, err := reader.Read(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			objects = tree.Scores[0].Objects
			if receivers, err = status.Receivers(t.Context(), client, namespace, name); err != nil {
				t.Fatal(err)
			}
			states := make([]status.State, len(objects))
			for i, o := range objects {
				states[i] = o.State
			}
			if slices.Equal(states, want) && slices.Contains(receivers, receiver) {
				return
			}
		}
		for i, o := range objects {
			if o.State != want[i] {
				t.Errorf("%s: got %s, want %s\n%s", o.ID, o.Condition, want[i], o.Detail())
			}
		}
	}
	await("readback/good/hook", status.Ready, status.Ready, status.Failed)
	if !slices.Contains(receivers, "readback/good/hook") || slices.Contains(receivers, "readback/bad/hook") {
		t.Errorf("receivers: got %q, want that of the good configuration alone", receivers)
	}
	if objects[2].Reason != "InvalidConfiguration" {
		t.Errorf("the rejected configuration: got %s, want InvalidConfiguration", objects[2].Condition)
	}
	rejected := objects[2].Since
	var owned []string
	for _, o := range objects[0].Owned {
		owned = append(owned, o.ID.Kind)
	}
	if !slices.Equal(owned, []string{"Alertmanager", "Prometheus"}) || len(objects[0].Pods) != 4 {
		t.Errorf("below the stack: got %q and %d pods, want both servers and two pods of each", owned, len(objects[0].Pods))
	}
	whole, err := client.Get(t.Context(), stackID)
	if err != nil {
		t.Fatal(err)
	}
	if got := status.DefaultKinds().JudgeWith(t.Context(), client, whole); got.State != status.Ready || got.Since.IsZero() {
		t.Errorf("the stack: got %s since %v, want it ready since its servers are", got, got.Since)
	}

	// Somebody makes the Secret, in another second than that of the rejection: the operator takes the configuration, and
	// nobody says so.
	time.Sleep(time.Until(rejected.Truncate(time.Second).Add(1500 * time.Millisecond)))
	apply(backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: "missing"},
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"missing","namespace":"readback"},"stringData":{"url":"http://127.0.0.1:9/hook"}}`)
	await("readback/bad/hook", status.Ready, status.Ready, status.Ready)
}
