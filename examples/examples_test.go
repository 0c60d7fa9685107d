// SPDX-License-Identifier: Apache-2.0

// Package examples_test runs every example: checked and compiled offline, applied to a real control plane.
package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

var shared sandboxtest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Main(m)) }

// scores is how many scores each example deploys with its default parameters.
func scores() map[string]int {
	return map[string]int{"monitoring_v2.star": 1, "tenants.star": 20, "channels.star": 1, "routing.star": 1, "stdlib_platform.star": 1, "stdlib_slo.star": 1}
}

// list returns the examples and fails for one that this test does not know.
func list(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.star")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, builtins.TestFileSuffix) })
	if len(files) != len(scores()) {
		t.Errorf("got examples %v, want those of %v", files, scores())
	}
	return files
}

func load(t *testing.T, file string, parameters map[string]string) *deployment.Loaded {
	t.Helper()
	loaded, err := deployment.Load(t.Context(), file, deployment.Options{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.Diagnostics) > 0 {
		t.Fatalf("got diagnostics, want an example without a flaw:\n%s", loaded.Diagnostics.Render(loaded.Sources, diag.Style{}))
	}
	return loaded
}

func TestExamplesCompile(t *testing.T) {
	for _, file := range list(t) {
		t.Run(file, func(t *testing.T) {
			loaded := load(t, file, nil)
			if got, want := len(loaded.Deployment.Scores), scores()[file]; got != want {
				t.Errorf("got %d scores, want %d", got, want)
			}
			if len(loaded.Objects) < 5*len(loaded.Deployment.Scores) {
				t.Errorf("got %d objects for %d scores, want several each", len(loaded.Objects), len(loaded.Deployment.Scores))
			}
		})
	}
}

// TestExamplesTests runs the tests that stand beside examples.
func TestExamplesTests(t *testing.T) {
	files, err := filepath.Glob("*" + builtins.TestFileSuffix)
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v, want tests of examples", files, err)
	}
	_, err = testfile.Run(t.Context(), files, testfile.Options{}, func(file testfile.File) {
		if passed, failed := file.Count(); passed == 0 || failed > 0 || file.Wrong() {
			t.Errorf("%s: got %d passed and %d failed tests, want all to pass:\n%s", file.Path, passed, failed, file.Problems.Render(file.Sources, diag.Style{}))
		}
		for _, one := range file.Tests {
			if len(one.Failures) > 0 {
				t.Errorf("%s: %s:\n%s", file.Path, one.Name, one.Failures.Render(file.Sources, diag.Style{}))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExamplesApply(t *testing.T) {
	sandbox := shared.Get(t)
	client, err := cluster.Connect(cluster.Options{Kubeconfig: sandbox.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range list(t) {
		t.Run(file, func(t *testing.T) {
			loaded := load(t, file, nil)
			request := apply.Request{
				Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, Requires: loaded.Requires,
				ResolveSecret: func(context.Context, score.Secret) (string, error) { return "http://127.0.0.1:9/hook", nil },
				Timeout:       5 * time.Minute,
			}
			outcome, err := apply.Run(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if outcome.State != apply.Done {
				t.Fatalf("apply: got %s, want done:\n%s", outcome.State, outcome.Diagnostics.Render(loaded.Sources, diag.Style{}))
			}
			again, err := apply.Run(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if again.State != apply.Done || again.Wrote() {
				t.Errorf("second apply: got %s and %v, want done without a write", again.State, again.Count())
			}
			request.DeleteNamespaces = true
			if removed, err := apply.Destroy(t.Context(), request); err != nil || removed.State != apply.Done {
				t.Errorf("destroy: got %v, %v, want done", removed, err)
			}
		})
	}
}
