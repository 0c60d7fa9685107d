// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func runHelm(t *testing.T, script string) (host.Result, diag.List) {
	t.Helper()
	return builtins.Standard().Host(host.Options{}).RunSource(context.Background(), "s.star", script)
}

func onlyStack(t *testing.T, script string) score.MonitoringStack {
	t.Helper()
	result, problems := runHelm(t, script)
	if len(problems) > 0 {
		t.Fatalf("got problems:\n%s", problems.Render(result.Sources, diag.Style{}))
	}
	stack, ok := result.Deployment.Scores[0].(score.MonitoringStack)
	if !ok || len(result.Deployment.Scores) != 1 {
		t.Fatalf("got %v, want one stack", result.Deployment.Scores)
	}
	return stack
}

// TestHelmValuesAreCopied changes the script's own dict after the call.
func TestHelmValuesAreCopied(t *testing.T) {
	t.Parallel()
	stack := onlyStack(t, `
inner = ["a", 1]
values = {"grafana": {"enabled": False, "replicas": 2, "ratio": 0.5, "note": "x", "image": None}, "list": inner, "tuple": (1, {}), "big": 5000000000}
stack = monitoring_stack(V1_HELM, helm_values = values, helm_chart = helm_chart(path = "charts/x", digest = "sha256:1"))
inner.append("later")
values["grafana"]["enabled"] = True
values["more"] = 1
deploy(stack)
`)
	want := map[string]any{
		"grafana": map[string]any{"enabled": false, "replicas": int64(2), "ratio": 0.5, "note": "x", "image": nil},
		"list":    []any{"a", int64(1)}, "tuple": []any{int64(1), map[string]any{}}, "big": int64(5000000000),
	}
	if diff := cmp.Diff(want, stack.HelmValues); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if stack.HelmChart == nil || stack.HelmChart.Path != "charts/x" || stack.HelmChart.Digest != "sha256:1" || !stack.HelmChart.Origin.Position().IsValid() {
		t.Errorf("got chart %+v", stack.HelmChart)
	}
	for path, line := range map[string]int{"helm_values": 4, "helm_chart": 4} {
		if got := stack.Origin.Of(path).Line; got != line {
			t.Errorf("%s: got line %d, want %d", path, got, line)
		}
	}
}

func TestHelmValuesHavePlaces(t *testing.T) {
	t.Parallel()
	stack := onlyStack(t, "deploy(monitoring_stack(V1_HELM, helm_values = {\n  \"prometheus\": {\n    \"prometheusSpec\": {\n      \"logLevel\": \"debug\",\n    },\n  },\n}))")
	if got := stack.Origin.OfName("helm_values[prometheus][prometheusSpec][logLevel]"); got.Line != 4 || got.Column != 7 {
		t.Errorf("got %s, want 4:7", got)
	}
}

// TestHelmValuesInTheLanguage proves what scripts can do with them.
func TestHelmValuesInTheLanguage(t *testing.T) {
	t.Parallel()
	stack := onlyStack(t, `
def make(values):
    return monitoring_stack(V1_HELM, helm_values = values)

a = make({"x": None, "y": [1, 2.5, "z", True]})
b = make({"y": [1, 2.5, "z", True], "x": None})
if a != b or {a: 1}[b] != 1:
    fail("equal values differ")
if a == make({"x": 1, "y": [1, 2.5, "z", True]}) or a == make({"y": [1, 2.5, "z", True]}):
    fail("different values are equal")
if a == make(None) or make(None) != monitoring_stack(V1_HELM):
    fail("None is not given")
if str(a) != 'monitoring_stack(api_version = V1_HELM, helm_values = {"x": None, "y": [1, 2.5, "z", True]})':
    fail(str(a))
if a.helm_values["y"][1] != 2.5 or a.helm_values["x"] != None or "helm_values" not in dir(a) or "helm_chart" not in dir(a):
    fail("not readable")
if a.replace(helm_values = None) != make(None) or a.replace(helm_values = {"q": {}}).helm_values != {"q": {}}:
    fail("replace does not replace")
chart = helm_chart(repo = "oci://r.example.org/kps", version = "1.2.3")
if a.replace(helm_chart = chart).helm_chart != helm_chart(version = "1.2.3", repo = "oci://r.example.org/kps"):
    fail("charts differ")
deploy(a.replace(helm_chart = chart))
`)
	if stack.HelmChart == nil || stack.HelmChart.Repository != "oci://r.example.org/kps" || stack.HelmChart.Version != "1.2.3" {
		t.Errorf("got chart %+v", stack.HelmChart)
	}
}

