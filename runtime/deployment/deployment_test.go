// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

func finish(t *testing.T, script string, options Options) *Loaded {
	t.Helper()
	result, problems := NewHost(options).RunSource(t.Context(), "script.star", script)
	loaded, err := Finish(result, problems, options)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func codes(list diag.List) string {
	var all []string
	for _, d := range list {
		all = append(all, d.Code)
	}
	return strings.Join(all, " ")
}

func TestLoadMergesWhatScoresShare(t *testing.T) {
	loaded := finish(t, `
c = webhook(name = "c", url = secret(env = "X"))
t = pod_monitor(name = "w", match_labels = {"app": "w"}, port = "http")
a = monitoring_stack(api_version = V2_CRD, name = "a", alert_channels = [c], scrape_targets = [t])
deploy(a, a.replace(name = "b"))
`, Options{})
	if loaded.Diagnostics.HasErrors() {
		t.Fatal(loaded.Diagnostics)
	}
	namespaces := 0
	for _, o := range loaded.Objects {
		if o.ID.Kind == "Namespace" {
			namespaces++
		}
	}
	if namespaces != 1 {
		t.Errorf("got %d namespaces for two stacks in one, want 1", namespaces)
	}
	if len(loaded.Requires) == 0 {
		t.Error("got no required kinds, want those of prometheus-operator")
	}
}

func TestLoadReportsTwoWishesForOneObject(t *testing.T) {
	loaded := finish(t, `
deploy(tenant(name = "blue"), tenant(name = "blue", labels = {"a": "b"}))
`, Options{})
	if !loaded.Diagnostics.HasErrors() || loaded.Objects != nil {
		t.Errorf("got %q and %d objects, want an error and none", codes(loaded.Diagnostics), len(loaded.Objects))
	}
}

func TestLoadTellsWhatWasMadeBeforeAScriptStopped(t *testing.T) {
	loaded := finish(t, `
rule = alert_rule(alert = "A", expr = "up ==")
fail("no further")
`, Options{})
	if got := codes(loaded.Diagnostics); !strings.Contains(got, "invalid-promql") || !strings.Contains(got, "script-failed") {
		t.Errorf("got %q, want the PromQL mistake beside the failure", got)
	}
}

func TestLoadNamesTheScriptOfAProblemWithoutALine(t *testing.T) {
	loaded := finish(t, `x = 1`, Options{})
	if len(loaded.Diagnostics) != 1 || loaded.Diagnostics[0].Position.File != "script.star" {
		t.Errorf("got %v, want one problem of script.star", loaded.Diagnostics)
	}
}

func TestCheckOnlyCompilesNothing(t *testing.T) {
	loaded := finish(t, `deploy(tenant(name = "blue"))`, Options{CheckOnly: true, Name: "other"})
	if len(loaded.Objects) != 0 || len(loaded.Diagnostics) != 0 || loaded.Deployment.Name != "other" {
		t.Errorf("got %d objects, %v and name %q, want none, none and %q", len(loaded.Objects), loaded.Diagnostics, loaded.Deployment.Name, "other")
	}
}

func TestLoadGoesOnBehindARefusedCall(t *testing.T) {
	loaded := finish(t, `
def channel(kind):
    return kind(name = "a", **{"webhok_url": secret(env = "X")})

broken = channel(discord)
stack = monitoring_stack(
    api_version = V2_CRD,
    alert_channels = [broken],
    alert_rules = [alert_rule_group(name = "g", rules = [alert_rule(alert = "A", expr = "up ==")])],
).set_namespace("elsewhere").replace(retention = "forever")
group = alert_rule_group(name = "h", interval = "often", rules = [])
deploy(stack, tenant_monitoring(tenant = 5, stack = stack))
`, Options{})
	// Neither the stack, which is made of what was refused, nor the deployment of it is told as well.
	if got, want := codes(loaded.Diagnostics), "unknown-argument invalid-promql invalid-duration empty-rule-group wrong-type"; !sameWords(got, want) {
		t.Errorf("got %q, want %q:\n%s", got, want, loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
}

func sameWords(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}
