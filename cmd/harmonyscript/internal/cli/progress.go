// SPDX-License-Identifier: Apache-2.0

package cli

// This file shows a run while it goes on: live lines on a terminal, plain lines elsewhere, JSON for programs.

import (
	"fmt"
	"io"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// progress shows the events of a run. observe is called for one event at a time.
type progress interface {
	observe(apply.Event)
	// close ends the display; what is printed afterwards stands below it.
	close()
}

// newProgress returns the display for a run that applies the objects; nil when it removes what is there.
func newProgress(f *factory, objects []backend.Object) progress {
	switch {
	case f.json():
		return jsonProgress{f}
	case f.section != nil && f.section.fleet.live != nil:
		return f.section.fleet.live.progress(f.section, objects)
	case f.section != nil:
		return &plainProgress{out: f.streams.Out}
	case f.streams.ErrIsTerminal && !f.streams.dumb():
		live := newLiveProgress(f.streams.Err, f.errPalette(), objects)
		live.restore = f.streams.notices.redirect(live.say)
		return live
	default:
		return &plainProgress{out: f.streams.Out}
	}
}

// jsonProgress prints one JSON object per event on the output stream.
type jsonProgress struct{ f *factory }

func (p jsonProgress) observe(e apply.Event) {
	// A reader that went away is noticed when the outcome is printed.
	_ = p.f.printJSON(e)
}

func (jsonProgress) close() {}

// plainProgress prints a line per thing that happened. What is awaited is said when it changes.
type plainProgress struct {
	out  io.Writer
	last string
}

func (p *plainProgress) observe(e apply.Event) {
	text := eventText(e)
	if text == "" || text == p.last {
		return
	}
	p.last = text
	fmt.Fprintln(p.out, text)
}

func (p *plainProgress) close() {}

// eventText returns the line for an event, or "" for one that needs none.
func eventText(e apply.Event) string {
	switch e.Type {
	case apply.WaitingForLock, apply.LockLost:
		return e.Message
	case apply.ObjectSettled:
		return statusLine(string(e.Status), settledText(e))
	case apply.ReleaseBegun, apply.ReleaseSettled:
		return statusLine(releaseVerb(e), releaseText(e))
	case apply.ObjectReady:
		return statusLine("ready", e.ID.String())
	case apply.WaitingForReady:
		return statusLine("waiting", awaitedText(e.Waiting))
	case apply.Removing:
		return statusLine("removing", awaitedText(e.Waiting))
	default:
		return watchText(e)
	}
}

// settledText names the object of an event, and says so where it is not known what became of it.
func settledText(e apply.Event) string {
	if e.Uncertain {
		return e.ID.String() + ": " + e.Message
	}
	return e.ID.String()
}

// releaseVerb says what is done, or was done, to the release of an event.
func releaseVerb(e apply.Event) string {
	if e.Type == apply.ReleaseSettled {
		return string(e.Status)
	}
	return "helm"
}

// releaseText names the release of an event, with its chart.
func releaseText(e apply.Event) string {
	text := "Helm release " + e.Release
	if e.Type == apply.ReleaseBegun {
		text = fmt.Sprintf("%s Helm release %s", releaseWord(e.Action), e.Release)
	}
	if e.Chart.Version != "" {
		text += fmt.Sprintf(", chart %s %s", e.Chart.Name, e.Chart.Version)
	}
	if e.Revision > 0 {
		text += fmt.Sprintf(", revision %d", e.Revision)
	}
	return text
}

// releaseWord names what is done to a release.
func releaseWord(action plan.ReleaseAction) string {
	for _, m := range releaseMarks() {
		if m.action == action {
			return m.word
		}
	}
	return string(action)
}

func statusLine(status, text string) string { return fmt.Sprintf("%-9s  %s", status, text) }

// awaitedText names what is awaited: the first with its reason, the rest as a number.
func awaitedText(waiting []apply.Awaited) string {
	if len(waiting) == 0 {
		return "for the cluster"
	}
	first := waiting[0]
	text := first.ID.String()
	if explanation := oneLine(first.Reason, first.Message); explanation != "" {
		text += ": " + explanation
	}
	if more := len(waiting) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
