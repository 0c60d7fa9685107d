// SPDX-License-Identifier: Apache-2.0

// This file measures apply and plan against a bare loop that sends the same patches, and against peers, on one API server.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// measurement is what one process took.
type measurement struct {
	objects int
	// wall and cpu are those of the work alone where the process tells them, else those of the whole process.
	wall, cpu time.Duration
	// process is the time from its start to its end.
	process time.Duration
	// memory is the most that it had at once, in bytes.
	memory int64
	// sent are its requests by method, where it tells them; served are the API server's own counts by verb.
	sent, served requests
}

// applyBench compares sides on sandboxes, one for each size.
type applyBench struct {
	settings
	server *apiServer
	// self is the path of this very program.
	self   string
	report applyReport
}

// applyObjects measures every size of the workload, and a script as the program applies it. It prints its own tables.
func applyObjects(ctx context.Context, s settings) ([]row, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &applyBench{settings: s, self: self}
	defer func() { b.report.print(os.Stdout) }()
	for _, tenants := range s.sizes {
		if err := b.onSandbox(ctx, func() error { return b.measureSize(ctx, tenants) }); err != nil {
			return nil, fmt.Errorf("%d tenants: %w", tenants, err)
		}
	}
	if s.scriptTenants > 0 {
		if err := b.onSandbox(ctx, func() error { return b.measureScript(ctx, s.scriptTenants) }); err != nil {
			return nil, fmt.Errorf("script of %d tenants: %w", s.scriptTenants, err)
		}
	}
	return nil, nil
}

// onSandbox starts a sandbox, warms it up and measures there.
func (b *applyBench) onSandbox(ctx context.Context, measure func() error) error {
	server, err := startSandbox(ctx, b.settings)
	if err != nil {
		return err
	}
	defer server.stop()
	b.server = server
	// The first requests of a fresh API server are slow for everybody; no side shall pay for them.
	for _, what := range []string{"bare", "apply", "plan"} {
		for round := range 3 {
			if _, err := b.run(ctx, order{What: what, Prefix: fmt.Sprintf("warm-%s-%d", what, round), Tenants: 5}); err != nil {
				return err
			}
		}
	}
	return measure()
}

// rounds returns how often a size is measured: small ones more often, since they vary more.
func roundsOf(tenants, wanted int) int {
	switch {
	case wanted > 0:
		return wanted
	case tenants <= 10:
		return 15
	case tenants <= 100:
		return 4
	}
	return 2
}

// measureSize measures all cases with one number of tenants. Rounds alternate who goes first.
func (b *applyBench) measureSize(ctx context.Context, tenants int) error {
	var limit, lists, first, again, planned, changed []measurement
	for round := range roundsOf(tenants, b.applyRounds) {
		ours := order{Prefix: fmt.Sprintf("ours-%d-%d", tenants, round), Tenants: tenants}
		bareLoop := func() error {
			return b.measure(ctx, &limit, order{What: "bare", Prefix: fmt.Sprintf("bare-%d-%d", tenants, round), Tenants: tenants})
		}
		apply := func() error { return b.measure(ctx, &first, ours.as("apply", false)) }
		sides := []func() error{bareLoop, apply}
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		steps := append(sides,
			func() error { return b.measure(ctx, &again, ours.as("apply", false)) },
			func() error { return b.measure(ctx, &lists, ours.as("lists", false)) },
			func() error { return b.measure(ctx, &planned, ours.as("plan", false)) },
			func() error { return b.measure(ctx, &changed, ours.as("apply", true)) },
			func() error { return b.measure(ctx, &again, ours.as("apply", true)) },
			func() error { return b.measure(ctx, &changed, ours.as("apply", false)) },
			func() error { return b.measure(ctx, &planned, ours.as("plan", false)) },
		)
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
	}
	b.report.add(sizeReport{
		tenants: tenants, limit: middle(limit), lists: middle(lists), first: middle(first), again: middle(again), planned: middle(planned), changed: middle(changed),
	})
	if tenants <= b.peerTenants {
		return b.measurePeers(ctx, tenants, middle(limit))
	}
	return nil
}

// as returns the order with another thing to do.
func (o order) as(what string, changed bool) order {
	o.What, o.Changed = what, changed
	return o
}

func (b *applyBench) measure(ctx context.Context, into *[]measurement, o order) error {
	m, err := b.run(ctx, o)
	if err != nil {
		return fmt.Errorf("%s: %w", o.What, err)
	}
	fmt.Fprintf(os.Stderr, "%-5s %5d objects %8s, processor %8s, %4d MB, %s\n", o.What, m.objects, round(m.wall), round(m.cpu), m.memory>>20, m.sent)
	*into = append(*into, m)
	return nil
}

