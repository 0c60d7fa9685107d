// SPDX-License-Identifier: Apache-2.0

// This file deploys the whole matrix at once on a real control plane with the real operators.

package matrix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/internal/generated"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Main(m)) }

// chartVariable names another chart than the one that was written for tests: the one that users have.
const chartVariable = "HARMONYSCRIPT_TEST_CHART"

// chart returns the folder of the chart.
func chart(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv(chartVariable); folder != "" {
		return folder
	}
	folder, err := filepath.Abs("../../testdata/charts/kube-prometheus-stack")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// row is the deployment of a version: a tenant for each channel that the version carries.
type row struct {
	version score.APIVersion
	cells   []cell
	request apply.Request
}

// group is the API group of the servers.
func (r row) group() string {
	if r.version == score.V3RHOB {
		return "monitoring.rhobs"
	}
	return "monitoring.coreos.com"
}

// resource is the name of a tenant's servers.
func (r row) resource(tenant string) string {
	if r.version == score.V3RHOB {
		return backend.ClusterStackName(tenant, score.DefaultStackName)
	}
	return backend.StackName(score.DefaultStackName)
}

// TestOnSandbox applies the rows of all versions at the same time. The API server has to keep every field, the operators to
// reconcile everything, Alertmanager and Prometheus to read the result, and the versions to agree.
func TestOnSandbox(t *testing.T) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: shared.Get(t).Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	rows := applyRows(t, client)
	checkEvents(t, client)
	made := map[string]map[score.APIVersion]configurations{}
	for _, r := range rows {
		for _, o := range r.request.Objects {
			checkKept(t, client, o)
		}
		for _, release := range r.request.Releases {
			for _, o := range release.Objects {
				checkKept(t, client, o)
			}
		}
		for _, c := range r.cells {
			t.Run(c.channel+"/"+c.version.String(), func(t *testing.T) {
				checkReconciled(t, client, r, c)
				got := await(t, client, r, c)
				checkLoads(t, got, c)
				if made[c.channel] == nil {
					made[c.channel] = map[score.APIVersion]configurations{}
				}
				made[c.channel][c.version] = got
			})
		}
	}
	for _, c := range rows[0].cells {
		t.Run(c.channel+"/agree", func(t *testing.T) { compareVersions(t, rows, made[c.channel], c.channel) })
	}
}

// applyRows compiles and applies every version's deployment, all at the same time.
func applyRows(t *testing.T, client *cluster.Client) []row {
	t.Helper()
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		t.Fatal(err)
	}
	offers, err := client.Offers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	charts := helm.NewCharts(helm.ChartOptions{Default: score.HelmChart{Path: chart(t)}})
	target := helm.Target{KubernetesVersion: offers.KubernetesVersion, APIVersions: offers.APIVersions}
	values := secretValues(t)
	var rows []row
	for _, b := range backends(t) {
		r := row{version: b.Version()}
		tenants, order := map[string][]string{}, []string{}
		for _, c := range matrix(t, b) {
			if !c.whole {
				r.cells = append(r.cells, c)
				tenants[c.tenant()] = texts(c.calls)
				order = append(order, c.tenant())
			}
		}
		loaded := compiled(t, script(t, r.version, tenants, order))
		rendered, problems := deployment.Render(t.Context(), loaded, charts, target)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		r.request = apply.Request{
			Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, Requires: loaded.Requires, Releases: rendered, Helm: manager,
			ResolveSecret: func(_ context.Context, s score.Secret) (string, error) { return values(s.Name), nil }, Timeout: 10 * time.Minute,
		}
		rows = append(rows, r)
	}
	var all sync.WaitGroup
	problems := make([]error, len(rows))
	for i, r := range rows {
		all.Go(func() {
			start := time.Now()
			outcome, err := apply.Run(t.Context(), r.request)
			switch {
			case err != nil:
				problems[i] = fmt.Errorf("%s: %w", r.version, err)
			case outcome.State != apply.Done:
				problems[i] = fmt.Errorf("%s: got %s, want done: %w", r.version, outcome.State, outcome.Diagnostics)
			default:
				t.Logf("%s: %d stacks, %v, done after %s", r.version, len(r.cells), outcome.Count(), time.Since(start).Round(time.Second))
			}
		})
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		t.Fatal(err)
	}
	return rows
}

// checkEvents expects no operator to have complained about a configuration.
func checkEvents(t *testing.T, client *cluster.Client) {
	t.Helper()
	events, err := client.List(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "Event"}, "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if reason := fmt.Sprint(e.Object["reason"]); strings.Contains(reason, "Invalid") {
			t.Errorf("%s: %s: %v", e.GetNamespace(), reason, e.Object["message"])
		}
	}
}

// checkKept expects the API server to have every field that was sent.
func checkKept(t *testing.T, client *cluster.Client, o backend.Object) {
	t.Helper()
	object, err := client.Get(t.Context(), o.ID)
	if err != nil {
		t.Error(err)
		return
	}
	live, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	// A Service without publishNotReadyAddresses is one that has false.
	if lost := lost(t, bytes.ReplaceAll(o.Manifest, []byte(`"publishNotReadyAddresses":false,`), nil), live); lost != "" {
		t.Errorf("%s: - was sent, + is there:\n%s", o.ID, lost)
	}
}

func checkReconciled(t *testing.T, client *cluster.Client, r row, c cell) {
	t.Helper()
	for _, kind := range []string{"Prometheus", "Alertmanager"} {
		id := backend.ID{Group: r.group(), Version: "v1", Kind: kind, Namespace: c.tenant(), Name: r.resource(c.tenant())}
		object, err := client.Get(t.Context(), id)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, condition := range []string{"Available", "Reconciled"} {
			if got := generated.Condition(object, condition); got != "True" {
				t.Errorf("%s: %s: got %q after apply was done, want True", id, condition, got)
			}
		}
	}
}

// await reads what the operators make of a cell until it holds every channel and target.
func await(t *testing.T, client *cluster.Client, r row, c cell) configurations {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		got, err := read(ctx, client, r, c)
		if err == nil {
			return got
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the operator did not make everything: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

func read(ctx context.Context, client *cluster.Client, r row, c cell) (got configurations, err error) {
	name := r.resource(c.tenant())
	if got.alertmanager, err = generated.Alertmanager(ctx, client, c.tenant(), name); err != nil {
		return got, err
	}
	for _, v := range c.calls {
		if !strings.Contains(string(got.alertmanager), "/"+v.Name+"\n") {
			return got, fmt.Errorf("no receiver for %s", v.Name)
		}
	}
	if got.prometheus, err = generated.Prometheus(ctx, client, c.tenant(), name); err != nil {
		return got, err
	}
	for _, target := range []string{"web/", "jobs/", "outside", "machines", "databases", "shop"} {
		if !strings.Contains(string(got.prometheus), "."+target) {
			return got, fmt.Errorf("no job for %s", target)
		}
	}
	got.rules, err = generated.Rules(ctx, client, c.tenant(), name)
	if err == nil && !slices.ContainsFunc(got.rules, func(text string) bool { return strings.Contains(text, "Slow") }) {
		err = fmt.Errorf("no rules among %d rule files", len(got.rules))
	}
	return got, err
}
