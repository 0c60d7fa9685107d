// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints how a deployment is doing for people.

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

const (
	// scoresInFull is up to how many scores are shown with all of their objects although they are ready.
	scoresInFull = 3
	// scoresInLines is up to how many ready scores have a line each.
	scoresInLines = 20
)

// treeStyle is how a tree is printed.
type treeStyle struct {
	colors palette
	// width is that of the terminal, in characters; 0 means that lines are as long as they are.
	width int
	// all shows everything, also of what is ready.
	all bool
}

// treeWriter prints a tree.
type treeWriter struct {
	treeStyle
	w   io.Writer
	now time.Time
}

// part is a piece of a line that stays together; paint colours what is printed of it.
type part struct {
	text  string
	paint func(string) string
}

func plain(text string) string { return text }

// line prints parts, two spaces between them. What does not fit goes on below, behind the lead below. Parts that are longer than
// a line are broken at spaces.
func (t *treeWriter) line(own, below string, parts ...part) {
	below += "  "
	lead, used, begun := own, 0, false
	room := func() int { return t.width - utf8.RuneCountInString(lead) }
	fmt.Fprint(t.w, lead)
	write := func(p part, text, gap string) {
		if length := utf8.RuneCountInString(text); begun && t.width > 0 && used+len(gap)+length > room() {
			lead, used, begun = below, 0, false
			fmt.Fprintf(t.w, "\n%s", lead)
		}
		if begun {
			fmt.Fprint(t.w, gap)
			used += len(gap)
		}
		fmt.Fprint(t.w, p.paint(text))
		used, begun = used+utf8.RuneCountInString(text), true
	}
	for _, p := range parts {
		if p.text == "" {
			continue
		}
		if t.width == 0 || utf8.RuneCountInString(p.text) <= t.width-utf8.RuneCountInString(below) {
			write(p, p.text, "  ")
			continue
		}
		gap := "  "
		for _, word := range strings.Fields(p.text) {
			write(p, word, gap)
			gap = " "
		}
	}
	fmt.Fprintln(t.w)
}

// writeTree prints the tree: every object of a score, and below those that are not ready what is known of why.
func writeTree(w io.Writer, tree deployed, style treeStyle) {
	t := &treeWriter{treeStyle: style, w: w, now: tree.ReadAt}
	state := tree.State
	if state == status.Ready && !tree.ready() {
		state = status.Failed
	}
	t.line("", "", part{fmt.Sprintf("deployment %q:", tree.Deployment) + " " + string(state), func(text string) string {
		return strings.TrimSuffix(text, string(state)) + t.colors.state(state, string(state))
	}})
	if tree.LastRun != "" {
		t.line("", "", part{tree.LastRun, t.colors.yellow})
	}
	full, lines, hidden, objects := t.all || len(tree.Scores) <= scoresInFull, 0, 0, 0
	for _, s := range tree.Scores {
		if t.calm(s, tree) {
			lines++
		}
	}
	gap := true
	for _, s := range tree.Scores {
		switch {
		case full || !t.calm(s, tree):
			fmt.Fprintln(w)
			t.score(s, tree)
			gap = true
		case lines > scoresInLines:
			hidden++
			objects += s.Counts.Objects
		default:
			if gap {
				fmt.Fprintln(w)
			}
			gap = false
			t.line("", "", part{s.Title + ":", t.colors.bold}, part{string(status.Ready), t.colors.green}, part{plural(s.Counts.Objects, "object") + podText(s.Counts), plain})
		}
	}
	if hidden > 0 {
		text := fmt.Sprintf("%s: Ready, with %s; --all shows them", plural(hidden, "more score"), plural(objects, "object"))
		if hidden == len(tree.Scores) {
			text = fmt.Sprintf("%s: all Ready; --all shows them", plural(hidden, "score"))
		}
		fmt.Fprintln(w)
		t.line("", "", part{text, t.colors.green})
	}
	for _, problem := range tree.Problems {
		t.line("", "", part{"could not read:", t.colors.yellow}, part{problem, plain})
	}
	fmt.Fprintln(w)
	t.line("", "", part{treeSummary(tree), plain})
}

