// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `plan`.

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

type planOptions struct {
	exitCode         bool
	deleteNamespaces bool
	takeOwnership    bool
}

func newPlanCommand(f *factory) *cobra.Command {
	var options planOptions
	command := &cobra.Command{
		Use:   "plan SCRIPT",
		Short: "Show what apply would change in the cluster",
		Long: `Checks the script and compares what it declares with the cluster, field by field. Nothing is written. The
values of secrets are never shown, only whether they differ.`,
		Args: oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runPlan(c.Context(), f, options, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addOutputFlags(command)
	command.Flags().BoolVar(&options.exitCode, "exit-code", false, "exit with 3 when there are changes")
	addEngineFlags(command, &options.deleteNamespaces, &options.takeOwnership)
	return command
}

// addEngineFlags adds the flags that change what a run does to the cluster.
func addEngineFlags(c *cobra.Command, deleteNamespaces, takeOwnership *bool) {
	c.Flags().BoolVar(deleteNamespaces, "delete-namespaces", false, "also delete namespaces and volume claims that are no longer wanted")
	if takeOwnership != nil {
		c.Flags().BoolVar(takeOwnership, "take-ownership", false, "take over fields that another manager owns, instead of reporting the conflict")
	}
}

func runPlan(ctx context.Context, f *factory, options planOptions, path string) error {
	loaded, client, err := f.loadAndConnect(ctx, path)
	if err != nil {
		return err
	}
	computed, err := plan.Compute(ctx, plan.Request{
		Client: client, Deployment: loaded.Deployment.Name, Objects: loaded.Objects, ResolveSecret: loaded.ResolveSecret,
		InventoryNamespace: f.flags.inventoryNamespace, DeleteNamespaces: options.deleteNamespaces,
		TakeOwnership: options.takeOwnership, Requires: loaded.Requires,
	})
	if err != nil {
		return f.failure(ctx, err, loaded.Sources)
	}
	if f.json() {
		// The warnings of check belong to what a program is told, too.
		computed.Diagnostics = slices.Concat(loaded.Diagnostics, computed.Diagnostics)
		if err := f.printJSON(computed); err != nil {
			return err
		}
	} else {
		writePlan(f.streams.Out, computed, f.outPalette())
		f.sayDiagnostics(computed.Diagnostics, loaded.Sources)
	}
	switch {
	case computed.Diagnostics.HasErrors():
		return exitWith(exitFailed)
	case options.exitCode && computed.HasChanges():
		return exitWith(exitChanges)
	}
	return nil
}
