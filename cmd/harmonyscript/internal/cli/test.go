// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `test`.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
)

type testOptions struct {
	update  bool
	verbose bool
}

func newTestCommand(f *factory) *cobra.Command {
	var options testOptions
	command := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run regression suites",
		Long: `Runs .txtar suites in the format of rogpeppe/go-internal/testscript: each in a fresh folder that holds its
files, with the harmonyscript command inside. A PATH is a suite or a folder of them.

Besides testscript's commands there are
    harmonyscript ARGUMENTS...     must succeed (with ! in front: must fail)
    exits CODE ARGUMENTS...        must end with this exit code
    output-without TEXT            the last output must not contain TEXT

Suites run offline: no cluster can be reached. With --sandbox they have one, and [sandbox] is true.`,
		Example: "  harmonyscript test suites/\n  harmonyscript test --update suites/render_web.txtar",
		Args: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return wrongCall("%s: got no path, want suites or folders of them; see `%s --help`", c.CommandPath(), c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, paths []string) error {
			return runTest(c, f, options, paths)
		},
	}
	command.Flags().BoolVar(&options.update, "update", false, "write the actual output into golden files that differ")
	command.Flags().BoolVarP(&options.verbose, "verbose", "v", false, "print the suites that pass, too")
	command.Flags().BoolVar(&f.flags.sandbox, "sandbox", false, "give the suites the sandbox on this machine, and start it if it is not running")
	f.addOutputFlags(command)
	return command
}

func runTest(c *cobra.Command, f *factory, options testOptions, paths []string) error {
	files, err := suite.Find(paths)
	if err != nil {
		return wrongCall("test: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	settings := suite.Options{Program: program, Update: options.update}
	if f.flags.sandbox {
		info, err := startSandbox(c.Context(), f.streams, f.streams.Err)
		if err != nil {
			return err
		}
		settings.Sandbox = filepath.Dir(info.Kubeconfig)
		if settings.SandboxProgram, err = findSandbox(f.streams.Environment); err != nil {
			return err
		}
	}
	count := map[suite.Verdict]int{}
	_, err = suite.Run(c.Context(), files, settings, func(r suite.Result) {
		count[r.Verdict]++
		reportSuite(f, options, r)
	})
	if !f.json() {
		fmt.Fprintf(f.streams.Out, "%d passed, %d failed, %d skipped\n", count[suite.Passed], count[suite.Failed], count[suite.Skipped])
	}
	switch {
	case err != nil && c.Context().Err() != nil:
		return exitWith(exitInterrupted)
	case err != nil:
		return err
	case count[suite.Failed] > 0:
		return exitWith(exitFailed)
	}
	return nil
}

func reportSuite(f *factory, options testOptions, r suite.Result) {
	if f.json() {
		if err := json.NewEncoder(f.streams.Out).Encode(r); err != nil {
			fmt.Fprintln(f.streams.Err, errors.Unwrap(err))
		}
		return
	}
	p := f.outPalette()
	switch r.Verdict {
	case suite.Failed:
		fmt.Fprintf(f.streams.Out, "%s %s (%.2fs)\n%s\n", p.red("FAIL"), r.File, r.Seconds, r.Log)
	case suite.Skipped:
		fmt.Fprintf(f.streams.Out, "%s %s: %s\n", p.yellow("skip"), r.File, r.Log)
	default:
		if options.verbose {
			fmt.Fprintf(f.streams.Out, "%s   %s (%.2fs)\n", p.green("ok"), r.File, r.Seconds)
		}
	}
}
