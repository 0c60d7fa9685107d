// SPDX-License-Identifier: Apache-2.0

// This file checks monitoring stacks.

package check

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Bounds of what a script may ask for. A gossiping Alertmanager and a human are both lost far below them.
const (
	maxReplicas = 100
	maxShards   = 1000
)

// backendOf returns the backend of a stack's version and reports when there is none.
func (c *checker) backendOf(who string, s score.MonitoringStack) backend.Backend {
	if c.registry == nil {
		return nil
	}
	if b, ok := c.registry.Backend(s.APIVersion); ok {
		return b
	}
	var have []string
	for _, b := range c.registry.Backends() {
		have = append(have, b.Version().String())
	}
	p := problem{
		code: "no-backend", origin: s.Origin, argument: "api_version",
		summary: fmt.Sprintf("%s: got api_version %s, want %s", who, s.APIVersion, orNothing(quoteList(have, "or"))),
		detail:  "This build of harmonyscript has no backend for that version of the monitoring API.",
	}
	if len(have) > 0 {
		p.fix = "write api_version = " + have[0]
	}
	c.report(p)
	return nil
}

func orNothing(list string) string {
	if list == "" {
		return "a build with a backend"
	}
	return list
}

// feature reports what the version cannot express.
func (c *checker) feature(b backend.Backend, f backend.Feature, who string, origin score.Origin, argument string) {
	if b == nil || b.Capabilities().Supports(f) {
		return
	}
	what := string(f)
	if kind, short, found := strings.Cut(what, "."); found {
		what = short
		if kind == (score.TenantMonitoring{}).Kind() {
			what = fmt.Sprintf("mode %q", short)
		}
	}
	var others []string
	for _, other := range c.registry.Backends() {
		if other.Capabilities().Supports(f) {
			others = append(others, other.Version().String())
		}
	}
	p := problem{
		code: "unsupported-feature", origin: origin, argument: argument,
		summary: fmt.Sprintf("%s: %s is not supported by %s", who, what, b.Version()),
		detail:  b.Capabilities().Reason(f),
	}
	if len(others) > 0 {
		p.fix = fmt.Sprintf("leave it out, or use %s", quoteList(others, "or"))
	} else {
		p.fix = "leave it out"
	}
	c.report(p)
}

// stack checks a stack and everything in it; tenant is the name of the tenant that it is in, or empty. who names it in
// messages: inside a tenant its namespace is not its own.
func (c *checker) stack(s score.MonitoringStack, tenant string) {
	who := fmt.Sprintf("monitoring_stack %q", s.Name)
	b := c.backendOf(who, s)
	c.stackName(who, s)
	c.dnsLabel(who, "namespace", s.Namespace, s.Origin, "namespace")
	c.stackSettings(who, s)
	c.stackFeatures(who, s, b)
	c.channels(s.AlertChannels, b)
	c.targets(s.ScrapeTargets, b)
	c.ruleGroups(s.AlertRules)
	c.ruleFeatures(s.AlertRules, b)
	c.rulesAndTargets(s, tenant)
	c.remoteWrites(who, s.RemoteWrite)
	c.routing(who, s, tenant)
	if len(s.ScrapeTargets) == 0 && !platform(s, tenant) {
		c.report(problem{
			code: "no-targets", origin: s.Origin, argument: "scrape_targets",
			summary: who + ": got no scrape targets, so there is nothing to look at",
			fix:     "add a target: scrape_targets = [service_monitor(name = \"web\", match_labels = {\"app\": \"web\"}, port = \"http\")]",
		})
	}
}

// stackKey identifies the settings of a stack that stand in the stack itself.
type stackKey struct {
	at                 score.Position
	retention, storage string
	replicas, shards   int
	maps               [3]uintptr
}

func (c *checker) stackSettings(who string, s score.MonitoringStack) {
	key := stackKey{
		s.Origin.Position(), s.Retention, s.Storage, s.Replicas, s.Shards,
		[3]uintptr{mapIdentity(s.ExternalLabels), mapIdentity(s.Resources.Requests), mapIdentity(s.Resources.Limits)},
	}
	if s.Origin.Position().IsValid() && !c.once(key) {
		return
	}
	c.duration(who, s.Retention, s.Origin, "retention", false)
	if s.Storage != "" {
		c.quantity(who+": storage", s.Storage, s.Origin, "storage", false)
	}
	c.count(who, "replicas", s.Replicas, maxReplicas, s.Origin)
	c.count(who, "shards", s.Shards, maxShards, s.Origin)
	c.prometheusLabels(who, s.ExternalLabels, s.Origin, "external_labels")
	c.reservedLabels(who, s.ExternalLabels, s.Origin, "external_labels", map[string]string{
		"prometheus_replica": "The operator tells the replicas of one Prometheus apart by it.",
		"__name__":           "It holds the name of the series.",
	})
	requests := c.quantities(who+": resources: requests", s.Resources.Requests, s.Origin, "resources[requests]", containerResources, knowsContainerResource)
	limits := c.quantities(who+": resources: limits", s.Resources.Limits, s.Origin, "resources[limits]", containerResources, knowsContainerResource)
	c.order(who+": resources", requests, limits, "request", "limit", s.Resources.Requests, s.Origin, "resources[requests]")
}

func (c *checker) count(who, argument string, number, most int, origin score.Origin) {
	if number >= 1 && number <= most {
		return
	}
	c.report(problem{
		code: "out-of-range", origin: origin, argument: argument,
		summary: fmt.Sprintf("%s: %s: got %d, want 1 to %d", who, argument, number, most),
	})
}

type featuresKey struct {
	at               score.Position
	version          score.APIVersion
	replicas, shards bool
	given            int
	flags            [4]bool
}

