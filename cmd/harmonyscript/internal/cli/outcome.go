// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints the outcome of a run for people.

import (
	"fmt"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// statusOrder is the order in which the summary counts what became of objects.
func statusOrder() []apply.Status {
	return []apply.Status{
		apply.Created, apply.Updated, apply.Adopted, apply.Deleted, apply.Kept,
		apply.ObjectFailed, apply.NotTried, apply.ObjectNotReady, apply.Unchanged,
	}
}

// writeOutcome prints what was not done and why, and then one line that sums up.
func (f *factory) writeOutcome(o *apply.Outcome, sources diag.Sources) {
	f.sayDiagnostics(o.Diagnostics, sources)
	colors := f.outPalette()
	var notTried []string
	for _, r := range o.Results {
		if r.Status == apply.NotTried {
			notTried = append(notTried, r.ID.String())
		}
	}
	for _, r := range o.Releases {
		if r.Status == apply.NotTried {
			notTried = append(notTried, "Helm release "+r.Release)
		}
	}
	if len(notTried) > 0 {
		const shown = 20
		more := ""
		if len(notTried) > shown {
			more = fmt.Sprintf("\n  and %d more", len(notTried)-shown)
			notTried = notTried[:shown]
		}
		fmt.Fprintf(f.streams.Out, "not tried:\n  %s%s\n", strings.Join(notTried, "\n  "), more)
	}
	after := "in"
	if o.State == apply.NotReady || o.State == apply.Interrupted {
		after = "after"
	}
	fmt.Fprintf(f.streams.Out, "deployment %q %s %s %s: %s\n", o.Deployment, stateText(o.State, colors), after,
		o.Finished.Sub(o.Started).Round(100*time.Millisecond), outcomeCounts(o))
	if o.State == apply.Failed {
		fmt.Fprintln(f.streams.Out, "run it again to go on from here")
	}
}

func stateText(s apply.State, colors palette) string {
	switch s {
	case apply.Done:
		return colors.green("done")
	case apply.NotReady:
		return colors.red("not ready")
	case apply.Interrupted:
		return colors.yellow("interrupted")
	default:
		return colors.red("failed")
	}
}

// outcomeCounts counts what became of objects and releases.
func outcomeCounts(o *apply.Outcome) string {
	counts := o.Count()
	var parts []string
	for _, s := range statusOrder() {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(s), "-", " ")))
		}
	}
	releases := map[apply.Status]int{}
	for _, r := range o.Releases {
		releases[r.Status]++
	}
	for _, s := range statusOrder() {
		if n := releases[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", plural(n, "Helm release"), strings.ReplaceAll(string(s), "-", " ")))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}
