// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"context"
	"strings"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// surroundings is a stack in whose routing nothing is wrong but what a case makes wrong. It stands behind the case's
// own lines, so that these keep their numbers.
const surroundings = `
def stack(route = None, channels = None, mute_times = [], inhibit_rules = [], rules = None):
    return monitoring_stack(
        V2_CRD,
        alert_channels = channels or [a, b],
        scrape_targets = [pod_monitor(name = "web", match_labels = {"app": "web"}, port = "http")],
        alert_rules = [alert_rule_group(name = "g", rules = rules or [
            alert_rule(alert = "Down", expr = "up == 0", labels = {"severity": "{{ $labels.level }}"}),
        ])],
        route = route, inhibit_rules = inhibit_rules, mute_times = mute_times,
    )

a = webhook(name = "a", url = secret(env = "A"))
b = webhook(name = "b", url = secret(env = "B"))
critical = webhook(name = "critical", url = secret(env = "C"), matchers = ['severity="critical"'])
night = [time_interval(times = ["22:00-24:00"])]
`

// scripted deploys what the expression gives, which stands in line 1 from column 8 on.
func scripted(expression string) func(*script) []score.Score {
	return func(s *script) []score.Score {
		s.t.Helper()
		// Functions may be used above where they are defined, once everything is.
		lines := strings.Split("def deployed():\n    return "+expression+"\n"+surroundings+"\ndeploy(deployed())", "\n")
		s.text = strings.Join(lines, "\n")
		result, problems := builtins.Standard().Host(host.Options{}).RunSource(context.Background(), scriptName, s.text)
		if len(problems) > 0 {
			s.t.Fatalf("the script does not run:\n%s", problems.Render(s.sources, diag.Style{}))
		}
		return result.Deployment.Scores
	}
}

