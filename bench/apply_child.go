// SPDX-License-Identifier: Apache-2.0

// This file is the process that applies or plans: one of its own for each measurement, so that its processor time and its
// memory are those of one client.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

const (
	// childVariable holds the order of a process that this program starts of itself.
	childVariable = "HARMONYSCRIPT_BENCH_CHILD"
	// workers is how many requests either side has under way at a time.
	workers = 32
)

// order says what a child does.
type order struct {
	// What is "bare", "lists", "apply" or "plan".
	What       string
	Kubeconfig string
	// Prefix, Tenants and Changed say which workload; Script takes its place.
	Prefix  string
	Tenants int
	Changed bool
	Script  string
	// Profile is a folder for profiles of processor and memory; "" means none.
	Profile string
}

// answer is what a child found.
type answer struct {
	// Objects of the workload.
	Objects int
	// Wall and CPU are what the work took, without starting the process and making the workload.
	Wall, CPU time.Duration
	// Requests that the client sent, by method.
	Requests map[string]int
	// Memory is the most that the process had at once, in bytes; 0 where the system does not tell a process its own.
	Memory int64
}

// child carries out the order in the environment.
func child(ctx context.Context, encoded string) error {
	var o order
	if err := json.Unmarshal([]byte(encoded), &o); err != nil {
		return err
	}
	var objects []backend.Object
	var err error
	if o.Script != "" {
		objects, err = compile(ctx, o.Script)
	} else {
		objects, err = workload(o.Prefix, o.Tenants, o.Changed)
	}
	if err != nil {
		return err
	}
	count := &counting{counts: map[string]int{}}
	var work func() error
	switch o.What {
	case "bare":
		work, err = bare(ctx, o, objects, count)
	case "lists":
		work, err = bareLists(ctx, o, objects, count)
	case "apply", "plan":
		work, err = ours(ctx, o, objects, count)
	default:
		err = fmt.Errorf("got order %q, want bare, lists, apply or plan", o.What)
	}
	if err != nil {
		return err
	}
	stop, err := profile(o)
	if err != nil {
		return err
	}
	begun, used := time.Now(), processorTime()
	if err := work(); err != nil {
		return err
	}
	result := answer{Objects: len(objects), Wall: time.Since(begun), CPU: processorTime() - used, Requests: count.counts, Memory: ownPeak()}
	if err := stop(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// ours returns what the engine does.
func ours(ctx context.Context, o order, objects []backend.Object, count *counting) (func() error, error) {
	client, err := cluster.Connect(cluster.Options{Kubeconfig: o.Kubeconfig, Wrap: count.wrap})
	if err != nil {
		return nil, err
	}
	if o.What == "plan" {
		return func() error {
			_, err := plan.Compute(ctx, plan.Request{Client: client, Deployment: o.Prefix, Objects: objects, ResolveSecret: secretValue, Parallel: workers})
			return err
		}, nil
	}
	return func() error {
		outcome, err := apply.Run(ctx, apply.Request{
			Client: client, Deployment: o.Prefix, Objects: objects, ResolveSecret: secretValue, NoWait: true, Parallel: workers,
		})
		if err == nil && outcome.State != apply.Done {
			err = fmt.Errorf("apply: got %s, want done: %w", outcome.State, outcome.Diagnostics)
		}
		return err
	}, nil
}

// counting counts requests by method.
type counting struct {
	mutex  sync.Mutex
	counts map[string]int
}

func (c *counting) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c.mutex.Lock()
		c.counts[r.Method]++
		c.mutex.Unlock()
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// processorTime returns what this process has used so far, in all of its threads.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// ownPeak returns the most memory that this process had at once, in bytes. What wait4 tells is no less than what the parent had when
// it started the child, since the two share their memory until the child's program is loaded.
func ownPeak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 0
}

// profile begins to profile, where that is asked for, and returns what ends it.
func profile(o order) (stop func() error, err error) {
	if o.Profile == "" {
		return func() error { return nil }, nil
	}
	name := filepath.Join(o.Profile, fmt.Sprintf("%s-%d-%d", o.What, o.Tenants, os.Getpid()))
	file, err := os.Create(name + ".cpu")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		if err := file.Close(); err != nil {
			return err
		}
		heap, err := os.Create(name + ".heap")
		if err != nil {
			return err
		}
		runtime.GC()
		if err := pprof.WriteHeapProfile(heap); err != nil {
			return err
		}
		return heap.Close()
	}, nil
}
