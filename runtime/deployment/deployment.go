// SPDX-License-Identifier: Apache-2.0

// Package deployment takes a script all the way from text to objects: it runs the script, checks what it
// declares and compiles it. The command line, the REPL and Go programs that embed harmonyscript use it.
//
// Nothing here talks to a cluster; packages plan, apply and status take over from the objects.
package deployment

import (
	"bytes"
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// Options say how a script is loaded.
type Options struct {
	// Name overrides the deployment's name.
	Name string
	// Parameters are the values for the script's param() calls, by name.
	Parameters map[string]string
	// Limits of the script's run; zero fields take host.DefaultLimits.
	Limits host.Limits
	// Print gets what the script prints; nil drops it.
	Print func(position score.Position, text string)
	// Library is the language that scripts see; nil means builtins.Standard.
	Library *builtins.Library
	// CheckOnly leaves out compilation: Objects and Requires stay empty.
	CheckOnly bool
	// Registry compiles the scores; nil means DefaultRegistry.
	Registry *backend.Registry
}

// Loaded is a script that has been run, checked and compiled.
type Loaded struct {
	host.Result
	// Diagnostics are all problems, sorted. When they have errors, Objects is nil.
	Diagnostics diag.List
	// Objects are what the deployment wants to exist, in the order of its scores.
	Objects []backend.Object
	// Requires are the custom resource definitions that the scores' versions need.
	Requires []backend.CRD
	// ResolveSecret reads the value behind a secret that the script refers to.
	ResolveSecret func(ctx context.Context, secret score.Secret) (string, error)
}

// DefaultRegistry returns the backends and compilers that harmonyscript comes with.
func DefaultRegistry() (*backend.Registry, error) {
	return backend.NewRegistry([]backend.Backend{crd.New()}, map[string]backend.Compiler{score.Tenant{}.Kind(): tenant.New()})
}

// NewHost returns the host that runs scripts with these options.
func NewHost(options Options) *host.Host {
	library := options.Library
	if library == nil {
		library = builtins.Standard()
	}
	return library.Host(host.Options{
		Stdlib: stdlib.Files(), Limits: options.Limits, Parameters: options.Parameters, Print: options.Print,
	})
}

// Load runs the script at path, checks it, and compiles it when there is nothing wrong. All problems are in
// the result; the error is only for a program that was put together wrongly.
func Load(ctx context.Context, path string, options Options) (*Loaded, error) {
	result, problems := NewHost(options).Run(ctx, path)
	return Finish(result, problems, options)
}

// Finish checks and compiles what a script or a session has declared so far. problems are those of running it.
func Finish(result host.Result, problems diag.List, options Options) (*Loaded, error) {
	registry := options.Registry
	if registry == nil {
		var err error
		if registry, err = DefaultRegistry(); err != nil {
			return nil, err
		}
	}
	if options.Name != "" {
		result.Deployment.Name = options.Name
	}
	loaded := &Loaded{Result: result, ResolveSecret: host.SecretResolver(result.Folder)}
	switch {
	case result.Stop == host.StopCancelled:
		// Whoever interrupted a script does not want to read what else is wrong with it.
	case problems.HasErrors():
		problems = append(problems, check.Values(result.Made, registry)...)
	default:
		problems = append(problems, check.Deployment(result.Deployment, registry)...)
	}
	if !problems.HasErrors() && !options.CheckOnly {
		objects, duplicates, err := Compile(result.Deployment, registry)
		if err != nil {
			return nil, err
		}
		loaded.Objects = objects
		loaded.Requires = requires(result.Deployment, registry)
		problems = append(problems, duplicates...)
		if problems.HasErrors() {
			loaded.Objects = nil
		}
	}
	for i := range problems {
		// What concerns the script as a whole still names it.
		if !problems[i].Position.IsValid() && problems[i].Position.File == "" {
			problems[i].Position.File = result.Entry
		}
	}
	loaded.Diagnostics = problems.Sorted()
	return loaded, nil
}

// Compile turns every score of the deployment into objects, on all cores. What several scores want alike,
// such as the namespace that two stacks share, is there once; two different wishes for one object are a
// diagnostic. The error is for scores that check would have refused.
func Compile(d score.Deployment, registry *backend.Registry) ([]backend.Object, diag.List, error) {
	compiled := make([][]backend.Object, len(d.Scores))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range d.Scores {
		group.Go(func() error {
			objects, err := registry.Compile(s)
			if err != nil {
				return fmt.Errorf("compile: %w", err)
			}
			compiled[i] = objects
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	total := 0
	for _, objects := range compiled {
		total += len(objects)
	}
	var (
		merged   = make([]backend.Object, 0, total)
		first    = make(map[backend.ID]int, total)
		problems diag.List
	)
	for _, objects := range compiled {
		for _, o := range objects {
			at, exists := first[o.ID]
			switch {
			case !exists:
				first[o.ID] = len(merged)
				merged = append(merged, o)
			case !bytes.Equal(merged[at].Manifest, o.Manifest):
				problems = append(problems, duplicate(merged[at], o))
			}
		}
	}
	return merged, problems, nil
}

func duplicate(a, b backend.Object) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "duplicate-object", Position: b.Origin.Position(),
		Summary: fmt.Sprintf("%s: got %s, which %s makes too but differently, want one owner", b.Score, b.ID, a.Score),
		Fix:     "give one of the two another name or namespace",
		Related: append([]diag.Related{{Position: a.Origin.Position(), Message: "made here first"}}, diag.Callers(b.Origin)...),
	}
}

func requires(d score.Deployment, registry *backend.Registry) []backend.CRD {
	var all []backend.CRD
	seen := map[score.APIVersion]bool{}
	for _, s := range d.Scores {
		versioned, ok := s.(score.Versioned)
		if !ok || seen[versioned.MonitoringAPIVersion()] {
			continue
		}
		seen[versioned.MonitoringAPIVersion()] = true
		if b, ok := registry.Backend(versioned.MonitoringAPIVersion()); ok {
			all = append(all, b.Requires()...)
		}
	}
	return all
}
