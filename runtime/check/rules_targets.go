// SPDX-License-Identifier: Apache-2.0

// This file checks the rules of a stack against each other and against the stack's targets.

package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// defaultEvaluationInterval is what prometheus-operator configures when nothing else is said.
const defaultEvaluationInterval = "30s"

// rulesTargetsKey identifies rules and targets that were compared already.
type rulesTargetsKey struct {
	rules    rulesKey
	targets  *score.ScrapeTarget
	number   int
	platform bool
}

// rulesAndTargets looks at what the rules of one stack say about its targets and about each other.
func (c *checker) rulesAndTargets(s score.MonitoringStack, tenant string) {
	if !c.once(rulesTargetsKey{keyOfRules(s.AlertRules), first(s.ScrapeTargets), len(s.ScrapeTargets), platform(s, tenant)}) {
		return
	}
	intervals := c.intervalsOf(s, platform(s, tenant))
	jobs := jobsOf(s, platform(s, tenant))
	recorded := map[string]bool{}
	for _, g := range s.AlertRules {
		for _, r := range g.Rules {
			if r.Record != "" {
				recorded[r.Record] = true
			}
		}
	}
	for _, g := range s.AlertRules {
		c.recordedLater(g)
		for _, r := range g.Rules {
			c.shortFor(g, r, len(s.HelmValues) > 0)
			c.shortRanges(r, intervals, recorded)
			c.unknownJobs(r, jobs)
		}
	}
}

// intervalsOf returns the scrape interval of each job, and under "" the shortest of all; nil when they are not known.
func (c *checker) intervalsOf(s score.MonitoringStack, platform bool) map[string]time.Duration {
	if len(s.HelmValues) > 0 {
		return nil // they may set another default
	}
	intervals := map[string]time.Duration{}
	add := func(job string, interval time.Duration) {
		for _, name := range []string{job, ""} {
			if known, ok := intervals[name]; !ok || interval < known {
				intervals[name] = interval
			}
		}
	}
	for _, t := range s.ScrapeTargets {
		if t == nil {
			continue
		}
		text := score.EndpointOf(t).Interval
		if text == "" {
			text = defaultScrapeInterval
		}
		d := c.parseDuration(text)
		if d.err != nil || d.value == 0 {
			return nil
		}
		add(t.TargetName(), d.value)
	}
	if platform {
		add("", c.parseDuration(defaultScrapeInterval).value)
	}
	return intervals
}

// shortRanges finds functions that want two samples and look back over a time in which there may be one.
func (c *checker) shortRanges(r score.Rule, intervals map[string]time.Duration, recorded map[string]bool) {
	if len(intervals) == 0 {
		return
	}
	for _, back := range c.expression(r.Expr).ranges {
		if strings.Contains(back.name, ":") || recorded[back.name] {
			continue
		}
		interval, known := intervals[back.job]
		if !known {
			interval = intervals[""]
		}
		if back.duration >= 2*interval {
			continue
		}
		c.report(problem{
			code: "short-range", origin: r.Origin, argument: "expr", value: r.Expr, part: true, offset: back.offset, length: back.length,
			summary: fmt.Sprintf("%s: expr: got %s() over %s of what is scraped every %s, want at least two samples in it",
				whoRule(r), back.function, model.Duration(back.duration), model.Duration(interval)),
			detail: "With fewer than two samples the function gives nothing. Four times the interval survives a scrape that fails.",
			fix:    fmt.Sprintf("write [%s]", model.Duration(4*interval)),
		})
	}
}

// shortFor finds alerts that have to hold for less than the time between two evaluations.
func (c *checker) shortFor(g score.RuleGroup, r score.Rule, otherDefaults bool) {
	if r.Alert == "" || r.For == "" || g.Interval == "" && otherDefaults {
		return
	}
	text, where := g.Interval, fmt.Sprintf("the interval %q of its group", g.Interval)
	if text == "" {
		text, where = defaultEvaluationInterval, fmt.Sprintf("the default interval %q", defaultEvaluationInterval)
	}
	interval, lasting := c.parseDuration(text), c.parseDuration(r.For)
	if interval.err != nil || lasting.err != nil || lasting.value == 0 || lasting.value >= interval.value {
		return
	}
	c.report(problem{
		code: "short-for", origin: r.Origin, argument: "for_", value: r.For,
		summary: fmt.Sprintf("%s: got for %q, want at least %s: it is looked at no more often", whoRule(r), r.For, where),
		fix:     fmt.Sprintf("write for_ = %q, or give the group a shorter interval", text),
	})
}

// recordedLater finds rules that read what a rule behind them in the same group records: they see the last evaluation's.
func (c *checker) recordedLater(g score.RuleGroup) {
	if !slices.ContainsFunc(g.Rules, func(r score.Rule) bool { return r.Record != "" }) {
		return
	}
	for i, r := range g.Rules {
		for _, metric := range c.expression(r.Expr).metrics {
			records := func(other score.Rule) bool { return other.Record == metric.name }
			if slices.ContainsFunc(g.Rules[:i+1], records) {
				continue
			}
			at := slices.IndexFunc(g.Rules[i+1:], records)
			if at < 0 {
				continue
			}
			later := g.Rules[i+1+at]
			p := problem{
				code: "recorded-later", origin: r.Origin, argument: "expr", value: r.Expr, part: true, offset: metric.offset, length: metric.length,
				summary: fmt.Sprintf("%s: expr: got %s, which a rule behind it in group %q records, so it sees the value of the evaluation before", whoRule(r), metric.name, g.Name),
				fix:     "move the recording_rule in front of it",
			}
			if later.Origin.Position().IsValid() {
				p.related = []diag.Related{{Position: later.Origin.Of("record"), Message: "it is recorded here"}}
			}
			c.report(p)
		}
	}
}

// jobsOf returns the values that the label job has in a stack; nil when there may be others.
func jobsOf(s score.MonitoringStack, platform bool) []string {
	if platform {
		return nil // the chart brings targets along
	}
	var jobs []string
	for _, t := range s.ScrapeTargets {
		if t == nil {
			continue
		}
		e := score.EndpointOf(t)
		writes := func(r score.Relabeling) bool {
			return r.TargetLabel == model.JobLabel || strings.Contains(r.TargetLabel, "$") || r.Action == "labelmap"
		}
		if _, lists := t.(score.HTTPDiscovery); lists || e.HonorLabels || slices.ContainsFunc(e.Relabelings, writes) || slices.ContainsFunc(e.MetricRelabelings, writes) {
			return nil
		}
		jobs = append(jobs, t.TargetName())
	}
	return jobs
}

// unknownJobs finds jobs that no target has and that are spelled nearly like one that a target has.
func (c *checker) unknownJobs(r score.Rule, jobs []string) {
	for _, job := range c.expression(r.Expr).jobs {
		if len(jobs) == 0 || job.name == "" || slices.Contains(jobs, job.name) {
			continue
		}
		near := diag.Nearest(job.name, jobs)
		if difference := len(near) - len(job.name); near == "" || len(job.name) < 3 || difference < -1 || difference > 1 {
			continue // the series may come from elsewhere: a rule, a remote write, a target of somebody else
		}
		c.report(problem{
			code: "unknown-job", origin: r.Origin, argument: "expr", value: r.Expr, part: true, offset: job.offset, length: job.length,
			summary: fmt.Sprintf("%s: expr: got job=%q, and the stack has no target of this name", whoRule(r), job.name),
			detail:  "The job of a target's series is the target's name.",
			fix:     fmt.Sprintf("did you mean %q?", near),
		})
	}
}
