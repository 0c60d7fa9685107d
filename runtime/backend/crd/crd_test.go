// SPDX-License-Identifier: Apache-2.0

package crd_test

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

var contract = samples.Contract{
	Backend: crd.New(), Group: "monitoring.coreos.com", Definitions: []samples.Definitions{samples.CoreOS()},
	Breakages: []samples.Breakage{
		{Kind: "Prometheus", Old: `"retention":"30d"`, New: `"retention":"thirty"`},
		{Kind: "Prometheus", Old: `"replicas"`, New: `"replica"`},
		{Kind: "ServiceMonitor", Old: `"interval":"15s"`, New: `"interval":15`},
		{Kind: "AlertmanagerConfig", Old: `"sendResolved"`, New: `"send_resolved"`},
		{Kind: "NetworkPolicy", Old: `"podSelector"`, New: `"podselectors"`},
	},
	Names: func(kind, name string) []string {
		if kind != "Prometheus" {
			return nil
		}
		// The longest label that a StatefulSet's name gets into.
		return validation.IsValidLabelValue("prometheus-" + name + "-shard-99-0123456789")
	},
}

func compile(t testing.TB, s score.Score) []backend.Object {
	t.Helper()
	return contract.Compile(t, s)
}

func TestContract(t *testing.T) { contract.Check(t) }

func TestGolden(t *testing.T) {
	for name, sample := range samples.Scores(score.V2CRD) {
		t.Run(name, func(t *testing.T) {
			files.Check(t, name+".yaml", samples.Text(t, compile(t, sample)))
		})
	}
}

// TestOrigins expects every object to lead to what in the script made it.
func TestOrigins(t *testing.T) {
	lines := map[string]int{}
	for _, o := range compile(t, samples.IsolatedTenant(score.V2CRD)) {
		lines[o.ID.Kind+" "+o.ID.Name] = o.Origin.Position().Line
	}
	want := map[string]int{
		"Namespace blue": 71, "ResourceQuota tenant": 71, "Prometheus main": 1, "Alertmanager main": 1,
		"ServiceMonitor main.web": 30, "PodMonitor main.worker": 31, "ScrapeConfig main.legacy": 32, "Probe main.shop": 33,
		"PrometheusRule main.web": 40, "PrometheusRule main.general.rules": 50,
		"Secret main-alert-channels": 10, "AlertmanagerConfig main": 1,
	}
	for id, line := range want {
		if lines[id] != line {
			t.Errorf("%s: got line %d, want %d", id, lines[id], line)
		}
	}
	for _, o := range compile(t, samples.NamedTenant(score.V2CRD)) {
		if o.ID.Kind == "Namespace" && o.Origin.Position().Line != 80 {
			t.Errorf("%s: got line %d, want that of the tenant_monitoring", o.ID, o.Origin.Position().Line)
		}
		if o.ID.Kind == "AlertmanagerConfig" && o.Origin.Position().Line != 10 {
			t.Errorf("%s: got line %d, want that of its only channel", o.ID, o.Origin.Position().Line)
		}
	}
}

// TestTwoStacksInOneNamespace compiles stacks whose names were chosen to collide.
func TestTwoStacksInOneNamespace(t *testing.T) {
	one, two := samples.FullStack(score.V2CRD), samples.FullStack(score.V2CRD)
	one.Name, two.Name = "a", "a-b"
	one.AlertRules[0].Name, two.AlertRules[0].Name = "b-c", "c"
	seen := map[backend.ID]backend.Object{}
	for _, stack := range []score.MonitoringStack{one, two} {
		for _, o := range compile(t, stack) {
			if other, twice := seen[o.ID]; twice && o.ID.Kind != "Namespace" {
				t.Errorf("both stacks make %s", o.ID)
			} else if twice && !bytes.Equal(other.Manifest, o.Manifest) {
				t.Errorf("the stacks want different things of %s", o.ID)
			}
			seen[o.ID] = o
		}
	}
}

func BenchmarkCompileThousandTenants(b *testing.B) {
	tenants := make([]score.Score, 1000)
	for i := range tenants {
		s := samples.IsolatedTenant(score.V2CRD)
		s.Tenant.Name = fmt.Sprintf("tenant-%d", i)
		tenants[i] = s
	}
	c := crd.New()
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range tenants {
			if _, err := c.Compile(s); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestHonorLabels expects a target's wish to be kept: Prometheus would ignore it under overrideHonorLabels, and
// nobody would be told. The namespace is enforced all the same.
func TestHonorLabels(t *testing.T) {
	s := samples.IsolatedTenant(score.V2CRD)
	s.Stack.ScrapeTargets = []score.ScrapeTarget{score.PodMonitor{Name: "x", Port: "metrics", Endpoint: score.Endpoint{HonorLabels: true}}}
	for _, o := range compile(t, s) {
		if o.ID.Kind != "Prometheus" {
			continue
		}
		if strings.Contains(string(o.Manifest), "overrideHonorLabels") || !strings.Contains(string(o.Manifest), `"enforcedNamespaceLabel":"namespace"`) {
			t.Errorf("got %s", o.Manifest)
		}
	}
}
