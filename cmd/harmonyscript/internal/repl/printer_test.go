// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

func evaluated(t *testing.T, text string) starlark.Value {
	t.Helper()
	value, problems := builtins.Standard().Host(host.Options{}).NewSession(SessionName).Run(context.Background(), text)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return value
}

func TestPrinted(t *testing.T) {
	long := strings.Repeat("x", 50)
	for _, c := range []struct{ name, text, want string }{
		{"short", `[1, "a", (2,), {"b": None}]`, `[1, "a", (2,), {"b": None}]`},
		{"long list", `["` + long + `", "` + long + `"]`, "[\n    \"" + long + "\",\n    \"" + long + "\",\n]"},
		{"long tuple", `("` + long + `", "` + long + `")`, "(\n    \"" + long + "\",\n    \"" + long + "\",\n)"},
		{"long dict", `{"a": "` + long + `", "b": ["` + long + `"]}`, "{\n    \"a\": \"" + long + "\",\n    \"b\": [\"" + long + "\"],\n}"},
		{"long set", `set(["` + long + `", "b", "` + long + `c"])`, "set([\n    \"" + long + "\",\n    \"b\",\n    \"" + long + "c\",\n])"},
		{"one long string stays as it is", `"` + long + long + long + `"`, `"` + long + long + long + `"`},
		{
			"constructor", `discord(name = "` + long + `", webhook_url = secret(env = "A"), title = "` + long + `")`,
			"discord(\n    name = \"" + long + "\",\n    webhook_url = secret(env = \"A\"),\n    title = \"" + long + "\",\n)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := printed(evaluated(t, c.text))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatalf("-want +got\n%s", diff)
			}
			// What is printed is what makes the value.
			if equal := evaluated(t, "("+c.text+") == ("+got+")"); equal != starlark.True {
				t.Error("the printed text gives another value")
			}
		})
	}
}

// TestPrintedEnds prints values whose text would be endless or take longer than the world stands.
func TestPrintedEnds(t *testing.T) {
	for name, text := range map[string]string{
		"doubled sixty times":   "l = [1]\nfor i in range(60):\n    l = [l, l]\n\nl",
		"dict doubled":          "l = {}\nfor i in range(60):\n    l = {\"a\": l, \"b\": l}\n\nl",
		"contains itself":       "l = [\"" + strings.Repeat("x", 120) + "\"]\nl.append(l)\nl",
		"a million of elements": "[i for i in range(1000000)]",
	} {
		t.Run(name, func(t *testing.T) {
			got := printed(evaluated(t, text))
			if len(got) > printedSize+100 {
				t.Errorf("got %d bytes, want about %d at most", len(got), printedSize)
			}
			if !strings.Contains(got, "…") {
				t.Errorf("got no sign of having been cut:\n%.200s", got)
			}
		})
	}
}
