// SPDX-License-Identifier: Apache-2.0

// Package deployment takes a script all the way from text to objects: it runs the script, checks what it
// declares and compiles it. The command line, the REPL and Go programs that embed harmonyscript use it.
//
// Nothing here talks to a cluster; packages plan, apply and status take over from the objects. Nothing but Render needs
// a file or an address besides the script's own: what a Helm chart makes of a release is found out there.
package deployment

import (
	"context"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/crd"
	helmbackend "github.com/harmonyscript/harmonyscript/runtime/backend/helm"
	"github.com/harmonyscript/harmonyscript/runtime/backend/rhob"
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
	// CheckOnly leaves out compilation: Objects, Releases and Requires stay empty.
	CheckOnly bool
	// Stream compiles to find out what is wrong and keeps no object: Objects stays nil, and Each compiles them again when they
	// are wanted. Nor is anything kept of the run that is not about the deployment: Made, Deployed and Globals are nil. For
	// deployments of which all objects at once would need much memory.
	Stream bool
	// Registry compiles the scores; nil means DefaultRegistry.
	Registry *backend.Registry
}

// Loaded is a script that has been run, checked and compiled.
type Loaded struct {
	host.Result
	// Diagnostics are all problems, sorted. When they have errors, Objects and Releases are nil.
	Diagnostics diag.List
	// Objects are what the deployment wants to exist, in the order of its scores, but for what Helm makes. Nil with
	// Options.Stream, unless there are Releases.
	Objects []backend.Object
	// Releases are the Helm releases that it wants, in the order of its scores. Render finds out their objects.
	Releases []backend.Release
	// Requires are the custom resource definitions that the scores' versions need.
	Requires []backend.CRD
	// ResolveSecret reads the value behind a secret that the script refers to.
	ResolveSecret func(ctx context.Context, secret score.Secret) (string, error)

	streamed *stream
}

// DefaultRegistry returns the backends and compilers that harmonyscript comes with.
func DefaultRegistry() (*backend.Registry, error) {
	return backend.NewRegistry([]backend.Backend{helmbackend.New(), crd.New(), rhob.New()}, map[string]backend.Compiler{score.Tenant{}.Kind(): tenant.New()})
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
	complete := result.Stop != host.StopCancelled && !problems.HasErrors()
	switch {
	case result.Stop == host.StopCancelled:
		// Whoever interrupted a script does not want to read what else is wrong with it.
	case problems.HasErrors():
		problems = append(problems, check.Values(result.Made, registry)...)
	default:
		problems = append(problems, check.Deployment(result.Deployment, registry)...)
	}
	if options.Stream {
		loaded.Made, loaded.Deployed, loaded.Globals = nil, nil, nil
		result.Made, result.Deployed, result.Globals = nil, nil, nil
	}
	if !problems.HasErrors() && !options.CheckOnly {
		duplicates, err := loaded.compile(registry, options.Stream)
		if err != nil {
			return nil, err
		}
		problems = append(problems, duplicates...)
	}
	problems = withoutDisabled(problems, result.Sources, result.Files, complete)
	for i := range problems {
		// What concerns the script as a whole still names it.
		if !problems[i].Position.IsValid() && problems[i].Position.File == "" {
			problems[i].Position.File = result.Entry
		}
	}
	loaded.Diagnostics = problems.Sorted()
	return loaded, nil
}
