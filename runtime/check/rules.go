// SPDX-License-Identifier: Apache-2.0

// This file checks rules and rule groups.

package check

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// rulesKey identifies the groups of a stack.
type rulesKey struct {
	groups *score.RuleGroup
	number int
}

func keyOfRules(groups []score.RuleGroup) rulesKey { return rulesKey{first(groups), len(groups)} }

// groupKey identifies a group's contents: groups are copied from stack to stack, their rules are shared.
type groupKey struct {
	rules                  *score.Rule
	number, limit          int
	name, interval, offset string
	labels                 uintptr
	at                     score.Position
}

func whoRule(r score.Rule) string {
	if r.Alert == "" && r.Record != "" {
		return "recording_rule " + strconv.Quote(r.Record)
	}
	return "alert_rule " + strconv.Quote(r.Alert)
}

// ruleGroups checks the groups of one stack.
func (c *checker) ruleGroups(groups []score.RuleGroup) {
	if !c.once(keyOfRules(groups)) {
		return
	}
	names := map[string]score.Origin{}
	for _, g := range groups {
		c.ruleGroup(g)
		if before, twice := names[g.Name]; twice && g.Name != "" {
			c.report(problem{
				code: "duplicate-rule-group", origin: g.Origin, argument: "name", value: g.Name,
				summary: fmt.Sprintf("alert_rule_group %q: got a second group of this name in one stack, want different names", g.Name),
				fix:     "rename one of them, or put the rules into one group",
				related: firstDefinition(before),
			})
			continue
		}
		names[g.Name] = g.Origin
	}
}

// firstDefinition points at what came first.
func firstDefinition(origin score.Origin) []diag.Related {
	if !origin.Position().IsValid() {
		return nil
	}
	return []diag.Related{{Position: origin.Of("name"), Message: "the first is here"}}
}

func (c *checker) ruleGroup(g score.RuleGroup) {
	if len(g.Rules) > 0 && !c.once(groupKey{first(g.Rules), len(g.Rules), g.Limit, g.Name, g.Interval, g.QueryOffset, mapIdentity(g.Labels), g.Origin.Position()}) {
		return
	}
	who := fmt.Sprintf("alert_rule_group %q", g.Name)
	switch {
	case g.Name == "":
		c.report(problem{code: "invalid-rule-name", origin: g.Origin, argument: "name", value: g.Name, summary: who + ": got no name, want one"})
	case !utf8.ValidString(g.Name):
		c.report(problem{code: "invalid-rule-name", origin: g.Origin, argument: "name", summary: who + ": got a name that is not valid UTF-8, want one that is"})
	}
	c.duration(who, g.Interval, g.Origin, "interval", false)
	c.duration(who, g.QueryOffset, g.Origin, "query_offset", true)
	c.prometheusLabels(who, g.Labels, g.Origin, "labels")
	c.reservedLabels(who, g.Labels, g.Origin, "labels", map[string]string{
		model.MetricNameLabel: "It holds the name of the series.", model.AlertNameLabel: "Prometheus sets it to the alert's name.",
	})
	for _, name := range sortedKeys(g.Labels) {
		if found := c.alertText(g.Labels[name]).problem; found != nil {
			c.templateProblem(who+": "+entry("labels", name), g.Origin, entry("labels", name), g.Labels[name], found, alertTemplateDetail)
		}
	}
	if g.Limit < 0 {
		c.report(problem{
			code: "out-of-range", origin: g.Origin, argument: "limit",
			summary: fmt.Sprintf("%s: limit: got %d, want 0 (no limit) or more", who, g.Limit),
		})
	}
	if len(g.Rules) == 0 {
		c.report(problem{code: "empty-rule-group", origin: g.Origin, argument: "rules", summary: who + ": got no rules, want at least one"})
	}
	same := map[string]score.Origin{}
	for _, r := range g.Rules {
		c.rule(r)
		key := sameRule(r)
		if before, twice := same[key]; twice {
			p := problem{
				code: "duplicate-rule", origin: r.Origin, argument: "alert", value: r.Alert,
				summary: fmt.Sprintf("%s: got a second rule of this name with the same labels in group %q, want different labels", whoRule(r), g.Name),
				fix:     "tell them apart by a label such as severity, or remove one",
			}
			if r.Alert == "" {
				p.argument, p.value = "record", r.Record
			}
			if before.Position().IsValid() && before.Position() != r.Origin.Position() {
				p.related = []diag.Related{{Position: before.Of(p.argument), Message: "the first is here"}}
			}
			c.report(p)
			continue
		}
		same[key] = r.Origin
	}
}

