// SPDX-License-Identifier: Apache-2.0

package cli

// This file shows a run while it goes on: live lines on a terminal, plain lines elsewhere, JSON for programs.

import (
	"fmt"
	"io"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
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
	case apply.WaitingForLock:
		return e.Message
	case apply.ObjectSettled:
		return statusLine(string(e.Status), e.ID.String())
	case apply.ObjectReady:
		return statusLine("ready", e.ID.String())
	case apply.WaitingForReady:
		return statusLine("waiting", awaitedText(e.Waiting))
	case apply.Removing:
		return statusLine("removing", awaitedText(e.Waiting))
	default:
		return ""
	}
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
