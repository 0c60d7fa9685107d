// SPDX-License-Identifier: Apache-2.0

package cli

// This file tells what tests gave, as text for people and as JSON for programs.

import (
	"errors"
	"fmt"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

// testReport tells results as they come, and keeps what is told at the end.
type testReport struct {
	factory *factory
	options testOptions
	// passed, failed and skipped count tests and suites; wrong counts files.
	passed, failed, skipped, wrong int
	coverage                       *testfile.Coverage
	junit                          junitSuites
	// failure is what kept a result from being printed.
	failure error
}

// testRecord is the JSON form of a test.
type testRecord struct {
	Type     string           `json:"type"`
	File     string           `json:"file"`
	Name     string           `json:"name"`
	Position score.Position   `json:"position"`
	Verdict  testfile.Verdict `json:"verdict"`
	Seconds  float64          `json:"seconds"`
	Failures diag.List        `json:"failures"`
}

// wrongFileRecord is the JSON form of a test file that is wrong.
type wrongFileRecord struct {
	Type        string    `json:"type"`
	File        string    `json:"file"`
	Verdict     string    `json:"verdict"`
	Diagnostics diag.List `json:"diagnostics"`
}

// suiteRecord is the JSON form of a suite.
type suiteRecord struct {
	Type string `json:"type"`
	suite.Result
}

func (r *testReport) file(file testfile.File) {
	passed, failed := file.Count()
	r.passed, r.failed = r.passed+passed, r.failed+failed
	if file.Wrong() {
		r.wrong++
	}
	if r.options.junit != "" {
		r.junit.addFile(file)
	}
	if r.factory.json() {
		r.fileJSON(file)
		return
	}
	r.fileText(file)
}

func (r *testReport) fileJSON(file testfile.File) {
	for _, t := range file.Tests {
		failures := t.Failures
		if failures == nil {
			failures = diag.List{}
		}
		r.print(testRecord{"test", file.Path, t.Name, t.Position, t.Verdict, t.Time.Seconds(), failures})
	}
	if file.Wrong() {
		r.print(wrongFileRecord{"file", file.Path, "wrong", file.Problems})
	}
}

func (r *testReport) print(value any) { r.failure = errors.Join(r.failure, r.factory.printJSON(value)) }

func (r *testReport) fileText(file testfile.File) {
	p, out := r.factory.outPalette(), r.factory.streams.Out
	_, failed := file.Count()
	seconds := file.Time.Seconds()
	switch {
	case file.Wrong():
		fmt.Fprintf(out, "%s %s (%.2fs): the file is wrong\n", p.red("FAIL"), file.Path, seconds)
	case failed > 0:
		fmt.Fprintf(out, "%s %s (%.2fs)\n", p.red("FAIL"), file.Path, seconds)
	case len(file.Tests) == 0 && !file.Interrupted && r.options.only == nil:
		fmt.Fprintf(out, "%s   %s: no tests\n", p.yellow("?"), file.Path)
	case r.options.verbose:
		fmt.Fprintf(out, "%s   %s (%.2fs)\n", p.green("ok"), file.Path, seconds)
	}
	for _, t := range file.Tests {
		if t.Verdict == testfile.Failed {
			fmt.Fprintf(out, "%s %s (%.2fs)\n%s\n", p.red("--- FAIL:"), t.Name, t.Time.Seconds(), t.Failures.Render(file.Sources, p.diagnostics()))
		} else if r.options.verbose {
			fmt.Fprintf(out, "%s %s (%.2fs)\n", p.green("--- ok:"), t.Name, t.Time.Seconds())
		}
	}
	if len(file.Problems) > 0 {
		fmt.Fprintf(out, "%s\n", file.Problems.Render(file.Sources, p.diagnostics()))
	}
}

func (r *testReport) suite(s suite.Result) {
	switch s.Verdict {
	case suite.Failed:
		r.failed++
	case suite.Skipped:
		r.skipped++
	default:
		r.passed++
	}
	if r.options.junit != "" {
		r.junit.addSuite(s)
	}
	if r.factory.json() {
		r.print(suiteRecord{"suite", s})
		return
	}
	p, out := r.factory.outPalette(), r.factory.streams.Out
	switch s.Verdict {
	case suite.Failed:
		fmt.Fprintf(out, "%s %s (%.2fs)\n%s\n", p.red("FAIL"), s.File, s.Seconds, s.Log)
	case suite.Skipped:
		fmt.Fprintf(out, "%s %s: %s\n", p.yellow("skip"), s.File, s.Log)
	default:
		if r.options.verbose {
			fmt.Fprintf(out, "%s   %s (%.2fs)\n", p.green("ok"), s.File, s.Seconds)
		}
	}
}

// finish tells what all results give together.
func (r *testReport) finish() error {
	if r.options.coverage && r.coverage != nil {
		r.tellCoverage()
	}
	if !r.factory.json() {
		wrong := ""
		if r.wrong > 0 {
			wrong = ", " + plural(r.wrong, "wrong file")
		}
		fmt.Fprintf(r.factory.streams.Out, "%d passed, %d failed, %d skipped%s\n", r.passed, r.failed, r.skipped, wrong)
	}
	if r.options.junit != "" {
		r.failure = errors.Join(r.failure, r.junit.write(r.options.junit))
	}
	return r.failure
}

// coverageRecord is the JSON form of the coverage.
type coverageRecord struct {
	Type     string         `json:"type"`
	Rules    coverageCount  `json:"rules"`
	Channels coverageCount  `json:"channels"`
	Items    []coverageItem `json:"items"`
}

type coverageCount struct {
	Total   int `json:"total"`
	Reached int `json:"reached"`
}

type coverageItem struct {
	Kind     string         `json:"kind"`
	Name     string         `json:"name"`
	Group    string         `json:"group,omitempty"`
	Position score.Position `json:"position,omitzero"`
	Reached  bool           `json:"reached"`
}

func (r *testReport) tellCoverage() {
	rules, rulesReached, channels, channelsReached := r.coverage.Count()
	items := []coverageItem{}
	for _, item := range r.coverage.Items() {
		items = append(items, coverageItem(item))
	}
	if r.factory.json() {
		r.print(coverageRecord{"coverage", coverageCount{rules, rulesReached}, coverageCount{channels, channelsReached}, items})
		return
	}
	p, out := r.factory.outPalette(), r.factory.streams.Out
	fmt.Fprintf(out, "coverage: %d of %s, %d of %s\n", rulesReached, plural(rules, "rule"), channelsReached, plural(channels, "channel"))
	what := map[string]string{testfile.KindAlert: "never fires", testfile.KindRecording: "never records anything", testfile.KindChannel: "never gets an alert"}
	for _, item := range items {
		if item.Reached {
			continue
		}
		group := ""
		if item.Group != "" {
			group = fmt.Sprintf(" of the group %q", item.Group)
		}
		fmt.Fprintf(out, "  %s: %s %s%s %s\n", p.cyan(item.Position.String()), item.Kind, item.Name, group, what[item.Kind])
	}
}
