// SPDX-License-Identifier: Apache-2.0

package suite

// This file runs suites outside of `go test`.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Verdict is how one suite ended.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"
	Failed  Verdict = "failed"
	Skipped Verdict = "skipped"
)

// Result is the outcome of one suite.
type Result struct {
	// File is the suite's path.
	File    string  `json:"file"`
	Verdict Verdict `json:"verdict"`
	// Seconds that it took.
	Seconds float64 `json:"seconds"`
	// Log is what the suite did, up to the failure.
	Log string `json:"log,omitempty"`
}

// Run runs the files, several at a time, and calls report for each as it ends. Suites that have not begun
// when ctx ends are left out; the error is then that of ctx.
func Run(ctx context.Context, files []string, options Options, report func(Result)) ([]Result, error) {
	folder, err := os.MkdirTemp("", "harmonyscript-test-")
	if err != nil {
		return nil, fmt.Errorf("suite: %w", err)
	}
	defer os.RemoveAll(folder)
	var (
		results = make([]*Result, len(files))
		slots   = make(chan struct{}, runtime.GOMAXPROCS(0))
		wait    sync.WaitGroup
		mutex   sync.Mutex
	)
	for i, file := range files {
		select {
		case <-ctx.Done():
		case slots <- struct{}{}:
			wait.Go(func() {
				defer func() { <-slots }()
				result := runOne(file, filepath.Join(folder, fmt.Sprint(i)), options)
				mutex.Lock()
				defer mutex.Unlock()
				results[i] = &result
				report(result)
			})
		}
	}
	wait.Wait()
	var ended []Result
	for _, r := range results {
		if r != nil {
			ended = append(ended, *r)
		}
	}
	return ended, ctx.Err()
}

func runOne(file, folder string, options Options) Result {
	start := time.Now()
	t := &runner{verdict: Passed}
	err := os.Mkdir(folder, 0o700)
	var parameters testscript.Params
	if err == nil {
		parameters, err = Parameters([]string{file}, options)
	}
	if err != nil {
		return Result{File: file, Verdict: Failed, Log: err.Error()}
	}
	parameters.WorkdirRoot = folder
	t.Run(filepath.Base(file), func(t testscript.T) { testscript.RunT(t, parameters) })
	log := strings.TrimSpace(t.log.String())
	if t.verdict == Passed {
		log = ""
	}
	return Result{File: file, Verdict: t.verdict, Seconds: time.Since(start).Seconds(), Log: log}
}

// runner is testscript's view of one suite. As in package testing, a suite that fails or is skipped ends its
// goroutine.
type runner struct {
	verdict Verdict
	log     strings.Builder
}

var _ testscript.T = (*runner)(nil)

func (r *runner) Skip(arguments ...any) {
	r.Log(arguments...)
	r.verdict = Skipped
	runtime.Goexit()
}

func (r *runner) Fatal(arguments ...any) {
	r.Log(arguments...)
	r.FailNow()
}

func (r *runner) FailNow() {
	r.verdict = Failed
	runtime.Goexit()
}

func (r *runner) Log(arguments ...any) { fmt.Fprintln(&r.log, arguments...) }

func (r *runner) Parallel() {}

func (r *runner) Verbose() bool { return false }

func (r *runner) Run(_ string, body func(testscript.T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			// A defect in a suite's command must not end the other suites.
			if cause := recover(); cause != nil {
				r.Log("internal error: ", cause)
				r.verdict = Failed
			}
		}()
		body(r)
	}()
	<-done
}
