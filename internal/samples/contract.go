// SPDX-License-Identifier: Apache-2.0

package samples

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	amvalidation "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Contract is what the tests of a backend hold it to besides what its version alone has.
type Contract struct {
	Backend backend.Backend
	// Group is the API group of the monitoring resources that it makes.
	Group string
	// Definitions are those that know the kinds it makes.
	Definitions []Definitions
	// Breakages break compiled objects in ways that the schemas have to notice, so that their silence means something.
	Breakages []Breakage
	// Names returns what is wrong with the name of an object of a kind, beyond what holds for all; it may be nil.
	Names func(kind, name string) []string
	// Shared are the kinds of which others make the objects: such an object bears their labels.
	Shared []string
	// Configurations returns values of further types that an AlertmanagerConfig must fit; it may be nil.
	Configurations func() []any
}

// Breakage replaces a text in the JSON of the objects of a kind.
type Breakage struct{ Kind, Old, New string }

// Compile compiles a score and expects it to work.
func (c Contract) Compile(t testing.TB, s score.Score) []backend.Object {
	t.Helper()
	objects, err := c.Backend.Compile(s)
	if err != nil {
		t.Fatalf("compile %s: %v", s.Title(), err)
	}
	return objects
}

// Check runs one test for each part of the contract.
func (c Contract) Check(t *testing.T) {
	t.Run("Determinism", c.determinism)
	t.Run("ScoreStaysAsItIs", c.leavesTheScoreAlone)
	t.Run("Confinement", c.confinement)
	t.Run("Names", c.names)
	t.Run("NoSecretInTheOpen", c.noSecretInTheOpen)
	t.Run("Schemas", c.schemas)
	t.Run("SchemasBite", c.schemasBite)
	t.Run("AlertmanagerConfigs", c.alertmanagerConfigs)
	t.Run("Capabilities", c.capabilities)
	t.Run("Errors", c.errors)
}

