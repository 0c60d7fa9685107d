// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `test`.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

type testOptions struct {
	update   bool
	verbose  bool
	coverage bool
	junit    string
	run      string
	only     *regexp.Regexp
}

func newTestCommand(f *factory) *cobra.Command {
	var options testOptions
	command := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test rules and routes, and run regression suites",
		Long: `Runs test files and suites. A PATH is one of them or a folder; without one it is the current folder.

Test files are called *_test.star. They are scripts that see functions for tests besides: test_alert evaluates rules
over given series, test_route asks who gets an alert, in every version of the monitoring API, and assert_eq and its like
compare values; ` + "`harmonyscript doc test_alert`" + ` tells more. Scripts that deploy are run with run_script, all others loaded
with load(). Each test_… call at the top level is a test, and so is each function test_… without parameters.

Suites are .txtar files in the format of rogpeppe/go-internal/testscript: each runs in a fresh folder that holds its
files, with the harmonyscript command inside. Besides testscript's commands there are
    harmonyscript ARGUMENTS...     must succeed (with ! in front: must fail)
    exits CODE ARGUMENTS...        must end with this exit code
    output-without TEXT            the last output must not contain TEXT

Everything runs offline: no cluster can be reached. With --sandbox suites have one, and [sandbox] is true.
The exit code is 1 when a test fails, and 2 when a test file is wrong.`,
		Example: "  harmonyscript test\n  harmonyscript test --run 'WebDown|route' --coverage monitoring_test.star\n  harmonyscript test --update suites/render_web.txtar",
		RunE: func(c *cobra.Command, paths []string) error {
			return runTest(c.Context(), f, options, paths)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.run, "run", "", "run only tests whose \"file: name\", and suites whose path, this `regexp` matches")
	flags.BoolVarP(&options.verbose, "verbose", "v", false, "print the tests that pass, too")
	flags.BoolVar(&options.coverage, "coverage", false, "tell which rules and channels of the tested scores no test reaches")
	flags.StringVar(&options.junit, "junit", "", "write the results into this `file` as JUnit XML")
	flags.BoolVar(&options.update, "update", false, "write the actual output into suites' golden files that differ")
	flags.BoolVar(&f.flags.sandbox, "sandbox", false, "give the suites the sandbox on this machine, and start it if it is not running")
	f.addLimitFlags(command)
	f.addOutputFlags(command)
	return command
}

func runTest(ctx context.Context, f *factory, options testOptions, paths []string) error {
	if options.run != "" {
		only, err := regexp.Compile(options.run)
		if err != nil {
			return wrongCall("test: --run: %w", err)
		}
		options.only = only
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	found, err := findTests(paths)
	if err != nil {
		return wrongCall("test: %w", err)
	}
	r := &testReport{factory: f, options: options}
	err = r.runFiles(ctx, found.files)
	if err == nil {
		err = r.runSuites(ctx, found.suites)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return exitWith(exitInterrupted)
	case r.wrong > 0:
		return exitWith(exitWrong)
	case r.failed > 0:
		return exitWith(exitFailed)
	}
	return nil
}

// runFiles runs the test files.
func (r *testReport) runFiles(ctx context.Context, files []string) error {
	settings := testfile.Options{
		Only: r.options.only, Limits: r.factory.flags.limits,
		Print: func(at score.Position, text string) { fmt.Fprintf(r.factory.streams.Err, "%s: %s\n", at, text) },
	}
	coverage, err := testfile.Run(ctx, files, settings, r.file)
	r.coverage = coverage
	return err
}

// runSuites runs the suites, and reports them in their order.
func (r *testReport) runSuites(ctx context.Context, files []string) error {
	var chosen []string
	for _, file := range files {
		if r.options.only == nil || r.options.only.MatchString(file) {
			chosen = append(chosen, file)
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("test: %w", err)
	}
	settings := suite.Options{Program: program, Update: r.options.update}
	f := r.factory
	if f.flags.sandbox {
		info, err := startSandbox(ctx, f.streams, f.streams.Err)
		if err != nil {
			return err
		}
		settings.Sandbox = filepath.Dir(info.Kubeconfig)
		if settings.SandboxProgram, err = findSandbox(f.streams.Environment); err != nil {
			return err
		}
	}
	ended := map[string]suite.Result{}
	next := 0
	_, err = suite.Run(ctx, chosen, settings, func(result suite.Result) {
		ended[result.File] = result
		for ; next < len(chosen); next++ {
			result, ok := ended[chosen[next]]
			if !ok {
				return
			}
			r.suite(result)
		}
	})
	for ; next < len(chosen); next++ {
		if result, ok := ended[chosen[next]]; ok {
			r.suite(result)
		}
	}
	return err
}
