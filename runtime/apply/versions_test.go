// SPDX-License-Identifier: Apache-2.0

// This file deploys real stacks through the real Helm, and moves them between V1_HELM and V2_CRD.

package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/snapshot"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// testChart is the chart that stands for kube-prometheus-stack.
const testChart = "../../testdata/charts/kube-prometheus-stack"

// stackScript deploys a tenant with a stack; version is V1_HELM or V2_CRD, more goes into the stack.
func stackScript(namespace, version, more string) string {
	return fmt.Sprintf(`
hook = webhook(name = "hook", url = secret(env = "HOOK"))
down = alert_rule(alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "5m", labels = {"severity": "critical"}, annotations = {"summary": "web is down"})
stack = monitoring_stack(
    name = "stack",
    namespace = "monitoring",
    api_version = %s,
    alert_channels = [hook],
    alert_rules = [alert_rule_group(name = "web", rules = [down])],
    %s
)
deploy(tenant_monitoring(tenant = %q, stack = stack))
`, version, more, namespace)
}

// load makes what a script declares what is to exist.
func (w *world) load(text string) {
	w.t.Helper()
	objects, rendered, err := compile(w.name, text)
	if err != nil {
		w.t.Fatal(err)
	}
	w.script, w.objects, w.releases = text, objects, rendered
}

// compile returns what a script declares.
func compile(name, text string) ([]backend.Object, []*helm.Rendered, error) {
	ctx := context.Background()
	options := deployment.Options{Name: name}
	result, problems := deployment.NewHost(options).RunSource(ctx, "e2e.star", text)
	loaded, err := deployment.Finish(result, problems, options)
	if err != nil {
		return nil, nil, err
	}
	if loaded.Diagnostics.HasErrors() {
		return nil, nil, errors.New(loaded.Diagnostics.Render(nil, diag.Style{}))
	}
	chart, err := filepath.Abs(testChart)
	if err != nil {
		return nil, nil, err
	}
	rendered, problems := deployment.Render(ctx, loaded, helm.NewCharts(helm.ChartOptions{Default: score.HelmChart{Path: chart}, Offline: true}), helm.Target{})
	if problems.HasErrors() {
		return nil, nil, errors.New(problems.Render(nil, diag.Style{}))
	}
	return loaded.Objects, rendered, nil
}

// newStackWorld returns a world with the real Helm.
func newStackWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	manager, err := helm.NewManager(w.client.RESTConfig(), w.client.ServerNow)
	if err != nil {
		t.Fatal(err)
	}
	w.helm = manager
	w.secrets = map[string]string{"HOOK": "https://hook.example.com/secret-path"}
	return w
}

