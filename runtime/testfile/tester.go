// SPDX-License-Identifier: Apache-2.0

// This file collects what a test file asks and finds.

package testfile

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// tester judges one file.
type tester struct {
	options  Options
	limits   host.Limits
	path     string
	file     File
	coverage *Coverage
	// current is the test function that runs, or the top level, whose name is empty.
	current  Test
	started  time.Time
	asserted bool
	// scripts are the sources of what run_script ran.
	scripts []diag.Sources
	// lacking is what versions cannot express of the scores that were asked about.
	lacking map[lackKey]diag.List
}

type lackKey struct {
	score   string
	version score.APIVersion
}

var _ builtins.Tester = (*tester)(nil)

// chosen reports whether a test is to be run.
func (t *tester) chosen(name string) bool {
	return t.options.Only == nil || t.options.Only.MatchString(t.path+": "+name)
}

// begin starts the test that a function is, or the top level.
func (t *tester) begin(name string, at score.Position) {
	t.current, t.started, t.asserted = Test{Name: name, Position: at}, time.Now(), false
}

// end adds the test that runs to the file's. The top level is one only when something was asserted there.
func (t *tester) end() {
	if t.current.Name == "" {
		if !t.asserted || !t.chosen(topLevel) {
			return
		}
		t.current.Name, t.current.Position = topLevel, score.Position{File: t.path}
	}
	t.current.Time = time.Since(t.started)
	t.add(t.current)
}

func (t *tester) add(test Test) {
	test.Verdict = Passed
	if test.Failures.HasErrors() {
		test.Verdict = Failed
	}
	t.file.Tests = append(t.file.Tests, test)
}

// judge runs what one call of a test_… builtin asks: at the top level as a test of its own, in a function as part of
// its test.
func (t *tester) judge(run *host.Thread, called, name string, origin score.Origin, work func(ctx context.Context) diag.List) {
	shown := name
	if shown == "" {
		shown = fmt.Sprintf("%s:%d", called, origin.Position().Line)
	}
	alone := t.current.Name == ""
	if alone && !t.chosen(shown) {
		return
	}
	begin := time.Now()
	// The interpreter cannot stop what is going on in here; the limit of time holds all the same.
	ctx, cancel := context.WithTimeout(run.Context(), t.limits.Time)
	defer cancel()
	failures := work(ctx)
	if run.Context().Err() != nil {
		return // whoever interrupts a test does not ask for its verdict
	}
	for i := range failures {
		if name != "" && failures[i].Code == CodeFailed {
			failures[i].Summary = called + " " + name + ": " + failures[i].Summary
		} else if failures[i].Code == CodeFailed {
			failures[i].Summary = called + ": " + failures[i].Summary
		}
	}
	if alone {
		t.add(Test{Name: shown, Position: origin.Position(), Failures: failures, Time: time.Since(begin)})
		return
	}
	t.current.Failures = append(t.current.Failures, failures...)
}

// failure is a diagnostic about a call.
func failure(origin score.Origin, argument, summary, detail string) diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: CodeFailed, Position: origin.Position(), Summary: summary, Detail: detail, Related: diag.Callers(origin),
	}
	if argument != "" {
		d.Position, d.Length = origin.Of(argument), origin.LengthOf(argument)
	}
	return d
}

// Failed takes note of an assertion that does not hold.
func (t *tester) Failed(_ *host.Thread, origin score.Origin, summary, detail string) {
	t.asserted = true
	t.current.Failures = append(t.current.Failures, failure(origin, "", summary, detail))
}

// Held takes note of an assertion that holds.
func (t *tester) Held(*host.Thread, score.Origin) { t.asserted = true }

// Script runs and checks another script.
func (t *tester) Script(run *host.Thread, path string, parameters map[string]string) (host.Result, diag.List) {
	if path == "" || !filepath.IsLocal(filepath.FromSlash(path)) {
		return host.Result{}, diag.List{{
			Severity: diag.Error, Code: "load-outside-tree", Position: run.Position(),
			Summary: fmt.Sprintf("run_script: got %q, want a script in the folder of the test file or below", path),
			Fix:     "keep the test file beside the script",
		}}
	}
	folder, _ := filepath.Split(t.path)
	h := t.options.Library.Host(host.Options{Stdlib: stdlib.Files(), Limits: t.limits, Parameters: parameters, Print: t.options.Print})
	result, problems := h.Run(run.Context(), folder+filepath.FromSlash(path))
	if result.Sources != nil {
		t.scripts = append(t.scripts, result.Sources)
	}
	if !problems.HasErrors() {
		problems = append(problems, check.Deployment(result.Deployment, t.options.Registry)...)
	}
	at := run.Position()
	for i := range problems {
		problems[i].Related = append(problems[i].Related, diag.Related{Position: at, Message: "run from here"})
	}
	return result, problems
}

// sources looks for a file in the test file's own run first.
func (t *tester) sources(own diag.Sources) diag.Sources {
	return func(file string) (string, bool) {
		if own != nil {
			if text, ok := own(file); ok {
				return text, true
			}
		}
		for _, other := range t.scripts {
			if text, ok := other(file); ok {
				return text, true
			}
		}
		return "", false
	}
}
