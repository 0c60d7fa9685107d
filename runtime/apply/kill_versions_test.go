// SPDX-License-Identifier: Apache-2.0

// This file kills a process that installs, upgrades, removes and moves real stacks, after each of its writes in turn, Helm's
// among them.

package apply_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// everyWriteVariable has the processes killed after every single write; otherwise each case takes every fifth, and the cases
// begin at different ones.
const everyWriteVariable = "HARMONYSCRIPT_TEST_EVERY_WRITE"

// quickly leaves out waiting: what is looked at is there at once.
func quickly(r *apply.Request) { r.NoWait = true }

// smallStack is a tenant with a stack and nothing in it.
func smallStack(namespace, version, more string) string {
	return fmt.Sprintf(`
stack = monitoring_stack(name = "stack", namespace = "monitoring", api_version = %s, %s)
deploy(tenant_monitoring(tenant = %q, stack = stack))
`, version, more, namespace)
}

// bareTenant is the tenant without the stack.
func bareTenant(namespace string) string {
	return fmt.Sprintf("deploy(tenant(name = %q))\n", namespace)
}

func TestStacksKilledAfterEachWrite(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills a process some hundred times")
	}
	stride, first := 5, 0
	if os.Getenv(everyWriteVariable) != "" {
		stride = 1
	}
	for _, c := range []struct {
		name          string
		before, after func(namespace string) string
		// atLeast is how many writes there are.
		atLeast int
		// inPlace tells that the servers stay.
		inPlace bool
	}{
		{
			"install", bareTenant, func(ns string) string { return smallStack(ns, "V1_HELM", "") }, 12, false,
		},
		{
			"upgrade", func(ns string) string { return smallStack(ns, "V1_HELM", `retention = "5d"`) },
			func(ns string) string { return smallStack(ns, "V1_HELM", `retention = "6d"`) }, 8, true,
		},
		{
			"remove", func(ns string) string { return smallStack(ns, "V1_HELM", "") }, bareTenant, 12, false,
		},
		{
			"V1 to V2", func(ns string) string { return smallStack(ns, "V1_HELM", "") }, func(ns string) string { return smallStack(ns, "V2_CRD", "") }, 12, true,
		},
		{
			"V2 to V1", func(ns string) string { return smallStack(ns, "V2_CRD", "") }, func(ns string) string { return smallStack(ns, "V1_HELM", "") }, 12, true,
		},
	} {
		for _, next := range []string{"the same script again", "the script before", "destroy"} {
			first = first%stride + 1
			begin := first
			t.Run(c.name+", then "+next, func(t *testing.T) {
				t.Parallel()
				killStack(t, c.before, c.after, next, begin, stride, c.atLeast, c.inPlace)
			})
		}
	}
}

// killStack brings a deployment from before to after, killed after one write after the other, and then does what next says.
func killStack(t *testing.T, before, after func(string) string, next string, first, stride, atLeast int, inPlace bool) {
	w := newStackWorld(t)
	ns := w.name + "-t"
	settle := func(what, text string) map[string]string {
		t.Helper()
		w.load(text)
		if o := w.run(quickly); o.State != apply.Done {
			t.Fatalf("%s: got %s:\n%s", what, o.State, o.Diagnostics.Render(nil, diag.Style{}))
		}
		w.mustBeSettled(what)
		shapes, _ := w.everything(ns)
		return shapes
	}
	// What both look like when nothing interferes.
	wantAfter := settle("after", after(ns))
	wantBefore := settle("before", before(ns))
	_, uids := w.everything(ns)
	for point := first; ; point += stride {
		w.load(after(ns))
		if !w.runChild(order{DieAfter: point}) {
			if point <= atLeast {
				t.Fatalf("got fewer than %d writes, want %d or more", point, atLeast)
			}
			return
		}
		what := fmt.Sprintf("killed after write %d", point)
		switch next {
		case "the same script again":
			mustEqualShapes(t, what, settle(what, after(ns)), wantAfter)
		case "the script before":
			mustEqualShapes(t, what, settle(what, before(ns)), wantBefore)
		case "destroy":
			if o := w.destroy(false); o.State != apply.Done {
				t.Fatalf("%s: got %s:\n%s", what, o.State, o.Diagnostics.Render(nil, diag.Style{}))
			}
			left, _ := w.everything(ns)
			mustEqualShapes(t, what, left, nil)
			if inv := w.inventory(); len(inv.Releases) > 0 || len(inv.Pending) > 0 {
				t.Fatalf("%s: recorded %+v, pending %v", what, inv.Releases, inv.Pending)
			}
			if state, err := w.helm.State(context.Background(), ns, "stack"); state != nil || err != nil {
				t.Fatalf("%s: the release is left over: %+v, %v", what, state, err)
			}
		}
		// Back to the start for the next point.
		mustEqualShapes(t, "back after "+what, settle("back after "+what, before(ns)), wantBefore)
		_, now := w.everything(ns)
		for name, uid := range now {
			if was := uids[name]; inPlace && next != "destroy" && was != "" && was != uid {
				t.Fatalf("%s: %s was made anew", what, name)
			}
		}
		uids = now
	}
}
