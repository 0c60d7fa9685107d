// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds what the verbs that take a script have in common: load it, connect to its cluster.

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/version"
)

// oneScript is the argument check of verbs that take a script.
func oneScript() cobra.PositionalArgs { return exactly(1, "one script") }

// loadOptions returns how the flags want a script to be loaded.
func (f *factory) loadOptions() (deployment.Options, error) {
	parameters, err := f.parameters()
	if err != nil {
		return deployment.Options{}, err
	}
	return deployment.Options{
		Name: f.flags.name, Parameters: parameters, Limits: f.flags.limits,
		Print: func(_ score.Position, text string) { fmt.Fprintln(f.streams.Err, text) },
	}, nil
}

// evaluate runs and checks the script, and compiles it unless checkOnly says not to. What is wrong with it is in the
// result; the error is for a call that is wrong and for an interrupt.
func (f *factory) evaluate(ctx context.Context, path string, checkOnly bool) (*deployment.Loaded, error) {
	return f.evaluateAs(ctx, path, func(o *deployment.Options) { o.CheckOnly = checkOnly })
}

func (f *factory) evaluateAs(ctx context.Context, path string, set func(*deployment.Options)) (*deployment.Loaded, error) {
	options, err := f.loadOptions()
	if err != nil {
		return nil, err
	}
	set(&options)
	loaded, err := deployment.Load(ctx, path, options)
	if err != nil {
		return nil, err
	}
	if loaded.Stop == host.StopCancelled {
		return nil, exitWith(exitInterrupted)
	}
	f.listed = loaded.Deployment.Clusters
	return loaded, nil
}

// load is evaluate for verbs that need a script without mistakes: when there are some, they have been reported and
// the error only carries the exit code. Warnings are left to the verb.
func (f *factory) load(ctx context.Context, path string, checkOnly bool) (*deployment.Loaded, error) {
	return f.loadAs(ctx, path, func(o *deployment.Options) { o.CheckOnly = checkOnly })
}

// loadAs is load with options that set changes.
func (f *factory) loadAs(ctx context.Context, path string, set func(*deployment.Options)) (*deployment.Loaded, error) {
	loaded, err := f.evaluateAs(ctx, path, set)
	if err != nil {
		return nil, err
	}
	if loaded.Diagnostics.HasErrors() {
		return nil, f.reportDiagnostics(loaded.Diagnostics, loaded.Sources)
	}
	return loaded, nil
}

// connect returns a client for the cluster that the flags name. It starts the sandbox if that is asked for.
func (f *factory) connect(ctx context.Context) (*cluster.Client, error) {
	if reason, ok := f.streams.Environment(suite.OfflineVariable); ok && reason != "" {
		return nil, wrongCall("cluster: got a verb that needs one, want none: %s", reason)
	}
	name, err := f.target()
	if err != nil {
		return nil, err
	}
	f.flags.context = name
	options := cluster.Options{Kubeconfig: f.flags.kubeconfig, Context: name, Version: version.String(), QPS: f.flags.qps, AwayFor: f.flags.unreachableTimeout, Away: func(a cluster.Away) {
		// Runs tell it among their events.
		fmt.Fprintln(f.streams.Err, a)
	}}
	if f.flags.sandbox {
		progress := f.streams.Err
		if f.json() {
			progress = io.Discard
		}
		info, err := startSandbox(ctx, f.streams, progress)
		if err != nil {
			return nil, err
		}
		options.Kubeconfig, options.Context = info.Kubeconfig, ""
	}
	client, err := cluster.Connect(options)
	if err != nil {
		return nil, err
	}
	return client, client.Check(ctx)
}

// prepared is a script together with the cluster that it is for.
type prepared struct {
	*deployment.Loaded
	client *cluster.Client
	// releases are what charts make of the script's releases on that cluster.
	releases []*helm.Rendered
	manager  helm.Manager
}

// prepare renders the releases of a script for a cluster. Problems of charts are added to the script's; when they have
// errors the diagnostics are returned as the error.
func (f *factory) prepare(ctx context.Context, loaded *deployment.Loaded, client *cluster.Client) (*prepared, error) {
	releases, problems, err := f.render(ctx, loaded, client)
	if err != nil {
		return nil, err
	}
	if problems.HasErrors() {
		return nil, problems
	}
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		return nil, err
	}
	withProblems := *loaded
	withProblems.Diagnostics = slices.Concat(loaded.Diagnostics, problems)
	return &prepared{Loaded: &withProblems, client: client, releases: releases, manager: manager}, nil
}

// cause is what the history of runs says a run came of. loaded is nil for a run without a script.
func (f *factory) cause(loaded *deployment.Loaded) apply.Cause {
	cause := apply.Cause{Version: version.String()}
	if loaded != nil {
		cause.Script, cause.ScriptHash, cause.APIVersions = loaded.Entry, loaded.Digest(), loaded.APIVersions()
		// What is wrong with them was told when the script was loaded.
		cause.Parameters, _ = f.parameters()
	}
	return cause
}

// loadForClusters is loadAndSay for a script whose secrets are read once, for all clusters.
func (f *factory) loadForClusters(ctx context.Context, path string) (*deployment.Loaded, error) {
	loaded, err := f.loadAndSay(ctx, path)
	if err != nil {
		return nil, err
	}
	loaded.ResolveSecret = onceEach(loaded.ResolveSecret)
	return loaded, nil
}

// loadAndSay loads the script and says its warnings.
func (f *factory) loadAndSay(ctx context.Context, path string) (*deployment.Loaded, error) {
	loaded, err := f.load(ctx, path, false)
	if err != nil {
		return nil, err
	}
	if !f.json() {
		f.sayDiagnostics(loaded.Diagnostics, loaded.Sources)
	}
	return loaded, nil
}

// connectAndPrepare connects to the cluster, renders what charts make for it, and says the warnings of that. What went
// wrong has been reported.
func (f *factory) connectAndPrepare(ctx context.Context, loaded *deployment.Loaded) (*prepared, error) {
	client, err := f.connect(ctx)
	if err != nil {
		return nil, f.failure(ctx, err, loaded.Sources)
	}
	return f.prepareFor(ctx, loaded, client)
}

// prepareFor is connectAndPrepare for a cluster that is connected.
func (f *factory) prepareFor(ctx context.Context, loaded *deployment.Loaded, client *cluster.Client) (*prepared, error) {
	p, err := f.prepare(ctx, loaded, client)
	if err != nil {
		return nil, f.failure(ctx, err, loaded.Sources)
	}
	if !f.json() && len(p.Diagnostics) > len(loaded.Diagnostics) {
		f.sayDiagnostics(p.Diagnostics[len(loaded.Diagnostics):], loaded.Sources)
	}
	return p, nil
}

// failure reports an error of the engine as diagnostics and returns the error that ends the program. Where
// the script is at fault for what the cluster refused, the diagnostic shows its line.
func (f *factory) failure(ctx context.Context, err error, sources diag.Sources) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return exitWith(exitInterrupted)
	}
	list := cluster.Diagnostics(err)
	if len(list) == 0 || exitCode(err) != exitFailed {
		return err
	}
	f.note("", list[0].Summary)
	if f.json() {
		if err := f.printJSON(diagnosticsReport(list)); err != nil {
			return err
		}
	} else {
		f.sayDiagnostics(list, sources)
	}
	return exitWith(exitFailed)
}
