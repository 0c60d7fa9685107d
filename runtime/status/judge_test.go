// SPDX-License-Identifier: Apache-2.0

package status_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	encoded, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("object: %v\n%s", err, text)
	}
	obj := &unstructured.Unstructured{}
	// The same decoder as client-go's, so numbers arrive with the types that they have there.
	if err := obj.UnmarshalJSON(encoded); err != nil {
		t.Fatalf("object: %v\n%s", err, text)
	}
	return obj
}

// workload is a Prometheus or Alertmanager with the given status and one more line of specification.
func workload(kind, spec, conditions string) string {
	return `
apiVersion: monitoring.coreos.com/v1
kind: ` + kind + `
metadata: {name: monitoring, namespace: blue, generation: 3, uid: 0b3c}
spec:
  replicas: 1
` + spec + `
status:
  paused: false
  replicas: 1
  updatedReplicas: 1
  availableReplicas: 1
  unavailableReplicas: 0
  conditions:
` + conditions
}

const (
	availableTrue  = `  - {type: Available, status: "True", observedGeneration: 3, lastTransitionTime: "2026-09-01T10:00:05Z", reason: "", message: ""}` + "\n"
	reconciledTrue = `  - {type: Reconciled, status: "True", observedGeneration: 3, lastTransitionTime: "2026-09-01T10:00:02Z"}` + "\n"
)

