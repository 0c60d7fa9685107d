// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/status"
)

// stack is a MonitoringStack of generation 2 with the given conditions and one more line of specification.
func stack(spec, conditions string) string {
	return `
apiVersion: monitoring.rhobs/v1alpha1
kind: MonitoringStack
metadata: {name: main, namespace: blue, generation: 2, uid: stack-blue, creationTimestamp: "2026-09-01T10:00:00Z"}
spec:
  retention: 1d
` + spec + `
status:
  conditions:
` + conditions
}

// server is a Prometheus or Alertmanager of the stack, as the fork of prometheus-operator reports on it.
func server(kind, since, conditions string) string {
	return `
apiVersion: monitoring.rhobs/v1
kind: ` + kind + `
metadata:
  name: main
  namespace: blue
  generation: 1
  uid: ` + strings.ToLower(kind) + `-blue
  ownerReferences: [{apiVersion: monitoring.rhobs/v1alpha1, kind: MonitoringStack, name: main, uid: stack-blue, controller: true}]
spec: {replicas: 2}
status:
  replicas: 2
  updatedReplicas: 2
  conditions:
  - {type: Reconciled, status: "True", observedGeneration: 1, lastTransitionTime: "` + since + `"}
` + conditions
}

const (
	discovers    = `  - {type: ResourceDiscovery, status: "True", reason: None, observedGeneration: 2, lastTransitionTime: "2026-09-01T11:00:00Z"}` + "\n"
	discoversOld = `  - {type: ResourceDiscovery, status: "True", reason: None, observedGeneration: 1, lastTransitionTime: "2026-09-01T10:00:00Z"}` + "\n"
	stackWell    = discovers +
		`  - {type: Available, status: "True", reason: MonitoringStackAvailable, observedGeneration: 2, lastTransitionTime: "2026-09-01T11:00:00Z"}` + "\n" +
		`  - {type: Reconciled, status: "True", reason: MonitoringStackReconciled, observedGeneration: 2, lastTransitionTime: "2026-09-01T11:00:00Z"}` + "\n"

	serverWell = `  - {type: Available, status: "True", observedGeneration: 1, lastTransitionTime: "2026-09-01T10:00:05Z"}` + "\n"
)

func TestJudgeMonitoringStack(t *testing.T) {
	cases := []struct {
		name       string
		conditions string
		state      status.State
		reason     string
		message    string // a part of it
	}{
		{"well", stackWell, status.Ready, "", ""},
		{"nothing yet", "", status.InProgress, "NotReported", "ResourceDiscovery"},
		{
			"new, and the Prometheus has no status",
			discovers + `  - {type: Available, status: Unknown, reason: PrometheusNotAvailable, message: Cannot read Prometheus status conditions}
  - {type: Reconciled, status: Unknown, reason: PrometheusNotReconciled, message: Cannot read Prometheus status conditions}
`,
			status.InProgress, "PrometheusNotReconciled", "Reconciled is Unknown (PrometheusNotReconciled): Cannot read Prometheus status conditions",
		},
		{
			"the Prometheus starts",
			discovers + `  - {type: Available, status: "False", reason: PrometheusNotAvailable, message: "pod prometheus-main-0: not ready", observedGeneration: 1}
  - {type: Reconciled, status: "True", reason: MonitoringStackReconciled, observedGeneration: 2}
`,
			status.InProgress, "PrometheusNotAvailable", "pod prometheus-main-0: not ready",
		},
		{
			"a failure that keeps the generation of the last success",
			discovers + `  - {type: Available, status: "True", reason: MonitoringStackAvailable, observedGeneration: 1}
  - {type: Reconciled, status: "False", reason: FailedToReconcile, message: "updater failed to patch: forbidden", observedGeneration: 1}
`,
			status.Failed, "FailedToReconcile", "updater failed to patch: forbidden",
		},
		{
			"a failure of the specification before",
			discoversOld + `  - {type: Available, status: "True", reason: MonitoringStackAvailable, observedGeneration: 1}
  - {type: Reconciled, status: "False", reason: FailedToReconcile, message: "updater failed to patch: forbidden", observedGeneration: 1}
`,
			status.InProgress, "LatestGenerationNotObserved", "generation 1, want 2",
		},
		{
			"well before the last change",
			discovers + `  - {type: Available, status: "True", reason: MonitoringStackAvailable, observedGeneration: 1}
  - {type: Reconciled, status: "True", reason: MonitoringStackReconciled, observedGeneration: 1}
`,
			status.InProgress, "LatestGenerationNotObserved", "generation 1, want 2",
		},
		{
			"nothing is selected",
			`  - {type: ResourceDiscovery, status: "False", reason: ResourceSelectorNil, message: "No resources will be discovered, ResourceSelector is nil", observedGeneration: 2}
` + strings.TrimPrefix(stackWell, discovers),
			status.Failed, "ResourceSelectorNil", "No resources will be discovered",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := status.Judge(object(t, stack("", c.conditions)))
			if got.State != c.state || got.Reason != c.reason || !strings.Contains(got.Message, c.message) {
				t.Errorf("got %s, want %s (%s) with %q", got, c.state, c.reason, c.message)
			}
		})
	}
}

