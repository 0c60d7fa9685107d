// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `plan`.

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

type planOptions struct {
	exitCode         bool
	deleteNamespaces bool
	takeOwnership    plan.Ownership
	noPreflight      bool
	// out names the file that the plan is stored in.
	out string
	// destroy plans the removal of the deployment.
	destroy bool
	overlap *time.Duration
}

func newPlanCommand(f *factory) *cobra.Command {
	var options planOptions
	var overlap time.Duration
	command := &cobra.Command{
		Use:   "plan SCRIPT",
		Short: "Show what apply would change in the cluster",
		Long: `Checks the script and compares what it declares with the cluster, field by field. Nothing is written. The
values of secrets are never shown, only whether they differ. What Helm charts make is compared like the rest. A score that
moves to another version of the monitoring API comes first, with what happens in which order.

With --out the plan is stored with everything that it would send, but for the values of secrets, so that what was reviewed is
what is applied: ` + "`harmonyscript apply --plan FILE`" + `.`,
		Args: func(c *cobra.Command, arguments []string) error {
			if options.destroy {
				return atMost(1, "at most one script")(c, arguments)
			}
			return oneScriptOrOwner()(c, arguments)
		},
		Example: "  harmonyscript plan monitoring.star --out reviewed.plan\n  harmonyscript apply --plan reviewed.plan",
		RunE: func(c *cobra.Command, arguments []string) error {
			if c.Flags().Changed("overlap") {
				if options.out == "" || overlap < 0 {
					return wrongCall("%s: got --overlap %s, want no less than 0, and --out with it: it is for the apply", c.CommandPath(), overlap)
				}
				options.overlap = &overlap
			}
			return runPlan(c.Context(), f, options, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClustersFlags(command)
	f.addChartFlags(command)
	f.addOutputFlags(command)
	command.Flags().BoolVar(&options.exitCode, "exit-code", false, "exit with 3 when there are changes")
	command.Flags().StringVar(&options.out, "out", "", "store the plan in this `file`, so that `apply --plan` carries out exactly it")
	command.Flags().BoolVar(&options.destroy, "destroy", false, "plan what destroy would remove")
	command.Flags().DurationVar(&overlap, "overlap", 0, "the --overlap of the apply, stored with --out")
	addEngineFlags(command, &options.deleteNamespaces)
	addWriteFlags(command, &options.takeOwnership, &options.noPreflight)
	return command
}

// addEngineFlags adds the flags that change what a run does to the cluster.
func addEngineFlags(c *cobra.Command, deleteNamespaces *bool) {
	c.Flags().BoolVar(deleteNamespaces, "delete-namespaces", false, "also delete namespaces, volume claims and custom resource definitions that are no longer wanted, with all that is in them; a definition stays while others have objects of its kind")
}

// addWriteFlags adds the flags that say what may be written.
func addWriteFlags(c *cobra.Command, ownership *plan.Ownership, noPreflight *bool) {
	addOwnershipFlag(c, ownership)
	c.Flags().BoolVar(noPreflight, "no-preflight", false, "do not ask for all needed rights before the first write (for clusters whose answers are wrong)")
}

// planRequest asks what there is to do for a script.
func (f *factory) planRequest(p *prepared, options planOptions) plan.Request {
	return plan.Request{
		Client: p.client, Deployment: p.Deployment.Name, Objects: p.Objects, ResolveSecret: p.ResolveSecret,
		Releases: p.releases, Helm: p.manager,
		InventoryNamespace: f.flags.inventoryNamespace, DeleteNamespaces: options.deleteNamespaces,
		TakeOwnership: options.takeOwnership, NoPreflight: options.noPreflight, Requires: p.Requires,
	}
}

func runPlan(ctx context.Context, f *factory, options planOptions, arguments []string) error {
	script, err := f.scriptToPlan(ctx, options, arguments)
	if err != nil {
		return err
	}
	keep := &keeper{}
	err = f.eachCluster(ctx, clusterWork{blocks: true, done: "without changes", run: func(ctx context.Context, f *factory) error {
		return planFor(ctx, f, options, script, keep)
	}})
	if options.out == "" || exitCode(err) == exitInterrupted {
		return err
	}
	return f.keepPlan(options, script, keep, err)
}

// planFor shows the plan for one cluster.
func planFor(ctx context.Context, f *factory, options planOptions, script *deployment.Loaded, keep *keeper) error {
	loaded, err := f.connectAndPrepare(ctx, script)
	if err != nil {
		return err
	}
	computed, approved, err := compute(ctx, f.planRequest(loaded, options), options.out != "")
	if err != nil {
		return f.failure(ctx, err, loaded.Sources)
	}
	if computed.HasChanges() {
		f.note("with changes", "")
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
	if computed.Diagnostics.HasErrors() {
		f.note("failed", firstError(computed.Diagnostics))
		return exitWith(exitFailed)
	}
	keep.add(f.flags.context, approved)
	if options.exitCode && computed.HasChanges() {
		return exitWith(exitChanges)
	}
	return nil
}

// compute returns the plan and, when it is to be kept, the form for that.
func compute(ctx context.Context, request plan.Request, keep bool) (*plan.Plan, *plan.ApprovedCluster, error) {
	if keep {
		return plan.ComputeApproved(ctx, request)
	}
	computed, err := plan.Compute(ctx, request)
	return computed, nil, err
}
