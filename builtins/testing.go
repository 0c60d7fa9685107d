// SPDX-License-Identifier: Apache-2.0

// This file holds test_alert, test_expr, test_route and what they take. They only collect what is asked; a Tester
// judges it.

package builtins

import (
	"strings"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	familyTests       = "tests"
	kindExpectedAlert = "expected_alert"
	// TestFileSuffix is how the names of test files end.
	TestFileSuffix = "_test.star"
)

// Tester judges what a test file asks. It is asked by the goroutine that runs the file.
type Tester interface {
	// Alert, Expression and Route judge a call of test_alert, test_expr and test_route.
	Alert(run *host.Thread, t AlertTest)
	Expression(run *host.Thread, t ExpressionTest)
	Route(run *host.Thread, t RouteTest)
	// Failed takes note of an assertion that does not hold: who says so, what it found, and what more there is to say.
	Failed(run *host.Thread, origin score.Origin, summary, detail string)
	// Held takes note of one that does.
	Held(run *host.Thread, origin score.Origin)
	// Script runs another script as an entry script of its own. What is wrong with it is returned.
	Script(run *host.Thread, path string, parameters map[string]string) (host.Result, diag.List)
}

// RuleInput is what rules are tried on.
type RuleInput struct {
	Origin score.Origin
	// Name of the test; may be empty.
	Name string
	// Score is what has the rules, or nil when Groups are given alone.
	Score  score.Score
	Groups []score.RuleGroup
	// Series are names and values in promtool's notation, in the script's order.
	Series [][2]string
	// Interval, At and Start are as the script has them.
	Interval, At, Start string
}

// ExpectedAlert is an alert that should fire. Labels and Annotations are all that there are; nil takes any.
type ExpectedAlert struct {
	Origin              score.Origin
	Alert               string
	Labels, Annotations map[string]string
}

// AlertTest is a call of test_alert.
type AlertTest struct {
	RuleInput
	Expect []ExpectedAlert
	// Only are the alerts that are looked at; without any, all are.
	Only []string
}

// ExpressionTest is a call of test_expr.
type ExpressionTest struct {
	RuleInput
	Expr string
	// Expect are series with their values, a number or a native histogram in promtool's notation.
	Expect [][2]string
}

// RouteTest is a call of test_route.
type RouteTest struct {
	Origin score.Origin
	Name   string
	Score  score.Score
	Labels map[string]string
	// Expect are names of channels.
	Expect []string
	// Versions to look at; without any, all that can express the score.
	Versions []score.APIVersion
	// At is a time in RFC 3339, or empty for one outside of all mute times.
	At string
	// Firing are the labels of alerts that fire at the same time.
	Firing []map[string]string
}

