// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

func TestHelp(t *testing.T) {
	s := newTestShell(t)
	if _, problems := s.session.Run(context.Background(), prepared+`
def documented(a, b = [1], *args, c = None, **kwargs):
    """Does something.

    At length."""
    return a

def bare(a, *, b):
    pass

def variadic(*all):
    pass
`); problems.HasErrors() {
		t.Fatal(problems)
	}
	for _, c := range []struct{ expression, want string }{
		{"discord", "discord(name, webhook_url,"},
		{`"discord"`, "discord(name, webhook_url,"},
		{"stack.set_namespace", "monitoring_stack.set_namespace(namespace)"},
		{`"monitoring_stack.replace"`, "monitoring_stack.replace("},
		{"stack", "api_version = V2_CRD"},
		{"stack", "Methods, each of which gives a new value:"},
		{"channel", `webhook_url = secret(env = "D")`},
		{"V2_CRD", "V2_CRD (monitoring_api_version)"},
		{`"V2_CRD"`, "V2_CRD (monitoring_api_version)"},
		{"documented", "documented(a, b = [1], *args, c = None, **kwargs)\n\nDefined at <repl>:1:"},
		{"documented", "Does something.\n\nAt length.\n"},
		{"helper", "helper(first, second = 2, *rest, third, **more)"},
		{"bare", "bare(a, *, b)"},
		{"variadic", "variadic(*all)"},
		{`"documented"`, "Does something."},
		{"plan", "plan(*scores, name = None)"},
		{"help", "help(x = None)"},
		{"len", "A function of Starlark itself"},
		{`"".upper`, "string.upper"},
		{"[1]", "A value of type list.\n\nFields and methods: append"},
		{"1", "A value of type int."},
		{`"text"`, "A value of type string."},
	} {
		t.Run(c.expression, func(t *testing.T) {
			value, problems := s.session.Run(context.Background(), c.expression)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			got, err := s.help(starlark.Tuple{value})
			if err != nil || !strings.Contains(got, c.want) {
				t.Errorf("help(%s): got %v\n%s\nwant it to contain %q", c.expression, err, got, c.want)
			}
		})
	}
}

func TestHelpListsEverything(t *testing.T) {
	s := newTestShell(t)
	list, err := s.help(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.completer.functions {
		if !strings.Contains(list, fmt.Sprintf("  %s ", name)) {
			t.Errorf("help(): got no line for %s", name)
		}
	}
	for name := range s.completer.constants {
		if !strings.Contains(list, name) {
			t.Errorf("help(): got no line for %s", name)
		}
	}
}
