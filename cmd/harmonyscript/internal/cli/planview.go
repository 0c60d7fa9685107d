// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints plans for people.

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// planMark is how an action is shown: a sign, and the word that counts it.
type planMark struct {
	action plan.Action
	sign   string
	verb   string
}

// planMarks are in the order in which the summary counts them.
func planMarks() []planMark {
	return []planMark{
		{plan.Create, "+", "to create"},
		{plan.Update, "~", "to update"},
		{plan.Adopt, "^", "to adopt"},
		{plan.Delete, "-", "to delete"},
		{plan.Keep, "=", "kept"},
		{plan.Conflict, "!", "in conflict"},
		{plan.Blocked, "!", "blocked"},
		{plan.Unchanged, " ", "unchanged"},
	}
}

func (p palette) mark(action plan.Action, text string) string {
	switch action {
	case plan.Create:
		return p.green(text)
	case plan.Update, plan.Adopt:
		return p.yellow(text)
	case plan.Delete, plan.Conflict, plan.Blocked:
		return p.red(text)
	default:
		return p.faint(text)
	}
}

// writePlan prints the plan: what changes, under the score that wants it, and the count of everything.
func writePlan(w io.Writer, p *plan.Plan, colors palette) {
	fmt.Fprintf(w, "plan for deployment %q on %s\n", p.Deployment, p.Cluster)
	for _, m := range p.Migrations {
		writeMigrationSteps(w, m, colors)
	}
	view := planView{w: w, colors: colors, signs: map[plan.Action]string{}}
	for _, m := range planMarks() {
		view.signs[m.action] = m.sign
	}
	for _, s := range byScore(p) {
		fmt.Fprintf(w, "\n%s\n", colors.bold(s.title))
		for _, step := range s.steps {
			view.step(step, "  ")
		}
		for _, r := range s.releases {
			view.release(r, s.released[r.Release])
		}
	}
	fmt.Fprintf(w, "\n%s\n", planSummary(p))
}

// scorePlan is what a plan has of one score that changes.
type scorePlan struct {
	title string
	// steps are those of objects of our own.
	steps    []plan.Step
	releases []plan.ReleaseStep
	// released are the steps of objects of releases, by the release's key.
	released map[string][]plan.Step
}

// byScore puts what changes under the scores that want it, in the order in which they are first met.
func byScore(p *plan.Plan) []*scorePlan {
	var all []*scorePlan
	known := map[string]*scorePlan{}
	of := func(title string) *scorePlan {
		s, ok := known[title]
		if !ok {
			s = &scorePlan{title: title, released: map[string][]plan.Step{}}
			known[title] = s
			all = append(all, s)
		}
		return s
	}
	owner := map[string]string{}
	for _, r := range p.Releases {
		owner[r.Release] = r.Score
	}
	for _, step := range p.Steps {
		title, listed := owner[step.Release]
		switch {
		case step.Action == plan.Unchanged:
		case step.Release != "" && listed:
			s := of(title)
			s.released[step.Release] = append(s.released[step.Release], step)
		default:
			of(step.Score).steps = append(of(step.Score).steps, step)
		}
	}
	for _, r := range p.Releases {
		if r.Action == plan.ReleaseUnchanged && known[r.Score] != nil && len(known[r.Score].released[r.Release]) == 0 {
			continue
		}
		if r.Action != plan.ReleaseUnchanged || known[r.Score] != nil {
			of(r.Score).releases = append(of(r.Score).releases, r)
		}
	}
	return all
}

// writeMigrationSteps prints how a score moves to another version of the monitoring API.
func writeMigrationSteps(w io.Writer, m plan.Migration, colors palette) {
	mode := "in parallel"
	if m.InPlace {
		mode = "in place"
	}
	place := ""
	if m.Position.IsValid() {
		place = "  " + colors.faint(m.Position.String())
	}
	fmt.Fprintf(w, "\n%s: %s%s\n", colors.yellow("migration"), colors.bold(m.Score), place)
	underway := ""
	if m.Underway {
		underway = "; it is under way already"
	}
	writeWrapped(w, "  ", 2, fmt.Sprintf("from %s to %s, %s%s", strings.Join(m.From, " and "), m.To, mode, underway))
	for i, step := range m.Steps {
		writeWrapped(w, fmt.Sprintf("  %d. ", i+1), 5, step)
	}
}

func planSummary(p *plan.Plan) string {
	if !p.HasChanges() {
		return fmt.Sprintf("nothing to change: %s as the script wants %s", plural(len(p.Steps), "object"), map[bool]string{true: "it", false: "them"}[len(p.Steps) == 1])
	}
	counts := p.Count()
	var parts []string
	for _, m := range planMarks() {
		if n := counts[m.action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, m.verb))
		}
	}
	text := strings.Join(parts, ", ")
	if n := p.Drifted(); n > 0 {
		text += fmt.Sprintf("; %s because others changed or removed what was applied", plural(n, "change"))
	}
	releases := map[plan.ReleaseAction]int{}
	for _, r := range p.Releases {
		releases[r.Action]++
	}
	for _, m := range releaseMarks() {
		if n := releases[m.action]; n > 0 {
			text += fmt.Sprintf("; %s %s", plural(n, "Helm release"), m.verb)
		}
	}
	return text
}

// planView prints steps.
type planView struct {
	w      io.Writer
	colors palette
	signs  map[plan.Action]string
}

func (v planView) place(p score.Position) string {
	if !p.IsValid() {
		return ""
	}
	return "  " + v.colors.faint(p.String())
}

