// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints the history of runs for people.

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// timeLayout is how points in time are shown: in the reader's own zone.
const timeLayout = "2006-01-02 15:04:05"

// runColumns are the columns of the table of runs.
func runColumns() []string {
	return []string{"RUN", "BEGUN", "TOOK", "ENDED", "CHANGED", "SCRIPT", "BY"}
}

// endedColumn is the one that is coloured.
const endedColumn = 3

// writeHistory prints the runs, newest first: a table, or where a line of it has no room, each run in lines of its own.
func writeHistory(w io.Writer, h *history, style treeStyle) {
	t := &treeWriter{treeStyle: style, w: w}
	t.line("", "", part{fmt.Sprintf("deployment %q on %s: %s, newest first", h.Deployment, h.Cluster, plural(h.count(), "run")), plain})
	rows := [][]string{runColumns()}
	for n := range h.Runs {
		rows = append(rows, h.Runs[n].row())
	}
	widths, all := make([]int, len(rows[0])), 0
	for column := range widths {
		for _, row := range rows {
			widths[column] = max(widths[column], utf8.RuneCountInString(row[column]))
		}
		all += widths[column] + 2
	}
	for n, row := range rows {
		switch {
		case style.width == 0 || all-2 <= style.width:
			fmt.Fprintln(w, tableLine(row, widths, n == 0, style.colors))
		case n > 0:
			t.runLines(row, widths[0])
		}
	}
	for n := range h.Runs {
		if r := &h.Runs[n]; r.Times > 1 {
			t.line("", "", part{fmt.Sprintf("%s: the same %d times in a row since %s", r.numbers(), r.Times, r.First.Local().Format(timeLayout)), style.colors.faint})
		}
	}
	if h.Problem != "" {
		t.line("", "", part{"could not read:", style.colors.yellow}, part{h.Problem, plain})
	}
}

// tableLine returns a row of the table.
func tableLine(row []string, widths []int, header bool, colors palette) string {
	var line strings.Builder
	for column, text := range row {
		padded := text
		if column < len(row)-1 {
			padded += strings.Repeat(" ", widths[column]-utf8.RuneCountInString(text)+2)
		}
		switch {
		case header:
			padded = colors.faint(padded)
		case column == endedColumn:
			padded = colors.ended(text, padded)
		}
		line.WriteString(padded)
	}
	return strings.TrimRight(line.String(), " ")
}

// runLines prints a row in as many lines as it takes, below each other but for the number.
func (t *treeWriter) runLines(row []string, width int) {
	parts := make([]part, 0, len(row)-1)
	for column, text := range row[1:] {
		if text == "-" {
			continue // there is no column that would be empty
		}
		paint := plain
		if column+1 == endedColumn {
			paint = func(text string) string { return t.colors.ended(row[endedColumn], text) }
		}
		parts = append(parts, part{text, paint})
	}
	t.line(row[0]+strings.Repeat(" ", width-utf8.RuneCountInString(row[0])+2), strings.Repeat(" ", width), parts...)
}

// row returns the run as a row of the table.
func (r *pastRun) row() []string {
	return []string{r.numbers(), r.Started.Local().Format(timeLayout), r.took(), r.Ended, r.changes(), r.script(), r.who()}
}

// numbers names the run, or those that it stands for.
func (r *pastRun) numbers() string {
	if r.Times > 1 {
		return fmt.Sprintf("%d-%d", r.FirstNumber(), r.Number)
	}
	return fmt.Sprint(r.Number)
}

// count counts the runs.
func (h *history) count() int {
	count := 0
	for _, r := range h.Runs {
		count += max(r.Times, 1)
	}
	return count
}

// ended colours text by how a run ended.
func (p palette) ended(state, text string) string {
	switch state {
	case string(apply.Done):
		return p.green(text)
	case "running", string(apply.Interrupted):
		return p.yellow(text)
	default:
		return p.red(text)
	}
}

// took says how long a run lasted.
func (r *pastRun) took() string {
	if r.Finished.IsZero() {
		return "-"
	}
	d := r.Finished.Sub(r.Started)
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// changes counts what became of objects, without those that stayed as they were.
func (r *pastRun) changes() string {
	var parts []string
	for _, s := range statusOrder() {
		if n := r.Counts[string(s)]; n > 0 && s != apply.Unchanged && s != apply.Kept {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(s), "-", " ")))
		}
	}
	if len(parts) == 0 && r.Counts == nil && len(r.Planned) > 0 {
		return "meant " + r.intent()
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}

