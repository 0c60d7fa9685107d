// SPDX-License-Identifier: Apache-2.0

// This file measures how long the program takes to start.

package main

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// peakMemory runs a program to its end and returns the most memory that it had at once, in bytes.
func peakMemory(ctx context.Context, program string, arguments ...string) (int64, error) {
	command := exec.CommandContext(ctx, program, arguments...)
	if err := command.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", program, err)
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, fmt.Errorf("%s: this system tells nothing of its memory", program)
	}
	return peakOf(usage), nil
}

// startUp compares `harmonyscript version` with `kubectl version --client`.
func startUp(ctx context.Context, s settings) ([]row, error) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		return nil, fmt.Errorf("no kubectl to compare with: %w", err)
	}
	run := func(program string, arguments ...string) func() error {
		return func() error { return exec.CommandContext(ctx, program, arguments...).Run() }
	}
	ours, theirs, err := alternate(s.rounds*3, run(s.program, "version"), run(kubectl, "version", "--client"))
	if err != nil {
		return nil, err
	}
	return []row{{name: "version, start to end", ours: ours, theirs: theirs, peer: "kubectl version --client", aim: 0.7}}, nil
}
