// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verbs `apply` and `destroy`, which change a cluster.

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

type applyOptions struct {
	deleteNamespaces bool
	takeOwnership    bool
	noWait           bool
	lockWait         time.Duration
}

func newApplyCommand(f *factory) *cobra.Command {
	var options applyOptions
	command := &cobra.Command{
		Use:     "apply SCRIPT",
		Aliases: []string{"run"},
		Short:   "Make the cluster as the script declares, and wait until it works",
		Long: `Checks the script, applies what differs, removes what the script no longer wants, and waits until everything is
ready. Run it again whenever you like: what is right already costs nothing, and a run that was cut short is
taken up where it ended.`,
		Example: "  harmonyscript apply --sandbox examples/monitoring_v2.star",
		Args:    oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runApply(c.Context(), f, options, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addTimeoutFlag(command, "how long to wait until everything is ready")
	f.addOutputFlags(command)
	addEngineFlags(command, &options.deleteNamespaces, &options.takeOwnership)
	command.Flags().BoolVar(&options.noWait, "no-wait", false, "end when everything is sent, without waiting until it is ready")
	command.Flags().DurationVar(&options.lockWait, "lock-timeout", 0, "how long to wait for another run of the same deployment (default: not at all)")
	return command
}

func runApply(ctx context.Context, f *factory, options applyOptions, path string) error {
	loaded, client, err := f.loadAndConnect(ctx, path)
	if err != nil {
		return err
	}
	if f.json() && len(loaded.Diagnostics) > 0 {
		if err := f.printJSON(diagnosticsReport(loaded.Diagnostics)); err != nil {
			return err
		}
	}
	view := newProgress(f, loaded.Objects)
	outcome, err := apply.Run(ctx, apply.Request{
		Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, ResolveSecret: loaded.ResolveSecret,
		InventoryNamespace: f.flags.inventoryNamespace, DeleteNamespaces: options.deleteNamespaces,
		TakeOwnership: options.takeOwnership, Requires: loaded.Requires,
		NoWait: options.noWait, Timeout: f.flags.timeout, LockWait: options.lockWait, Observe: view.observe,
	})
	view.close()
	return f.finish(ctx, outcome, err, loaded.Sources)
}

func newDestroyCommand(f *factory) *cobra.Command {
	var options applyOptions
	command := &cobra.Command{
		Use:   "destroy SCRIPT | destroy --name DEPLOYMENT",
		Short: "Remove what a deployment made",
		Long: `Removes everything that the deployment's inventory lists, in reverse order, and waits until it is gone.
Namespaces and volume claims stay unless --delete-namespaces is given. The script is only run to learn the
deployment's name; with --name it is not needed.`,
		Args: atMost(1, "at most one script"),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runDestroy(c.Context(), f, options, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addTimeoutFlag(command, "how long to wait until everything is gone")
	f.addOutputFlags(command)
	addEngineFlags(command, &options.deleteNamespaces, nil)
	command.Flags().DurationVar(&options.lockWait, "lock-timeout", 0, "how long to wait for another run of the same deployment (default: not at all)")
	return command
}

func runDestroy(ctx context.Context, f *factory, options applyOptions, arguments []string) error {
	name, sources, err := f.deploymentName(ctx, "destroy", arguments)
	if err != nil {
		return err
	}
	client, err := f.connect(ctx)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	if len(arguments) == 0 {
		// A script that was never applied has nothing to destroy; a name that nobody knows is a mistake.
		record, err := inventory.NewStore(client, f.flags.inventoryNamespace).Load(ctx, name)
		if err != nil {
			return f.failure(ctx, err, sources)
		}
		if !record.Exists() {
			return fmt.Errorf("destroy: got no deployment %q on %s, want one that has been applied", name, client.Host())
		}
	}
	view := newProgress(f, nil)
	outcome, err := apply.Destroy(ctx, apply.Request{
		Client: client, Deployment: name, InventoryNamespace: f.flags.inventoryNamespace,
		DeleteNamespaces: options.deleteNamespaces, Timeout: f.flags.timeout, LockWait: options.lockWait, Observe: view.observe,
	})
	view.close()
	return f.finish(ctx, outcome, err, sources)
}

// deploymentName returns the name that --name or the script gives.
func (f *factory) deploymentName(ctx context.Context, verb string, arguments []string) (string, diag.Sources, error) {
	switch {
	case len(arguments) == 1:
		loaded, err := f.load(ctx, arguments[0], true) // only the name is wanted
		if err != nil {
			if !f.json() && exitCode(err) == exitWrong {
				fmt.Fprintf(f.streams.Err, "`harmonyscript %s --name DEPLOYMENT` does without a script\n", verb)
			}
			return "", nil, err
		}
		return loaded.Deployment.Name, loaded.Sources, nil
	case f.flags.name != "":
		return f.flags.name, nil, nil
	default:
		return "", nil, wrongCall("%s: got neither a script nor --name, want one of them", verb)
	}
}

// finish reports an outcome and returns the error with its exit code.
func (f *factory) finish(ctx context.Context, outcome *apply.Outcome, err error, sources diag.Sources) error {
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	if f.json() {
		err = f.printJSON(struct {
			Type string `json:"type"`
			*apply.Outcome
		}{"outcome", outcome})
	} else {
		f.writeOutcome(outcome, sources)
	}
	switch {
	case err != nil:
		return err
	case outcome.State == apply.Interrupted:
		return exitWith(exitInterrupted)
	case outcome.State == apply.NotReady:
		return exitWith(exitNotReady)
	case outcome.State != apply.Done:
		return exitWith(exitFailed)
	}
	return nil
}