func TestJudge(t *testing.T) {
	cases := []struct {
		name    string
		object  string
		state   status.State
		reason  string
		message string // a part of it
	}{
		{"prometheus ready", workload("Prometheus", "", availableTrue+reconciledTrue), status.Ready, "", ""},
		{"alertmanager ready", workload("Alertmanager", "", availableTrue+reconciledTrue), status.Ready, "", ""},
		{"thanos ruler ready", workload("ThanosRuler", "", availableTrue+reconciledTrue), status.Ready, "", ""},
		{
			"no status yet",
			"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: a, namespace: b, generation: 1}\nspec: {}\n",
			status.InProgress, "NotReported", "Reconciled",
		},
		{"only reconciled", workload("Prometheus", "", reconciledTrue), status.InProgress, "NotReported", "the condition Available yet"},
		{
			"pods starting",
			workload("Prometheus", "", reconciledTrue+`  - {type: Available, status: "False", observedGeneration: 3, reason: NoPodReady, message: "shard 0: pod prometheus-monitoring-0: containers with incomplete status: [init-config-reloader]"}`+"\n"),
			status.InProgress, "NoPodReady", "Available is False (NoPodReady): shard 0: pod prometheus-monitoring-0: containers with incomplete status: [init-config-reloader]",
		},
		{
			"degraded",
			workload("Prometheus", "", reconciledTrue+`  - {type: Available, status: Degraded, observedGeneration: 3, reason: SomePodsNotReady}`+"\n"),
			status.InProgress, "SomePodsNotReady", "Available is Degraded",
		},
		{
			"reconcile failed wins over unavailable",
			workload("Alertmanager", "", `  - {type: Available, status: "False", observedGeneration: 3, reason: StatefulSetNotFound}
  - {type: Reconciled, status: "False", observedGeneration: 3, reason: ReconciliationFailed, message: "provision alertmanager configuration: failed to initialize from secret: secrets \"on-call\" not found"}
`),
			status.Failed, "ReconciliationFailed", `secrets "on-call" not found`,
		},
		{
			"reconciled unknown",
			workload("Prometheus", "", availableTrue+`  - {type: Reconciled, status: Unknown, observedGeneration: 3, reason: NotFound, message: 'object "blue/monitoring" not found'}`+"\n"),
			status.InProgress, "NotFound", "Reconciled is Unknown",
		},
		{
			"conditions of the generation before",
			workload("Prometheus", "", strings.ReplaceAll(availableTrue+reconciledTrue, "observedGeneration: 3", "observedGeneration: 2")),
			status.InProgress, "LatestGenerationNotObserved", "generation 2, want 3",
		},
		{
			"a failure of the generation before is no failure",
			workload("Prometheus", "", availableTrue+`  - {type: Reconciled, status: "False", observedGeneration: 2, reason: ReconciliationFailed}`+"\n"),
			status.InProgress, "LatestGenerationNotObserved", "",
		},
		{"paused", workload("Prometheus", "  paused: true", availableTrue+reconciledTrue), status.Failed, "Paused", "spec.paused is true"},
		{
			"rolling out",
			strings.Replace(workload("Prometheus", "", availableTrue+reconciledTrue), "updatedReplicas: 1", "updatedReplicas: 0", 1),
			status.InProgress, "RollingOut", "0 of 1 pods",
		},
		{
			"status of a wrong shape",
			"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {generation: 1}\nstatus: [1, 2]\n",
			status.InProgress, "NotReported", "",
		},
		{
			"deleting with a finalizer",
			"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: a, deletionTimestamp: \"2026-09-01T10:00:00Z\", finalizers: [monitoring.coreos.com/status-cleanup]}\n",
			status.Terminating, "Terminating", "finalizers monitoring.coreos.com/status-cleanup",
		},
		{"another group falls to kstatus", "apiVersion: example.com/v1\nkind: Prometheus\nmetadata: {name: a}\n", status.Ready, "", ""},

		{"rule without report", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {generation: 1}\n", status.Ready, "", ""},
		{
			"rule accepted", binding("PrometheusRule", "1", `{type: Accepted, status: "True", observedGeneration: 1}`), status.Ready, "", "",
		},
		{
			"rule rejected", binding("PrometheusRule", "1", `{type: Accepted, status: "False", observedGeneration: 1, reason: InvalidConfiguration, message: "group \"web\", rule 0: could not parse expression"}`),
			status.Failed, "InvalidConfiguration", `prometheuses blue/monitoring: Accepted is False (InvalidConfiguration): group "web", rule 0`,
		},
		{
			"config of an older generation", binding("AlertmanagerConfig", "2", `{type: Accepted, status: "False", observedGeneration: 1}`),
			status.InProgress, "LatestGenerationNotObserved", "",
		},

		{"namespace active", "apiVersion: v1\nkind: Namespace\nmetadata: {name: blue}\nstatus: {phase: Active}\n", status.Ready, "", ""},
		{"namespace new", "apiVersion: v1\nkind: Namespace\nmetadata: {name: blue}\n", status.InProgress, "NotReported", ""},
		{
			"namespace stuck", `
apiVersion: v1
kind: Namespace
metadata: {name: blue, deletionTimestamp: "2026-09-01T10:00:00Z"}
status:
  phase: Terminating
  conditions:
  - {type: NamespaceDeletionDiscoveryFailure, status: "False", reason: ResourcesDiscovered, message: All resources successfully discovered}
  - {type: NamespaceFinalizersRemaining, status: "True", reason: SomeFinalizersRemain, message: "Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances"}
`, status.Terminating, "Terminating", "example.com/guard in 1 resource instances",
		},
		{"namespace with an odd phase", "apiVersion: v1\nkind: Namespace\nmetadata: {name: blue}\nstatus: {phase: Sleeping}\n", status.Unknown, "UnknownPhase", "Sleeping"},

		{"crd established", crd(`{type: NamesAccepted, status: "True"}`, `{type: Established, status: "True"}`), status.Ready, "", ""},
		{"crd installing", crd(`{type: Established, status: "False", reason: Installing}`), status.InProgress, "Installing", ""},
		{
			"crd names taken", crd(`{type: NamesAccepted, status: "False", reason: MultipleNamesConflict, message: '"probes" is already in use'}`, `{type: Established, status: "False", reason: NotAccepted}`),
			status.Failed, "MultipleNamesConflict", "already in use",
		},

		{
			"deployment by kstatus", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, generation: 2}\nspec: {replicas: 2}\nstatus: {observedGeneration: 1}\n",
			status.InProgress, "LatestGenerationNotObserved", "generation is 2",
		},
		{"secret by kstatus", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", status.Ready, "", ""},
		{"kstatus cannot read it", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, generation: 1}\nstatus: {observedGeneration: soon}\n", status.Unknown, "Unreadable", "observedGeneration"},

		{"pod ready", pod("Running", `{type: Ready, status: "True"}`, ""), status.Ready, "", ""},
		{
			"pod unschedulable", pod("Pending", `{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/3 nodes are available"}`, ""),
			status.InProgress, "Unschedulable", "0/3 nodes",
		},
		{
			"pod crashing", pod("Running", `{type: Ready, status: "False", reason: ContainersNotReady}`, `{name: prometheus, ready: false, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff, message: "back-off 40s restarting failed container"}}, lastState: {terminated: {reason: Error, exitCode: 2}}}`),
			status.Failed, "CrashLoopBackOff", "container prometheus is waiting (CrashLoopBackOff), restarted 4 times, last ended with Error and exit code 2: back-off 40s",
		},
		{"pod evicted", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nstatus: {phase: Failed, reason: Evicted, message: The node was low on resource}\n", status.Failed, "Evicted", "low on resource"},
		{"pod just created", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", status.InProgress, "Pending", "not ready"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := status.Judge(object(t, c.object))
			if got.State != c.state || got.Reason != c.reason {
				t.Errorf("got %s, want %s (%s)", got, c.state, c.reason)
			}
			if !strings.Contains(got.Message, c.message) {
				t.Errorf("message: got %q, want a part %q", got.Message, c.message)
			}
		})
	}
}

func binding(kind, generation, condition string) string {
	return "apiVersion: monitoring.coreos.com/v1\nkind: " + kind + "\nmetadata: {generation: " + generation + `}
status:
  bindings:
  - {group: monitoring.coreos.com, resource: prometheuses, name: monitoring, namespace: blue, conditions: [` + condition + "]}\n"
}

func crd(conditions ...string) string {
	return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: probes.monitoring.coreos.com}\nstatus:\n  conditions:\n  - " + strings.Join(conditions, "\n  - ") + "\n"
}