func testSignatures() []Signature {
	rules := OneOf(ValueOf(kindScore), ValueOf(kindGroup), ListOf(ValueOf(kindGroup)))
	name := Argument{Name: "name", Type: String(), Doc: "Name of the test; without it the place of the call.", Hint: `name = "web is down"`}
	series := Argument{
		Name: "series", Type: MapOf(String()), Hint: `series = {'up{job="web"}': "1x5 0x20"}`,
		Doc: "Series and their samples, one at each interval from the start, in promtool's notation: \"1 2 3\", \"0+10x20\", \"_\" for none, \"stale\", \"{{schema:0 count:3 sum:5 buckets:[1 2]}}\".",
	}
	at := Argument{Name: "at", Type: String(), Default: "0s", Doc: "How long after the start to look, as a duration.", Hint: `at = "10m"`}
	interval := Argument{Name: "interval", Type: String(), Default: "1m", Doc: "Time between two samples, and between two evaluations of a group without an interval of its own.", Hint: `interval = "1m"`}
	start := Argument{Name: "start", Type: String(), Default: "1970-01-01T00:00:00Z", Doc: "Time of the first samples, in RFC 3339, for rules that look at the clock.", Hint: `start = "2026-12-24T18:00:00Z"`}
	return []Signature{
		{
			Name: "test_alert", Family: familyTests, TestOnly: true, Positional: 1, Summary: "which alerts fire for given series",
			Doc: "Evaluates the rules with Prometheus' engine from the start to `at`, with for_, keep_firing_for, intervals, limits, recording rules and templates as in Prometheus. " +
				"What fires must be exactly what is expected, one alert for each entry; pending alerts do not fire. The rules of a tenant_monitoring are confined as by the operator: they see only series of the tenant's namespace, " +
				"which series without the label namespace get, and their alerts have it.",
			Arguments: []Argument{
				{Name: "score", Type: rules, Required: true, Doc: "The stack, tenant_monitoring, or groups of rules.", Hint: "score = stack"},
				series, at,
				{
					Name: "expect", Type: ListOf(OneOf(String(), ValueOf(kindExpectedAlert))), Required: true, Hint: `expect = ["WebDown"]`,
					Doc: "The alerts that fire: names, or expected_alert values that say more. [] means none.",
				},
				{Name: "only", Type: ListOf(String()), Doc: "Names of the alerts to look at, whatever others do; without it all.", Hint: `only = ["WebDown"]`},
				interval, start, name,
			},
			Example: testAlertExample, test: runTestAlert,
		},
		{
			Name: kindExpectedAlert, Family: familyTests, TestOnly: true, Positional: 1, Result: kindExpectedAlert, Summary: "an alert that should fire, for test_alert",
			Arguments: []Argument{
				{Name: "alert", Type: String(), Required: true, Doc: "Name of the alert.", Hint: `alert = "WebDown"`},
				{Name: "labels", Type: MapOf(String()), Doc: "All labels of the alert besides alertname and a tenant's namespace; without it any.", Hint: `labels = {"severity": "critical"}`},
				{Name: "annotations", Type: MapOf(String()), Doc: "All annotations of the alert, expanded; without it any.", Hint: `annotations = {"summary": "…"}`},
			},
			Example: testAlertExample,
			Build: func(c *Call) (any, error) {
				return ExpectedAlert{Origin: c.Origin(), Alert: c.String("alert"), Labels: c.StringMap("labels"), Annotations: c.StringMap("annotations")}, nil
			},
		},
		{
			Name: "test_expr", Family: familyTests, TestOnly: true, Positional: 1, Summary: "what an expression gives for given series and what rules recorded of them",
			Doc: "Evaluates the rules as test_alert does, and then the expression. A tenant's confinement does not concern the expression itself.",
			Arguments: []Argument{
				{Name: "score", Type: rules, Required: true, Doc: "The stack, tenant_monitoring, or groups of rules; [] for none.", Hint: "score = stack"},
				{Name: "expr", Type: String(), Required: true, Doc: "PromQL expression.", Hint: `expr = "job:up:sum"`},
				series, at,
				{
					Name: "expect", Type: MapOf(OneOf(Float(), String())), Required: true, Hint: `expect = {'job:up:sum{job="web"}': 2}`,
					Doc: "The series that the expression gives, each with its number or, as a string, its native histogram. {} means none.",
				},
				interval, start, name,
			},
			Example: testExprExample, test: runTestExpression,
		},
		{
			Name: "test_route", Family: familyTests, TestOnly: true, Positional: 1, Summary: "which channels get an alert",
			Doc: "Walks the routing tree that Alertmanager gets, once for each version of the monitoring API. The alert gets what Prometheus adds to it: the stack's external labels, and the namespace of a tenant.",
			Arguments: []Argument{
				{Name: "score", Type: ValueOf(kindScore), Required: true, Doc: "The stack or tenant_monitoring.", Hint: "score = stack"},
				{Name: "labels", Type: MapOf(String()), Required: true, Doc: "Labels of the alert.", Hint: `labels = {"severity": "critical"}`},
				{
					Name: "expect", Type: ListOf(OneOf(String(), ValueOf(kindChannel))), Required: true, Hint: `expect = ["on-call"]`,
					Doc: "The channels that get it, by name or as values, in any order; one that gets it twice is there twice. [] means nobody.",
				},
				{Name: "versions", Type: ListOf(Version()), Doc: "The versions to look at; without it all that can express the score.", Hint: "versions = [V2_CRD]"},
				{Name: "at", Type: String(), Doc: "Time in RFC 3339, to which mute times apply; without it they do not.", Hint: `at = "2026-12-24T22:00:00Z"`},
				{Name: "firing", Type: ListOf(MapOf(String())), Doc: "Labels of other alerts that fire at the time, to which inhibit rules apply.", Hint: `firing = [{"alertname": "HostDown"}]`},
				name,
			},
			Example: testRouteExample, test: runTestRoute,
		},
		{
			Name: "run_script", Family: familyTests, TestOnly: true, Positional: 1, Result: "struct", Summary: "what another script deploys",
			Doc: "Runs and checks the script as `harmonyscript check` does, since load() cannot load one that deploys. The struct has its name, its scores, and globals: a dict of its top-level names. A script that is wrong ends the test.",
			Arguments: []Argument{
				{Name: "path", Type: String(), Required: true, Doc: "The script, in the folder of the test file or below.", Hint: `path = "monitoring.star"`},
				{Name: "parameters", Type: MapOf(String()), Doc: "What --set would give it.", Hint: `parameters = {"replicas": "2"}`},
			},
			Example: "monitoring = run_script(\"monitoring.star\")\nassert_eq(len(monitoring.scores), 1)\ntest_alert(monitoring.scores[0], expect = [])",
			test:    runScript,
		},
	}
}

