// SPDX-License-Identifier: Apache-2.0

// Package layout holds the test that enforces who may import whom. ARCHITECTURE.md explains the table.
package layout

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/harmonyscript/harmonyscript"

// Groups of imports that rules name. A pattern that ends in "/..." covers everything below it.
var (
	starlark        = []string{"go.starlark.net/..."}
	commandLine     = []string{"github.com/spf13/...", "github.com/vbauerster/mpb/...", "github.com/reeflective/readline/...", module + "/cmd/..."}
	clusterClients  = []string{"k8s.io/client-go/kubernetes/...", "k8s.io/client-go/dynamic/...", "k8s.io/client-go/rest/...", "k8s.io/client-go/tools/...", "k8s.io/client-go/discovery/...", "k8s.io/client-go/metadata/...", module + "/runtime/cluster/..."}
	kubernetes      = []string{"k8s.io/...", "sigs.k8s.io/...", "github.com/prometheus-operator/...", "github.com/rhobs/..."}
	operatingSystem = []string{"os", "os/...", "net", "net/http/...", "syscall", "golang.org/x/sys/..."}
	engines         = []string{module + "/runtime/plan/...", module + "/runtime/apply/...", module + "/runtime/status/...", module + "/runtime/inventory/...", module + "/runtime/cluster/..."}
	backends        = []string{module + "/runtime/backend/..."}
)

// rule says what the packages at path may not import. never applies to what their files name, neverReaches
// to everything that they pull in, however far down. only, when set, lists all that they may name besides
// the standard library.
type rule struct {
	path         string
	never        []string
	neverReaches []string
	only         []string
	why          string
}

func rules() []rule {
	return []rule{
		{
			path: "runtime/score/...", only: []string{}, neverReaches: join(starlark, kubernetes),
			why: "scores are plain values that every part of the program shares",
		},
		{path: "runtime/diag/...", only: []string{module + "/runtime/score"}, why: "diagnostics are made everywhere and know only positions"},
		{
			path: "builtins/...", never: join(operatingSystem, commandLine, engines, backends), neverReaches: join(clusterClients, []string{"github.com/spf13/cobra"}),
			why: "the language surface turns arguments into values and does nothing else",
		},
		{
			path: "runtime/host/...", never: join(commandLine, engines, backends, []string{module + "/builtins/..."}), neverReaches: kubernetes,
			why: "the host runs scripts and knows neither Kubernetes nor the builtins that it is given",
		},
		{
			path: "runtime/check/...", never: join(operatingSystem, commandLine, engines), neverReaches: join(starlark, clusterClients),
			why: "check is pure: no I/O, no script, no cluster",
		},
		{
			path: "runtime/routing/...", only: []string{module + "/runtime/score", "github.com/prometheus/alertmanager/pkg/labels", "github.com/prometheus/alertmanager/matcher/...", "github.com/prometheus/alertmanager/timeinterval"},
			neverReaches: join(starlark, kubernetes, []string{"github.com/prometheus/alertmanager/dispatch"}),
			why:          "routing answers from scores alone, and does not bring all of Alertmanager with it",
		},
		{
			path: "runtime/backend", never: join(operatingSystem, commandLine, engines), neverReaches: join(starlark, clusterClients),
			why: "the contracts of backends are pure",
		},
		{
			// The typed apply configurations are data, but their package links client-go's discovery.
			path: "runtime/backend/...", never: join(operatingSystem, commandLine, engines, clusterClients), neverReaches: starlark,
			why: "compilation is pure",
		},
		{
			path: "runtime/backend/operator/...", never: []string{module + "/runtime/backend/crd/...", module + "/runtime/backend/helm/...", module + "/runtime/backend/rhob/..."},
			why: "what the versions share knows none of them",
		},
		{
			path: "runtime/backend/crd/...", never: []string{module + "/runtime/backend/helm/...", module + "/runtime/backend/rhob/..."},
			why: "the backend of one API version does not know the others",
		},
		{
			path: "runtime/backend/helm/...", never: []string{module + "/runtime/backend/crd/...", module + "/runtime/backend/rhob/...", module + "/runtime/helm/...", "helm.sh/..."},
			why: "the backend of one API version does not know the others, and finds out nothing about charts",
		},
		{
			path: "runtime/backend/rhob/...", never: []string{module + "/runtime/backend/crd/...", module + "/runtime/backend/helm/..."},
			why: "the backend of one API version does not know the others",
		},
		{
			// Helm's SDK links cobra for its own flags; nothing here names it.
			path: "runtime/plan/...", never: commandLine, neverReaches: join(starlark, []string{module + "/cmd/..."}),
			why: "plans are computed from objects, whoever made them",
		},
		{
			path: "runtime/apply/...", never: join(commandLine, []string{module + "/builtins/..."}), neverReaches: join(starlark, []string{module + "/cmd/..."}),
			why: "the engine returns results and never prints",
		},
		{
			path: "runtime/helm/...", never: join(commandLine, []string{module + "/runtime/plan/...", module + "/runtime/apply/...", module + "/builtins/..."}), neverReaches: starlark,
			why: "releases serve the engine and do not know it",
		},
		{path: "runtime/plan/...", never: []string{"helm.sh/..."}, why: "another version of the Helm SDK changes runtime/helm alone"},
		{path: "runtime/apply/...", never: []string{"helm.sh/..."}, why: "another version of the Helm SDK changes runtime/helm alone"},
		{path: "cmd/...", never: []string{"helm.sh/..."}, why: "another version of the Helm SDK changes runtime/helm alone"},
		{
			path: "runtime/inventory/...", never: commandLine, neverReaches: starlark,
			why: "the engine returns results and never prints",
		},
		{
			path: "runtime/cluster/...", never: join(commandLine, []string{module + "/runtime/plan/...", module + "/runtime/apply/..."}), neverReaches: starlark,
			why: "the connection serves the engine and does not know it",
		},
		{
			path: "runtime/status/...", never: join(commandLine, []string{module + "/runtime/apply/..."}), neverReaches: join(starlark, []string{module + "/runtime/apply"}),
			why: "status reads and never writes",
		},
		{
			path: "runtime/alerttest/...", never: join(operatingSystem, commandLine, engines, backends),
			neverReaches: join(starlark, kubernetes, []string{"github.com/prometheus/prometheus/rules"}),
			why:          "alerts are tested by pure functions, without all the clients that Prometheus' rules bring along",
		},
		{
			path: "runtime/testfile/...", never: join(commandLine, engines),
			why: "tests need no cluster and return what they find",
		},
		{
			path: "runtime/moduledoc/...", never: join(operatingSystem, commandLine, engines, backends), neverReaches: clusterClients,
			why: "the library is described by what is in it",
		},
		{
			path: "runtime/deployment/...", never: join(commandLine, engines),
			why: "a script is loaded without a cluster",
		},
		{
			path: "cmd/harmonyscript/internal/repl/...", never: []string{module + "/cmd/harmonyscript/internal/cli/..."},
			why: "the REPL is given the verbs that it offers",
		},
		{path: "stdlib/...", only: []string{}, why: "the library is scripts, embedded"},
		{
			path: "cmd/harmonyscript", only: []string{module + "/cmd/harmonyscript/internal/..."},
			why: "main only starts the command line",
		},
	}
}

