// SPDX-License-Identifier: Apache-2.0

package moduledoc_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/moduledoc"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"@stdlib//dead_mans_switch.star", "dead_mans_switch.star"} {
		m, err := moduledoc.Read(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != "@stdlib//dead_mans_switch.star" || !strings.HasPrefix(m.Summary, "A dead man's switch: ") || !strings.Contains(m.Doc, "The only proof that it works") {
			t.Errorf("got %q, %q, %q", m.Name, m.Summary, m.Doc)
		}
		f, ok := m.Function("dead_mans_switch_route")
		if !ok {
			t.Fatalf("got functions %v", m.Functions)
		}
		if got, want := f.Header(), "dead_mans_switch_route(channel, alert=, every=)"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		want := []moduledoc.Argument{
			{Name: "channel", Required: true, Doc: "a channel to the service, with send_resolved = False, or its name."},
			{Name: "alert", Default: `"DeadMansSwitch"`, Doc: "name of the alert."},
			{Name: "every", Default: `"1m"`, Doc: "time between two messages, as a duration."},
		}
		if !slices.Equal(f.Arguments, want) {
			t.Errorf("got %+v\nwant %+v", f.Arguments, want)
		}
		if f.Returns != "a route." || !strings.HasPrefix(f.Example, `load("@stdlib//dead_mans_switch.star", "dead_mans_switch_route")`+"\n") {
			t.Errorf("got %q and\n%s", f.Returns, f.Example)
		}
		if _, ok := m.Function("_ALERT"); ok {
			t.Error("got a private name")
		}
	}
}

// TestAll reads every module, and wants its text and that of its functions.
func TestAll(t *testing.T) {
	t.Parallel()
	names := moduledoc.Names()
	if len(names) < 18 || !slices.Contains(names, "@stdlib//alerts/node.star") {
		t.Errorf("got %v", names)
	}
	for _, name := range names {
		m, err := moduledoc.Read(t.Context(), name)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if m.Summary == "" || len(m.Functions) == 0 {
			t.Errorf("%s: got %q and %d functions", name, m.Summary, len(m.Functions))
		}
		if strings.HasPrefix(name, moduledoc.Prefix+"alerts/") && name != moduledoc.Prefix+"alerts/general.star" && len(m.Requires) == 0 {
			t.Errorf("%s: got no metrics that it requires", name)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "alerts", "@stdlib//alerts/nod.star", "../go.mod", "@stdlib///etc/passwd"} {
		if m, err := moduledoc.Read(t.Context(), name); err == nil {
			t.Errorf("%q: got %s, want an error", name, m.Name)
		}
	}
	if _, err := moduledoc.Read(t.Context(), "@stdlib//alerts/nod.star"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}
