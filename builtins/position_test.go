// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// source is what made stands for in a script, by the names that the test asks for.
func runFor[T any](t *testing.T, text string) []T {
	t.Helper()
	result, problems := builtins.Standard().Host(host.Options{}).RunSource(context.Background(), "s.star", text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var found []T
	for _, made := range result.Made {
		if m, ok := made.(T); ok {
			found = append(found, m)
		}
	}
	return found
}

// textAt returns what stands in text at p, up to the end of the line.
func textAt(text string, p score.Position) string {
	lines := strings.Split(text, "\n")
	if p.File != "s.star" || p.Line < 1 || p.Line > len(lines) {
		return "nowhere: " + p.String()
	}
	return string([]rune(lines[p.Line-1])[p.Column-1:])
}

func TestPositionsOfArguments(t *testing.T) {
	t.Parallel()
	text := `ä = "ü"; rule = alert_rule(
    alert = ("Down"),
    expr = "sum(up{job=\"x\"}) == foo(",
    labels = {"severity": "page",
              "team": ä},
)
d = discord(name = "d", webhook_url = secret(env = "X"), matchers = ["a", ä, 'b="c'])
`
	rule := runFor[score.Rule](t, text)[0]
	for argument, want := range map[string]string{
		"":                 "alert_rule(",
		"alert":            `"Down"),`,
		"expr":             `"sum(up{job=\"x\"}) == foo(",`,
		"labels":           `{"severity": "page",`,
		"labels[severity]": `"page",`,
		"labels[team]":     `ä},`,
		"labels[none]":     `{"severity": "page",`,
		"for_":             "alert_rule(",
	} {
		at := rule.Origin.Position()
		if argument != "" {
			at = rule.Origin.Of(argument)
		}
		if got := textAt(text, at); got != want {
			t.Errorf("%q: got %q, want %q", argument, got, want)
		}
	}
	at, exact := rule.Origin.Inside("expr", strings.Index(rule.Expr, "foo"))
	if got := textAt(text, at); !exact || got != `foo(",` {
		t.Errorf("inside expr: got %q, %v", got, exact)
	}
	if got := textAt(text, rule.Origin.OfName("expr")); !strings.HasPrefix(got, "expr =") {
		t.Errorf("name of expr: got %q", got)
	}
	if got, want := rule.Origin.LengthOf("labels[severity]"), len(`"page"`); got != want {
		t.Errorf("length: got %d, want %d", got, want)
	}

	d := runFor[score.AlertChannel](t, text)[0]
	at, exact = d.Origin.Inside("matchers[2]", 2)
	if got := textAt(text, at); !exact || got != `"c'])` {
		t.Errorf("inside matchers[2]: got %q, %v", got, exact)
	}
	if at, exact = d.Origin.Inside("matchers[1]", 0); exact || textAt(text, at) != `ä, 'b="c'])` {
		t.Errorf("inside matchers[1]: got %q, %v", textAt(text, at), exact)
	}
}

func TestPositionsOfCallers(t *testing.T) {
	t.Parallel()
	text := `def make(name):
    return tenant(name)
def outer(name):
    return [make(name)]
ts = [outer(n) for n in ["a", "b"]]
`
	tenants := runFor[score.Tenant](t, text)
	if len(tenants) != 2 {
		t.Fatalf("got %d tenants, want 2", len(tenants))
	}
	origin := tenants[1].Origin
	if got := textAt(text, origin.Position()); got != "tenant(name)" {
		t.Errorf("got %q", got)
	}
	var callers []string
	for _, p := range origin.Callers() {
		callers = append(callers, textAt(text, p))
	}
	if got, want := strings.Join(callers, "|"), `make(name)]|outer(n) for n in ["a", "b"]]`; got != want {
		t.Errorf("got callers %s, want %s", got, want)
	}
	if tenants[0].Origin.Site() != origin.Site() {
		t.Error("got a call site for each value, want one for the loop")
	}
}

func TestPositionsAfterMethods(t *testing.T) {
	t.Parallel()
	text := `c = discord(name = "x", webhook_url = secret(env = "X"))
s = monitoring_stack(V2_CRD, retention = "1d", alert_channels = [c])
s2 = s.replace(retention = "2d").add_alert_channel(c).set_namespace("n")
t = tenant_monitoring("q", s2)
`
	stacks := runFor[score.MonitoringStack](t, text)
	last := stacks[len(stacks)-1].Origin
	for argument, want := range map[string]string{
		"retention":         `"2d").add_alert_channel(c).set_namespace("n")`,
		"alert_channels[0]": "c])",
		"alert_channels[1]": `c).set_namespace("n")`,
		"namespace":         `"n")`,
		"api_version":       `V2_CRD, retention = "1d", alert_channels = [c])`,
	} {
		if got := textAt(text, last.Of(argument)); got != want {
			t.Errorf("%s: got %q, want %q", argument, got, want)
		}
	}
	owner := runFor[score.TenantMonitoring](t, text)[0].Tenant
	if got := textAt(text, owner.Origin.Of("name")); got != `"q", s2)` {
		t.Errorf("tenant's name: got %q", got)
	}
}