// A MonitoringStack is ready with its servers, whether one asks with JudgeWith, reads a deployment, or explains.
func TestMonitoringStackWithItsServers(t *testing.T) {
	const prometheusSince, alertmanagerSince = "2026-09-01T10:00:01Z", "2026-09-01T10:00:09Z"
	prometheus, alertmanager := server("Prometheus", prometheusSince, serverWell), server("Alertmanager", alertmanagerSince, serverWell)
	starting := `  - {type: Available, status: "False", reason: NoPodReady, message: "pod alertmanager-main-0: not ready", observedGeneration: 1}` + "\n"
	stranger := strings.ReplaceAll(alertmanager, "uid: stack-blue", "uid: another")
	tests := map[string]struct {
		spec    string
		objects []string
		refuse  bool
		state   status.State
		reason  string
		message string
	}{
		"all well":                {objects: []string{prometheus, alertmanager}, state: status.Ready},
		"not marked as the owner": {objects: []string{prometheus, stranger}, state: status.Ready},
		"the Alertmanager starts": {
			objects: []string{prometheus, server("Alertmanager", alertmanagerSince, starting)},
			state:   status.InProgress, reason: "NoPodReady", message: "Alertmanager blue/main: Available is False (NoPodReady): pod alertmanager-main-0: not ready",
		},
		"the Alertmanager fails": {
			objects: []string{prometheus, strings.Replace(alertmanager, `Reconciled, status: "True"`, `Reconciled, reason: ReconciliationFailed, message: no such key, status: "False"`, 1)},
			state:   status.Failed, reason: "ReconciliationFailed", message: "Alertmanager blue/main: Reconciled is False (ReconciliationFailed): no such key",
		},
		// Its conditions hold for what the controller had in its cache.
		"the Prometheus has not been looked at again": {
			objects: []string{strings.Replace(prometheus, "generation: 1", "generation: 2", 1), alertmanager},
			state:   status.InProgress, reason: "LatestGenerationNotObserved", message: "Prometheus blue/main: ",
		},
		"pods are being replaced": {
			objects: []string{strings.Replace(prometheus, "updatedReplicas: 2", "updatedReplicas: 1", 1), alertmanager},
			state:   status.InProgress, reason: "RollingOut", message: "Prometheus blue/main: 1 of 2 pods",
		},
		"there is no Alertmanager yet": {objects: []string{prometheus}, state: status.InProgress, reason: "NotFound", message: "Alertmanager blue/main"},
		"there is to be no Alertmanager": {
			spec: "  alertmanagerConfig: {disabled: true}", objects: []string{prometheus}, state: status.Ready,
		},
		"no rights": {objects: []string{prometheus, stranger}, refuse: true, state: status.Unknown, reason: "Forbidden", message: "Alertmanager blue/main: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			made := object(t, stack(test.spec, stackWell))
			c := &cluster{objects: []unstructured.Unstructured{*made}, fail: map[string]error{}}
			for _, text := range test.objects {
				c.objects = append(c.objects, *object(t, text))
			}
			if test.refuse {
				c.fail["get Alertmanager blue/main"] = apierrors.NewForbidden(schema.GroupResource{Group: "monitoring.rhobs", Resource: "alertmanagers"}, "main", nil)
			}
			item := status.Item{Score: "stack", ID: id("monitoring.rhobs", "MonitoringStack", "blue", "main")}
			item.ID.Version = "v1alpha1"
			reader := &status.Reader{Client: c}
			explained, err := reader.Explain(t.Context(), item.ID)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := reader.Read(t.Context(), status.Request{Items: []status.Item{item}})
			if err != nil {
				t.Fatal(err)
			}
			for how, got := range map[string]status.Condition{
				"JudgeWith": status.DefaultKinds().JudgeWith(t.Context(), c, made),
				"Explain":   explained.Condition,
				"Read":      tree.Scores[0].Objects[0].Condition,
			} {
				if got.State != test.state || got.Reason != test.reason || !strings.HasPrefix(got.Message, test.message) {
					t.Errorf("%s: got %s, want %s (%s) with %q", how, got, test.state, test.reason, test.message)
				}
				if name == "all well" && got.Since.Format(time.RFC3339) != alertmanagerSince {
					t.Errorf("%s: got it ready since %v, want %s: the stack's own conditions do not tell", how, got.Since, alertmanagerSince)
				}
			}
		})
	}
}

