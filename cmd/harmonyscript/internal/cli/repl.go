// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `repl`.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/repl"
	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/version"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

func newReplCommand(f *factory) *cobra.Command {
	var options applyOptions
	command := &cobra.Command{
		Use:   "repl [SCRIPT]",
		Short: "Try the language, and plan and apply what you type",
		Long: `Reads script text, evaluates it and prints the value. SCRIPT is run first and its names are there then.

plan(score), render(score), apply(score) and status(score) do what the verbs do; without a score they work on what
deploy() has collected. help(x) describes anything. Tab completes names, fields and arguments; a blank line ends a
block; Ctrl-C clears the line or stops what runs; Ctrl-D leaves. What is typed is kept for the next time, in
$XDG_STATE_HOME/harmonyscript/history or ~/.local/state/harmonyscript/history, without what holds a secret.

When the input is no terminal it is read without prompts, and the exit code is 2 when any of it failed.`,
		Example: "  harmonyscript repl --sandbox examples/monitoring_v2.star\n  echo 'render(tenant(name = \"blue\"))' | harmonyscript repl",
		Args: func(c *cobra.Command, arguments []string) error {
			if len(arguments) > 1 {
				return wrongCall("%s: got %d arguments, want one script at most; see `%s --help`", c.CommandPath(), len(arguments), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, arguments []string) error {
			return runRepl(c.Context(), f, options, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addTimeoutFlag(command, "how long apply() waits until everything is ready")
	addEngineFlags(command, &options.deleteNamespaces, &options.takeOwnership)
	command.Flags().BoolVar(&f.flags.noColor, "no-color", false, "print no colours (as the environment variable NO_COLOR does)")
	return command
}

func runRepl(ctx context.Context, f *factory, options applyOptions, arguments []string) error {
	loading, err := f.loadOptions()
	if err != nil {
		return err
	}
	loading.Name, loading.Library = "", builtins.Standard()
	settings := repl.Options{
		Library: loading.Library, Stdlib: stdlib.Files(), Name: f.flags.name,
		NewSession: func() *host.Session { return deployment.NewHost(loading).NewSession(repl.SessionName) },
		Finish: func(result host.Result) (*deployment.Loaded, error) { //nolint:contextcheck // checking and compiling are pure
			return deployment.Finish(result, nil, loading)
		},
		Verbs: &replVerbs{f: f, options: options},
		In:    f.streams.In, Out: f.streams.Out, Err: f.streams.Err, Terminal: f.interactive(),
		Style: f.errPalette().diagnostics(), Bold: f.outPalette().bold,
	}
	if len(arguments) > 0 {
		settings.Script = arguments[0]
	}
	if settings.Terminal {
		settings.History = repl.HistoryFile(f.streams.Environment)
		settings.Banner = fmt.Sprintf("harmonyscript %s: help() lists what there is, Tab completes, Ctrl-D leaves", version.String())
		// From here on Ctrl-C is for what is being evaluated; without this it would end the program.
		signal.Reset(os.Interrupt)
		interrupts := make(chan os.Signal, 1)
		signal.Notify(interrupts, os.Interrupt)
		defer signal.Stop(interrupts)
		settings.Interrupts, settings.Abort = interrupts, func() { os.Exit(exitInterrupted) }
	}
	err = repl.Run(ctx, settings)
	switch {
	case errors.Is(err, repl.ErrFailed):
		return exitWith(exitWrong)
	case ctx.Err() != nil:
		return exitWith(exitInterrupted)
	default:
		return err
	}
}

// interactive reports whether a person types and watches: only then is there line editing.
func (f *factory) interactive() bool {
	file, ok := f.streams.In.(*os.File)
	if kind, known := f.streams.Environment("TERM"); known && kind == "dumb" {
		// It cannot move its cursor, which the line editor needs.
		return false
	}
	return ok && file == os.Stdin && term.IsTerminal(int(file.Fd())) && f.streams.OutIsTerminal && f.streams.ErrIsTerminal
}

// replVerbs are the verbs of a session. They connect to the cluster when one is first needed.
type replVerbs struct {
	f       *factory
	options applyOptions
	client  *cluster.Client
}

var _ repl.Verbs = (*replVerbs)(nil)

func (v *replVerbs) connect(ctx context.Context) (*cluster.Client, error) {
	if v.client != nil {
		return v.client, nil
	}
	client, err := v.f.connect(ctx)
	if err != nil {
		return nil, explained(err)
	}
	v.client = client
	return client, nil
}

// failed takes the error of a request. The next verb connects anew: the cluster may be gone, and a sandbox that is
// started again is somewhere else.
func (v *replVerbs) failed(err error) error {
	v.client = nil
	return explained(err)
}

// explained returns err as diagnostics where there are any for it.
func explained(err error) error {
	if list := cluster.Diagnostics(err); len(list) > 0 && exitCode(err) == exitFailed {
		return list
	}
	return err
}

// Plan prints what apply would change.
func (v *replVerbs) Plan(ctx context.Context, r repl.Request) error {
	computed, err := v.compute(ctx, r, false)
	if err != nil {
		return err
	}
	writePlan(v.f.streams.Out, computed, v.f.outPalette())
	if len(computed.Diagnostics) > 0 {
		return computed.Diagnostics
	}
	return nil
}

func (v *replVerbs) compute(ctx context.Context, r repl.Request, brief bool) (*plan.Plan, error) {
	client, err := v.connect(ctx)
	if err != nil {
		return nil, err
	}
	computed, err := plan.Compute(ctx, plan.Request{
		Client: client, Deployment: r.Loaded.Deployment.Name, Objects: r.Loaded.Objects, ResolveSecret: r.Loaded.ResolveSecret,
		InventoryNamespace: v.f.flags.inventoryNamespace, DeleteNamespaces: v.options.deleteNamespaces,
		TakeOwnership: v.options.takeOwnership, Requires: r.Loaded.Requires, Brief: brief,
	})
	if err != nil {
		return nil, v.failed(err)
	}
	return computed, nil
}

// Render prints the objects.
func (v *replVerbs) Render(_ context.Context, r repl.Request) error {
	return renderObjects(v.f.streams.Out, r.Loaded.Objects, false)
}

// Apply makes the cluster so.
func (v *replVerbs) Apply(ctx context.Context, r repl.Request) error {
	client, err := v.connect(ctx)
	if err != nil {
		return err
	}
	if err := v.mayApply(ctx, r); err != nil {
		return err
	}
	view := newProgress(v.f, r.Loaded.Objects)
	outcome, err := apply.Run(ctx, apply.Request{
		Client: client, Deployment: r.Loaded.Deployment.Name, Objects: r.Loaded.Objects, ResolveSecret: r.Loaded.ResolveSecret,
		InventoryNamespace: v.f.flags.inventoryNamespace, DeleteNamespaces: v.options.deleteNamespaces,
		TakeOwnership: v.options.takeOwnership, Requires: r.Loaded.Requires, Timeout: v.f.flags.timeout, Observe: view.observe,
	})
	view.close()
	if err != nil {
		return v.failed(err)
	}
	v.f.writeOutcome(outcome, r.Sources)
	if outcome.State != apply.Done {
		return repl.ErrReported
	}
	return nil
}

// mayApply refuses a run that would take away what other scores of the deployment have made, when it was not told
// that the scores are all of it.
func (v *replVerbs) mayApply(ctx context.Context, r repl.Request) error {
	if !r.Partial {
		return nil
	}
	computed, err := v.compute(ctx, r, true)
	if err != nil {
		return err
	}
	var lost []string
	for _, s := range computed.Steps {
		if (s.Action == plan.Delete || s.Action == plan.Keep) && !slices.Contains(r.Titles, s.Score) && !slices.Contains(lost, s.Score) {
			lost = append(lost, s.Score)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	name := r.Loaded.Deployment.Name
	return diag.List{{
		Severity: diag.Error, Code: "apply-removes-others",
		Summary: fmt.Sprintf("apply: deployment %q has more scores than those given, and would lose them", name),
		Detail:  "it would lose:\n  " + strings.Join(lost, "\n  "),
		Fix:     fmt.Sprintf("deploy() all of them and write apply(), or write name = %q to mean that these are all, or name = a new one for them alone", name),
	}}
}

// Status prints how the deployment is doing.
func (v *replVerbs) Status(ctx context.Context, r repl.Request) error {
	client, err := v.connect(ctx)
	if err != nil {
		return err
	}
	name := r.Loaded.Deployment.Name
	tree, err := readStatus(ctx, client, name, v.f.flags.inventoryNamespace)
	if err != nil {
		return v.failed(err)
	}
	if tree == nil {
		return fmt.Errorf("status: got no deployment %q on %s, want one that has been applied", name, client.Host())
	}
	if len(r.Titles) > 0 {
		kept := tree.Scores[:0]
		for _, s := range tree.Scores {
			if slices.Contains(r.Titles, s.Title) {
				kept = append(kept, s)
			}
		}
		if tree.Scores = kept; len(kept) == 0 {
			return fmt.Errorf("status: got no such score in deployment %q, want one that has been applied", name)
		}
	}
	writeTree(v.f.streams.Out, *tree, v.f.outPalette())
	return nil
}