func routingCases() []testCase {
	one := func(name, expression, position, code, part string) testCase {
		return testCase{name, scripted(expression), []want{{position, code, part}}}
	}
	fine := func(name, expression string) testCase { return testCase{name, scripted(expression), nil} }
	return []testCase{
		fine("a tree", `stack(route(channel = a, routes = [route(matchers = ['team="web"'], channel = b)]))`),
		fine("a tree by names", `stack(route(channel = "a", routes = [route(matchers = [matcher("team", "=", "web")], channel = "b", group_by = [])]))`),
		fine("a default that is for nothing today", `stack(route(channel = a, routes = [route(channel = b)]))`),
		fine("a channel in the parent's place", `stack(route(routes = [route(channel = a, routes = [route(group_wait = "1s")]), route(channel = b)]), channels = [a]) if False else stack()`),
		fine("the rest behind a continuing catch-all", `stack(route(channel = a, routes = [route(channel = b, continue_ = True), route(matchers = ['team="x"'], channel = a)]))`),
		fine("almost covered", `stack(route(channel = a, routes = [route(matchers = ['team=~"x|y"'], channel = b), route(matchers = ['team=~"x|z"'], channel = a)]))`),
		fine("mute and active times", `stack(route(channel = a, routes = [route(channel = b, matchers = ['x="y"'], mute_times = ["n"], active_times = [mute_time(name = "n", intervals = night)])]), mute_times = [mute_time(name = "n", intervals = night)])`),
		fine("an inhibit rule", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity=~"warning|info"'], equal = ["namespace"])])`),
		fine("a whole cluster down", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['alertname="Down"'], target_matchers = ['severity="warning"'])])`),
		fine("a tenant's own namespace", `tenant_monitoring("blue", stack(route(channel = a, routes = [route(matchers = ['namespace="blue"', 'x="y"'], channel = b)])))`),

		one("matchers at the top", `stack(route(channel = a, matchers = ['x="y"'], routes = [route(matchers = ['z="y"'], channel = b)]))`, "2:48", "invalid-root-route", "matchers: got it at the top"),
		one("continue at the top", `stack(route(channel = a, continue_ = True, routes = [route(matchers = ['z="y"'], channel = b)]))`, "2:49", "invalid-root-route", "continue_"),
		one("mute times at the top", `stack(route(channel = a, active_times = ["n"]), channels = [a], mute_times = [mute_time(name = "n", intervals = night)])`, "2:52", "invalid-root-route", "active_times"),
		one("unknown channel by name", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = "critcal")]), channels = [a, critical])`, "2:85", "undefined-channel", `did you mean "critical"?`),
		one("unknown channel by value", `stack(route(channel = critical, routes = [route(matchers = ['x="y"'], channel = b), route(channel = a)]))`, "2:34", "undefined-channel", "add the channel to alert_channels"),
		one("another channel of the same name", `stack(route(channel = a.replace(max_alerts = 3)), channels = [a])`, "2:34", "undefined-channel", `write channel = "a"`),
		one("unused channel", `stack(route(channel = a))`, "16:20", "unused-channel", `route(channel = "b", …)`),
		one("misspelt matcher", `stack(route(channel = a, routes = [route(matchers = ['x=="y"'], channel = b)]))`, "2:68", "invalid-matcher", `write x="y"`),
		one("matcher value that is no expression", `stack(route(channel = a, routes = [route(matchers = [matcher("x", "=~", "(")], channel = b)]))`, "2:65", "invalid-matcher", "missing closing )"),
		one("label that has to be quoted", `stack(route(channel = a, routes = [route(matchers = [matcher("the team", "=", "x")], channel = b)]))`, "2:65", "invalid-matcher", `call the label "the_team"`),
		one("two values", `stack(route(channel = a, routes = [route(matchers = ['x="y"', 'x="z"'], channel = b)]))`, "2:74", "impossible-matchers", `x=~"y|z"`),
		one("an expression without the value", `stack(route(channel = a, routes = [route(matchers = ['x="y"', 'x!~"y.*"'], channel = b)]))`, "2:64", "impossible-matchers", `got x="y" and x!~"y.*"`),
		one("an absent label", `stack(route(channel = a, routes = [route(matchers = ['x=""', 'x=~".+"'], channel = b)]))`, "2:64", "impossible-matchers", "A label that an alert lacks has the empty value"),
		one("an expression that fits nothing", `stack(route(channel = a, routes = [route(matchers = ['x=~"a^b"'], channel = b)]))`, "2:65", "impossible-matchers", `which no value can match`),
		one("three that exclude each other", `stack(route(channel = a, routes = [route(matchers = ['x=~"y|z"', 'x!="y"', 'x!="z"'], channel = b)]))`, "2:64", "impossible-matchers", "which no alert can match"),

		one("behind a catch-all", `stack(route(channel = a, routes = [route(channel = a), route(matchers = ['x="y"'], channel = b)]))`, "2:67", "unreachable-route", "takes everything"),
		one("behind a wider route", `stack(route(channel = a, routes = [route(matchers = ['x=~"y|z"'], channel = a), route(matchers = ['x="y"'], channel = b)]))`, "2:92", "unreachable-route", `a route in front of it takes {x=~"y|z"}`),
		one("behind an equal route", `stack(route(channel = a, routes = [route(matchers = ['x=~"y.*"'], channel = a), route(matchers = ['x=~"yes.*"', 'z="1"'], channel = b)]))`, "2:92", "unreachable-route", "continue_ = True"),
		one("behind two together", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = a), route(matchers = ['x!="y"'], channel = a), route(matchers = ['z="1"'], channel = b)]))`, "2:132", "unreachable-route", "the routes in front of it take all"),
		one("against its parent", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = a, routes = [route(matchers = ['x="z"'], channel = b)])]))`, "2:115", "unreachable-route", `{x="z"} contradicts {x="y"}`),
		one("against two parents", `stack(route(channel = a, routes = [route(matchers = ['x=~"y|z"'], channel = a, routes = [route(matchers = ['x!="y"'], channel = a, routes = [route(matchers = ['x!="z"'], channel = b)])])]))`, "2:170", "unreachable-route", "the matchers of the routes around it"),
		one("another tenant", `tenant_monitoring("blue", stack(route(channel = a, routes = [route(matchers = ['namespace="green"'], channel = b)])))`, "2:91", "matcher-other-namespace", "leave the matcher out"),
		one("not the tenant", `tenant_monitoring("blue", stack(route(channel = a, routes = [route(matchers = ['namespace!="blue"'], channel = b)])))`, "2:91", "matcher-other-namespace", `the tenant "blue"`),
		one("another tenant's channel", `tenant_monitoring("blue", stack(channels = [a, webhook(name = "c", url = secret(env = "C"), matchers = ['namespace=~"green|red"'])]))`, "2:116", "matcher-other-namespace", `namespace=~"green|red"`),
		one("nothing is left for its channel", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, routes = [route(channel = a)])]))`, "2:85", "shadowed-route", `so "b" gets nothing here`),
		one("against its channel", `stack(route(channel = a, routes = [route(matchers = ['severity="warning"'], channel = critical)]), channels = [a, critical])`, "2:98", "route-contradicts-channel", `takes {severity="critical"} only`),
		one("against its parent's channel", `stack(route(channel = a, routes = [route(matchers = ['team="x"'], channel = critical, routes = [route(matchers = ['severity="info"'])])]), channels = [a, critical])`, "2:125", "route-contradicts-channel", "which it has from the route around it"),

		one("a label twice", `stack(route(channel = a, group_by = ["x", "y", "x"]), channels = [a])`, "2:59", "invalid-group-by", "twice"),
		one("all labels and others", `stack(route(channel = a, group_by = ["...", "y"]), channels = [a])`, "2:49", "invalid-group-by", `group_by = ["..."]`),
		one("no label", `stack(route(channel = a, group_by = [""]), channels = [a])`, "2:49", "invalid-group-by", "the name of a label"),
		one("a wrong duration", `stack(route(channel = a, group_wait = "half a minute"), channels = [a])`, "2:50", "invalid-duration", "group_wait"),
		one("no interval", `stack(route(channel = a, group_interval = "0s"), channels = [a])`, "2:54", "invalid-duration", "more than zero"),
		one("repeats below the interval", `stack(route(channel = a, group_interval = "1h", routes = [route(matchers = ['x="y"'], channel = b, repeat_interval = "10m")]))`, "2:129", "repeat-interval", `below group_interval "1h"`),
		one("repeats above the memory", `stack(route(channel = a, repeat_interval = "2w"), channels = [a])`, "2:55", "repeat-interval", "forgets after five days"),

		one("unknown mute time", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["nights"])]), mute_times = [])`, "2:102", "undefined-mute-time", `has no mute time "nights"`),
		{"misspelt mute time", scripted(`stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["night"])]), mute_times = [mute_time(name = "nights", intervals = night)])`), []want{{"2:102", "undefined-mute-time", `did you mean "nights"?`}}},
		one("unused mute time", `stack(mute_times = [mute_time(name = "n", intervals = night)])`, "2:49", "unused-mute-time", `mute_times = ["n"]`),
		one("two mute times of a name", `stack(route(routes = [route(channel = a, mute_times = ["n"]), route(channel = b)]) if False else route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"])]), mute_times = [mute_time(name = "n", intervals = night), mute_time(name = "n", intervals = night)])`, "2:275", "duplicate-mute-time", "rename"),
		one("no intervals", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"])]), mute_times = [mute_time(name = "n", intervals = [])])`, "2:159", "empty-mute-time", "no intervals"),
		one("always", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"])]), mute_times = [mute_time(name = "n", intervals = [time_interval()])])`, "2:160", "always-muted", "always"),
		one("a zone that UTC cannot tell", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"])]), mute_times = [mute_time(name = "n", intervals = [time_interval(times = ["09:00-17:00"], location = "Africa/Casablanca")])])`, "2:210", "unsupported-location", "Africa/Casablanca"),
		one("times that children lack", `stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"], routes = [route(matchers = ['z="1"'], channel = a)])]), mute_times = [mute_time(name = "n", intervals = night)])`, "2:101", "times-not-inherited", "give them to each child"),
		{"times of all kinds", scripted(`stack(route(channel = a, routes = [route(matchers = ['x="y"'], channel = b, mute_times = ["n"])]), mute_times = [mute_time(name = "n", intervals = [time_interval(times = ["22:00-06:00", "9-17", "25:00-26:00"], weekdays = ["Mon-Fri", "friday:monday"], days_of_month = ["32", "5:1"], months = ["13", "november:february"], years = ["99", "2030:2020"], location = "Europe/Berln")])])`), []want{
			{"2:183", "invalid-time-interval", `write two ranges: "22:00-24:00", "00:00-06:00"`},
			{"2:198", "invalid-time-interval", `write "09:00-17:00"`},
			{"2:206", "invalid-time-interval", "times"},
			{"2:234", "invalid-time-interval", `write "monday:friday"`},
			{"2:245", "invalid-time-interval", `write two ranges: "friday:saturday", "sunday:monday"`},
			{"2:280", "invalid-time-interval", "out of range"},
			{"2:286", "invalid-time-interval", "always before start day"},
			{"2:304", "invalid-time-interval", "1 to 12"},
			{"2:310", "invalid-time-interval", `write two ranges: "november:december", "january:february"`},
			{"2:341", "invalid-time-interval", "2000 to 2999"},
			{"2:347", "invalid-time-interval", "before start year"},
			{"2:372", "invalid-time-interval", `did you mean "Europe/Berlin"?`},
		}},

		one("an inhibit rule without equal", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity="warning"'])])`, "2:35", "unrestricted-inhibit-rule", "one source alert anywhere"),
		one("an inhibit rule for every source", `stack(inhibit_rules = [inhibit_rule(source_matchers = [], target_matchers = ['severity="warning"'], equal = ["namespace"])])`, "2:66", "unrestricted-inhibit-rule", "every alert mutes others"),
		one("an inhibit rule without a pair", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity="warning"'], equal = ["severity"])])`, "2:141", "ineffective-inhibit-rule", "cannot be equal in [severity]"),
		one("an inhibit rule for itself", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity=~"critical"'], equal = ["namespace"])])`, "2:35", "ineffective-inhibit-rule", "source and a target at once"),
		one("an inhibit rule without a source", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['alertname="Dawn"'], target_matchers = ['severity="warning"'], equal = ["namespace"])])`, "2:66", "ineffective-inhibit-rule", "no alert of monitoring_stack"),
		one("an inhibit rule with a label that is none", `stack(inhibit_rules = [inhibit_rule(source_matchers = ['severity="critical"'], target_matchers = ['severity="warning"'], equal = [""])])`, "2:142", "invalid-label-name", "equal"),
		{"an inhibit rule with other tenants", scripted(`tenant_monitoring("blue", stack(inhibit_rules = [inhibit_rule(source_matchers = ['namespace="green"'], target_matchers = ['namespace="red"'], equal = ["x"])]))`), []want{{"2:93", "matcher-other-namespace", "source_matchers"}, {"2:134", "matcher-other-namespace", "target_matchers"}}},

		one("an alert that nothing takes", `stack(route(routes = [route(matchers = ['team="x"'], channel = a), route(matchers = ['team="y"'], channel = b)]), rules = [alert_rule(alert = "Down", expr = "up", labels = {"team": "z"})])`, "2:184", "alert-reaches-nobody", `An alert {alertname="Down",team="z"} goes this way:`+"\nthe top, which has no channel."),
		one("an alert that its channel does not take", `stack(route(channel = a, routes = [route(matchers = ['team="x"'], channel = critical)]), channels = [a, critical], rules = [alert_rule(alert = "Down", expr = "up", labels = {"team": "x", "severity": "info"})])`, "2:185", "alert-reaches-nobody", `then routes[0] {team="x"}, whose channel "critical" takes {severity="critical"} only.`),
		fine("an alert whose label is a template", `stack(route(routes = [route(matchers = ['team="x"'], channel = a), route(matchers = ['team="y"'], channel = b)]), rules = [alert_rule(alert = "Down", expr = "up", labels = {"team": "{{ $labels.team }}"})])`),
		fine("an alert whose label the series brings", `stack(route(routes = [route(matchers = ['team="x"'], channel = a), route(matchers = ['team="y"'], channel = b)]))`),
	}
}
