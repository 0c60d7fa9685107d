// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package cli is the command line of the sandbox. It is the only package that prints.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/control"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/provision"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// The defaults of the flags.
const (
	defaultLifetime = 4 * time.Hour
	defaultTimeout  = 3 * time.Minute
	defaultNodes    = 3
	minimumNodes    = 2
)

// errQuiet is the error of a command that has already said everything.
var errQuiet = errors.New("failed")

// usageError marks a call that is wrong.
type usageError struct{ error }

// program is one call of the program.
type program struct {
	output, errors io.Writer
	// stateFlag, outputFlag and programsFlag are the values of the common flags.
	stateFlag, outputFlag, programsFlag string
}

// Main runs the program and returns its exit code.
func Main(arguments []string, output, errorOutput io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := &program{output: output, errors: errorOutput}
	root := program.root()
	root.SetArgs(arguments)
	root.SetOut(output)
	root.SetErr(errorOutput)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errQuiet):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(errorOutput, "%v\n", err)
		return exitUsage
	case errors.Is(err, state.ErrLocked) && len(arguments) > 0 && arguments[0] == superviseVerb:
		fmt.Fprintf(errorOutput, "%v\n", err)
		return control.ExitLocked
	case ctx.Err() != nil:
		fmt.Fprintln(errorOutput, "sandbox: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintf(errorOutput, "%v\n", err)
		return exitFailed
	}
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "harmonyscript-sandbox",
		Short: "A real Kubernetes control plane on this machine, with simulated nodes",
		Long: `harmonyscript-sandbox runs a throw-away Kubernetes cluster on the loopback interface, without containers and without rights:
the real etcd, kube-apiserver, kube-controller-manager, kube-scheduler and prometheus-operator.

Its nodes are simulated by KWOK: pods are scheduled and reported as ready, but nothing runs in them, and NetworkPolicies are not enforced.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return usageError{fmt.Errorf("sandbox: unknown command %q, want one of up, down, status, kubeconfig", arguments[0])}
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{fmt.Errorf("sandbox: %w", err)} })
	flags := root.PersistentFlags()
	flags.StringVar(&p.stateFlag, "state", "", "state folder (default: $"+state.EnvironmentVariable+", or harmonyscript/sandbox in the user's cache folder)")
	flags.StringVar(&p.programsFlag, "programs", "", "folder of the components' programs (default: sandbox/ beside this program)")
	_ = flags.MarkHidden("programs")
	root.AddCommand(p.up(), p.down(), p.status(), p.kubeconfig(), p.supervise())
	return root
}

// noArguments refuses arguments as a wrong call.
func noArguments(command *cobra.Command, arguments []string) error {
	if err := cobra.NoArgs(command, arguments); err != nil {
		return usageError{fmt.Errorf("sandbox: %w", err)}
	}
	return nil
}

// addOutputFlag adds --output.
func (p *program) addOutputFlag(command *cobra.Command) {
	command.Flags().StringVar(&p.outputFlag, "output", "text", "how to print the result: text or json")
	command.PreRunE = func(*cobra.Command, []string) error {
		if p.outputFlag != "text" && p.outputFlag != "json" {
			return usageError{fmt.Errorf("sandbox: --output: got %q, want text or json", p.outputFlag)}
		}
		return nil
	}
}

func (p *program) json() bool { return p.outputFlag == "json" }

// paths finds this program and the components' programs.
func (p *program) paths() (executable, programs string, err error) {
	executable, err = os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("sandbox: find this program: %w", err)
	}
	if executable, err = filepath.EvalSymlinks(executable); err != nil {
		return "", "", fmt.Errorf("sandbox: find this program: %w", err)
	}
	programs = p.programsFlag
	if programs == "" {
		programs = filepath.Join(filepath.Dir(executable), "sandbox")
	}
	if programs, err = filepath.Abs(programs); err != nil {
		return "", "", fmt.Errorf("sandbox: find the components' programs: %w", err)
	}
	return executable, programs, nil
}

func (p *program) up() *cobra.Command {
	var options control.UpOptions
	command := &cobra.Command{
		Use:   "up",
		Short: "Start the sandbox, or find the one that is running, and wait until it is ready",
		Args:  noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimits(options.Lifetime, options.Timeout, options.Nodes); err != nil {
				return err
			}
			var err error
			if options.Folder, err = state.Locate(p.stateFlag); err != nil {
				return err
			}
			if options.Executable, options.Programs, err = p.paths(); err != nil {
				return err
			}
			options.Progress = func(step state.Step) {
				fmt.Fprintf(p.errors, "%6.1fs  %s\n", float64(step.AtMilliseconds)/1000, step.Text)
			}
			ready, already, err := control.Up(command.Context(), options)
			var failed *control.StartError
			if errors.As(err, &failed) {
				if p.json() {
					if err := p.printJSON(failed.State); err != nil {
						return err
					}
				}
				printFailure(p.errors, failed.State.Failure)
			}
			if err != nil {
				return err
			}
			if p.json() {
				return p.printJSON(ready)
			}
			printRunning(p.output, ready, already)
			return nil
		},
	}
	addLimits(command, &options.Lifetime, &options.Timeout, &options.Nodes)
	p.addOutputFlag(command)
	return command
}

func addLimits(command *cobra.Command, lifetime, timeout *time.Duration, nodes *int) {
	command.Flags().DurationVar(lifetime, "lifetime", defaultLifetime, "how long the sandbox lives; then it stops itself")
	command.Flags().DurationVar(timeout, "timeout", defaultTimeout, "how long the start may take")
	command.Flags().IntVar(nodes, "nodes", defaultNodes, "how many simulated nodes there are")
}

func checkLimits(lifetime, timeout time.Duration, nodes int) error {
	switch {
	case lifetime <= 0:
		return usageError{fmt.Errorf("sandbox: --lifetime: got %s, want more than 0", lifetime)}
	case timeout <= 0:
		return usageError{fmt.Errorf("sandbox: --timeout: got %s, want more than 0", timeout)}
	case nodes < minimumNodes || nodes > provision.MaximumNodes:
		return usageError{fmt.Errorf("sandbox: --nodes: got %d, want %d to %d", nodes, minimumNodes, provision.MaximumNodes)}
	}
	return nil
}

func (p *program) down() *cobra.Command {
	command := &cobra.Command{
		Use:   "down",
		Short: "Stop the sandbox and remove its data",
		Args:  noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			folder, err := state.Locate(p.stateFlag)
			if err != nil {
				return err
			}
			was, err := control.Down(command.Context(), folder)
			if err != nil {
				return err
			}
			if p.json() {
				return p.printJSON(state.State{Phase: state.Stopped, Folder: folder})
			}
			if was {
				fmt.Fprintln(p.output, "the sandbox is stopped and its data is removed")
			} else {
				fmt.Fprintln(p.output, "no sandbox was running")
			}
			return nil
		},
	}
	p.addOutputFlag(command)
	return command
}

func (p *program) status() *cobra.Command {
	command := &cobra.Command{
		Use:   "status",
		Short: "Tell how the sandbox is; exit code 0 if it is running, 1 if not",
		Args:  noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			folder, err := state.Locate(p.stateFlag)
			if err != nil {
				return err
			}
			current, err := control.Status(command.Context(), folder)
			if err != nil {
				return err
			}
			if p.json() {
				err = p.printJSON(current)
			} else {
				printStatus(p.output, current)
			}
			if err == nil && current.Phase != state.Running {
				err = errQuiet
			}
			return err
		},
	}
	p.addOutputFlag(command)
	return command
}

func (p *program) kubeconfig() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of the running sandbox's kubeconfig",
		Args:  noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			folder, err := state.Locate(p.stateFlag)
			if err != nil {
				return err
			}
			current, err := control.Status(command.Context(), folder)
			if err != nil {
				return err
			}
			if current.Phase != state.Running {
				return fmt.Errorf("sandbox: it is not running (%s): start it with `up`", current.Phase)
			}
			fmt.Fprintln(p.output, current.Kubeconfig)
			return nil
		},
	}
}

func (p *program) printJSON(value any) error {
	encoder := json.NewEncoder(p.output)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("sandbox: print the result: %w", err)
	}
	return nil
}
