// SPDX-License-Identifier: Apache-2.0

// This file finds rules that cannot work inside a tenant, once for every list of rules.

package check

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// namespaceMatch is a rule that selects a namespace by name.
type namespaceMatch struct {
	rule      score.Rule
	namespace namespaceMatcher
}

// foreignMetric is a rule that uses a metric of the cluster's own exporters.
type foreignMetric struct {
	rule   score.Rule
	metric selected
	source string
}

type namespaceWarning struct {
	at   score.Position
	expr string
}

type metricWarning struct {
	at     score.Position
	metric string
}

func (c *checker) namespaceMatches(groups []score.RuleGroup) []namespaceMatch {
	key := keyOfRules(groups)
	if known, ok := c.leavesTenant[key]; ok {
		return known
	}
	var found []namespaceMatch
	for _, g := range groups {
		for _, r := range g.Rules {
			for _, namespace := range c.expression(r.Expr).namespaces {
				found = append(found, namespaceMatch{r, namespace})
			}
		}
	}
	c.leavesTenant[key] = found
	return found
}

// exporters are the cluster's own sources of metrics, by the beginning of the metrics' names, with words
// by which a target that provides them gives itself away.
var exporters = []struct {
	prefix, name string
	words        []string
}{
	{"kube_", "kube-state-metrics", []string{"kube-state-metrics", "kube_state_metrics", "ksm"}},
	{"container_", "the kubelet's cAdvisor", []string{"cadvisor", "kubelet"}},
	{"node_", "the node exporter", []string{"node-exporter", "node_exporter", "node"}},
}

// foreignMetrics finds the metrics of exporters that no target of the stack looks like. A federated or
// remote source may provide any metric, so a target that says "federate" silences it.
func (c *checker) foreignMetrics(s score.MonitoringStack) []foreignMetric {
	key := keyOfRules(s.AlertRules)
	found, known := c.metricsOfRuleLists[key]
	if !known {
		for _, g := range s.AlertRules {
			if len(g.Requires) > 0 {
				continue // requirements speaks of all of its metrics at once
			}
			for _, r := range g.Rules {
				for _, metric := range c.expression(r.Expr).metrics {
					for _, e := range exporters {
						if strings.HasPrefix(metric.name, e.prefix) {
							found = append(found, foreignMetric{r, metric, e.name})
						}
					}
				}
			}
		}
		c.metricsOfRuleLists[key] = found
	}
	if len(found) == 0 {
		return nil
	}
	if !c.once(foreignKey{key, first(s.ScrapeTargets), len(s.ScrapeTargets)}) {
		return nil
	}
	targets := strings.ToLower(describeTargets(s.ScrapeTargets))
	var left []foreignMetric
	for _, m := range found {
		if !provides(targets, m.source) && !c.recorded(s.AlertRules, m.metric.name) {
			left = append(left, m)
		}
	}
	return left
}

// foreignKey identifies rules and targets that were compared already.
type foreignKey struct {
	rules   rulesKey
	targets *score.ScrapeTarget
	number  int
}

func (c *checker) recorded(groups []score.RuleGroup, metric string) bool {
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Record == metric {
				return true
			}
		}
	}
	return false
}

func provides(targets, source string) bool {
	if strings.Contains(targets, "federat") {
		return true
	}
	for _, e := range exporters {
		if e.name != source {
			continue
		}
		for _, word := range e.words {
			if strings.Contains(targets, word) {
				return true
			}
		}
	}
	return false
}

// describeTargets puts everything that a target says about itself into one text.
func describeTargets(targets []score.ScrapeTarget) string {
	var b strings.Builder
	for _, t := range targets {
		if t != nil {
			fmt.Fprintf(&b, "%+v\n", withoutOrigin(t))
		}
	}
	return b.String()
}
