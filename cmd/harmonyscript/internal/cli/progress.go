// SPDX-License-Identifier: Apache-2.0

package cli

// This file shows a run while it goes on: live lines on a terminal, plain lines elsewhere, JSON for programs.

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
)

// progress shows the events of a run. observe is called for one event at a time.
type progress interface {
	observe(apply.Event)
	// close ends the display; what is printed afterwards stands below it.
	close()
}

func newProgress(f *factory) progress {
	switch {
	case f.json():
		return jsonProgress{f}
	case f.streams.ErrIsTerminal:
		return newLiveProgress(f.streams.Err, f.errPalette())
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

// liveScores is how many scores get a line of their own; with more of them one line stands for all.
const liveScores = 12

// liveProgress keeps one line per score on the terminal: spinner, title, how far it is, time, what is awaited.
type liveProgress struct {
	container *mpb.Progress
	colors    palette
	start     time.Time

	mutex sync.Mutex
	lines map[string]*liveLine
}

// liveLine is the line of one score. Its fields are read by the drawing goroutine under the mutex.
type liveLine struct {
	bar    *mpb.Bar
	done   int
	detail string
	start  time.Time
}

func newLiveProgress(out io.Writer, colors palette) *liveProgress {
	return &liveProgress{
		container: mpb.New(mpb.WithOutput(out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(100*time.Millisecond)),
		colors:    colors, start: time.Now(), lines: map[string]*liveLine{},
	}
}

func (p *liveProgress) observe(e apply.Event) {
	switch e.Type {
	case apply.WaitingForLock:
		p.say(e.Message)
	case apply.ObjectSettled:
		p.tell(e.Score, 1, statusLine(string(e.Status), e.ID.String()))
		if e.Status == apply.ObjectFailed {
			p.say(p.colors.red("failed") + "  " + e.ID.String())
		}
	case apply.ObjectReady:
		p.tell(e.Score, 0, statusLine("ready", e.ID.String()))
	case apply.WaitingForReady, apply.Removing:
		for _, a := range e.Waiting {
			p.tell(a.Score, 0, eventText(apply.Event{Type: e.Type, Waiting: []apply.Awaited{a}}))
		}
	}
}

// tell updates the line of a score.
func (p *liveProgress) tell(title string, done int, detail string) {
	line := p.line(title)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	line.done += done
	line.detail = detail
}

func (p *liveProgress) say(text string) {
	// Writing through the container puts the text above the live lines.
	_, _ = fmt.Fprintln(p.container, text)
}

// line returns the line of a score, made when the score is first heard of.
func (p *liveProgress) line(title string) *liveLine {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if line, ok := p.lines[title]; ok {
		return line
	}
	if len(p.lines) >= liveScores {
		title = "more scores"
		if line, ok := p.lines[title]; ok {
			return line
		}
	}
	line := &liveLine{start: time.Now()}
	p.lines[title] = line
	line.bar = p.container.New(0, mpb.SpinnerStyle().PositionLeft(), mpb.BarWidth(2),
		mpb.AppendDecorators(
			decor.Any(func(decor.Statistics) string {
				p.mutex.Lock()
				defer p.mutex.Unlock()
				return fmt.Sprintf("%s  %s  %s  %s", p.colors.bold(title), plural(line.done, "object"),
					time.Since(line.start).Round(time.Second), p.colors.faint(line.detail))
			}),
		))
	return line
}

func (p *liveProgress) close() {
	p.mutex.Lock()
	bars := make([]*mpb.Bar, 0, len(p.lines))
	for _, line := range p.lines {
		bars = append(bars, line.bar)
	}
	p.mutex.Unlock()
	for _, bar := range bars {
		// Dropping the lines leaves the terminal to the outcome.
		bar.Abort(true)
	}
	p.container.Wait()
}
