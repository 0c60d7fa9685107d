// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints how an object and its pods are doing for people.

import (
	"fmt"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

func (t *treeWriter) object(o status.Object, lead string, last bool) {
	own, below := branch(lead, last)
	t.line(own, below, part{o.ID.String(), plain}, part{conditionText(o.Condition), func(text string) string { return t.colors.state(o.State, text) }},
		part{age(o.Created, t.now), plain}, t.place(o.Position))
	detail := below + "  "
	if len(o.Owned)+len(o.Pods) > 0 {
		detail = below + "│ "
	}
	if o.Drift != nil {
		t.line(detail, detail, part{driftText(o.Drift, t.now), t.colors.yellow})
	}
	for _, c := range o.Conditions {
		if t.all || o.State != status.Ready && c.Status != "True" {
			text := fmt.Sprintf("%s=%s", c.Type, c.Status)
			t.line(detail, detail, part{strings.TrimSpace(text + " " + oneLine(c.Reason, c.Message)), plain}, part{t.since(c), plain})
		}
	}
	for _, e := range o.Events {
		t.event(e, detail)
	}
	children := len(o.Owned) + len(o.Pods)
	for i, child := range o.Owned {
		t.object(child, below, i == children-1)
	}
	for i, pod := range o.Pods {
		t.pod(pod, below, len(o.Owned)+i == children-1)
	}
}

// since says for how long a condition has been so.
func (t *treeWriter) since(c status.ObjectCondition) string {
	if c.LastTransition.IsZero() {
		return ""
	}
	return "since " + age(c.LastTransition, t.now)
}

func (t *treeWriter) event(e status.Event, lead string) {
	text := "warning " + oneLine(e.Reason, e.Message)
	if e.Count > 1 {
		text += fmt.Sprintf(" (%d times)", e.Count)
	}
	t.line(lead, lead, part{text, func(text string) string {
		if rest, ok := strings.CutPrefix(text, "warning"); ok {
			return t.colors.yellow("warning") + rest
		}
		return text
	}}, part{age(e.Last, t.now), plain})
}

// driftText says what others did to an object.
func driftText(d *status.Drift, now time.Time) string {
	text := "drift: "
	switch plan.DriftKind(d.Kind) {
	case plan.DriftRecreated:
		text += "others deleted it and made it again"
	case plan.DriftUnlabelled:
		text += "others took our label off it"
	default:
		text += "others changed fields of ours"
	}
	if d.Manager != "" {
		text += ", last " + d.Manager
		if at := age(d.Time, now); at != "" {
			text += " " + at + " ago"
		}
	}
	return text
}

func (t *treeWriter) pod(pod status.Pod, lead string, last bool) {
	own, below := branch(lead, last)
	ready, count := 0, 0
	for _, c := range pod.Containers {
		if !c.Init {
			count++
			if c.Ready {
				ready++
			}
		}
	}
	containers, restarts, node := "", "", ""
	if count > 0 {
		containers = fmt.Sprintf("%d/%d containers", ready, count)
	}
	if pod.Restarts > 0 {
		restarts = plural(int(pod.Restarts), "restart")
	}
	if pod.Node != "" && (t.all || pod.State != status.Ready) {
		node = "on " + pod.Node
	}
	t.line(own, below, part{"Pod " + pod.Name, plain}, part{conditionText(pod.Condition), func(text string) string { return t.colors.state(pod.State, text) }},
		part{containers, plain}, part{restarts, t.colors.yellow}, part{node, plain}, part{age(pod.Created, t.now), plain})
	for _, c := range pod.Containers {
		finished := c.Init && c.State == "terminated" && c.ExitCode == 0
		if t.all || !c.Ready && !finished || c.Restarts > 0 {
			t.line(below+"  ", below+"  ", part{containerText(c), plain})
		}
	}
	for _, e := range pod.Events {
		t.event(e, below+"  ")
	}
}

// containerText says how a container is doing.
func containerText(c status.Container) string {
	text := c.Name
	if c.Init {
		text += " (init)"
	}
	state := c.State
	if state == "" {
		state = "not reported yet"
	}
	text += "  " + state
	if why := oneLine(c.Reason, c.Message); why != "" {
		text += ": " + why
	}
	if c.Restarts > 0 {
		text += ", " + plural(int(c.Restarts), "restart")
		if c.LastReason != "" || c.ExitCode != 0 {
			text += fmt.Sprintf(", last ended with %s (exit code %d)", c.LastReason, c.ExitCode)
		}
	}
	return text
}

func conditionText(c status.Condition) string {
	if c.State == status.Ready || c.Message == "" {
		return string(c.State)
	}
	reason := c.Reason
	if reason == string(c.State) {
		reason = ""
	}
	return string(c.State) + ": " + oneLine(reason, c.Message)
}

func oneLine(reason, message string) string {
	message = strings.Join(strings.Fields(message), " ")
	switch {
	case reason == "":
		return message
	case message == "":
		return reason
	default:
		return reason + ": " + message
	}
}

// age returns how old something is in the largest unit that says enough, the way kubectl does.
func age(created, now time.Time) string {
	if created.IsZero() {
		return ""
	}
	d := max(now.Sub(created), 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

func place(p score.Position, colors palette) string {
	if !p.IsValid() {
		return ""
	}
	return "  " + colors.faint(p.String())
}
