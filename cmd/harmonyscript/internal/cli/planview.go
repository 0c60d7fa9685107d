// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints plans for people.

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/plan"
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
	signs := map[plan.Action]string{}
	for _, m := range planMarks() {
		signs[m.action] = m.sign
	}
	var titles []string
	byScore := map[string][]plan.Step{}
	for _, s := range p.Steps {
		if s.Action == plan.Unchanged {
			continue
		}
		if _, known := byScore[s.Score]; !known {
			titles = append(titles, s.Score)
		}
		byScore[s.Score] = append(byScore[s.Score], s)
	}
	for _, title := range titles {
		fmt.Fprintf(w, "\n%s\n", colors.bold(title))
		for _, s := range byScore[title] {
			writeStep(w, s, signs[s.Action], colors)
		}
	}
	fmt.Fprintf(w, "\n%s\n", planSummary(p))
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
	return strings.Join(parts, ", ")
}

func writeStep(w io.Writer, s plan.Step, sign string, colors palette) {
	place := ""
	if s.Position.IsValid() {
		place = "  " + colors.faint(s.Position.String())
	}
	fmt.Fprintf(w, "  %s %s%s\n", colors.mark(s.Action, sign), s.ID, place)
	if s.Reason != "" {
		// The line above has named the object already.
		fmt.Fprintf(w, "      %s\n", strings.TrimPrefix(s.Reason, s.ID.String()+": "))
	}
	for _, d := range s.Drift {
		fmt.Fprintf(w, "      %s changed by %s: %s\n", colors.yellow("drift:"), d.Manager, strings.Join(d.Fields, ", "))
	}
	for _, c := range s.Conflicts {
		fmt.Fprintf(w, "      %s owned by %s: %s\n", colors.red("conflict:"), c.Manager, strings.Join(c.Fields, ", "))
	}
	for _, c := range s.Changes {
		fmt.Fprintf(w, "      %s\n", changeText(c, colors))
	}
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
