// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verbs `apply` and `destroy`, which change a cluster.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

type applyOptions struct {
	deleteNamespaces bool
	takeOwnership    plan.Ownership
	noPreflight      bool
	noWait           bool
	lockWait         time.Duration
	// overlap is nil unless it is given.
	overlap *time.Duration
	// watch keeps correcting after the run, and compares everything every resync.
	watch  bool
	resync time.Duration
	// planFile names the approved plan that is to be carried out.
	planFile string
	// approved is the plan of the cluster.
	approved *plan.ApprovedCluster
}

func newApplyCommand(f *factory) *cobra.Command {
	var options applyOptions
	var overlap time.Duration
	command := &cobra.Command{
		Use:     "apply SCRIPT | apply --plan FILE [SCRIPT]",
		Aliases: []string{"run"},
		Short:   "Make the cluster as the script declares, and wait until it works",
		Long: `Checks the script, applies what differs, removes what the script no longer wants, and waits until everything is
ready. Run it again whenever you like: what is right already costs nothing, and a run that was cut short is
taken up where it ended.

A score whose api_version was changed moves to the other version: what is new is made and has to work before anything that
is old goes, so that no alert is lost on the way. See ` + "`harmonyscript migrate`" + `.

With --plan it carries out exactly what ` + "`harmonyscript plan --out FILE`" + ` stored, or refuses before it writes anything, and shows
what is different now. SCRIPT is not needed then; when it is given it has to be what the plan was made from.

With several clusters (--context given several times, or deploy(clusters = [...]) in the script) each gets its run, and one
that fails does not stop the others. The exit code is the worst: 130, then 2, 1, 4, 3, 0.
` + watchHelp,
		Example: "  harmonyscript apply --sandbox examples/monitoring_v2.star\n  harmonyscript apply --plan reviewed.plan\n  harmonyscript apply --watch monitoring.star",
		Args: func(c *cobra.Command, arguments []string) error {
			if options.planFile != "" {
				return atMost(1, "a plan file and at most one script")(c, arguments)
			}
			return oneScriptOrOwner()(c, arguments)
		},
		RunE: func(c *cobra.Command, arguments []string) error {
			if c.Flags().Changed("overlap") {
				if overlap < 0 {
					return wrongCall("%s: got --overlap %s, want no less than 0", c.CommandPath(), overlap)
				}
				options.overlap = &overlap
			}
			switch {
			case options.planFile != "" && options.watch:
				return wrongCall("%s: got --watch together with --plan, want one of them: a plan is carried out once", c.CommandPath())
			case options.planFile != "":
				return runApproved(c, f, options, arguments)
			case options.watch:
				return runWatch(c.Context(), f, options, arguments[0])
			}
			return runApply(c.Context(), f, options, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addClustersFlags(command)
	f.addTimeoutFlag(command, "how long to wait until everything is ready")
	command.Flags().StringVar(&options.planFile, "plan", "", "carry out exactly the plan in this `file`, or refuse")
	f.addOutputFlags(command)
	addEngineFlags(command, &options.deleteNamespaces)
	addWriteFlags(command, &options.takeOwnership, &options.noPreflight)
	f.addChartFlags(command)
	command.Flags().DurationVar(&overlap, "overlap", 0,
		"in a move to another version, how long old and new servers stand side by side before alerts move over (default: as long as the slowest rule is pending, at least 2m and at most 15m)")
	addWatchFlags(command, &options)
	command.Flags().BoolVar(&options.noWait, "no-wait", false, "end when everything is sent, without waiting until it is ready")
	command.Flags().DurationVar(&options.lockWait, "lock-timeout", 0, "how long to wait for another run of the same deployment (default: not at all)")
	return command
}

func runApply(ctx context.Context, f *factory, options applyOptions, path string) error {
	script, err := f.loadForClusters(ctx, path)
	if err != nil {
		return err
	}
	return f.eachCluster(ctx, clusterWork{run: func(ctx context.Context, f *factory) error {
		return applyTo(ctx, f, options, script)
	}})
}

// applyTo applies a script to one cluster.
func applyTo(ctx context.Context, f *factory, options applyOptions, script *deployment.Loaded) error {
	loaded, err := f.connectAndPrepare(ctx, script)
	if err != nil {
		return err
	}
	if f.json() && len(loaded.Diagnostics) > 0 {
		if err := f.printJSON(diagnosticsReport(loaded.Diagnostics)); err != nil {
			return err
		}
	}
	view := newProgress(f, loaded.Objects)
	outcome, err := apply.Run(ctx, f.applyRequest(loaded, options, view))
	view.close()
	return f.finish(ctx, outcome, err, loaded.Sources)
}

// applyRequest asks for the cluster to be made as a script declares.
func (f *factory) applyRequest(p *prepared, options applyOptions, view progress) apply.Request {
	return apply.Request{
		Client: p.client, Deployment: p.Deployment.Name, Objects: p.Objects, ResolveSecret: p.ResolveSecret,
		Releases: p.releases, Helm: p.manager,
		InventoryNamespace: f.flags.inventoryNamespace, DeleteNamespaces: options.deleteNamespaces,
		TakeOwnership: options.takeOwnership, NoPreflight: options.noPreflight, Requires: p.Requires, NoWait: options.noWait, Timeout: f.flags.timeout,
		Overlap: options.overlap, LockWait: options.lockWait, Observe: view.observe, Cause: f.cause(p.Loaded), Approved: options.approved,
	}
}

func newDestroyCommand(f *factory) *cobra.Command {
	var options applyOptions
	command := &cobra.Command{
		Use:   "destroy SCRIPT | destroy --name DEPLOYMENT",
		Short: "Remove what a deployment made",
		Long: `Removes everything that the deployment's inventory lists, in reverse order, and waits until it is gone.
Namespaces, volume claims and custom resource definitions stay unless --delete-namespaces is given. The script is only run to learn the
deployment's name; with --name it is not needed.`,
		Args: atMost(1, "at most one script"),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runDestroy(c.Context(), f, options, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClustersFlags(command)
	f.addTimeoutFlag(command, "how long to wait until everything is gone")
	f.addOutputFlags(command)
	addEngineFlags(command, &options.deleteNamespaces)
	command.Flags().BoolVar(&options.noPreflight, "no-preflight", false, "do not ask for all needed rights before the first write (for clusters whose answers are wrong)")
	command.Flags().DurationVar(&options.lockWait, "lock-timeout", 0, "how long to wait for another run of the same deployment (default: not at all)")
	return command
}

func runDestroy(ctx context.Context, f *factory, options applyOptions, arguments []string) error {
	name, sources, err := f.deploymentName(ctx, "destroy", arguments)
	if err != nil {
		return err
	}
	return f.eachCluster(ctx, clusterWork{run: func(ctx context.Context, f *factory) error {
		return destroyIn(ctx, f, options, name, sources, len(arguments) > 0)
	}})
}

// destroyIn removes a deployment from one cluster. known tells that a script declares it.
func destroyIn(ctx context.Context, f *factory, options applyOptions, name string, sources diag.Sources, known bool) error {
	client, err := f.connect(ctx)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	if !known {
		// A script that was never applied has nothing to destroy; a name that nobody knows is a mistake.
		record, err := inventory.NewStore(client, f.flags.inventoryNamespace).Load(ctx, name)
		if err != nil {
			return f.failure(ctx, err, sources)
		}
		if !record.Exists() {
			return fmt.Errorf("destroy: got no deployment %q on %s, want one that has been applied", name, client.Host())
		}
	}
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	view := newProgress(f, nil)
	outcome, err := apply.Destroy(ctx, apply.Request{
		Client: client, Deployment: name, Helm: manager, InventoryNamespace: f.flags.inventoryNamespace,
		DeleteNamespaces: options.deleteNamespaces, NoPreflight: options.noPreflight, Timeout: f.flags.timeout, LockWait: options.lockWait, Observe: view.observe,
		Cause: f.cause(nil), Approved: options.approved,
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
	if at := slices.IndexFunc(outcome.Diagnostics, func(d diag.Diagnostic) bool { return d.Severity == diag.Error }); at >= 0 {
		f.note("", outcome.Diagnostics[at].Summary)
	}
	if err := f.reportOutcome(outcome, sources); err != nil {
		return err
	}
	return exitFor(outcome.State)
}

// reportOutcome prints an outcome.
func (f *factory) reportOutcome(outcome *apply.Outcome, sources diag.Sources) error {
	if !f.json() {
		f.writeOutcome(outcome, sources)
		return nil
	}
	return f.printJSON(struct {
		Type string `json:"type"`
		*apply.Outcome
	}{"outcome", outcome})
}

// exitFor returns the error with the exit code for how a run ended.
func exitFor(state apply.State) error {
	switch state {
	case apply.Done:
		return nil
	case apply.Interrupted:
		return exitWith(exitInterrupted)
	case apply.NotReady:
		return exitWith(exitNotReady)
	default:
		return exitWith(exitFailed)
	}
}
