// SPDX-License-Identifier: Apache-2.0

// This file runs test files, several at a time.

package testfile

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// Options say how test files are run.
type Options struct {
	// Only chooses the tests whose "file: name" it matches; nil runs all.
	Only *regexp.Regexp
	// Limits of each file's top level and, anew, of each of its test functions; zero fields take host.DefaultLimits.
	Limits host.Limits
	// Print gets what scripts print; nil drops it. Several files may print at the same time.
	Print func(position score.Position, text string)
	// Library is the language that scripts see; nil means builtins.Standard.
	Library *builtins.Library
	// Registry knows the versions of the monitoring API; nil means deployment.DefaultRegistry.
	Registry *backend.Registry
	// Parallel is how many files run at a time; 0 means one for each processor.
	Parallel int
}

// Run runs the files and calls report for each, in their order. It returns which rules and channels the tests reached.
// Files that have not begun when ctx ends are left out; the error is then that of ctx.
func Run(ctx context.Context, files []string, options Options, report func(File)) (*Coverage, error) {
	if options.Library == nil {
		options.Library = builtins.Standard()
	}
	if options.Registry == nil {
		registry, err := deployment.DefaultRegistry()
		if err != nil {
			return nil, fmt.Errorf("testfile: %w", err)
		}
		options.Registry = registry
	}
	if options.Parallel <= 0 {
		options.Parallel = runtime.GOMAXPROCS(0)
	}
	var (
		wait    sync.WaitGroup
		slots   = make(chan struct{}, options.Parallel)
		results = make([]chan File, len(files))
	)
	for i := range files {
		results[i] = make(chan File, 1)
	}
	wait.Go(func() {
		for i, file := range files {
			select {
			case <-ctx.Done():
				close(results[i])
				continue
			case slots <- struct{}{}:
			}
			wait.Go(func() {
				defer func() { <-slots }()
				results[i] <- runFile(ctx, file, options)
			})
		}
	})
	coverage := newCoverage()
	for _, result := range results {
		if file, begun := <-result; begun {
			coverage.add(file.coverage)
			report(file)
		}
	}
	wait.Wait()
	return coverage, ctx.Err()
}

// topLevel is the test that the assertions outside of functions make together.
const topLevel = "top level"

func runFile(ctx context.Context, path string, options Options) File {
	begin := time.Now()
	t := &tester{options: options, path: path, coverage: newCoverage(), file: File{Path: path}, lacking: map[lackKey]diag.List{}}
	h := options.Library.TestHost(host.Options{Stdlib: stdlib.Files(), Limits: options.Limits, Print: options.Print}, t)
	t.limits = h.Limits()
	t.begin("", score.Position{})
	program, problems := h.Start(ctx, path)
	t.end()
	interrupted := program.Result().Stop == host.StopCancelled
	var called diag.List
	if !problems.HasErrors() && !interrupted {
		for _, f := range program.Functions() {
			if !strings.HasPrefix(f.Name, "test_") || !t.chosen(f.Name) {
				continue
			}
			if f.Parameters > 0 {
				called = append(called, diag.Diagnostic{
					Severity: diag.Error, Code: "invalid-test", Position: f.Position,
					Summary: fmt.Sprintf("%s: got a test with %d parameters, want none", f.Name, f.Parameters),
					Fix:     "call it from a test without parameters, and give it another name",
				})
				continue
			}
			t.begin(f.Name, f.Position)
			failed := program.Call(ctx, f.Name)
			if program.Result().Stop == host.StopCancelled {
				interrupted = true
				break
			}
			t.current.Failures = append(t.current.Failures, failed...)
			t.end()
		}
	}
	file := t.file
	slices.SortStableFunc(file.Tests, func(a, b Test) int { return a.Position.Compare(b.Position) })
	file.Problems = append(problems, called...).Sorted()
	file.Interrupted = interrupted
	file.Sources = t.sources(program.Result().Sources)
	file.Time = time.Since(begin)
	file.coverage = t.coverage
	return file
}
