// SPDX-License-Identifier: Apache-2.0

package crd_test

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

var backendUnderTest = crd.New()

func compile(t testing.TB, s score.Score) []backend.Object {
	t.Helper()
	objects, err := crd.New().Compile(s)
	if err != nil {
		t.Fatalf("compile %s: %v", s.Title(), err)
	}
	return objects
}

func TestGolden(t *testing.T) {
	for name, sample := range samples.Scores(score.V2CRD) {
		t.Run(name, func(t *testing.T) {
			files.Check(t, name+".yaml", samples.Text(t, compile(t, sample)))
		})
	}
}

// TestDeterminism compiles values whose maps were filled in different orders.
func TestDeterminism(t *testing.T) {
	first := samples.Text(t, compile(t, samples.IsolatedTenant(score.V2CRD)))
	for range 20 {
		s := samples.IsolatedTenant(score.V2CRD)
		for _, labels := range []*map[string]string{&s.Tenant.Labels, &s.Tenant.Quota, &s.Stack.ExternalLabels, &s.Stack.Resources.Requests} {
			*labels = refilled(*labels)
		}
		if got := samples.Text(t, compile(t, s)); !bytes.Equal(got, first) {
			t.Fatal("the same score compiled to different bytes")
		}
	}
}

// refilled returns a copy that was filled in the random order of a map's iteration.
func refilled(m map[string]string) map[string]string {
	c := map[string]string{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// TestCompileLeavesTheScoreAlone compiles with several goroutines, which the race detector watches, and looks at
// the score afterwards.
func TestCompileLeavesTheScoreAlone(t *testing.T) {
	shared := samples.IsolatedTenant(score.V2CRD)
	before := fmt.Sprintf("%#v", shared.Tenant) + fmt.Sprintf("%#v", shared.Stack.ExternalLabels)
	c := crd.New()
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := c.Compile(shared)
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if after := fmt.Sprintf("%#v", shared.Tenant) + fmt.Sprintf("%#v", shared.Stack.ExternalLabels); after != before {
		t.Errorf("compile changed the score:\n%s\n%s", before, after)
	}
}

// TestConfinement reads the compiled objects of a tenant for anything that reaches out of its namespace.
func TestConfinement(t *testing.T) {
	for _, o := range compile(t, samples.IsolatedTenant(score.V2CRD)) {
		if o.ID.Namespace != "blue" && o.ID.Kind != "Namespace" {
			t.Errorf("%s is outside the tenant's namespace", o.ID)
		}
		if strings.HasPrefix(o.ID.Kind, "ClusterRole") {
			t.Errorf("%s reaches beyond the tenant", o.ID)
		}
		if o.ID.Group == "monitoring.coreos.com" && bytes.Contains(o.Manifest, []byte("amespaceSelector\"")) {
			t.Errorf("%s selects namespaces: %s", o.ID, o.Manifest)
		}
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

// TestNames holds the names of odd scores against Kubernetes' own rules.
func TestNames(t *testing.T) {
	for name, sample := range samples.Scores(score.V2CRD) {
		for _, o := range compile(t, sample) {
			problems := validation.IsDNS1123Subdomain(o.ID.Name)
			if o.ID.Kind == "Service" {
				problems = validation.IsDNS1035Label(o.ID.Name)
			}
			if o.ID.Kind == "Prometheus" {
				// The longest label that a StatefulSet's name gets into.
				problems = append(problems, validation.IsValidLabelValue("prometheus-"+o.ID.Name+"-shard-99-0123456789")...)
			}
			var object struct {
				Metadata struct {
					Labels map[string]string `json:"labels"`
				} `json:"metadata"`
			}
			if err := yaml.Unmarshal(o.Manifest, &object); err != nil {
				t.Fatal(err)
			}
			for key, value := range object.Metadata.Labels {
				problems = append(problems, validation.IsQualifiedName(key)...)
				problems = append(problems, validation.IsValidLabelValue(value)...)
			}
			for key := range o.Secrets {
				problems = append(problems, validation.IsConfigMapKey(key)...)
			}
			if len(problems) > 0 {
				t.Errorf("%s: %s: %v", name, o.ID, problems)
			}
			if object.Metadata.Labels[backend.LabelManagedBy] != backend.ManagedBy {
				t.Errorf("%s: %s lacks the label that it is recognised by", name, o.ID)
			}
		}
	}
}

// TestNoSecretInTheOpen knows only references, and expects each to be in exactly one Secret or selector.
func TestNoSecretInTheOpen(t *testing.T) {
	for _, o := range compile(t, samples.FullStack(score.V2CRD)) {
		for _, reference := range []string{"DISCORD_WEBHOOK_URL", "/etc/token", "MIMIR_USER"} {
			if bytes.Contains(o.Manifest, []byte(reference)) {
				t.Errorf("%s mentions %s", o.ID, reference)
			}
		}
		if len(o.Secrets) > 0 && o.ID.Kind != "Secret" {
			t.Errorf("%s has secrets, want none but in a Secret", o.ID)
		}
	}
}

func TestErrors(t *testing.T) {
	broken := func(change func(*score.MonitoringStack)) score.Score {
		stack := samples.FullStack(score.V2CRD)
		change(&stack)
		return stack
	}
	shared := samples.IsolatedTenant(score.V2CRD)
	shared.Mode = score.TenantShared
	for name, test := range map[string]struct {
		score score.Score
		want  string
	}{
		"unknown score":    {score.Tenant{Name: "blue"}, "want a monitoring_stack or tenant_monitoring"},
		"shared mode":      {shared, `use mode = "dedicated"`},
		"storage":          {broken(func(s *score.MonitoringStack) { s.Storage = "lots" }), `storage: got "lots", want a quantity`},
		"resources":        {broken(func(s *score.MonitoringStack) { s.Resources.Limits = map[string]string{"cpu": "x"} }), `resources limits "cpu": got "x"`},
		"unknown channel":  {broken(func(s *score.MonitoringStack) { s.AlertChannels[0].Receiver.Integration = "pigeon" }), "has no receiver for pigeon"},
		"matcher":          {broken(func(s *score.MonitoringStack) { s.AlertChannels[0].Matchers = []string{"severity"} }), `discord "on-call": matcher "severity"`},
		"two channels":     {broken(func(s *score.MonitoringStack) { s.AlertChannels[1].Name = "on-call" }), `two alert channels called "on-call"`},
		"two ways in":      {broken(func(s *score.MonitoringStack) { s.RemoteWrite[0].Username = s.RemoteWrite[1].Username }), "want one of the two"},
		"half a way in":    {broken(func(s *score.MonitoringStack) { s.RemoteWrite[1].Password = score.Secret{} }), "want both"},
		"tenant's admin":   {score.TenantMonitoring{Tenant: score.Tenant{Name: "x", Admins: []string{"serviceaccount:ci"}}}, "want serviceaccount:<namespace>:<name>"},
		"tenant's quota":   {score.TenantMonitoring{Tenant: score.Tenant{Name: "x", Quota: map[string]string{"limits.cpu": "many"}}}, `quota "limits.cpu": got "many"`},
		"unknown monitors": {broken(func(s *score.MonitoringStack) { s.ScrapeTargets = []score.ScrapeTarget{madeUp{}} }), `no resource for scrape target "x" of kind "made_up"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := crd.New().Compile(test.score)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

type madeUp struct{}

func (madeUp) Kind() string         { return "made_up" }
func (madeUp) TargetName() string   { return "x" }
func (madeUp) Source() score.Origin { return score.Origin{} }

// TestCapabilities expects a word about every feature that there is.
func TestCapabilities(t *testing.T) {
	row := crd.New().Capabilities()
	for _, f := range []backend.Feature{
		backend.FeatureServiceMonitor, backend.FeaturePodMonitor, backend.FeatureStaticTargets, backend.FeatureProbe, backend.FeatureShards,
		backend.FeatureReplicas, backend.FeatureStorage, backend.FeatureRemoteWrite, backend.FeatureExternalLabels, backend.FeatureResources,
		backend.FeatureTenantDedicated, backend.FeatureTenantShared, backend.FeatureRuleKeepFiring, backend.FeatureRuleGroupLimit, backend.FeatureHonorLabelsProbe,
	} {
		if row.Supports(f) == (row.Reason(f) != "") {
			t.Errorf("%s: supported is %v and the reason against it %q", f, row.Supports(f), row.Reason(f))
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
