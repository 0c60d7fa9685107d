// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestRequires tries what stacks of each version are known to have.
func TestRequires(t *testing.T) {
	monitor := func(name string, exposes ...string) score.ScrapeTarget {
		return score.ServiceMonitor{Name: name, MatchLabels: map[string]string{"app": name}, Port: "http", Endpoint: score.Endpoint{Exposes: exposes}}
	}
	cases := []struct {
		name    string
		version score.APIVersion
		tenant  bool
		mode    score.TenantMode
		values  map[string]any
		targets []score.ScrapeTarget
		record  string
		// lacking are those of the metrics that are told.
		requires, lacking []string
	}{
		{name: "a name", version: score.V2CRD, targets: []score.ScrapeTarget{monitor("db", "pg_up")}, requires: []string{"pg_up", "pg_down"}, lacking: []string{"pg_down"}},
		{name: "a family", version: score.V2CRD, targets: []score.ScrapeTarget{monitor("db", "pg_*")}, requires: []string{"pg_up", "pg", "pgx_up"}, lacking: []string{"pg", "pgx_up"}},
		{name: "nothing said", version: score.V2CRD, targets: []score.ScrapeTarget{monitor("web")}, requires: []string{"up", "node_load1"}, lacking: []string{"node_load1"}},
		{name: "the name of an exporter", version: score.V2CRD, targets: []score.ScrapeTarget{monitor("node-exporter")}, requires: []string{"node_load1"}},
		{name: "a federated source", version: score.V3RHOB, targets: []score.ScrapeTarget{monitor("federation")}, requires: []string{"anything"}},
		{name: "a probe", version: score.V2CRD, targets: []score.ScrapeTarget{score.Probe{Name: "site"}}, requires: []string{"probe_success"}},
		{name: "a recorded series", version: score.V2CRD, record: "job:up:sum", requires: []string{"job:up:sum"}},
		{name: "a platform of V1_HELM", version: score.V1Helm, requires: []string{"kube_pod_owner", "node_load1", "container_cpu_cfs_periods_total", "prometheus_ready", "prometheus_operator_ready"}},
		{
			name: "a platform with a part switched off", version: score.V1Helm, values: map[string]any{"nodeExporter": map[string]any{"enabled": false}},
			requires: []string{"kube_pod_owner", "node_load1"}, lacking: []string{"node_load1"},
		},
		{name: "a tenant of V1_HELM", version: score.V1Helm, tenant: true, requires: []string{"kube_pod_owner"}, lacking: []string{"kube_pod_owner"}},
		{name: "a tenant of a shared stack", version: score.V2CRD, tenant: true, mode: score.TenantShared, requires: []string{"kube_pod_owner"}},
		{name: "V3_RHOB scrapes its own", version: score.V3RHOB, requires: []string{"prometheus_tsdb_reloads_failures_total", "prometheus_operator_ready"}, lacking: []string{"prometheus_operator_ready"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			group := score.RuleGroup{Name: "pack", Requires: c.requires, Rules: []score.Rule{{Alert: "A", Expr: "vector(1)"}, {Record: c.record, Expr: "vector(1)"}}}
			if c.record == "" {
				group.Rules = group.Rules[:1]
			}
			stack := score.MonitoringStack{APIVersion: c.version, Name: "m", Namespace: "m", Replicas: 1, Shards: 1, Retention: "1d", ScrapeTargets: c.targets, HelmValues: c.values, AlertRules: []score.RuleGroup{group}}
			var deployed score.Score = stack
			if c.tenant {
				mode := c.mode
				if mode == "" {
					mode = score.TenantDedicated
				}
				deployed = score.TenantMonitoring{Tenant: score.Tenant{Name: "blue"}, Stack: stack, Mode: mode}
			}
			var told []string
			for _, d := range check.Deployment(score.Deployment{Name: "d", Scores: []score.Score{deployed}}, nil) {
				if d.Code != "metrics-not-exposed" {
					continue
				}
				for _, metric := range c.requires {
					if strings.Contains(d.Detail, metric+".") || strings.Contains(d.Detail, metric+",") || strings.Contains(d.Detail, metric+" and") {
						told = append(told, metric)
					}
				}
			}
			if !slices.Equal(told, c.lacking) {
				t.Errorf("got a warning of %v, want %v", told, c.lacking)
			}
		})
	}
}