// sameRule is equal for rules whose alerts or series cannot be told apart.
func sameRule(r score.Rule) string {
	var b strings.Builder
	// With its length in front no text can run into the next.
	write := func(text string) {
		b.WriteString(strconv.Itoa(len(text)))
		b.WriteByte(' ')
		b.WriteString(text)
	}
	write(r.Alert)
	write(r.Record)
	for _, name := range sortedKeys(r.Labels) {
		write(name)
		write(r.Labels[name])
	}
	return b.String()
}

// ruleKey identifies a rule that was made by one call and went through several hands.
type ruleKey struct {
	at                              score.Position
	name, expr, lasting, keepFiring string
	labels, annotations             uintptr
}

func (c *checker) rule(r score.Rule) {
	who := whoRule(r)
	if r.Origin.Position().IsValid() && !c.once(ruleKey{r.Origin.Position(), who, r.Expr, r.For, r.KeepFiringFor, mapIdentity(r.Labels), mapIdentity(r.Annotations)}) {
		return
	}
	switch {
	case r.Alert != "" && r.Record != "":
		c.report(problem{code: "invalid-rule", origin: r.Origin, summary: fmt.Sprintf("%s: got a name for an alert and for a recorded series, want one of them", who)})
	case r.Alert == "" && r.Record == "":
		c.report(problem{code: "invalid-rule-name", origin: r.Origin, argument: "alert", summary: "rule: got no name, want that of an alert or of a recorded series"})
	}
	if !utf8.ValidString(r.Alert) {
		c.report(problem{code: "invalid-rule-name", origin: r.Origin, argument: "alert", summary: who + ": got a name that is not valid UTF-8, want one that is"})
	}
	if r.Record != "" {
		c.recording(who, r)
	}
	c.promqlOf(who, r)
	c.duration(who, r.For, r.Origin, "for_", true)
	c.duration(who, r.KeepFiringFor, r.Origin, "keep_firing_for", true)
	c.prometheusLabels(who, r.Labels, r.Origin, "labels")
	c.prometheusLabels(who, r.Annotations, r.Origin, "annotations")
	reserved := map[string]string{model.MetricNameLabel: "It holds the name of the series."}
	if r.Alert != "" {
		reserved[model.AlertNameLabel] = "Prometheus sets it to the alert's name."
		c.alertTemplatesOf(who, r, r.Labels, "labels")
		c.alertTemplatesOf(who, r, r.Annotations, "annotations")
		c.templateLints(who, r, r.Labels, "labels")
		c.templateLints(who, r, r.Annotations, "annotations")
	}
	c.reservedLabels(who, r.Labels, r.Origin, "labels", reserved)
}

const recordingConvention = "By convention it is level:metric:operations, such as \"job:http_requests:rate5m\"."

// recording checks what a recording rule may and may not have.
func (c *checker) recording(who string, r score.Rule) {
	switch {
	case strings.ContainsAny(r.Record, "{}"):
		c.report(problem{
			code: "invalid-rule-name", origin: r.Origin, argument: "record", value: r.Record,
			summary: fmt.Sprintf("%s: got braces in the name of the recorded series, want only its name", who),
			fix:     "put labels into the argument labels, and selectors into expr",
		})
	case !model.UTF8Validation.IsValidMetricName(r.Record) || strings.ContainsAny(r.Record, " \t\r\n()[]"):
		p := problem{
			code: "invalid-rule-name", origin: r.Origin, argument: "record", value: r.Record,
			summary: fmt.Sprintf("%s: got the name %s, want letters, digits, underscores and colons, not a digit first", who, shown(r.Record)),
			detail:  recordingConvention,
		}
		if strings.ContainsAny(r.Record, "()[]") {
			p.fix = "put the expression into expr"
		}
		c.report(p)
	case !model.LegacyValidation.IsValidMetricName(r.Record):
		c.report(problem{
			code: "unusual-name", origin: r.Origin, argument: "record", value: r.Record,
			summary: fmt.Sprintf("%s: got the name %s, which has to be quoted in PromQL", who, shown(r.Record)),
			detail:  "Prometheus 3 takes it; letters, digits, underscores and colons work everywhere.\n" + recordingConvention,
		})
	}
	if r.Alert != "" {
		return
	}
	for _, wrong := range []struct {
		argument string
		given    bool
	}{{"for_", r.For != ""}, {"keep_firing_for", r.KeepFiringFor != ""}, {"annotations", len(r.Annotations) > 0}} {
		if wrong.given {
			c.report(problem{
				code: "invalid-rule", origin: r.Origin, argument: wrong.argument,
				summary: fmt.Sprintf("%s: got %s, want it only in an alert_rule", who, strings.TrimSuffix(wrong.argument, "_")),
			})
		}
	}
}
