// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints for people what a migration would mean.

import (
	"fmt"
	"io"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// shownScores is how many scores of one move are named.
const shownScores = 3

func (f *factory) writeMigration(path string, m *migration) {
	w, colors := f.streams.Out, f.outPalette()
	fmt.Fprintf(w, "%s to %s: %s\n", path, m.To, plural(moving(m.Assessment), "move"))
	for _, move := range m.Moves {
		writeMove(w, move, colors)
	}
	writeNeeds(w, m, colors)
	if list := m.shownDiagnostics(); len(list) > 0 {
		fmt.Fprintf(w, "\n%s", list.Render(m.Sources, colors.diagnostics()))
		fmt.Fprintf(w, "\n%s\n", countText(list))
	}
	fmt.Fprintln(w)
	edits := 0
	for _, move := range m.Moves {
		if move.From != move.To {
			edits++
		}
	}
	switch {
	case len(m.Moves) == 0:
		fmt.Fprintf(w, "nothing to move: no score of %q has a version\n", m.Deployment)
	case !m.Possible:
		fmt.Fprintf(w, "%s: %s would refuse this script\n", colors.red("it cannot move"), m.To)
	case edits == 0:
		fmt.Fprintf(w, "nothing to move: everything is on %s\n", m.To)
	default:
		fmt.Fprintf(w, "%s: make the %s, look at `harmonyscript plan`, then apply\n", colors.green("it can move"), map[bool]string{true: "edit", false: "edits"}[edits == 1])
	}
}

// moving counts the moves that there is something to do for.
func moving(a *deployment.Assessment) int {
	count := 0
	for _, m := range a.Moves {
		if m.From != m.To {
			count++
		}
	}
	return count
}

func writeMove(w io.Writer, m deployment.Move, colors palette) {
	titles := m.Scores
	more := ""
	if len(titles) > shownScores {
		more = fmt.Sprintf(" and %d more", len(titles)-shownScores)
		titles = titles[:shownScores]
	}
	fmt.Fprintf(w, "\n%s%s\n", colors.bold(strings.Join(titles, ", ")), more)
	if m.From == m.To {
		fmt.Fprintf(w, "  on %s already\n", m.To)
		return
	}
	how := "in parallel: new servers beside the old ones, which go when the new ones work"
	if m.InPlace {
		how = "in place: the servers keep their names, pods and volumes, and change hands"
	}
	line := func(name, text string) { writeWrapped(w, "  "+colors.faint(fmt.Sprintf("%-8s", name)), 10, text) }
	line("move", fmt.Sprintf("%s -> %s, %s", m.From, m.To, how))
	if len(m.Before) > 0 {
		line("now", someOf(m.Before))
	}
	if len(m.After) > 0 {
		line("then", someOf(m.After))
	}
	if c := m.Counts; c != nil {
		text := fmt.Sprintf("%d made, %d changed, %d the same, %d removed", c.Made, c.Changed, c.Kept, c.Removed)
		if c.HandedOver > 0 {
			text += fmt.Sprintf(", %d handed over", c.HandedOver)
		}
		line("objects", text+besides(m))
	}
	switch {
	case m.LosesRelease && m.InPlace:
		line("beware", "the Helm release brought Grafana, the exporters and prometheus-operator along. Grafana and the exporters go with it; the operator stays, because the stack needs one, until somebody deletes it")
	case m.LosesRelease:
		line("beware", "the Helm release brought prometheus-operator, Grafana and the exporters along, and takes them with it: whatever else uses them needs others before the move. The custom resource definitions stay")
	}
	line("edit", editText(m.Edit))
}

// besides says what the counts leave out.
func besides(m deployment.Move) string {
	if m.From == "V1_HELM" || m.To == "V1_HELM" {
		return ", besides what the chart makes"
	}
	return ""
}

func editText(e deployment.Edit) string {
	switch {
	case e.Literal:
		return fmt.Sprintf("%s: %s -> %s", e.Position, e.Old, e.New)
	case e.Old != "":
		return fmt.Sprintf("%s: make `%s` give %s", e.Position, e.Old, e.New)
	default:
		return fmt.Sprintf("%s: give api_version %s", e.Position, e.New)
	}
}

func someOf(names []string) string {
	const most = 4
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// writeNeeds prints what the cluster has to have, and what of it there is when one was asked.
func writeNeeds(w io.Writer, m *migration, colors palette) {
	if moving(m.Assessment) == 0 {
		return
	}
	missing := map[string]int{}
	if m.Missing != nil {
		for _, r := range *m.Missing {
			missing[r.Provider+" "+r.Group]++
		}
	}
	for i, p := range m.Providers() {
		if i == 0 {
			fmt.Fprintf(w, "\n%s\n", colors.bold("the cluster needs"))
		}
		there := ""
		switch count := missing[p.Name+" "+p.Group]; {
		case m.Missing == nil:
		case count == 0:
			there = ": " + colors.green("it is there")
		case count == len(p.Kinds):
			there = ": " + colors.red("it is not there")
		default:
			there = ": " + colors.red(fmt.Sprintf("it lacks %d of %d kinds", count, len(p.Kinds)))
		}
		writeWrapped(w, "  ", 2, p.Name+there)
		writeWrapped(w, "    ", 4, fmt.Sprintf("%s of %s", strings.Join(p.Kinds, ", "), p.Group))
	}
	for _, r := range m.Releases {
		if r.Chart != "" {
			fmt.Fprintf(w, "  chart %s %s: %s\n", r.Chart, r.Version, colors.green("it is there"))
			writeWrapped(w, "    ", 4, fmt.Sprintf("Helm release %s has %s of it", r.Name, plural(r.Objects, "object")))
		}
	}
}

// lineWidth is how wide what is wrapped becomes.
const lineWidth = 80

// writeWrapped prints text in lines that fit a narrow terminal. lead stands before the first one and is indent wide.
func writeWrapped(w io.Writer, lead string, indent int, text string) {
	used := indent
	fmt.Fprint(w, lead)
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && used+1+len([]rune(word)) > lineWidth:
			fmt.Fprintf(w, "\n%s", strings.Repeat(" ", indent))
			used = indent
		case i > 0:
			fmt.Fprint(w, " ")
			used++
		}
		fmt.Fprint(w, word)
		used += len([]rune(word))
	}
	fmt.Fprintln(w)
}