// TestEqualCallsTellNone calls at one place with arguments of which None is one.
func TestEqualCallsTellNone(t *testing.T) {
	t.Parallel()
	result, problems := runHelm(t, `
stacks = [monitoring_stack(V1_HELM, **arguments) for arguments in [
    {"name": "a", "helm_values": {"x": 1}}, {"name": "a", "helm_values": {"x": None}}, {"name": "a", "helm_chart": None}, {"name": "a", "helm_values": {"x": [None]}},
    {"name": "a", "helm_values": {"x": [1]}},
]]
if len({s: 1 for s in stacks}) != 5:
    fail(str(stacks))
deploy(stacks[0])
`)
	if len(problems) > 0 {
		t.Errorf("got problems:\n%s", problems.Render(result.Sources, diag.Style{}))
	}
}

func TestHelmArgumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`monitoring_stack(V1_HELM, helm_values = {"a": {"b": secret(env = "X")}})`:             `argument "helm_values[a][b]": got secret, want plain data: it is stored in the cluster in the open`,
		"v = {}\nv[\"a\"] = [secret(env = \"X\")]\nmonitoring_stack(V1_HELM, helm_values = v)": `argument "helm_values[a][0]": got secret, want plain data`,
		`monitoring_stack(V1_HELM, helm_values = {"a": tenant("x")})`:                          `argument "helm_values[a]": got tenant, want plain data`,
		`monitoring_stack(V1_HELM, helm_values = {"a": V1_HELM})`:                              `argument "helm_values[a]": got monitoring_api_version, want plain data`,
		`monitoring_stack(V1_HELM, helm_values = {"a": {1: 2}})`:                               `argument "helm_values[a]": got a key of type int, want string`,
		`monitoring_stack(V1_HELM, helm_values = [])`:                                          `argument "helm_values": got list, want dict of plain data`,
		`monitoring_stack(V1_HELM, helm_values = {"a": float("inf")})`:                         `argument "helm_values[a]": got a float that is no number, want one that JSON can write`,
		`monitoring_stack(V1_HELM, helm_values = {"a": 1 << 64})`:                              `argument "helm_values[a]": got an integer beyond 64 bits`,
		"v = []\nv.append(v)\nmonitoring_stack(V1_HELM, helm_values = {\"a\": v})":             `got values nested more than 64 deep`,
		`monitoring_stack(V1_HELM, helm_chart = "charts/x")`:                                   `argument "helm_chart": got string, want helm_chart`,
		`helm_chart()`:                   `got no source, want repo with version, path, or version`,
		`helm_chart(repo = "oci://r/c")`: `got repo without version, want both`,
		`helm_chart(repo = "oci://r/c", version = "1.0.0", path = "x")`: `argument "path": got repo and path, want one of them`,
		`helm_chart(path = "x", name = "y")`:                            `argument "name": got name without repo, want both`,
		`helm_chart(version = 88)`:                                      `argument "version": got int, want string`,
	} {
		result, problems := runHelm(t, script)
		text := problems.Render(result.Sources, diag.Style{})
		if !problems.HasErrors() || !strings.Contains(text, want) {
			t.Errorf("%s:\ngot %s\nwant %s", script, text, want)
		}
	}
}

// TestHelmValuesHideSecrets has a mistake beside a plain secret, so that its line is shown.
func TestHelmValuesHideSecrets(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		`monitoring_stack(V1_HELM, helm_values = {"grafana": {"adminPassword": "hunter2"}}, name = 3)`,
		`monitoring_stack(V1_HELM, helm_values = {"note": "https://discord.com/api/webhooks/1/hunter2"}, name = 3)`,
		`v = {"tokens": {"api_key": ["hunter2"]}}; monitoring_stack(V1_HELM, helm_values = v); x = 1 // 0`,
	} {
		result, problems := runHelm(t, script)
		text := problems.Render(result.Sources, diag.Style{})
		if !problems.HasErrors() || strings.Contains(text, "hunter2") {
			t.Errorf("%s: got:\n%s", script, text)
		}
	}
}
