// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func objects(t *testing.T, add func(*backend.Builder)) []backend.Object {
	t.Helper()
	b := &backend.Builder{Title: "test"}
	add(b)
	made, err := b.Objects()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestGroups expects targets and rules to be the same in every API group, but for the group.
func TestGroups(t *testing.T) {
	compile := func(group string) []backend.Object {
		s := operator.NewScope(samples.FullStack(score.V2CRD), nil)
		s.Group = group
		made := objects(t, func(b *backend.Builder) { s.AddTargets(b); s.AddRules(b) })
		// The Secret with the targets' credentials is of no group.
		return slices.DeleteFunc(made, func(o backend.Object) bool { return o.ID.Kind == "Secret" })
	}
	coreOS, rhobs := compile(operator.GroupCoreOS), compile(operator.GroupRHOBS)
	if want := len(samples.Targets()) + len(samples.Rules()); len(coreOS) != want || len(rhobs) != want {
		t.Fatalf("got %d and %d objects, want %d", len(coreOS), len(rhobs), want)
	}
	for i, o := range coreOS {
		if o.ID.Group != operator.GroupCoreOS || rhobs[i].ID.Group != operator.GroupRHOBS {
			t.Errorf("got %s of %s and of %s", o.ID, o.ID.Group, rhobs[i].ID.Group)
		}
		want := strings.Replace(string(o.Manifest), `"apiVersion":"`+operator.GroupCoreOS+"/", `"apiVersion":"`+operator.GroupRHOBS+"/", 1)
		if got := string(rhobs[i].Manifest); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestDefaults expects a stack that Go code left empty to be one that a script makes without arguments.
func TestDefaults(t *testing.T) {
	s := operator.NewScope(score.MonitoringStack{}, nil)
	want := score.MonitoringStack{
		Name: score.DefaultStackName, Namespace: score.DefaultStackNamespace, Retention: score.DefaultRetention,
		Replicas: score.DefaultReplicas, Shards: score.DefaultShards,
	}
	if got := s.MonitoringStack; got.Name != want.Name || got.Namespace != want.Namespace || got.Retention != want.Retention ||
		got.Replicas != want.Replicas || got.Shards != want.Shards {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestWhoMakesTheNamespace expects a tenant to have its namespace made elsewhere, with all that belongs to it.
func TestWhoMakesTheNamespace(t *testing.T) {
	for _, test := range []struct {
		tenant *score.Tenant
		want   []string
	}{{nil, []string{"Namespace monitoring"}}, {&score.Tenant{Name: "blue"}, nil}} {
		s := operator.NewScope(score.MonitoringStack{}, test.tenant)
		var got []string
		for _, o := range objects(t, s.AddNamespace) {
			got = append(got, o.ID.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("tenant %v: got %v, want %v", test.tenant, got, test.want)
		}
	}
}

// TestSecretOfRemoteWrite expects its name to be that of the stack in every version, so that a move keeps it.
func TestSecretOfRemoteWrite(t *testing.T) {
	s := operator.NewScope(samples.FullStack(score.V3RHOB), nil)
	s.Resource = "another"
	made := objects(t, func(b *backend.Builder) {
		if _, err := s.RemoteWriteSpecs(b); err != nil {
			t.Error(err)
		}
	})
	if len(made) != 1 || made[0].ID.Name != "main-remote-write" || len(made[0].Secrets) != 2 {
		t.Errorf("got %v, want one Secret main-remote-write with two references", made)
	}
}
