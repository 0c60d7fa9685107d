// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// manyTenants has scores that share objects: both stacks of the platform want its namespace.
const manyTenants = `
c = webhook(name = "c", url = secret(env = "X"))
t = pod_monitor(name = "w", match_labels = {"app": "w"}, port = "http")
def stack(name):
    rules = [alert_rule_group(name = "g", rules = [alert_rule(alert = "Down", expr = 'up{job="%s"} == 0' % name, labels = {"severity": "critical"})])]
    return monitoring_stack(api_version = V2_CRD, name = "a", alert_channels = [c], scrape_targets = [t], alert_rules = rules)
deploy(stack("x"), stack("x").replace(name = "b"), *[tenant_monitoring(tenant = "team-%d" % n, stack = stack("w")) for n in range(40)])
`

func written(objects []backend.Object) (string, error) {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%s %s %s %s %v\n", o.ID, o.Stage, o.Origin.Position(), o.Manifest, o.Secrets)
	}
	return b.String(), nil
}

func all(t *testing.T, loaded *Loaded) string {
	t.Helper()
	var b strings.Builder
	if err := Each(loaded, written, func(text string) error { b.WriteString(text); return nil }); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStream wants the same objects in the same order, streamed or not, on one core and on many.
func TestStream(t *testing.T) {
	want := ""
	for _, cores := range []int{1, 2, 8} {
		withCores(t, cores)
		kept, streamed := finish(t, manyTenants, Options{}), finish(t, manyTenants, Options{Stream: true})
		if kept.Diagnostics.HasErrors() || streamed.Diagnostics.HasErrors() {
			t.Fatal(kept.Diagnostics, streamed.Diagnostics)
		}
		if streamed.Objects != nil || streamed.Made != nil || streamed.Deployed != nil || streamed.Globals != nil {
			t.Errorf("%d cores: got objects or values that are kept, want none", cores)
		}
		direct, _ := written(kept.Objects)
		if want == "" {
			want = direct
			if n := strings.Count(want, "\n"); n != len(kept.Objects) || strings.Count(want, "Namespace monitoring ") != 1 || n < 400 {
				t.Fatalf("got %d objects, want hundreds, and the shared namespace once", n)
			}
		}
		for name, got := range map[string]string{"objects": direct, "each of those kept": all(t, kept), "each of those streamed": all(t, streamed)} {
			if got != want {
				t.Errorf("%d cores: %s: got\n%s\nwant\n%s", cores, name, got, want)
			}
		}
	}
}

func TestStreamReportsTwoWishesForOneObject(t *testing.T) {
	const script = `
deploy(tenant(name = "red"), tenant(name = "blue"), tenant(name = "blue", labels = {"a": "b"}), tenant(name = "red"))
`
	kept, streamed := finish(t, script, Options{}), finish(t, script, Options{Stream: true})
	if want, got := fmt.Sprintf("%+v", kept.Diagnostics), fmt.Sprintf("%+v", streamed.Diagnostics); got != want || !streamed.Diagnostics.HasErrors() {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	d, r := kept.Deployment, registryForTest(t)
	_, want, err := Compile(d, r)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := newStream(d, r)
	if err != nil || len(want) == 0 || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %v and\n%+v\nwant\n%+v", err, got, want)
	}
}

func registryForTest(t *testing.T) *backend.Registry {
	t.Helper()
	r, err := DefaultRegistry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachStopsAtTheFirstError(t *testing.T) {
	loaded := finish(t, manyTenants, Options{Stream: true})
	full := errors.New("full")
	used := 0
	err := Each(loaded, written, func(string) error {
		if used == 3 {
			return full
		}
		used++
		return nil
	})
	if !errors.Is(err, full) || used != 3 {
		t.Errorf("got %v after %d, want %v after 3", err, used, full)
	}
}
