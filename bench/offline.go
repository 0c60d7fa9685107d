// SPDX-License-Identifier: Apache-2.0

// This file measures how time and memory of check and render grow with the number of tenants, as whole programs.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// growth is how many times more tenants the larger script has.
const growth = 10

// usage is what one run of a program took.
type usage struct {
	wall, processor time.Duration
	// peak is the most memory that it had at once, in bytes.
	peak int64
	// written is how many bytes it printed.
	written int64
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// measure runs a program to its end.
func measure(ctx context.Context, program string, arguments ...string) (usage, error) {
	var written counter
	command := exec.CommandContext(ctx, program, arguments...)
	// A copy through a pipe, as into another program: the pace of a file system is not what is measured.
	command.Stdout = io.Writer(&written)
	start := time.Now()
	if err := command.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w", program, err)
	}
	u := usage{wall: time.Since(start), written: int64(written)}
	u.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	if spent, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = spent.Maxrss << 10
		if runtime.GOOS == "darwin" {
			u.peak = spent.Maxrss
		}
	}
	return u, nil
}

// alternatePrograms runs commands in turn and returns the medians of each.
func alternatePrograms(ctx context.Context, rounds int, commands ...[]string) ([]usage, error) {
	all := make([][]usage, len(commands))
	for range rounds {
		for i, command := range commands {
			u, err := measure(ctx, command[0], command[1:]...)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], u)
		}
	}
	medians := make([]usage, len(commands))
	for i, runs := range all {
		middle := func(of func(usage) int64) int64 {
			values := make([]int64, len(runs))
			for n, u := range runs {
				values[n] = of(u)
			}
			slices.Sort(values)
			return values[len(values)/2]
		}
		medians[i] = usage{
			wall:      time.Duration(middle(func(u usage) int64 { return int64(u.wall) })),
			processor: time.Duration(middle(func(u usage) int64 { return int64(u.processor) })),
			peak:      middle(func(u usage) int64 { return u.peak }),
			written:   middle(func(u usage) int64 { return u.written }),
		}
	}
	return medians, nil
}

// offlineGrowth checks and renders tenants, and ten times as many. The limit is growth by the same factor.
func offlineGrowth(ctx context.Context, s settings) ([]row, error) {
	folder, err := os.MkdirTemp("", "harmonyscript-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	few, many := filepath.Join(folder, "few.star"), filepath.Join(folder, "many.star")
	if err := errors.Join(os.WriteFile(few, []byte(tenantsScript("tenant", s.checkTenants)), 0o600),
		os.WriteFile(many, []byte(tenantsScript("tenant", growth*s.checkTenants)), 0o600)); err != nil {
		return nil, err
	}
	var rows []row
	for _, verb := range [][]string{{"check"}, {"render"}, {"render", "--output", "json"}} {
		command := func(script string) []string { return append(append([]string{s.program}, verb...), script) }
		medians, err := alternatePrograms(ctx, min(s.rounds, 3), command(few), command(many))
		if err != nil {
			return rows, err
		}
		less, more := medians[0], medians[1]
		name := verb[0]
		if len(verb) > 1 {
			name += " as JSON"
		}
		rows = append(rows, row{
			name: fmt.Sprintf("%s %d tenants, start to end", name, growth*s.checkTenants), ours: more.wall, theirs: growth * less.wall,
			peer: fmt.Sprintf("%d times %d tenants", growth, s.checkTenants), aim: 1.1,
			note: fmt.Sprintf("peak memory %d MB, of %d tenants %d MB: %.1f KB a tenant; %d MB printed; %s of processor time",
				more.peak>>20, s.checkTenants, less.peak>>20, float64(more.peak-less.peak)/float64((growth-1)*s.checkTenants)/1024, more.written>>20, round(more.processor)),
		})
	}
	return rows, nil
}