// stackFeatures reports settings that the version lacks. A setting at its default asks for nothing.
func (c *checker) stackFeatures(who string, s score.MonitoringStack, b backend.Backend) {
	if b == nil {
		return
	}
	key := featuresKey{
		s.Origin.Position(), s.APIVersion, s.Replicas > 1, s.Shards > 1, givenReplicas(s),
		[4]bool{s.Storage != "", len(s.RemoteWrite) > 0, len(s.ExternalLabels) > 0, len(s.Resources.Requests)+len(s.Resources.Limits) > 0},
	}
	if key.at.IsValid() && !c.once(key) {
		return
	}
	for _, asked := range []struct {
		feature  backend.Feature
		argument string
		is       bool
	}{
		{backend.FeatureReplicas, "replicas", key.replicas},
		{backend.FeatureShards, "shards", key.shards},
		{backend.FeatureStorage, "storage", key.flags[0]},
		{backend.FeatureRemoteWrite, "remote_write", key.flags[1]},
		{backend.FeatureExternalLabels, "external_labels", key.flags[2]},
		{backend.FeatureResources, "resources", key.flags[3]},
	} {
		if asked.is {
			c.feature(b, asked.feature, who, s.Origin, asked.argument)
		}
	}
	c.replicasNotFollowed(who, s, b, key.given)
}

// givenReplicas returns the argument replicas, 0 when the script leaves it to its default.
func givenReplicas(s score.MonitoringStack) int {
	if _, written := s.Origin.Arguments()["replicas"]; written || s.Replicas != score.DefaultReplicas {
		return s.Replicas
	}
	return 0
}

// replicasNotFollowed reports that the version does with replicas what the script does not say. It is no more than a
// warning, because notifications are the same from any number of Alertmanagers, and a script is to run in every version.
func (c *checker) replicasNotFollowed(who string, s score.MonitoringStack, b backend.Backend, given int) {
	reservation, exists := b.Capabilities().Reservation(backend.FeatureReplicas)
	if !exists || given == 0 || given == reservation.Except {
		return
	}
	c.report(problem{
		code: "replicas-not-followed", origin: s.Origin, argument: "replicas",
		summary: fmt.Sprintf("%s: got replicas = %d, and %s makes %d Alertmanagers all the same", who, given, b.Version(), reservation.Except),
		detail:  "In this version " + reservation.Reason + ".",
		fix:     fmt.Sprintf("write replicas = %d, or leave it as it is when only Prometheus matters", reservation.Except),
	})
}

type ruleFeaturesKey struct {
	rules   rulesKey
	version score.APIVersion
}

func (c *checker) ruleFeatures(groups []score.RuleGroup, b backend.Backend) {
	if b == nil || !c.once(ruleFeaturesKey{keyOfRules(groups), b.Version()}) {
		return
	}
	for _, g := range groups {
		if g.Limit > 0 {
			c.feature(b, backend.FeatureRuleGroupLimit, fmt.Sprintf("alert_rule_group %q", g.Name), g.Origin, "limit")
		}
		for _, r := range g.Rules {
			if r.KeepFiringFor != "" {
				c.feature(b, backend.FeatureRuleKeepFiring, whoRule(r), r.Origin, "keep_firing_for")
			}
		}
	}
}

type remoteWritesKey struct {
	writes *score.RemoteWrite
	number int
}

// remoteWrites checks where samples are sent.
func (c *checker) remoteWrites(who string, writes []score.RemoteWrite) {
	if len(writes) == 0 || !c.once(remoteWritesKey{first(writes), len(writes)}) {
		return
	}
	names, urls := map[string]score.Origin{}, map[string]score.Origin{}
	for _, w := range writes {
		name := who + ": remote_write"
		if w.Name != "" {
			name = fmt.Sprintf("remote_write %q", w.Name)
		}
		c.url(name+": url", w.URL, w.Origin, "url", "username = secret(…) and password = secret(…)")
		c.remoteWriteSecrets(name, w)
		before, twice := names[w.Name]
		argument, what := "name", "name"
		if w.Name == "" {
			// Without a name Prometheus tells them apart by their settings.
			before, twice = urls[w.URL]
			argument, what = "url", "URL and no name"
			urls[w.URL] = w.Origin
		} else {
			names[w.Name] = w.Origin
		}
		if twice {
			p := problem{
				code: "duplicate-remote-write", origin: w.Origin, argument: argument,
				summary: fmt.Sprintf("%s: got a second remote write with the same %s, want different names", name, what),
			}
			if before.Position().IsValid() {
				p.related = firstDefinition(before)
			}
			c.report(p)
		}
	}
}

func (c *checker) remoteWriteSecrets(who string, w score.RemoteWrite) {
	given := func(s score.Secret) bool { return s.Source != 0 }
	c.secret(who+": bearer_token", w.BearerToken, w.Origin, "bearer_token")
	c.secret(who+": username", w.Username, w.Origin, "username")
	c.secret(who+": password", w.Password, w.Origin, "password")
	switch {
	case given(w.BearerToken) && (given(w.Username) || given(w.Password)):
		c.report(problem{
			code: "remote-write-authentication", origin: w.Origin, argument: "bearer_token",
			summary: who + ": got a bearer token and basic authentication, want one of them",
		})
	case given(w.Username) != given(w.Password):
		has, lacks := "username", "password"
		if given(w.Password) {
			has, lacks = lacks, has
		}
		c.report(problem{
			code: "remote-write-authentication", origin: w.Origin, argument: has,
			summary: fmt.Sprintf("%s: got a %s and no %s, want both", who, has, lacks),
		})
	}
}