// run carries out an order in a process of its own.
func (b *applyBench) run(ctx context.Context, o order) (measurement, error) {
	o.Kubeconfig, o.Profile = b.server.kubeconfig, b.profiles
	encoded, err := json.Marshal(o)
	if err != nil {
		return measurement{}, err
	}
	command := exec.CommandContext(ctx, b.self)
	command.Env = append(os.Environ(), childVariable+"="+string(encoded))
	m, output, err := b.watch(ctx, command)
	if err != nil {
		return measurement{}, err
	}
	var a answer
	if err := json.Unmarshal(output, &a); err != nil {
		return measurement{}, fmt.Errorf("got %q, want an answer: %w", output, err)
	}
	m.objects, m.wall, m.cpu, m.sent = a.Objects, a.Wall, a.CPU, a.Requests
	if a.Memory > 0 {
		m.memory = a.Memory
	}
	return m, nil
}

// watch runs a command when the API server has become quiet, and measures the whole process.
func (b *applyBench) watch(ctx context.Context, command *exec.Cmd) (measurement, []byte, error) {
	if err := b.server.settle(ctx); err != nil {
		return measurement{}, nil, err
	}
	before, err := b.server.requests(ctx)
	if err != nil {
		return measurement{}, nil, err
	}
	begun := time.Now()
	output, err := command.Output()
	process := time.Since(begun)
	if err != nil {
		return measurement{}, output, explain(command, err)
	}
	after, err := b.server.requests(ctx)
	if err != nil {
		return measurement{}, nil, err
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return measurement{}, nil, fmt.Errorf("%s: this system tells nothing of its memory", command.Path)
	}
	cpu := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return measurement{wall: process, process: process, cpu: cpu, memory: peakOf(usage), served: after.since(before)}, output, nil
}

// peakOf returns the most memory that a process had at once, in bytes.
func peakOf(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}

// explain adds what a program said to its error.
func explain(command *exec.Cmd, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%s: %w: %s", filepath.Base(command.Path), err, exit.Stderr[:min(len(exit.Stderr), 2000)])
	}
	return fmt.Errorf("%s: %w", filepath.Base(command.Path), err)
}

// middle returns the measurement of median time; of an even number the mean of the two in the middle, and the larger memory.
func middle(all []measurement) measurement {
	slices.SortFunc(all, func(a, b measurement) int { return int(a.wall - b.wall) })
	m, other := all[len(all)/2], all[(len(all)-1)/2]
	m.wall, m.cpu, m.process = (m.wall+other.wall)/2, (m.cpu+other.cpu)/2, (m.process+other.process)/2
	m.memory = max(m.memory, other.memory)
	return m
}

// measureScript compares the program that applies a script, from its start to its end, with the bare loop that sends what
// the script compiles to.
func (b *applyBench) measureScript(ctx context.Context, tenants int) error {
	folder, err := os.MkdirTemp("", "harmonyscript-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var limit, first, again []measurement
	for round := range roundsOf(tenants, b.applyRounds) {
		path := filepath.Join(folder, fmt.Sprintf("script-%d.star", round))
		if err := os.WriteFile(path, []byte(tenantsScript(fmt.Sprintf("ours-%d", round), tenants)), 0o600); err != nil {
			return err
		}
		program := func(into *[]measurement) func() error {
			return func() error {
				command := exec.CommandContext(ctx, b.program, "apply", "--kubeconfig", b.server.kubeconfig, "--no-wait", path)
				command.Env = append(os.Environ(), "BENCH_WEBHOOK_URL=http://127.0.0.1:9/hook")
				m, _, err := b.watch(ctx, command)
				*into = append(*into, m)
				return err
			}
		}
		bareLoop := func() error {
			return b.measure(ctx, &limit, order{What: "bare", Script: tenantsScript(fmt.Sprintf("bare-%d", round), tenants)})
		}
		sides := []func() error{bareLoop, program(&first)}
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		for _, step := range append(sides, program(&again)) {
			if err := step(); err != nil {
				return err
			}
		}
	}
	objects := limit[0].objects
	for _, all := range [][]measurement{first, again} {
		for n := range all {
			all[n].objects = objects
		}
	}
	b.report.script = &scriptReport{tenants: tenants, limit: middle(limit), first: middle(first), again: middle(again)}
	return nil
}

// compile returns the objects of a script.
func compile(ctx context.Context, text string) ([]backend.Object, error) {
	result, problems := deployment.NewHost(deployment.Options{}).RunSource(ctx, "bench.star", text)
	finished, err := deployment.Finish(result, problems, deployment.Options{})
	if err != nil {
		return nil, err
	}
	if finished.Diagnostics.HasErrors() {
		return nil, finished.Diagnostics
	}
	return finished.Objects, nil
}