func join(groups ...[]string) []string {
	var all []string
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func matches(pattern, path string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

func matchesAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if matches(p, path) {
			return true
		}
	}
	return false
}

func standardLibrary(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"/...")
	output, err := command.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

func violations(r rule, p goPackage) []string {
	var found []string
	for _, path := range p.Imports {
		own := matches(module+"/"+r.path, path)
		switch {
		case matchesAny(r.never, path) && !own && !within(p.ImportPath, path):
			found = append(found, "imports "+path)
		case r.only != nil && !standardLibrary(path) && !matchesAny(r.only, path):
			found = append(found, "imports "+path)
		}
	}
	for _, path := range p.Deps {
		if matchesAny(r.neverReaches, path) && !standardLibrary(path) {
			found = append(found, "pulls in "+path)
		}
	}
	return found
}

// within reports whether both packages are parts of the same tree under runtime/, which may import itself.
func within(importer, imported string) bool {
	return importer == imported || strings.HasPrefix(imported, importer+"/")
}

func TestImports(t *testing.T) {
	packages := listPackages(t)
	for _, r := range rules() {
		covered := false
		for _, p := range packages {
			if !matches(module+"/"+r.path, p.ImportPath) {
				continue
			}
			covered = true
			for _, v := range violations(r, p) {
				t.Errorf("%s %s: %s", strings.TrimPrefix(p.ImportPath, module+"/"), v, r.why)
			}
		}
		if !covered {
			t.Errorf("rule for %s covers no package: remove it or correct its path", r.path)
		}
	}
}

// TestRulesBite proves that a rule finds what it forbids, so that an empty report means something.
func TestRulesBite(t *testing.T) {
	for _, r := range rules() {
		sample := goPackage{ImportPath: module + "/" + strings.TrimSuffix(r.path, "/...")}
		switch {
		case len(r.never) > 0:
			sample.Imports = []string{strings.TrimSuffix(r.never[0], "/...")}
		case r.only != nil:
			sample.Imports = []string{"example.org/elsewhere"}
		default:
			sample.Deps = []string{strings.TrimSuffix(r.neverReaches[0], "/...")}
		}
		if len(violations(r, sample)) == 0 {
			t.Errorf("rule for %s accepts %v", r.path, sample)
		}
	}
}
