// SPDX-License-Identifier: Apache-2.0

// Package moves proves, on a real control plane with the real operators, that a tenant can go from every version of the
// monitoring API to every other one without a moment in which nobody holds its receivers.
package moves

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	flag.Parse()
	if !isSet("test.parallel") {
		// Nearly all of the time is spent waiting for controllers, so the number of processors is no measure.
		if err := flag.Set("test.parallel", "6"); err != nil {
			panic(err)
		}
	}
	os.Exit(shared.Main(m))
}

// isSet reports whether a flag is given on the command line.
func isSet(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// chartFolder is the chart that stands for the official one, which tests cannot download.
const chartFolder = "../../testdata/charts/kube-prometheus-stack"

const script = `
deploy(tenant_monitoring(
    tenant = "TENANT",
    stack = monitoring_stack(
        api_version = VERSION,
        alert_channels = [
            discord(name = "on-call", webhook_url = secret(env = "DISCORD_URL")),
            webhook(name = "tickets", url = secret(env = "TICKETS_URL"), matchers = ['severity="warning"']),
        ],
        scrape_targets = [
            service_monitor(name = "web", match_labels = {"app": "web"}, port = "http"),
            pod_monitor(name = "jobs", match_labels = {"app": "jobs"}, port = "metrics"),
            static_targets(name = "outside", targets = ["metrics.example.org:9100"]),
        ],
        alert_rules = [alert_rule_group(name = "web", rules = [
            alert_rule(alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "5m", labels = {"severity": "critical"}),
        ])],
        storage = "1Gi",
    ),
), name = "TENANT")
`

// engine is what carries deployments out, in a test or in a child process of one.
type engine struct {
	client *cluster.Client
	// script is what tenants run, with TENANT and VERSION in it.
	script string
	charts helm.Charts
	helm   helm.Manager
	target helm.Target
}

// newEngine connects to a cluster. wrap looks at every request of the engine, Helm's too; nil means that nobody does.
func newEngine(ctx context.Context, kubeconfig string, wrap func(http.RoundTripper) http.RoundTripper) (*engine, error) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: kubeconfig, Wrap: wrap})
	if err != nil {
		return nil, err
	}
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		return nil, err
	}
	offers, err := client.Offers(ctx)
	if err != nil {
		return nil, err
	}
	chart, err := filepath.Abs(chartFolder)
	if err != nil {
		return nil, err
	}
	return &engine{
		client: client, script: script, helm: manager, charts: helm.NewCharts(helm.ChartOptions{Default: score.HelmChart{Path: chart}}),
		target: helm.Target{KubernetesVersion: offers.KubernetesVersion, APIVersions: offers.APIVersions},
	}, nil
}

// request takes a tenant's script through all that happens before a cluster is written to.
func (e *engine) request(ctx context.Context, tenant string, version score.APIVersion) (apply.Request, error) {
	text := strings.NewReplacer("TENANT", tenant, "VERSION", version.String()).Replace(e.script)
	result, problems := deployment.NewHost(deployment.Options{}).RunSource(ctx, tenant+".star", text)
	loaded, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		return apply.Request{}, err
	}
	if loaded.Diagnostics.HasErrors() {
		return apply.Request{}, loaded.Diagnostics
	}
	rendered, problems := deployment.Render(ctx, loaded, e.charts, e.target)
	if problems.HasErrors() {
		return apply.Request{}, problems
	}
	overlap := time.Duration(0)
	return apply.Request{
		Client: e.client, Deployment: tenant, Objects: loaded.Objects, Requires: loaded.Requires, Releases: rendered, Helm: e.helm,
		ResolveSecret: func(_ context.Context, s score.Secret) (string, error) { return "https://example.org/" + s.Name, nil },
		Timeout:       3 * time.Minute, Overlap: &overlap, LockWait: time.Minute,
	}, nil
}

// tenant is one tenant of the sandbox, to be moved around.
type tenant struct {
	*engine
	t    *testing.T
	name string
}

func newTenant(t *testing.T, name string) *tenant {
	t.Helper()
	kubeconfig := shared.Get(t).Kubeconfig
	e, err := newEngine(t.Context(), kubeconfig, watchRecord(t, kubeconfig, name))
	if err != nil {
		t.Fatal(err)
	}
	return &tenant{engine: e, t: t, name: name}
}

func (x *tenant) request(version score.APIVersion) apply.Request {
	x.t.Helper()
	request, err := x.engine.request(x.t.Context(), x.name, version)
	if err != nil {
		x.t.Fatal(err)
	}
	return request
}

// run applies the script in a version and wants it done.
func (x *tenant) run(version score.APIVersion) *apply.Outcome {
	x.t.Helper()
	outcome, err := apply.Run(x.t.Context(), x.request(version))
	if err != nil {
		x.t.Fatalf("%s: %s: %v", x.name, version, err)
	}
	if outcome.State != apply.Done {
		x.t.Fatalf("%s: %s: got %s, want done:\n%s", x.name, version, outcome.State, describe(outcome))
	}
	return outcome
}

func describe(outcome *apply.Outcome) string {
	var lines []string
	for _, d := range outcome.Diagnostics {
		lines = append(lines, fmt.Sprintf("%s: %s\n%s", d.Code, d.Summary, d.Detail))
	}
	for _, result := range outcome.Results {
		if result.Status != apply.Unchanged {
			lines = append(lines, fmt.Sprintf("%s %s %s", result.Status, result.ID, result.Reason))
		}
	}
	return strings.Join(lines, "\n")
}

// plan computes what a run would do.
func (x *tenant) plan(version score.APIVersion) *plan.Plan {
	x.t.Helper()
	r := x.request(version)
	p, err := plan.Compute(x.t.Context(), plan.Request{
		Client: r.Client, Deployment: r.Deployment, Objects: r.Objects, Requires: r.Requires, Releases: r.Releases, Helm: r.Helm, ResolveSecret: r.ResolveSecret,
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

// destroy removes everything, the namespace too.
func (x *tenant) destroy() {
	x.t.Helper()
	outcome, err := apply.Destroy(x.t.Context(), apply.Request{
		Client: x.client, Deployment: x.name, Helm: x.helm, DeleteNamespaces: true, Timeout: 3 * time.Minute, LockWait: time.Minute,
	})
	if err != nil {
		x.t.Fatal(err)
	}
	if outcome.State != apply.Done {
		x.t.Fatalf("%s: destroy: got %s, want done:\n%s", x.name, outcome.State, describe(outcome))
	}
}
