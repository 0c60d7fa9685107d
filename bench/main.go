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
	"strconv"
	"strings"
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
	rules        int
	promtool     string
	rounds       int
	program      string
	// sizes are the numbers of tenants that are applied, scriptTenants how many those of a script; peers apply up to
	// peerTenants, since they take minutes.
	sizes         []int
	scriptTenants int
	peerTenants   int
	// applyRounds is how often each is applied; 0 means more often what varies more.
	applyRounds int
	// profiles is the folder for profiles of our own processes; "" means none.
	profiles string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if encoded := os.Getenv(childVariable); encoded != "" {
		if err := child(ctx, encoded); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var s settings
	flag.IntVar(&s.checkTenants, "check-tenants", 1000, "tenants in the script that is checked")
	flag.IntVar(&s.rules, "rules", 1000, "alert rules that are checked")
	flag.StringVar(&s.promtool, "promtool", "promtool", "the promtool that checks the same rules")
	s.sizes = []int{10, 100, 1000}
	flag.Func("apply-tenants", "numbers of tenants that are applied to the sandbox (default 10,100,1000)", func(text string) (err error) {
		s.sizes, err = parseSizes(text)
		return err
	})
	flag.IntVar(&s.scriptTenants, "script-tenants", 50, "tenants of the script that the program applies; 0 leaves it out")
	flag.IntVar(&s.peerTenants, "peer-tenants", 100, "most tenants that kubectl and other peers apply")
	flag.IntVar(&s.applyRounds, "apply-rounds", 0, "how often everything is applied (default: 15, 4 or 2 times, by its size)")
	flag.StringVar(&s.profiles, "profiles", "", "folder for profiles of processor and memory of what applies and plans")
	flag.IntVar(&s.rounds, "rounds", 9, "rounds of which the median counts")
	flag.StringVar(&s.program, "program", "bin/harmonyscript", "the program whose start-up is measured")
	only := ""
	flag.StringVar(&only, "only", "", "run only the benchmark of this name: start-up, check, rules, growth, apply")
	flag.Parse()
	var rows []row
	failed := false
	benchmarks := []benchmark{{"start-up", startUp}, {"check", checkScript}, {"rules", checkRules}, {"growth", offlineGrowth}, {"apply", applyObjects}}
	for _, b := range benchmarks {
		if only != "" && b.name != only {
			continue
		}
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

// parseSizes reads "10,100".
func parseSizes(text string) ([]int, error) {
	var sizes []int
	for field := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(field)
		if err != nil || size < 1 {
			return nil, fmt.Errorf("got %q, want numbers above 0, separated by commas", text)
		}
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	return sizes, nil
}

func printTable(rows []row) {
	if len(rows) == 0 {
		return
	}
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