// intent counts what a run meant to do.
func (r *pastRun) intent() string {
	var parts []string
	for _, m := range planMarks() {
		if n := r.Planned[string(m.action)]; n > 0 && m.sign != " " && m.sign != "=" {
			parts = append(parts, fmt.Sprintf("%d %s", n, m.verb))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// script names the script and the beginning of its hash.
func (r *pastRun) script() string {
	hash := strings.TrimPrefix(r.ScriptHash, "sha256:")
	hash = hash[:min(len(hash), 8)]
	switch {
	case r.Script == "" && hash == "":
		return "-"
	case r.Script == "":
		return hash
	default:
		return strings.TrimSpace(filepath.Base(r.Script) + " " + hash)
	}
}

// who names the user, or the process where the API server did not tell, and what was called.
func (r *pastRun) who() string {
	who := r.User
	if who == "" {
		who = r.By
	}
	switch r.Verb {
	case "", inventory.VerbApply:
		return who
	default:
		return fmt.Sprintf("%s (%s)", who, r.Verb)
	}
}

// writeRun prints one run in full.
func writeRun(w io.Writer, h *history, r *pastRun, style treeStyle) {
	t, colors := &treeWriter{treeStyle: style, w: w}, style.colors
	head := "run"
	if r.Times > 1 {
		head = "runs"
	}
	t.line("", "", part{fmt.Sprintf("%s %s of deployment %q on %s:", head, r.numbers(), h.Deployment, h.Cluster) + " " + r.Ended, func(text string) string {
		if lead, ended := strings.CutSuffix(text, r.Ended); ended {
			return lead + colors.ended(r.Ended, r.Ended)
		}
		return text
	}})
	const column = 16
	line := func(name, text string) {
		if text != "" {
			t.line(fmt.Sprintf("  %-*s", column-2, name), strings.Repeat(" ", column-2), part{text, plain})
		}
	}
	begun := r.Started.Local().Format(timeLayout)
	if took := r.took(); took != "-" {
		begun += ", took " + took
	}
	line("verb", r.Verb)
	if r.Times > 1 {
		line("times", fmt.Sprintf("%d in a row since %s; the last of them:", r.Times, r.First.Local().Format(timeLayout)))
	}
	line("begun", begun)
	line("user", r.User)
	line("process", r.By)
	line("harmonyscript", r.Version)
	line("script", r.Script)
	line("script hash", r.ScriptHash)
	line("API versions", strings.Join(r.APIVersions, ", "))
	line("parameters", r.parameters())
	if r.Planned != nil {
		line("meant", r.intent())
	}
	if r.Counts != nil {
		line("changed", r.changes())
	}
	if n := r.Counts[string(apply.Unchanged)]; n > 0 {
		line("unchanged", plural(n, "object"))
	}
	for _, c := range r.Changes {
		subject := c.ID.String()
		if c.ID.Kind == "" {
			subject = "Helm release " + c.Release
			if c.Chart != "" {
				subject += ", chart " + c.Chart
			}
			if c.Revision > 0 {
				subject += fmt.Sprintf(", revision %d", c.Revision)
			}
		}
		const below = "         "
		t.line(statusLine(strings.ReplaceAll(c.Status, "-", " "), ""), below, part{subject, plain}, part{strings.TrimSpace(place(c.Position, palette{})), colors.faint})
		if c.Reason != "" {
			t.line(below+"  ", below, part{c.Reason, plain})
		}
	}
	if r.MoreChanges > 0 {
		fmt.Fprintf(w, "and %d more\n", r.MoreChanges)
	}
	if r.Ended == "did not end" {
		t.line("", "", part{"It was killed, or lost its cluster; the next apply takes up what it left.", plain})
	}
}

// parameters names those that were set, and how they differ from the run before.
func (r *pastRun) parameters() string {
	var parts []string
	for _, p := range r.Parameters {
		text := p.Name
		if how := r.Changed[p.Name]; how != "" {
			text += " (" + how + ")"
		}
		parts = append(parts, text)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Changed)) {
		if r.Changed[name] == "no longer set" {
			parts = append(parts, name+" (no longer set)")
		}
	}
	return strings.Join(parts, ", ")
}
