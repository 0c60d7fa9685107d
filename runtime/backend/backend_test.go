// SPDX-License-Identifier: Apache-2.0

package backend_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestNewObject(t *testing.T) {
	type object map[string]any
	for name, test := range map[string]struct {
		content any
		want    backend.ID
		stage   backend.Stage
		json    string
		err     string
	}{
		"core": {
			content: object{"kind": "Secret", "apiVersion": "v1", "metadata": object{"name": "a", "namespace": "b", "creationTimestamp": nil}, "status": object{}},
			want:    backend.ID{Version: "v1", Kind: "Secret", Namespace: "b", Name: "a"}, stage: backend.StageFoundations,
			json: `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"b"}}`,
		},
		"group": {
			content: object{"kind": "Prometheus", "apiVersion": "monitoring.coreos.com/v1", "metadata": object{"name": "a"}, "spec": object{"big": int64(9007199254740993)}},
			want:    backend.ID{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus", Name: "a"}, stage: backend.StageResources,
			json: `{"apiVersion":"monitoring.coreos.com/v1","kind":"Prometheus","metadata":{"name":"a"},"spec":{"big":9007199254740993}}`,
		},
		"no name":       {content: object{"kind": "Secret", "apiVersion": "v1"}, err: "want all three"},
		"no object":     {content: []string{"x"}, err: "no JSON object"},
		"no JSON":       {content: func() {}, err: "unsupported type"},
		"odd metadata":  {content: object{"kind": "Secret", "apiVersion": "v1", "metadata": "x"}, err: "want all three"},
		"null":          {content: nil, err: "want all three"},
		"two documents": {content: jsonText(`{"kind":"A"}{"kind":"B"}`), err: "object of score"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := backend.NewObject(test.content, score.Origin{}, "score")
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.ID != test.want || got.Stage != test.stage || string(got.Manifest) != test.json {
				t.Errorf("got %+v, stage %s, %s", got.ID, got.Stage, got.Manifest)
			}
		})
	}
}

type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }

func TestBuilderKeepsAllErrors(t *testing.T) {
	b := backend.Builder{Title: "stack"}
	first, second := errors.New("first"), errors.New("second")
	b.Fail(first)
	b.Add(nil, score.Origin{})
	b.Append(nil, second)
	objects, err := b.Objects()
	if objects != nil || !errors.Is(err, first) || !errors.Is(err, second) || !strings.Contains(err.Error(), "object of stack") {
		t.Errorf("got %v, %v, want all three errors and no object", objects, err)
	}
}

func TestStackName(t *testing.T) {
	for _, name := range []string{
		"monitoring", "a", "a-b", "", "-", "Web", "web.eu", "1team", "ü", "a--b", strings.Repeat("a", 26), strings.Repeat("a", 27), strings.Repeat("a-", 40),
	} {
		got := backend.StackName(name)
		if problems := validation.IsDNS1035Label(got); len(problems) > 0 || len(got) > backend.MaxStackName {
			t.Errorf("%q: got %q: %v", name, got, problems)
		}
		if fits := len(validation.IsDNS1035Label(name)) == 0 && len(name) <= backend.MaxStackName; fits != (got == name) {
			t.Errorf("%q: got %q, want it unchanged exactly when it fits", name, got)
		}
	}
}

func TestClusterStackName(t *testing.T) {
	for _, test := range []struct{ namespace, name, want string }{
		{"monitoring", "main", "main-b7ff543b"},
		{"blue", "main", "main-"},
		{"blue", "seventeen-letters", "seventeen-letters-"},
		{"blue", "sixteen-letters--and-more", "sixteen-letters-"},
		{"blue", "", "x-"},
		{"blue", "Web", "web-"},
	} {
		got := backend.ClusterStackName(test.namespace, test.name)
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s/%s: got %q, want %q", test.namespace, test.name, got, test.want)
		}
		if again := backend.ClusterStackName(test.namespace, backend.StackName(test.name)); again != got {
			t.Errorf("%s/%s: got %q by its resource name and %q by its own", test.namespace, test.name, again, got)
		}
	}
}