// step prints what happens to an object, indented by lead.
func (v planView) step(s plan.Step, lead string) {
	w, colors := v.w, v.colors
	fmt.Fprintf(w, "%s%s %s%s\n", lead, colors.mark(s.Action, v.signs[s.Action]), s.ID, v.place(s.Position))
	lead += "    "
	if s.Reason != "" {
		// The line above has named the object already.
		fmt.Fprintf(w, "%s%s\n", lead, strings.TrimPrefix(s.Reason, s.ID.String()+": "))
	}
	for _, d := range s.Drift {
		v.drift(d, lead)
	}
	for _, c := range s.Conflicts {
		fmt.Fprintf(w, "%s%s owned by %s: %s\n", lead, colors.red("conflict:"), c.Manager, strings.Join(c.Fields, ", "))
	}
	for _, c := range s.Changes {
		back := ""
		if c.Drift {
			back = "  " + colors.faint("(set back)")
		}
		fmt.Fprintf(w, "%s%s%s\n", lead, changeText(c, colors), back)
	}
}

// drift prints what others did to an object.
func (v planView) drift(d plan.Drift, lead string) {
	label := v.colors.yellow("drift:")
	when := ""
	if !d.Time.IsZero() {
		when = "  " + v.colors.faint(d.Time.Local().Format(timeLayout))
	}
	for _, c := range d.Values {
		how := "removed"
		if d.Manager != "" {
			how = "changed by " + d.Manager
		}
		text := changeText(c, v.colors)
		if c.Before == nil && !c.Secret && c.After != nil {
			// What it was is not known any more: the script asks for something else by now.
			text = fmt.Sprintf("%s: now %s", c.Path, valueText(c.After))
		} else if c.Before == nil && !c.Secret {
			text = c.Path
		} else if c.After == nil && !c.Secret {
			text = fmt.Sprintf("%s: %s", c.Path, valueText(c.Before))
			how = strings.Replace(how, "changed", "removed", 1)
		}
		fmt.Fprintf(v.w, "%s%s %s: %s%s\n", lead, label, how, text, when)
	}
}

// releaseMark is how an action on a release is shown.
type releaseMark struct {
	action plan.ReleaseAction
	// like is the action on an object that looks the same.
	like plan.Action
	// verb counts it, word names it.
	verb, word string
}

func releaseMarks() []releaseMark {
	return []releaseMark{
		{plan.ReleaseInstall, plan.Create, "to install", "install"},
		{plan.ReleaseUpgrade, plan.Update, "to upgrade", "upgrade"},
		{plan.ReleaseRecover, plan.Update, "to recover", "recover"},
		{plan.ReleaseHandOver, plan.Delete, "to hand over", "hand over"},
		{plan.ReleaseUninstall, plan.Delete, "to uninstall", "uninstall"},
		{plan.ReleaseBlocked, plan.Blocked, "blocked", "blocked"},
		{plan.ReleaseUnchanged, plan.Unchanged, "unchanged", "unchanged"},
	}
}

// release prints what happens to a release, with the objects and the hooks in it.
func (v planView) release(r plan.ReleaseStep, steps []plan.Step) {
	w, colors := v.w, v.colors
	mark := releaseMark{like: plan.Update, word: string(r.Action)}
	for _, m := range releaseMarks() {
		if m.action == r.Action {
			mark = m
		}
	}
	fmt.Fprintf(w, "  %s Helm release %s: %s%s\n", colors.mark(mark.like, v.signs[mark.like]), r.Release, colors.mark(mark.like, mark.word), v.place(r.Position))
	if text := releaseChart(r); text != "" {
		fmt.Fprintf(w, "      %s\n", text)
	}
	if r.Reason != "" {
		writeWrapped(w, "      ", 6, r.Reason)
	}
	for _, s := range steps {
		v.step(s, "      ")
	}
	for _, h := range r.Hooks {
		fmt.Fprintf(w, "      %s %s  %s\n", colors.cyan("hook"), h.ID, strings.Join(h.Events, ", "))
	}
}

// releaseChart says which chart a release has and gets.
func releaseChart(r plan.ReleaseStep) string {
	text := strings.TrimSpace(r.Chart.Name + " " + r.Chart.Version)
	if text == "" {
		return ""
	}
	if r.Former != nil {
		before := strings.TrimSpace(r.Former.Name + " " + r.Former.Version)
		after := text
		if r.Former.Name == r.Chart.Name {
			after = r.Chart.Version
		}
		if before == text {
			// The same version with other content.
			before, after = before+" ("+shortDigest(r.Former.Digest)+")", shortDigest(r.Chart.Digest)
		}
		text = before + " -> " + after
	}
	text = "chart " + text
	if r.Revision > 0 {
		text += fmt.Sprintf(", at revision %d", r.Revision)
	}
	return text
}

// shortDigest keeps of a digest what tells two apart.
func shortDigest(digest string) string {
	const length = len("sha256:") + 12
	if len(digest) > length {
		return digest[:length]
	}
	return digest
}

func changeText(c plan.Change, colors palette) string {
	switch {
	case c.Secret:
		return fmt.Sprintf("%s: (secret, differs)", c.Path)
	case c.Before == nil:
		return fmt.Sprintf("%s: %s", c.Path, colors.green(valueText(c.After)))
	case c.After == nil:
		return fmt.Sprintf("%s: %s -> (removed)", c.Path, colors.red(valueText(c.Before)))
	default:
		return fmt.Sprintf("%s: %s -> %s", c.Path, colors.red(valueText(c.Before)), colors.green(valueText(c.After)))
	}
}

func valueText(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