func pod(phase, condition, container string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: prometheus-monitoring-0, namespace: blue}\nstatus:\n  phase: " + phase + "\n  conditions: [" + condition + "]\n  containerStatuses: [" + container + "]\n"
}

func TestJudgeNothing(t *testing.T) {
	if got := status.Judge(nil); got.State != status.NotFound {
		t.Errorf("got %s, want NotFound", got)
	}
	if got := status.Judge(&unstructured.Unstructured{}); got.State != status.NotFound {
		t.Errorf("got %s, want NotFound", got)
	}
}

func TestJudgeSince(t *testing.T) {
	got := status.Judge(object(t, workload("Prometheus", "", availableTrue+reconciledTrue)))
	if want := time.Date(2026, 9, 1, 10, 0, 5, 0, time.UTC); !got.Since.Equal(want) {
		t.Errorf("got since %s, want the later of both conditions, %s", got.Since, want)
	}
}

// A program adds the kinds of another group, and a judge of its own that fails does not take the run down.
func TestKindsOfAnotherGroup(t *testing.T) {
	kinds := status.DefaultKinds()
	maps.Copy(kinds, status.MonitoringKinds("monitoring.example.com"))
	kinds[schema.GroupKind{Group: "monitoring.example.com", Kind: "Whole"}] = status.Kind{Judge: status.RequireConditions("Reconciled", "Available")}
	kinds[schema.GroupKind{Group: "example.com", Kind: "Broken"}] = status.Kind{
		Judge:      func(*unstructured.Unstructured) status.Condition { panic("broken") },
		Companions: func(*unstructured.Unstructured) []backend.ID { panic("broken") },
	}

	alertmanager := strings.ReplaceAll(workload("Alertmanager", "", reconciledTrue), "monitoring.coreos.com", "monitoring.example.com")
	if got := kinds.Judge(object(t, alertmanager)); got.State != status.InProgress {
		t.Errorf("alertmanager of the fork: got %s, want InProgress", got)
	}
	whole := strings.ReplaceAll(workload("Whole", "", reconciledTrue+`  - {type: Available, status: "False", observedGeneration: 3, reason: PrometheusNotAvailable}`), "monitoring.coreos.com", "monitoring.example.com")
	if got := kinds.Judge(object(t, whole)); got.State != status.InProgress || got.Reason != "PrometheusNotAvailable" {
		t.Errorf("a kind with conditions: got %s, want InProgress (PrometheusNotAvailable)", got)
	}
	if got := kinds.Judge(object(t, "apiVersion: example.com/v1\nkind: Broken\n")); got.State != status.Unknown {
		t.Errorf("broken judge: got %s, want Unknown", got)
	}
	if got := kinds.Companions(object(t, "apiVersion: example.com/v1\nkind: Broken\n")); got != nil {
		t.Errorf("broken companions: got %v, want none", got)
	}
}

// Whatever is in a cluster, judging it gives one of the states.
func FuzzJudge(f *testing.F) {
	for _, text := range []string{
		workload("Prometheus", "", availableTrue+reconciledTrue),
		binding("PrometheusRule", "1", `{type: Accepted, status: "False", observedGeneration: 1}`),
		crd(`{type: Established, status: "True"}`), pod("Running", `{type: Ready}`, `{name: a, state: {waiting: 1}}`),
		stack("  alertmanagerConfig: {disabled: 1}", stackWell),
		"apiVersion: apps/v1\nkind: StatefulSet\nspec: {replicas: many}\nstatus: {replicas: -1, conditions: {}}\n",
		"apiVersion: batch/v1\nkind: Job\nstatus: {startTime: 3, conditions: [null, 1, {type: 4}]}\n",
		"apiVersion: 7\nkind: [x]\nmetadata: no\nstatus: {conditions: [{type: Available, status: {}}]}\n",
	} {
		encoded, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	kinds := status.DefaultKinds()
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var fields map[string]any
		if yaml.Unmarshal(encoded, &fields) != nil || fields == nil {
			return
		}
		obj := &unstructured.Unstructured{Object: fields}
		for kind := range kinds {
			// Every reader sees every shape, not only those of its kind.
			fields["kind"], fields["apiVersion"] = kind.Kind, kind.Group+"/v1"
			if kind.Group == "" {
				fields["apiVersion"] = "v1"
			}
			kinds.Companions(obj)
			switch got := kinds.Judge(obj); got.State {
			case status.Ready, status.InProgress, status.Failed, status.Terminating, status.NotFound, status.Unknown:
			default:
				t.Fatalf("%s: got the state %q", kind, got.State)
			}
		}
	})
}