// FuzzClusterStackName looks for names that Kubernetes refuses, and for stacks that share one.
func FuzzClusterStackName(f *testing.F) {
	f.Add("monitoring", "main", "blue", "main")
	f.Add("a", "b-c", "a-b", "c")
	f.Add("a", strings.Repeat("long-", 8), "a", strings.Repeat("long-", 9))
	f.Add("", "", "", "-")
	f.Fuzz(func(t *testing.T, namespace, name, otherNamespace, other string) {
		// A namespace is a DNS label; anything else never comes here.
		if strings.Contains(namespace+otherNamespace, "/") {
			return
		}
		got := backend.ClusterStackName(namespace, name)
		if problems := validation.IsDNS1035Label(got); len(problems) > 0 || len(got) > backend.MaxStackName {
			t.Errorf("%q, %q: got %q: %v", namespace, name, got, problems)
		}
		same := namespace == otherNamespace && backend.StackName(name) == backend.StackName(other)
		if (got == backend.ClusterStackName(otherNamespace, other)) != same {
			t.Errorf("%q, %q and %q, %q: got equal names: %v, want %v", namespace, name, otherNamespace, other, !same, same)
		}
	})
}

// FuzzNames looks for names that Kubernetes refuses, or two names that become one.
func FuzzNames(f *testing.F) {
	f.Add("monitoring", "general.rules", "Web")
	f.Add("", "..", "-")
	f.Add("a", "b-c", "b.c")
	f.Fuzz(func(t *testing.T, stack, one, two string) {
		first, second := backend.ObjectName(stack, one), backend.ObjectName(stack, two)
		if problems := validation.IsDNS1123Subdomain(first); len(problems) > 0 || len(first) > backend.MaxObjectName {
			t.Errorf("%q, %q: got %q: %v", stack, one, first, problems)
		}
		if one != two && first == second {
			t.Errorf("%q and %q both became %q", one, two, first)
		}
		if problems := validation.IsConfigMapKey(backend.SecretKey(one, two)); len(problems) > 0 {
			t.Errorf("%q, %q: got key %q: %v", one, two, backend.SecretKey(one, two), problems)
		}
	})
}

type fakeBackend struct {
	backend.Backend
	version score.APIVersion
}

func (b fakeBackend) Version() score.APIVersion { return b.version }

func (b fakeBackend) Compile(s score.Score) ([]backend.Object, error) {
	return []backend.Object{{Score: fmt.Sprintf("%s by %s", s.Title(), b.version)}}, nil
}

type fakeCompiler struct{}

func (fakeCompiler) Compile(s score.Score) ([]backend.Object, error) {
	return []backend.Object{{Score: s.Title()}}, nil
}

func TestRegistry(t *testing.T) {
	v1, v3 := fakeBackend{version: score.V1Helm}, fakeBackend{version: score.V3RHOB}
	if _, err := backend.NewRegistry([]backend.Backend{v1, v1}, nil); err == nil || !strings.Contains(err.Error(), "two backends for V1_HELM") {
		t.Errorf("got error %v, want one about two backends", err)
	}
	registry, err := backend.NewRegistry([]backend.Backend{v3, v1}, map[string]backend.Compiler{"tenant": fakeCompiler{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := registry.Backends(); len(got) != 2 || got[0].Version() != score.V1Helm {
		t.Errorf("got %v, want them in the order of the versions", got)
	}
	if !registry.Compiles("tenant") || registry.Compiles("monitoring_stack") {
		t.Error("the registry is wrong about what it compiles")
	}
	for _, test := range []struct {
		score     score.Score
		want, err string
	}{
		{score: score.Tenant{Name: "blue"}, want: `tenant "blue"`},
		{score: score.MonitoringStack{APIVersion: score.V3RHOB, Name: "x"}, want: `monitoring_stack "/x" by V3_RHOB`},
		{score: score.MonitoringStack{APIVersion: score.V2CRD, Name: "x"}, err: `monitoring_stack "/x": no backend for V2_CRD`},
		{score: unknownScore{}, err: `no compiler for scores of kind "unknown"`},
	} {
		objects, err := registry.Compile(test.score)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: got error %v, want one with %q", test.score.Title(), err, test.err)
			}
		case err != nil || len(objects) != 1 || objects[0].Score != test.want:
			t.Errorf("%s: got %v, %v, want %q", test.score.Title(), objects, err, test.want)
		}
	}
}

type unknownScore struct{}

func (unknownScore) Kind() string         { return "unknown" }
func (unknownScore) Title() string        { return "unknown" }
func (unknownScore) Source() score.Origin { return score.Origin{} }