// everything returns the objects of a namespace that a move could touch, without what the server keeps by itself, by
// "Kind name"; the uids are beside them.
func (w *world) everything(namespace string) (shapes, uids map[string]string) {
	w.t.Helper()
	shapes, uids = map[string]string{}, map[string]string{}
	for _, kind := range []schema.GroupVersionKind{
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "Alertmanager"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "PrometheusRule"},
		{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"},
		{Group: "monitoring.coreos.com", Version: "v1alpha1", Kind: "AlertmanagerConfig"},
		{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Version: "v1", Kind: "Service"},
		{Version: "v1", Kind: "ServiceAccount"},
		{Version: "v1", Kind: "Secret"},
		{Version: "v1", Kind: "ConfigMap"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "Role"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
	} {
		list, err := w.client.List(context.Background(), kind, namespace, inventory.Selector(w.name, inventory.DefaultNamespace), "")
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range list {
			name := o.GetKind() + " " + o.GetName()
			uids[name] = string(o.GetUID())
			text, err := snapshot.Text(snapshot.Clean(&o))
			if err != nil {
				w.t.Fatal(err)
			}
			shapes[name] = strings.ReplaceAll(text, inventory.ApplySetID(w.name, inventory.DefaultNamespace), "APPLYSET")
		}
	}
	return shapes, uids
}

// mustEqualShapes fails the test unless both worlds have the same objects.
func mustEqualShapes(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] == "" {
			t.Errorf("%s: %s is missing", what, name)
			continue
		}
		var a, b map[string]any
		if err := json.Unmarshal([]byte(want[name]), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got[name]), &b); err != nil {
			t.Fatal(err)
		}
		for _, change := range plan.Diff(a, b) {
			t.Errorf("%s: %s: %+v", what, name, change)
		}
	}
	for name := range got {
		if want[name] == "" {
			t.Errorf("%s: %s is left over", what, name)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// podsOf returns the names and uids of the pods and of the volume claims in a namespace.
func (w *world) podsOf(namespace string) []string {
	w.t.Helper()
	var all []string
	for _, kind := range []string{"Pod", "PersistentVolumeClaim"} {
		list, err := w.client.List(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: kind}, namespace, "", "")
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range list {
			all = append(all, kind+" "+o.GetName()+" "+string(o.GetUID()))
		}
	}
	slices.Sort(all)
	return all
}

func (w *world) mustRun(what string) *apply.Outcome {
	w.t.Helper()
	o := w.run()
	if o.State != apply.Done {
		w.t.Fatalf("%s: got %s:\n%s", what, o.State, o.Diagnostics.Render(nil, diag.Style{}))
	}
	return o
}

func (w *world) mustBeSettled(what string) {
	w.t.Helper()
	if p := w.plan(); p.HasChanges() {
		for _, s := range p.Steps {
			if s.Action != plan.Unchanged {
				w.t.Logf("%s %s: %s %+v", s.Action, s.ID, s.Reason, s.Changes)
			}
		}
		w.t.Fatalf("%s: the plan has changes: %+v", what, p.Releases)
	}
	if inv := w.inventory(); len(inv.Pending) > 0 || inv.HasPendingReleases() {
		w.t.Fatalf("%s: pending %v, %+v", what, inv.Pending, inv.Releases)
	}
}

const withVolume = `storage = "1Gi",`

func TestMoveInPlace(t *testing.T) {
	t.Parallel()
	w := newStackWorld(t)
	ns := w.name + "-t"
	v1, v2 := stackScript(ns, "V1_HELM", withVolume), stackScript(ns, "V2_CRD", withVolume)
	fresh := map[string]map[string]string{}
	for version, text := range map[string]string{"V1_HELM": v1, "V2_CRD": v2} {
		// The namespace's name is in the objects: the same deployment makes it both ways, one after the other.
		w.load(text)
		w.mustRun("fresh " + version)
		w.mustBeSettled("fresh " + version)
		fresh[version], _ = w.everything(ns)
		if o := w.destroy(true); o.State != apply.Done {
			t.Fatalf("destroy: %s: %s", o.State, o.Diagnostics.Render(nil, diag.Style{}))
		}
	}
	w.load(v1)
	o := w.mustRun("V1")
	if r := releaseResult(t, o, ns+"/stack"); r.Status != apply.Created || r.Revision != 1 || r.Chart.Name != "kube-prometheus-stack" {
		t.Fatalf("got %+v", r)
	}
	_, uids := w.everything(ns)
	pods := w.podsOf(ns)
	if len(pods) != 3 {
		t.Fatalf("got pods and claims %v, want two pods and the claim of Prometheus", pods)
	}
	for round := range 2 {
		for _, next := range []string{"V2_CRD", "V1_HELM"} {
			what := fmt.Sprintf("round %d to %s", round, next)
			w.load(stackScript(ns, next, withVolume))
			p := w.plan()
			if len(p.Migrations) != 1 || !p.Migrations[0].InPlace {
				t.Fatalf("%s: got migrations %+v", what, p.Migrations)
			}
			for _, s := range p.Steps {
				if s.Action == plan.Conflict || s.Action == plan.Blocked || s.ID.Kind == "Prometheus" && s.Action != plan.Update {
					t.Fatalf("%s: got %+v", what, s)
				}
			}
			w.mustRun(what)
			w.mustBeSettled(what)
			shapes, now := w.everything(ns)
			mustEqualShapes(t, what, shapes, fresh[next])
			for name, uid := range now {
				if before := uids[name]; before != "" && before != uid {
					t.Fatalf("%s: %s was made anew", what, name)
				}
			}
			if got := w.podsOf(ns); !slices.Equal(got, pods) {
				t.Fatalf("%s: pods and claims: got %v, want %v", what, got, pods)
			}
			state, err := w.helm.State(context.Background(), ns, "stack")
			if err != nil || (state != nil) != (next == "V1_HELM") {
				t.Fatalf("%s: release: got %+v, %v", what, state, err)
			}
		}
	}
	if o := w.destroy(true); o.State != apply.Done || releaseResult(t, o, ns+"/stack").Status != apply.Deleted {
		t.Fatalf("destroy: %s: %s", o.State, o.Diagnostics.Render(nil, diag.Style{}))
	}
}

// The plan of a change to a release tells field by field what Helm makes of it.
func TestPlanOfAReleaseTellsTheTruth(t *testing.T) {
	t.Parallel()
	w := newStackWorld(t)
	ns := w.name + "-t"
	w.load(stackScript(ns, "V1_HELM", `retention = "5d",`))
	w.mustRun("first")
	before := w.get("monitoring.coreos.com/v1", "Prometheus", ns, "stack")
	w.load(stackScript(ns, "V1_HELM", `retention = "7d", resources = {"requests": {"memory": "600Mi"}},`))
	s := step(t, w.plan(), "Prometheus", "stack")
	if s.Action != plan.Update || len(s.Changes) == 0 {
		t.Fatalf("got %+v", s)
	}
	w.mustRun("second")
	after := w.get("monitoring.coreos.com/v1", "Prometheus", ns, "stack")
	want := plan.Diff(before.Object, after.Object)
	if got := fmt.Sprint(s.Changes); got != fmt.Sprint(want) {
		t.Fatalf("planned %s, got %v", got, want)
	}
	w.mustBeSettled("second")

	// Back, so that a field goes away.
	w.load(stackScript(ns, "V1_HELM", `retention = "7d",`))
	s = step(t, w.plan(), "Prometheus", "stack")
	w.mustRun("third")
	want = plan.Diff(after.Object, w.get("monitoring.coreos.com/v1", "Prometheus", ns, "stack").Object)
	if got := fmt.Sprint(s.Changes); got != fmt.Sprint(want) || len(want) == 0 {
		t.Fatalf("planned %s, got %v", got, want)
	}

	// What others change in a custom resource comes back.
	foreign(t, w.client, http.MethodPatch, "/apis/monitoring.coreos.com/v1/namespaces/"+ns+"/prometheuses/stack?fieldManager=kubectl-edit", map[string]any{"spec": map[string]any{"retention": "1d"}})
	s = step(t, w.plan(), "Prometheus", "stack")
	if s.Action != plan.Update || len(s.Drift) != 1 || s.Drift[0].Manager != "kubectl-edit" || len(s.Changes) != 1 || s.Changes[0].After != "7d" {
		t.Fatalf("drift: got %+v", s)
	}
	w.mustRun("repair")
	if got := w.get("monitoring.coreos.com/v1", "Prometheus", ns, "stack").Object["spec"].(map[string]any)["retention"]; got != "7d" {
		t.Fatalf("got %v after repair", got)
	}
	w.mustBeSettled("repair")
}

// A chart that the API server refuses in part: what was there stays, in whoever's hands it was.
func TestFailedReleaseHarmsNothing(t *testing.T) {
	t.Parallel()
	w := newStackWorld(t)
	ns := w.name + "-t"
	const broken = `helm_values = {"prometheus": {"prometheusSpec": {"logFormat": "no such format"}}},`
	good := map[string]map[string]string{}
	for _, version := range []string{"V1_HELM", "V2_CRD"} {
		w.load(stackScript(ns, version, ""))
		w.mustRun("good " + version)
		good[version], _ = w.everything(ns)
	}
	for _, before := range []string{"V2_CRD", "V1_HELM"} {
		w.load(stackScript(ns, before, ""))
		w.mustRun("before, " + before)
		_, uids := w.everything(ns)
		w.load(stackScript(ns, "V1_HELM", broken))
		o := w.run()
		r := releaseResult(t, o, ns+"/stack")
		if o.State != apply.Failed || r.Status != apply.ObjectFailed || r.Diagnostic == nil {
			t.Fatalf("from %s: got %s, %+v", before, o.State, r)
		}
		d := mustHave(t, o.Diagnostics, "release-failed", "logFormat", r.Position.Line)
		for _, want := range []string{"Prometheus " + ns + "/stack: ", "Service " + ns + "/stack-alertmanager: "} {
			if !strings.Contains(d.Detail, want) {
				t.Errorf("from %s: got detail %q, want %q in it", before, d.Detail, want)
			}
		}
		_, now := w.everything(ns)
		for name, uid := range uids {
			if now[name] != uid {
				t.Errorf("from %s: %s is gone or new", before, name)
			}
		}
		for _, next := range []string{before, "V1_HELM"} {
			w.load(stackScript(ns, next, ""))
			w.mustRun(fmt.Sprintf("from %s back to %s", before, next))
			w.mustBeSettled(fmt.Sprintf("from %s back to %s", before, next))
			shapes, _ := w.everything(ns)
			mustEqualShapes(t, fmt.Sprintf("from %s back to %s", before, next), shapes, good[next])
		}
	}
}
