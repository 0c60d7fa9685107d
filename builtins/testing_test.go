// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// countingTester keeps what it is asked. Every script that it runs deploys one stack.
type countingTester struct {
	library     *builtins.Library
	count       int
	failed      []string
	alerts      []builtins.AlertTest
	expressions []builtins.ExpressionTest
	routes      []builtins.RouteTest
}

func (c *countingTester) Alert(_ *host.Thread, t builtins.AlertTest) {
	c.count++
	c.alerts = append(c.alerts, t)
}

func (c *countingTester) Expression(_ *host.Thread, t builtins.ExpressionTest) {
	c.count++
	c.expressions = append(c.expressions, t)
}

func (c *countingTester) Route(_ *host.Thread, t builtins.RouteTest) {
	c.count++
	c.routes = append(c.routes, t)
}

func (c *countingTester) Failed(_ *host.Thread, _ score.Origin, summary, _ string) {
	c.count++
	c.failed = append(c.failed, summary)
}

func (c *countingTester) Held(*host.Thread, score.Origin) { c.count++ }

func (c *countingTester) Script(run *host.Thread, _ string, _ map[string]string) (host.Result, diag.List) {
	return c.library.Host(host.Options{}).RunSource(run.Context(), "script.star", `deploy(monitoring_stack(V2_CRD))`)
}

func runTest(t *testing.T, file, script string) (*countingTester, diag.List) {
	t.Helper()
	tester := &countingTester{library: builtins.Standard()}
	_, problems := tester.library.TestHost(host.Options{}, tester).RunSource(context.Background(), file, script)
	return tester, problems
}

func TestOnlyInTestFiles(t *testing.T) {
	t.Parallel()
	if _, problems := runTest(t, "x_test.star", `assert_eq(1, 1)`); problems != nil {
		t.Errorf("in a test file: got %v", problems)
	}
	if _, problems := runTest(t, "x.star", `assert_eq(1, 1)`); len(problems) != 1 || problems[0].Code != "undefined-name" {
		t.Errorf("in another file: got %v, want an undefined name", problems)
	}
	if _, problems := builtins.Standard().Host(host.Options{}).RunSource(context.Background(), "x_test.star", `assert_eq(1, 1)`); len(problems) != 1 {
		t.Errorf("outside of tests: got %v, want an undefined name", problems)
	}
}

func TestAsserts(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`assert_eq([1, {"a": 2}], [1, {"a": 2}])`: "",
		`assert_eq(None, None)`:                   "",
		`assert_eq(None, 1)`:                      "assert_eq: the values differ",
		`assert_eq(1, 2, "sum")`:                  "assert_eq: sum: the values differ",
		`assert_eq(tenant("blue"), tenant("green").replace(name = "blue"))`: "",
		`assert_ne(1, 2)`:                                               "",
		`assert_ne(1, 1)`:                                               "assert_ne: got 1, want another value",
		`assert_true("x")`:                                              "",
		`assert_true(None)`:                                             "assert_true: got None, want a value that counts as true",
		`assert_contains("word", "or")`:                                 "",
		`assert_contains({"a": 1}, "b")`:                                `assert_contains: "b" is missing`,
		`assert_fails(lambda: fail("too small"), "too \\w+")`:           "",
		`assert_fails(lambda: fail("too small"), "large")`:              `assert_fails: got another failure, want one with "large"`,
		`assert_fails(lambda: 1)`:                                       "assert_fails: got no failure",
		`assert_fails(lambda: 1 // 0)`:                                  "",
		`assert_fails(lambda: tenant(labels = {}), "missing argument")`: "",
		`assert_fails(lambda: monitoring_stack(V2_CRD, replicas = "two"), "want int")`: "",
	} {
		tester, problems := runTest(t, "x_test.star", script)
		if got := strings.Join(tester.failed, "; "); got != want || problems != nil || tester.count != 1 {
			t.Errorf("%s: got %q, %v, want %q", script, got, problems, want)
		}
	}
}

func TestTestArguments(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`test_alert([], sries = {}, expect = [])`: `test_alert: unknown argument "sries"`,
		`test_alert([])`:                                  `test_alert: missing argument "expect"`,
		`test_alert(tenant, expect = [])`:                 "want score or alert_rule_group",
		`test_alert([], expect = [1])`:                    `argument "expect[0]"`,
		`test_route(tenant("blue"), {}, expect = [])`:     "got 2 positional arguments",
		`test_expr([], expr = "up", expect = {"up": []})`: `argument "expect[up]"`,
		`assert_eq(1)`:                                    `missing argument "want"`,
		`assert_fails(1)`:                                 "want a function",
		`assert_fails(len, "(")`:                          "message: error parsing regexp",
		`assert_contains(1, 2)`:                           "got container of type int",
	} {
		_, problems := runTest(t, "x_test.star", script)
		if !problems.HasErrors() || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: got %v, want %q", script, problems, want)
		}
	}
}

func TestTestInputs(t *testing.T) {
	t.Parallel()
	tester, problems := runTest(t, "x_test.star", `
chat = webhook(name = "chat", url = secret(env = "URL"))
group = alert_rule_group(name = "g", rules = [])
stack = monitoring_stack(V2_CRD, alert_channels = [chat], alert_rules = [group])
test_alert(group, series = {"b": "1", "a": "2"}, at = "5m", expect = ["A", expected_alert("B", labels = {}, annotations = {"a": "b"})], only = ["A"])
test_alert(stack, expect = [], interval = "30s", name = "n")
test_expr([group, group], expr = "up", expect = {"a": 1, "b": 0.5, "c": "{{count:1}}", "d": float("+inf")})
test_route(stack, labels = {"a": "b"}, expect = [chat, "other"], versions = [V1_HELM], firing = [{"c": "d"}], at = "now")
test_alert(run_script("x.star").scores[0], expect = [])
`)
	if problems != nil {
		t.Fatal(problems)
	}
	a := tester.alerts[0]
	if a.Score != nil || len(a.Groups) != 1 || a.At != "5m" || a.Interval != "1m" || !slices.Equal(a.Only, []string{"A"}) || !slices.Equal(a.Series, [][2]string{{"b", "1"}, {"a", "2"}}) {
		t.Errorf("got %+v", a)
	}
	if e := a.Expect; len(e) != 2 || e[0].Alert != "A" || e[0].Labels != nil || e[1].Labels == nil || len(e[1].Labels) != 0 || e[1].Annotations["a"] != "b" {
		t.Errorf("got expectations %+v", e)
	}
	if a := tester.alerts[1]; a.Score == nil || a.Groups != nil || a.Interval != "30s" || a.Name != "n" {
		t.Errorf("got %+v", a)
	}
	if a := tester.alerts[2]; a.Score == nil || a.Score.Kind() != "monitoring_stack" {
		t.Errorf("got %+v", a)
	}
	if e := tester.expressions[0]; len(e.Groups) != 2 || !slices.Equal(e.Expect, [][2]string{{"a", "1.0"}, {"b", "0.5"}, {"c", "{{count:1}}"}, {"d", "inf"}}) {
		t.Errorf("got %+v", e)
	}
	r := tester.routes[0]
	if !slices.Equal(r.Expect, []string{"chat", "other"}) || !slices.Equal(r.Versions, []score.APIVersion{score.V1Helm}) || len(r.Firing) != 1 || r.At != "now" {
		t.Errorf("got %+v", r)
	}
}
