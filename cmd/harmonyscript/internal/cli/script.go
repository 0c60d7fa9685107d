// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds what the verbs that take a script have in common: load it, connect to its cluster.

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
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
	options, err := f.loadOptions()
	if err != nil {
		return nil, err
	}
	options.CheckOnly = checkOnly
	loaded, err := deployment.Load(ctx, path, options)
	if err != nil {
		return nil, err
	}
	if loaded.Stop == host.StopCancelled {
		return nil, exitWith(exitInterrupted)
	}
	return loaded, nil
}

// load is evaluate for verbs that need a script without mistakes: when there are some, they have been reported and
// the error only carries the exit code. Warnings are left to the verb.
func (f *factory) load(ctx context.Context, path string, checkOnly bool) (*deployment.Loaded, error) {
	loaded, err := f.evaluate(ctx, path, checkOnly)
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
	options := cluster.Options{Kubeconfig: f.flags.kubeconfig, Context: f.flags.context, Version: version.String()}
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

// loadAndConnect loads the script, says its warnings, and connects to the cluster. What went wrong has been reported.
func (f *factory) loadAndConnect(ctx context.Context, path string) (*deployment.Loaded, *cluster.Client, error) {
	loaded, err := f.load(ctx, path, false)
	if err != nil {
		return nil, nil, err
	}
	if !f.json() {
		f.sayDiagnostics(loaded.Diagnostics, loaded.Sources)
	}
	client, err := f.connect(ctx)
	if err != nil {
		return nil, nil, f.failure(ctx, err, loaded.Sources)
	}
	return loaded, client, nil
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
	if f.json() {
		if err := f.printJSON(diagnosticsReport(list)); err != nil {
			return err
		}
	} else {
		f.sayDiagnostics(list, sources)
	}
	return exitWith(exitFailed)
}
