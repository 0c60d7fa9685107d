// SPDX-License-Identifier: Apache-2.0

// This file checks inhibit rules.

package check

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const whoInhibit = "inhibit_rule"

type inhibitKey struct {
	at       score.Position
	settings string
}

// inhibitRule checks what an inhibit rule says by itself, and reports whether its matchers are right.
func (c *checker) inhibitRule(rule score.InhibitRule) (source, target labels.Matchers, sound bool) {
	key := inhibitKey{rule.Origin.Position(), fmt.Sprint(rule.SourceMatchers, rule.TargetMatchers, rule.Equal)}
	fresh := c.once(key)
	list := c.list
	source, sourceSound := c.matchers(whoInhibit, rule.SourceMatchers, rule.Origin, "source_matchers")
	target, targetSound := c.matchers(whoInhibit, rule.TargetMatchers, rule.Origin, "target_matchers")
	sound = sourceSound && targetSound && c.verdict(source) != routing.No && c.verdict(target) != routing.No
	for i, label := range rule.Equal {
		if !model.UTF8Validation.IsValidLabelName(label) {
			sound = false
			c.report(problem{
				code: "invalid-label-name", origin: rule.Origin, argument: element("equal", i), value: label,
				summary: fmt.Sprintf("%s: equal: got %s, want the name of a label", whoInhibit, shown(label)),
			})
		}
	}
	if sound {
		c.restrictions(rule, source)
	}
	if !fresh {
		c.list = list
	}
	return source, target, sound
}

// restrictions reports rules that mute far more than their author most likely wants.
func (c *checker) restrictions(rule score.InhibitRule, source labels.Matchers) {
	for _, side := range []struct {
		argument, what string
		given          []string
	}{{"source_matchers", "every alert mutes others", rule.SourceMatchers}, {"target_matchers", "every other alert is muted", rule.TargetMatchers}} {
		if len(side.given) == 0 {
			c.report(problem{
				code: "unrestricted-inhibit-rule", origin: rule.Origin, argument: side.argument,
				summary: fmt.Sprintf("%s: %s: got none, so %s", whoInhibit, side.argument, side.what),
				fix:     fmt.Sprintf(`add a matcher: %s = ['severity="…"']`, side.argument),
			})
			return
		}
	}
	// One alert that is named may well stand for the whole cluster; any alert of a severity does not.
	named := slices.ContainsFunc(source, func(m *labels.Matcher) bool {
		return m.Name == model.AlertNameLabel && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp)
	})
	if len(rule.Equal) == 0 && !named {
		c.report(problem{
			code: "unrestricted-inhibit-rule", origin: rule.Origin,
			summary: whoInhibit + ": got no labels that must be equal, so one source alert anywhere mutes all targets",
			fix:     `add labels: equal = ["alertname", "namespace"]`,
		})
	}
}

// inhibitRules checks the rules of the stack.
func (r stackRouting) inhibitRules() {
	for _, rule := range r.stack.InhibitRules {
		source, target, sound := r.inhibitRule(rule)
		if !sound {
			continue
		}
		// Both sides are to be told.
		other := r.otherNamespace(whoInhibit, rule.SourceMatchers, rule.Origin, "source_matchers")
		if r.otherNamespace(whoInhibit, rule.TargetMatchers, rule.Origin, "target_matchers") || other {
			continue
		}
		if r.effect(rule, source, target) {
			r.sides(rule, source, target)
		}
	}
}

// effect reports rules that can never mute anything. The question is about two alerts: a source s and a target t that
// agree on the labels in equal.
func (r stackRouting) effect(rule score.InhibitRule, source, target labels.Matchers) bool {
	literal := func(alert string, m *labels.Matcher) routing.Literal {
		if slices.Contains(rule.Equal, m.Name) {
			return routing.Literal{Label: m.Name, Matcher: m}
		}
		return routing.Literal{Label: alert + "\x00" + m.Name, Matcher: m}
	}
	var pair routing.Formula
	for _, m := range source {
		pair.All = append(pair.All, literal("s", m))
	}
	for _, m := range target {
		pair.All = append(pair.All, literal("t", m))
	}
	p := problem{code: "ineffective-inhibit-rule", origin: rule.Origin}
	if r.solve(pair) == routing.No {
		p.argument = "equal"
		p.summary = fmt.Sprintf("%s: mutes nothing: %s and %s cannot be equal in %v", whoInhibit, source, target, rule.Equal)
		p.fix = "leave those labels out of equal that both sides match to different values"
		r.report(p)
		return false
	}
	// Alertmanager leaves alone a target that is a source, too, unless the source is no target.
	var alternatives []routing.Literal
	for _, m := range source {
		l := literal("t", m)
		l.Not = true
		alternatives = append(alternatives, l)
	}
	for _, m := range target {
		l := literal("s", m)
		l.Not = true
		alternatives = append(alternatives, l)
	}
	pair.Any = append(pair.Any, alternatives)
	if r.solve(pair) == routing.No {
		p.summary = fmt.Sprintf("%s: mutes nothing: every alert is a source and a target at once, and such alerts do not mute each other", whoInhibit)
		p.fix = "make target_matchers match alerts that source_matchers do not"
		r.report(p)
		return false
	}
	return true
}

// sides reports a rule of which no alert of the stack can be the source, or the target.
func (r stackRouting) sides(rule score.InhibitRule, source, target labels.Matchers) {
	if countAlerts(r.stack.AlertRules) == 0 {
		return
	}
	for _, side := range []struct {
		argument, what string
		matchers       labels.Matchers
	}{{"source_matchers", "the source", source}, {"target_matchers", "a target", target}} {
		if r.anyAlert(side.matchers) {
			continue
		}
		r.report(problem{
			code: "ineffective-inhibit-rule", origin: rule.Origin, argument: side.argument,
			summary: fmt.Sprintf("%s: %s: no alert of %s can be %s", whoInhibit, side.argument, r.who, side.what),
			detail:  "The labels of its alert rules do not match.",
			fix:     "change the matchers, or the rules' labels",
		})
		return
	}
}

func (r stackRouting) anyAlert(matchers labels.Matchers) bool {
	for _, g := range r.stack.AlertRules {
		for _, rule := range g.Rules {
			if rule.Alert == "" {
				continue
			}
			var f routing.Formula
			f.Match(matchers)
			for name, value := range r.known(g, rule) {
				f.All = append(f.All, routing.Literal{Label: name, Matcher: &labels.Matcher{Type: labels.MatchEqual, Name: name, Value: value}})
			}
			if r.solve(f) != routing.No {
				return true
			}
		}
	}
	return false
}