// An object that is not well itself, or has no companions, costs no request.
func TestJudgeWithAsksOnlyWhenNeeded(t *testing.T) {
	c := &cluster{fail: map[string]error{}}
	kinds := status.DefaultKinds()
	for _, text := range []string{stack("", discovers), workload("Prometheus", "", availableTrue+reconciledTrue)} {
		kinds.JudgeWith(t.Context(), c, object(t, text))
	}
	if got := kinds.JudgeWith(t.Context(), c, nil); got.State != status.NotFound {
		t.Errorf("got %s of nothing, want NotFound", got)
	}
	deleted := object(t, stack("", stackWell))
	at := deleted.GetCreationTimestamp()
	deleted.SetDeletionTimestamp(&at)
	if got := kinds.JudgeWith(t.Context(), c, deleted); got.State != status.Terminating {
		t.Errorf("got %s of a deleted stack, want Terminating", got)
	}
	if len(c.requests) != 0 {
		t.Errorf("got requests %q, want none", c.requests)
	}
}

// What a controller of observability-operator made is shown below the MonitoringStack, down to the pods.
func TestTreeOfAMonitoringStack(t *testing.T) {
	c := &cluster{fail: map[string]error{}}
	for _, text := range []string{
		stack("", stackWell), server("Prometheus", "2026-09-01T10:00:01Z", serverWell), server("Alertmanager", "2026-09-01T10:00:01Z", serverWell),
		`
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: prometheus-main
  namespace: blue
  uid: set-blue
  ownerReferences: [{apiVersion: monitoring.rhobs/v1, kind: Prometheus, name: main, uid: prometheus-blue}]
`, `
apiVersion: v1
kind: Pod
metadata:
  name: prometheus-main-0
  namespace: blue
  uid: pod-blue
  ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: prometheus-main, uid: set-blue}]
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`,
	} {
		c.objects = append(c.objects, *object(t, text))
	}
	wanted := id("monitoring.rhobs", "MonitoringStack", "blue", "main")
	wanted.Version = "v1alpha1"
	got, err := (&status.Reader{Client: c}).Explain(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	var owned []string
	for _, o := range got.Owned {
		owned = append(owned, o.ID.Kind)
		for _, below := range o.Owned {
			owned = append(owned, o.ID.Kind+" "+below.ID.Kind)
		}
	}
	if text := strings.Join(owned, ", "); text != "Alertmanager, Prometheus, Prometheus StatefulSet" || len(got.Pods) != 1 || got.Pods[0].Name != "prometheus-main-0" {
		t.Errorf("got %s and pods %+v, want both servers, a StatefulSet, and its pod", text, got.Pods)
	}
	for _, request := range c.requests {
		if strings.HasPrefix(request, "get Prometheus") || strings.HasPrefix(request, "get Alertmanager") {
			t.Errorf("got %s, want no request for what is listed anyway", request)
		}
	}
}