const testAlertExample = `rules = alert_rule_group(name = "web", rules = [
    alert_rule(alert = "WebDown", expr = 'up{job="web"} == 0', for_ = "5m", labels = {"severity": "critical"}),
])

# Five good minutes and one sample more, then none: after five bad minutes it fires.
web = {'up{job="web"}': "1x5 0x20"}
test_alert(rules, series = web, at = "10m", expect = [])
test_alert(rules, series = web, at = "11m", expect = ["WebDown"])
test_alert(rules, series = web, at = "11m", expect = [
    expected_alert("WebDown", labels = {"job": "web", "severity": "critical"}, annotations = {}),
])`

const testExprExample = `rules = alert_rule_group(name = "web", rules = [
    recording_rule(record = "job:up:sum", expr = "sum by (job) (up)"),
])
test_expr(
    rules,
    expr = "job:up:sum",
    series = {'up{job="web", instance="a"}': "1", 'up{job="web", instance="b"}': "1"},
    expect = {'job:up:sum{job="web"}': 2},
)`

const testRouteExample = `on_call = webhook(name = "on-call", url = secret(env = "ON_CALL_URL"), matchers = ['severity="critical"'])
stack = monitoring_stack(V2_CRD, alert_channels = [on_call])
test_route(stack, labels = {"severity": "critical"}, expect = ["on-call"])
test_route(stack, labels = {"severity": "info"}, expect = [])`

// ruleInput reads what test_alert and test_expr have in common.
func ruleInput(c *Call) RuleInput {
	in := RuleInput{
		Origin: c.Origin(), Name: c.String("name"), Series: pairs(c.Value("series")),
		Interval: c.String("interval"), At: c.String("at"), Start: c.String("start"),
	}
	switch given := c.Value("score").(type) {
	case list:
		in.Groups = Values[score.RuleGroup](c, "score")
	case *Value:
		switch made := given.made.(type) {
		case score.RuleGroup:
			in.Groups = []score.RuleGroup{made}
		case score.Score:
			in.Score = made
		}
	}
	return in
}

// pairs returns a dict as keys with the texts of their values.
func pairs(copied any) [][2]string {
	d, _ := copied.(*dict)
	if d == nil {
		return nil
	}
	result := make([][2]string, len(d.keys))
	for i, key := range d.keys {
		text, ok := d.values[i].(string)
		if !ok {
			text = strings.TrimPrefix(toStarlark(d.values[i]).String(), "+")
		}
		result[i] = [2]string{key, text}
	}
	return result
}

func runTestAlert(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	t := AlertTest{RuleInput: ruleInput(c), Only: c.Strings("only")}
	for _, elem := range ValueAs[list](c, "expect") {
		switch e := goValue(elem).(type) {
		case string:
			t.Expect = append(t.Expect, ExpectedAlert{Origin: c.Origin(), Alert: e})
		case ExpectedAlert:
			t.Expect = append(t.Expect, e)
		}
	}
	tester.Alert(run, t)
	return starlark.None, nil
}

func runTestExpression(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	tester.Expression(run, ExpressionTest{RuleInput: ruleInput(c), Expr: c.String("expr"), Expect: pairs(c.Value("expect"))})
	return starlark.None, nil
}

func runTestRoute(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	t := RouteTest{
		Origin: c.Origin(), Name: c.String("name"), Score: ValueAs[score.Score](c, "score"), Labels: c.StringMap("labels"), At: c.String("at"),
		Versions: Values[score.APIVersion](c, "versions"),
	}
	for _, elem := range ValueAs[list](c, "expect") {
		switch e := goValue(elem).(type) {
		case string:
			t.Expect = append(t.Expect, e)
		case score.AlertChannel:
			t.Expect = append(t.Expect, e.Name)
		}
	}
	for _, elem := range ValueAs[list](c, "firing") {
		t.Firing = append(t.Firing, stringMapOf(elem))
	}
	tester.Route(run, t)
	return starlark.None, nil
}

func runScript(tester Tester, run *host.Thread, c *Call) (starlark.Value, error) {
	result, problems := tester.Script(run, c.String("path"), c.StringMap("parameters"))
	if problems.HasErrors() {
		return nil, problems
	}
	globals := starlark.NewDict(len(result.Globals))
	for _, name := range result.Globals.Keys() {
		// A string is hashable, and the dict is new.
		_ = globals.SetKey(starlark.String(name), result.Globals[name])
	}
	scores := starlark.NewList(result.Deployed)
	globals.Freeze()
	scores.Freeze()
	return &structValue{
		names:  []string{"globals", "name", "scores"},
		values: []starlark.Value{globals, starlark.String(result.Deployment.Name), scores},
	}, nil
}
