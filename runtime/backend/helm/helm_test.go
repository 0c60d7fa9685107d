// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/harmonyscript/harmonyscript/internal/golden"
	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/backend/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

var files = golden.Flag(flag.CommandLine)

func objectsOf(t testing.TB, compiler backend.Compiler, s score.Score) []backend.Object {
	t.Helper()
	objects, err := compiler.Compile(s)
	if err != nil {
		t.Fatalf("compile %s: %v", s.Title(), err)
	}
	return objects
}

func releaseOf(t testing.TB, s score.Score) backend.Release {
	t.Helper()
	releases, err := helm.New().(backend.ReleaseCompiler).CompileReleases(s)
	if err != nil {
		t.Fatalf("compile %s: %v", s.Title(), err)
	}
	if len(releases) != 1 {
		t.Fatalf("%s: got %d releases, want one", s.Title(), len(releases))
	}
	return releases[0]
}

func TestGolden(t *testing.T) {
	for name, sample := range samples.Scores(score.V1Helm) {
		t.Run(name, func(t *testing.T) {
			release := releaseOf(t, sample)
			values, err := yaml.JSONToYAML(release.Values)
			if err != nil {
				t.Fatal(err)
			}
			head := fmt.Sprintf("# %s of %s, definitions: %t, from %s\n", release.Key(), release.Score, release.Definitions, release.Origin.Position())
			files.Check(t, name+".yaml", append([]byte(head), values...))
		})
	}
}

// TestSameObjectsAsV2 is what lets a stack move between the versions in place: whatever is not the chart's is the same,
// byte by byte, and the chart's objects are those that are missing here.
func TestSameObjectsAsV2(t *testing.T) {
	for name, sample := range samples.Scores(score.V1Helm) {
		t.Run(name, func(t *testing.T) {
			want := map[backend.ID]backend.Object{}
			for _, o := range objectsOf(t, crd.New(), sample) {
				want[o.ID] = o
			}
			for _, o := range objectsOf(t, helm.New(), sample) {
				same, ok := want[o.ID]
				if !ok {
					if o.ID.Kind == "Secret" && o.Secrets["admin-password"].Source == score.SecretGenerated && sample.Kind() == "monitoring_stack" {
						continue
					}
					t.Errorf("%s is no object of V2_CRD", o.ID)
					continue
				}
				if !bytes.Equal(o.Manifest, same.Manifest) || !maps.Equal(secretNames(o), secretNames(same)) || o.Stage != same.Stage || o.Score != same.Score {
					t.Errorf("%s differs:\n%s\n%s", o.ID, o.Manifest, same.Manifest)
				}
				delete(want, o.ID)
			}
			var left []string
			for id := range want {
				left = append(left, id.Kind)
			}
			slices.Sort(left)
			if wantLeft := []string{"Alertmanager", "Prometheus", "Service", "Service"}; !slices.Equal(left, wantLeft) {
				t.Errorf("got %v left to the chart, want %v", left, wantLeft)
			}
		})
	}
}

func secretNames(o backend.Object) map[string]string {
	names := map[string]string{}
	for key, secret := range o.Secrets {
		names[key] = secret.String()
	}
	return names
}
