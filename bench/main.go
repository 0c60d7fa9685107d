// SPDX-License-Identifier: Apache-2.0

// Command bench measures harmonyscript against peers and physical limits and prints each figure as a ratio
// within one run, because absolute times say more about a machine than about a program. `make bench` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"
	"time"
)

// row is one line of the table: ours against theirs, and the ratio that we aim at.
type row struct {
	name   string
	ours   time.Duration
	theirs time.Duration
	peer   string
	aim    float64
	note   string
}

// benchmark measures something; a nil row means that it cannot run here, for the reason in the error.
type benchmark struct {
	name string
	run  func(context.Context, settings) ([]row, error)
}

// settings are the sizes of the workloads.
type settings struct {
	checkTenants int
	applyTenants int
	rounds       int
	program      string
}

func main() {
	var s settings
	flag.IntVar(&s.checkTenants, "check-tenants", 1000, "tenants in the script that is checked")
	flag.IntVar(&s.applyTenants, "apply-tenants", 100, "tenants that are applied to the sandbox")
	flag.IntVar(&s.rounds, "rounds", 9, "rounds of which the median counts")
	flag.StringVar(&s.program, "program", "bin/harmonyscript", "the program whose start-up is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var rows []row
	failed := false
	for _, b := range []benchmark{{"start-up", startUp}, {"check", checkScript}, {"apply", applyObjects}} {
		measured, err := b.run(ctx, s)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", b.name, err)
			failed = true
		}
		rows = append(rows, measured...)
	}
	printTable(rows)
	if failed {
		os.Exit(1)
	}
}

func printTable(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "what\tours\tpeer or limit\ttime\tratio\taim\tnote")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\t%.2f\t%s\n", r.name, round(r.ours), r.peer, round(r.theirs), r.ours.Seconds()/r.theirs.Seconds(), r.aim, r.note)
	}
	_ = w.Flush()
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// alternate runs a and b in turn, so that whatever else the machine does hits both, and returns their medians.
func alternate(rounds int, a, b func() error) (ours, theirs time.Duration, err error) {
	var times [2][]time.Duration
	for range rounds {
		for i, f := range []func() error{a, b} {
			start := time.Now()
			if err := f(); err != nil {
				return 0, 0, err
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	return median(times[0]), median(times[1]), nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