// calm reports whether there is nothing to say about a score.
func (t *treeWriter) calm(s status.Score, tree deployed) bool {
	if s.State != status.Ready || s.Counts.Drifted > 0 {
		return false
	}
	for _, r := range tree.Releases {
		if r.Score == s.Title && (r.State != status.Ready || r.Message != "") {
			return false
		}
	}
	for _, o := range s.Objects {
		if len(o.Events) > 0 {
			return false
		}
	}
	return true
}

// treeSummary counts everything in a line.
func treeSummary(tree deployed) string {
	// The REPL shows some of the scores only.
	c := status.Counts{States: map[status.State]int{}}
	for _, s := range tree.Scores {
		c.Objects, c.Drifted = c.Objects+s.Counts.Objects, c.Drifted+s.Counts.Drifted
		c.Pods, c.ReadyPods, c.Restarts = c.Pods+s.Counts.Pods, c.ReadyPods+s.Counts.ReadyPods, c.Restarts+s.Counts.Restarts
		for state, n := range s.Counts.States {
			c.States[state] += n
		}
	}
	text := fmt.Sprintf("%s, %s: ", plural(len(tree.Scores), "score"), plural(c.Objects, "object"))
	var parts []string
	for _, s := range []struct {
		state status.State
		word  string
	}{
		{status.Ready, "ready"},
		{status.InProgress, "in progress"},
		{status.Failed, "failed"},
		{status.NotFound, "not found"},
		{status.Terminating, "being deleted"},
		{status.Unknown, "not known"},
	} {
		if n := c.States[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.word))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	text += strings.Join(parts, ", ") + podText(c)
	if c.Drifted > 0 {
		text += fmt.Sprintf("; %d changed by others: plan shows what", c.Drifted)
	}
	return text
}

// podText counts pods, if there are any.
func podText(c status.Counts) string {
	if c.Pods == 0 {
		return ""
	}
	text := fmt.Sprintf("; %d of %s ready", c.ReadyPods, plural(c.Pods, "pod"))
	if c.Restarts > 0 {
		text += ", " + plural(int(c.Restarts), "restart")
	}
	return text
}

// score prints a score with its releases and objects.
func (t *treeWriter) score(s status.Score, tree deployed) {
	t.line("", "", part{s.Title + ": " + string(s.State), func(text string) string {
		title := strings.TrimSuffix(text, ": "+string(s.State))
		if title == text {
			// A long title was broken.
			return t.colors.bold(text)
		}
		return t.colors.bold(title) + ": " + t.colors.state(s.State, string(s.State))
	}})
	for _, r := range tree.Releases {
		if r.Score == s.Title {
			t.release(r)
		}
	}
	for i, o := range s.Objects {
		t.object(o, "", i == len(s.Objects)-1)
	}
}

// release prints how a Helm release of a score is doing.
func (t *treeWriter) release(r releaseStatus) {
	state := string(r.State)
	if r.Status != "" {
		state = string(r.Status)
	}
	t.line("", "", part{"Helm release " + r.Release, plain}, part{state, func(text string) string { return t.colors.state(r.State, text) }},
		part{age(r.Updated, t.now), plain}, t.place(r.Position))
	if r.Chart != nil {
		t.line("  ", "", part{fmt.Sprintf("chart %s %s, revision %d", r.Chart.Name, r.Chart.Version, r.Revision), plain})
	}
	if r.Message != "" {
		t.line("  ", "", part{r.Message, plain})
	}
}

func (t *treeWriter) place(p score.Position) part {
	if !p.IsValid() {
		return part{"", plain}
	}
	return part{p.String(), t.colors.faint}
}

// branch returns the lead of a line in the tree and of the lines below it.
func branch(lead string, last bool) (own, below string) {
	if last {
		return lead + "└─ ", lead + "   "
	}
	return lead + "├─ ", lead + "│  "
}
