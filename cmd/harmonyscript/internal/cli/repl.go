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
$XDG_STATE_HOME/harmonyscript/history or ~/.local/state/harmonyscript/history, readable for you alone. Left out is what
does not parse, what holds a secret where a reference belongs, and what looks like one by itself or by its name, such as
password = "...". What was kept and turns out to be a secret later is taken out again.

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
	f.addChartFlags(command)
	addEngineFlags(command, &options.deleteNamespaces)
	addWriteFlags(command, &options.takeOwnership, &options.noPreflight)
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

// prepare connects to the cluster and renders for it what charts make.
func (v *replVerbs) prepare(ctx context.Context, r repl.Request) (*prepared, error) {
	v.belongs(r)
	client, err := v.connect(ctx)
	if err != nil {
		return nil, err
	}
	p, err := v.f.prepare(ctx, r.Loaded, client)
	if err != nil {
		return nil, v.failed(err)
	}
	return p, nil
}

// belongs takes note of the clusters that the session's deployment lists.
func (v *replVerbs) belongs(r repl.Request) {
	if !slices.Equal(v.f.listed, r.Loaded.Deployment.Clusters) {
		v.f.listed, v.client = r.Loaded.Deployment.Clusters, nil
	}
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
	p, err := v.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	request := v.f.planRequest(p, planOptions{deleteNamespaces: v.options.deleteNamespaces, takeOwnership: v.options.takeOwnership, noPreflight: v.options.noPreflight})
	request.Brief = brief
	computed, err := plan.Compute(ctx, request)
	if err != nil {
		return nil, v.failed(err)
	}
	return computed, nil
}

// Render prints the objects.
func (v *replVerbs) Render(ctx context.Context, r repl.Request) error {
	releases, problems, err := v.f.render(ctx, r.Loaded, nil)
	switch {
	case err != nil:
		return err
	case problems.HasErrors():
		return problems
	}
	return renderAll(ctx, v.f.streams.Out, r.Loaded, releases, false)
}

// Apply makes the cluster so.
func (v *replVerbs) Apply(ctx context.Context, r repl.Request) error {
	p, err := v.prepare(ctx, r)
	if err != nil {
		return err
	}
	if err := v.mayApply(ctx, r); err != nil {
		return err
	}
	view := newProgress(v.f, r.Loaded.Objects)
	outcome, err := apply.Run(ctx, v.f.applyRequest(p, v.options, view))
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
	v.belongs(r)
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
	if titles := r.Titles; len(titles) > 0 {
		kept := tree.Scores[:0]
		for _, s := range tree.Scores {
			if slices.Contains(r.Titles, s.Title) {
				kept = append(kept, s)
			}
		}
		tree.Releases = slices.DeleteFunc(tree.Releases, func(r releaseStatus) bool { return !slices.Contains(titles, r.Score) })
		if tree.Scores = kept; len(kept) == 0 {
			return fmt.Errorf("status: got no such score in deployment %q, want one that has been applied", name)
		}
	}
	writeTree(v.f.streams.Out, *tree, treeStyle{colors: v.f.outPalette(), width: v.f.streams.width()})
	return nil
}
