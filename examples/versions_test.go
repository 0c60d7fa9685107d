// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestOneArgumentChangesTheVersion runs the example of the README through all versions, one after the other, with nothing
// but its api_version changed.
func TestOneArgumentChangesTheVersion(t *testing.T) {
	sandbox := shared.Get(t)
	client, err := cluster.Connect(cluster.Options{Kubeconfig: sandbox.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		t.Fatal(err)
	}
	// The official chart cannot be downloaded everywhere that tests run.
	chart, err := filepath.Abs("../testdata/charts/kube-prometheus-stack")
	if err != nil {
		t.Fatal(err)
	}
	charts := helm.NewCharts(helm.ChartOptions{Default: score.HelmChart{Path: chart}})
	example, err := os.ReadFile("monitoring_v2.star")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(example), "V2_CRD"); n != 1 {
		t.Fatalf("got V2_CRD %d times in the example, want once", n)
	}
	overlap := time.Duration(0)
	for _, version := range append(score.APIVersions(), score.V2CRD) {
		text := strings.ReplaceAll(string(example), "V2_CRD", version.String())
		result, problems := deployment.NewHost(deployment.Options{}).RunSource(t.Context(), "versions.star", text)
		loaded, err := deployment.Finish(result, problems, deployment.Options{Name: "one-argument"})
		if err != nil {
			t.Fatal(err)
		}
		rendered, more := deployment.Render(t.Context(), loaded, charts, helm.Target{})
		if all := append(loaded.Diagnostics, more...); len(all) > 0 {
			t.Fatalf("%s: got diagnostics, want none:\n%s", version, all.Render(loaded.Sources, diag.Style{}))
		}
		outcome, err := apply.Run(t.Context(), apply.Request{
			Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, Requires: loaded.Requires, Releases: rendered, Helm: manager,
			ResolveSecret: func(context.Context, score.Secret) (string, error) { return "http://127.0.0.1:9/hook", nil },
			Timeout:       5 * time.Minute, Overlap: &overlap,
		})
		if err != nil {
			t.Fatal(err)
		}
		if outcome.State != apply.Done {
			t.Fatalf("%s: got %s, want done:\n%s", version, outcome.State, outcome.Diagnostics.Render(loaded.Sources, diag.Style{}))
		}
		t.Logf("%s: %v", version, outcome.Count())
	}
}
