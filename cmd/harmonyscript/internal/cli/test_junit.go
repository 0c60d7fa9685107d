// SPDX-License-Identifier: Apache-2.0

package cli

// This file writes test results as JUnit XML, which continuous integration reads.

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

// junitSuites is the document: a suite for each file.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`

	seconds float64
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	seconds float64
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Error   *junitMessage `xml:"error"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// junitWrong is the case that stands for a file that is wrong.
const junitWrong = "the file itself"

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

func junitDiagnostics(list diag.List, sources diag.Sources) *junitMessage {
	return &junitMessage{Message: list.Sorted()[0].Summary, Type: list.Sorted()[0].Code, Text: list.Render(sources, diag.Style{})}
}

func (s *junitSuites) addFile(file testfile.File) {
	made := junitSuite{Name: file.Path, seconds: file.Time.Seconds()}
	for _, t := range file.Tests {
		one := junitCase{Name: t.Name, Class: file.Path, File: file.Path, Line: t.Position.Line, Time: junitTime(t.Time.Seconds())}
		if t.Verdict == testfile.Failed {
			one.Failure = junitDiagnostics(t.Failures, file.Sources)
		}
		made.Cases = append(made.Cases, one)
	}
	if file.Wrong() {
		made.Cases = append(made.Cases, junitCase{
			Name: junitWrong, Class: file.Path, File: file.Path, Time: junitTime(0), Error: junitDiagnostics(file.Problems, file.Sources),
		})
	}
	s.add(made)
}

func (s *junitSuites) addSuite(result suite.Result) {
	one := junitCase{Name: result.File, Class: result.File, File: result.File, Time: junitTime(result.Seconds)}
	switch first, _, _ := strings.Cut(result.Log, "\n"); result.Verdict {
	case suite.Failed:
		one.Failure = &junitMessage{Message: "the suite failed", Text: result.Log}
	case suite.Skipped:
		one.Skipped = &junitMessage{Message: first}
	}
	s.add(junitSuite{Name: result.File, seconds: result.Seconds, Cases: []junitCase{one}})
}

func (s *junitSuites) add(made junitSuite) {
	for _, c := range made.Cases {
		switch {
		case c.Failure != nil:
			made.Failures++
		case c.Error != nil:
			made.Errors++
		case c.Skipped != nil:
			made.Skipped++
		}
	}
	made.Tests, made.Time = len(made.Cases), junitTime(made.seconds)
	s.Suites = append(s.Suites, made)
	s.Tests, s.Failures, s.Errors, s.Skipped = s.Tests+made.Tests, s.Failures+made.Failures, s.Errors+made.Errors, s.Skipped+made.Skipped
	s.seconds += made.seconds
}

// write writes the document. Characters that XML does not have are replaced.
func (s *junitSuites) write(path string) error {
	s.Name, s.Time = "harmonyscript", junitTime(s.seconds)
	text, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("test: --junit: %w", err)
	}
	if err := os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644); err != nil {
		return fmt.Errorf("test: --junit: %w", err)
	}
	return nil
}