// determinism compiles values whose maps were filled in different orders.
func (c Contract) determinism(t *testing.T) {
	version := c.Backend.Version()
	first := Text(t, c.Compile(t, IsolatedTenant(version)))
	for range 20 {
		s := IsolatedTenant(version)
		for _, labels := range []*map[string]string{&s.Tenant.Labels, &s.Tenant.Quota, &s.Stack.ExternalLabels, &s.Stack.Resources.Requests} {
			*labels = refilled(*labels)
		}
		if got := Text(t, c.Compile(t, s)); !bytes.Equal(got, first) {
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

// leavesTheScoreAlone compiles with several goroutines, which the race detector watches, and looks at the score afterwards.
func (c Contract) leavesTheScoreAlone(t *testing.T) {
	shared := IsolatedTenant(c.Backend.Version())
	written := func() string { return fmt.Sprintf("%#v%#v", shared.Tenant, shared.Stack.ExternalLabels) }
	before := written()
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := c.Backend.Compile(shared)
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if after := written(); after != before {
		t.Errorf("compile changed the score:\n%s\n%s", before, after)
	}
}

// confinement reads the compiled objects of a tenant for anything that reaches out of its namespace.
func (c Contract) confinement(t *testing.T) {
	for _, o := range c.Compile(t, IsolatedTenant(c.Backend.Version())) {
		if o.ID.Namespace != "blue" && o.ID.Kind != "Namespace" {
			t.Errorf("%s is outside the tenant's namespace", o.ID)
		}
		if strings.HasPrefix(o.ID.Kind, "ClusterRole") {
			t.Errorf("%s reaches beyond the tenant", o.ID)
		}
		if o.ID.Group == c.Group && bytes.Contains(o.Manifest, []byte("amespaceSelector\"")) {
			t.Errorf("%s selects namespaces: %s", o.ID, o.Manifest)
		}
	}
}

// names holds the names and labels of odd scores against Kubernetes' own rules.
func (c Contract) names(t *testing.T) {
	for name, sample := range Scores(c.Backend.Version()) {
		for _, o := range c.Compile(t, sample) {
			problems := validation.IsDNS1123Subdomain(o.ID.Name)
			if o.ID.Kind == "Service" {
				problems = validation.IsDNS1035Label(o.ID.Name)
			}
			if c.Names != nil {
				problems = append(problems, c.Names(o.ID.Kind, o.ID.Name)...)
			}
			var object struct {
				Metadata struct{ Labels map[string]string }
			}
			if err := json.Unmarshal(o.Manifest, &object); err != nil {
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
			if !slices.Contains(c.Shared, o.ID.Kind) && object.Metadata.Labels[backend.LabelManagedBy] != backend.ManagedBy {
				t.Errorf("%s: %s lacks the label that it is recognised by", name, o.ID)
			}
		}
	}
}

// noSecretInTheOpen knows only references, and expects each to be in a Secret.
func (c Contract) noSecretInTheOpen(t *testing.T) {
	for _, o := range c.Compile(t, FullStack(c.Backend.Version())) {
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

func (c Contract) schemas(t *testing.T) {
	definitions := ReadSchemas(t, c.Definitions...)
	kinds := map[string]bool{}
	for name, sample := range Scores(c.Backend.Version()) {
		for _, o := range c.Compile(t, sample) {
			kinds[o.ID.APIVersion()+" "+o.ID.Kind] = true
			for _, problem := range definitions.Problems(o.Manifest) {
				t.Errorf("%s: %s: %s", name, o.ID, problem)
			}
		}
	}
	for _, required := range c.Backend.Requires() {
		if required.Provider == "" {
			t.Errorf("%s: nobody provides it", required.Kind)
		}
		if id := required.Group + "/" + required.Version + " " + required.Kind; !kinds[id] {
			t.Errorf("the backend requires %s and no sample makes it", id)
		} else {
			delete(kinds, id)
		}
	}
	for kind := range kinds {
		if strings.HasPrefix(kind, "monitoring.") {
			t.Errorf("the backend makes %s without requiring it", kind)
		}
	}
}

func (c Contract) schemasBite(t *testing.T) {
	definitions := ReadSchemas(t, c.Definitions...)
	for _, breakage := range c.Breakages {
		bitten := false
		for _, o := range c.Compile(t, FullStack(c.Backend.Version())) {
			if o.ID.Kind == breakage.Kind && bytes.Contains(o.Manifest, []byte(breakage.Old)) {
				broken := bytes.ReplaceAll(o.Manifest, []byte(breakage.Old), []byte(breakage.New))
				bitten = bitten || len(definitions.Problems(broken)) > 0
			}
		}
		if !bitten {
			t.Errorf("%s with %s passes", breakage.Kind, breakage.New)
		}
	}
}

// alertmanagerConfigs reads what is made into the types, and has it validated by the operator's own code.
func (c Contract) alertmanagerConfigs(t *testing.T) {
	found := 0
	for name, sample := range Scores(c.Backend.Version()) {
		for _, o := range c.Compile(t, sample) {
			if o.ID.Kind != v1alpha1.AlertmanagerConfigKind {
				continue
			}
			found++
			var config v1alpha1.AlertmanagerConfig
			types := []any{&config}
			if c.Configurations != nil {
				types = append(types, c.Configurations()...)
			}
			for _, into := range types {
				decoder := json.NewDecoder(bytes.NewReader(o.Manifest))
				decoder.DisallowUnknownFields()
				if err := decoder.Decode(into); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if err := amvalidation.ValidateAlertmanagerConfig(&config); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if found == 0 {
		t.Error("no sample has an AlertmanagerConfig")
	}
}

// capabilities expects a word about every feature that there is.
func (c Contract) capabilities(t *testing.T) {
	row := c.Backend.Capabilities()
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

// errors compiles scores that no check has looked at.
func (c Contract) errors(t *testing.T) {
	version := c.Backend.Version()
	broken := func(change func(*score.MonitoringStack)) score.Score {
		stack := FullStack(version)
		change(&stack)
		return stack
	}
	shared := IsolatedTenant(version)
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
			_, err := c.Backend.Compile(test.score)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// madeUp is a target of a kind that no backend knows.
type madeUp struct{}

// Kind returns the kind that no backend knows.
func (madeUp) Kind() string { return "made_up" }

// TargetName returns the name.
func (madeUp) TargetName() string { return "x" }

// Source returns no place.
func (madeUp) Source() score.Origin { return score.Origin{} }
