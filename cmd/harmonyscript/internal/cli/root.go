// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: one file per verb, the flags that verbs share, and everything that is
// printed. What a Go program would want to use lives in runtime/ instead.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/version"
)

// factory holds what commands need: the streams, and the values of shared flags.
type factory struct {
	streams Streams
	flags   sharedFlags
	// listed are the clusters that the script lists; empty when it lists none.
	listed []string
	// chart is the default chart of the plan that is carried out; nil when none is, or it names none.
	chart *plan.ApprovedChart
	// section is set when this factory is for one of several clusters.
	section *section
}

// Main runs the program with the given arguments and returns its exit code. The first interrupt ends the
// work cleanly, the second at once.
func Main(streams Streams, arguments []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupts)
	streams.notices = newNotices(streams.Err)
	go heed(interrupts, streams.notices.tell, cancel, os.Exit)
	return Run(ctx, streams, arguments)
}

// heed ends the work at the first interrupt and the program at the second.
func heed(interrupts <-chan os.Signal, tell func(text string), cancel context.CancelFunc, exit func(code int)) {
	<-interrupts
	// Told before the work ends: when that is at once, the program ends with it.
	tell("interrupted: finishing what is in flight; once more stops at once")
	cancel()
	<-interrupts
	exit(exitInterrupted)
}

// Run runs the program with the given arguments until ctx ends and returns its exit code.
func Run(ctx context.Context, streams Streams, arguments []string) (code int) {
	// Libraries that write to the standard logger would write into the program's output.
	log.SetOutput(io.Discard)
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	defer recoverBug(streams, &code)
	f := &factory{streams: streams}
	root := newRootCommand(f)
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if text := err.Error(); text != "" {
		p := palette{streams.colored(streams.ErrIsTerminal, f.flags.noColor)}
		fmt.Fprintf(streams.Err, "%s: %s\n", p.red("error"), text)
	}
	var exit *exitError
	if !errors.As(err, &exit) && ctx.Err() != nil {
		return exitInterrupted
	}
	return exitCode(err)
}

// debugVariable is the environment variable that shows where a bug is.
const debugVariable = "HARMONYSCRIPT_DEBUG"

// recoverBug, deferred, reports a mistake of this program's own and sets the exit code. What it was about may hold
// secrets, so that is shown only on request.
func recoverBug(streams Streams, code *int) {
	problem := recover()
	if problem == nil {
		return
	}
	*code = exitFailed
	fmt.Fprintf(streams.Err, `error: this is a bug of harmonyscript %s, not of your script: please report it
What a run had begun is on record; the same command goes on from there. Set %s=1 to see
where it happened; look for secrets in that before you send it.
`, version.String(), debugVariable)
	if wanted, _ := streams.Environment(debugVariable); wanted != "" {
		fmt.Fprintf(streams.Err, "%v\n%s", problem, debug.Stack())
	}
}

func newRootCommand(f *factory) *cobra.Command {
	root := &cobra.Command{
		Use:   "harmonyscript",
		Short: "Put monitoring on Kubernetes with scripts that are checked, planned and applied",
		Long: `harmonyscript runs Starlark scripts that declare monitoring: where alerts go, what is scraped, what is
alerted on. It checks a script before it touches anything, shows what would change, makes the cluster so, and
waits until it really works.

Exit codes: 0 done, 1 the run failed, 2 the script or the call is wrong, 3 there are changes (plan --exit-code),
4 not ready in time, 130 interrupted.`,
		Version:       version.String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		// The verb `help` and --help say what there is; a wrong call gets one line, not a page.
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return c.Help()
			}
			return unknownVerb(c, arguments[0])
		},
	}
	root.SetIn(f.streams.In)
	root.SetOut(f.streams.Out)
	root.SetErr(f.streams.Err)
	root.SetVersionTemplate("harmonyscript {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return wrongCall("%s: %s; `%s --help` lists the flags", c.CommandPath(), flagProblem(err), c.CommandPath())
	})
	root.AddGroup(
		&cobra.Group{ID: "script", Title: "Work with a script:"},
		&cobra.Group{ID: "write", Title: "Write scripts:"},
		&cobra.Group{ID: "other", Title: "Other:"},
	)
	group := func(id string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = id
			root.AddCommand(c)
		}
	}
	group("script", newCheckCommand(f), newPlanCommand(f), newRenderCommand(f), newApplyCommand(f), newStatusCommand(f), newHistoryCommand(f), newDestroyCommand(f), newMigrateCommand(f))
	group("write", newReplCommand(f), newTestCommand(f), newFormatCommand(f), newDocCommand(f))
	group("other", newSandboxCommand(f), newVersionCommand(f))
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")
	return root
}

// flagProblem words what is wrong with a flag in the program's own way.
func flagProblem(err error) string {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	flag := invalid.GetFlag()
	want := ""
	switch flag.Value.Type() {
	case "uint64", "int":
		want = "a whole number"
	case "float64":
		want = "a number"
	case "duration":
		want = `a duration such as "30s", "5m" or "1h30m"`
	case "bool":
		want = "true or false"
	default:
		return fmt.Sprintf("--%s: %v", flag.Name, invalid.Unwrap())
	}
	return fmt.Sprintf("--%s: got %q, want %s", flag.Name, invalid.GetValue(), want)
}

func unknownVerb(root *cobra.Command, verb string) error {
	hint := fmt.Sprintf("`%s --help` lists the verbs", root.CommandPath())
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, append(c.Aliases, c.Name())...)
	}
	if near := diag.Nearest(verb, verbs); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return wrongCall("%s: got unknown verb %q; %s", root.CommandPath(), verb, hint)
}

// exactly returns a cobra check for a fixed number of arguments that says what is wanted.
func exactly(count int, want string) cobra.PositionalArgs {
	return func(c *cobra.Command, arguments []string) error {
		if len(arguments) != count {
			return wrongCall("%s: got %s, want %s; see `%s --help`", c.CommandPath(), plural(len(arguments), "argument"), want, c.CommandPath())
		}
		return nil
	}
}

// atMost is exactly for a number of arguments up to count.
func atMost(count int, want string) cobra.PositionalArgs {
	return func(c *cobra.Command, arguments []string) error {
		if len(arguments) > count {
			return wrongCall("%s: got %s, want %s; see `%s --help`", c.CommandPath(), plural(len(arguments), "argument"), want, c.CommandPath())
		}
		return nil
	}
}
