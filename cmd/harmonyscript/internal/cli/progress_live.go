// SPDX-License-Identifier: Apache-2.0

package cli

// This file draws a run on a terminal: a line per score that says how far it is, and one for those that have none.

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// liveScores is how many scores have a line of their own at a time; with more of them one line stands for the rest.
const liveScores = 12

// liveProgress keeps the lines. What the run tells and what is drawn meet under the mutex.
type liveProgress struct {
	container *mpb.Progress
	colors    palette
	start     time.Time
	restore   func() // gives notices back
	// section is set when the lines are those of one of several clusters, whose container is shared.
	section *liveSection

	// Only observe and close touch these, which are called one after the other.
	bars []*mpb.Bar
	rest *mpb.Bar

	mutex    sync.Mutex
	order    map[string]int // of scores in the script
	scores   map[string]*liveScore
	lines    []*liveScore // what each line shows
	finished bool
}

// liveScore is what is known of one score that the run works on.
type liveScore struct {
	title         string
	order         int
	settled       int
	failed, ready bool
	detail        string
	start, end    time.Time
}

func newLiveProgress(out io.Writer, colors palette, objects []backend.Object) *liveProgress {
	return newLiveProgressIn(newLiveContainer(out), colors, objects)
}

func newLiveContainer(out io.Writer) *mpb.Progress {
	return mpb.New(mpb.WithOutput(out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(100*time.Millisecond))
}

func newLiveProgressIn(container *mpb.Progress, colors palette, objects []backend.Object) *liveProgress {
	p := &liveProgress{container: container, colors: colors, start: time.Now(), order: map[string]int{}, scores: map[string]*liveScore{}}
	for _, o := range objects {
		if _, known := p.order[o.Score]; !known {
			p.order[o.Score] = len(p.order)
		}
	}
	return p
}

func (p *liveProgress) observe(e apply.Event) {
	switch e.Type {
	case apply.WaitingForLock, apply.LockLost, apply.Disconnected, apply.Connected:
		p.say(e.Message)
		return
	case apply.ObjectSettled:
		if e.Status == apply.ObjectFailed {
			p.say(p.colors.red("failed") + "  " + settledText(e))
		}
	case apply.ReleaseSettled:
		if e.Status == apply.ObjectFailed {
			p.say(p.colors.red("failed") + "  " + releaseText(e))
		}
	}
	p.note(e)
	p.addBars()
}

// note takes over what an event tells.
func (p *liveProgress) note(e apply.Event) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	switch e.Type {
	case apply.ObjectSettled:
		if _, known := p.scores[e.Score]; !known && e.Status == apply.Kept {
			return // nothing is done to it
		}
		s := p.score(e.Score)
		s.settled++
		s.failed = s.failed || e.Status == apply.ObjectFailed || e.Status == apply.ObjectNotReady
		s.detail = string(e.Status) + " " + e.ID.String()
	case apply.ReleaseBegun:
		p.score(e.Score).detail = releaseText(e)
	case apply.ReleaseSettled:
		s := p.score(e.Score)
		s.failed = s.failed || e.Status == apply.ObjectFailed
		s.detail = string(e.Status) + " " + releaseText(e)
	case apply.ObjectReady:
		p.score(e.Score).detail = "ready: " + e.ID.String()
	case apply.WaitingForReady:
		p.await("waiting for ", "ready", e.Waiting)
	case apply.Removing:
		p.await("removing ", "removed", e.Waiting)
	case apply.Finished:
		p.finish(e.State)
	}
}

// await takes over what is awaited; what a score has none of any more is done.
func (p *liveProgress) await(lead, done string, waiting []apply.Awaited) {
	count := map[string]int{}
	for _, a := range waiting {
		if count[a.Score]++; count[a.Score] > 1 {
			continue
		}
		s := p.score(a.Score)
		s.ready, s.detail = false, lead+a.ID.Kind+" "+a.ID.Name
		if why := oneLine("", a.Message); why != "" {
			s.detail += ": " + why
		}
	}
	for title, s := range p.scores {
		if count[title] == 0 && !s.failed && !s.ready {
			s.ready, s.end, s.detail = true, time.Now(), done
		}
	}
	p.assign()
}

// finish says of every score how it ended.
func (p *liveProgress) finish(state apply.State) {
	p.finished = true
	for _, s := range p.scores {
		if s.end.IsZero() {
			s.end = time.Now()
		}
		if state == apply.Done && !s.failed && !s.ready {
			s.ready, s.detail = true, "done"
		}
	}
}

// score returns what is known of a score, and gives it a line if one is free.
func (p *liveProgress) score(title string) *liveScore {
	if s, ok := p.scores[title]; ok {
		return s
	}
	place, known := p.order[title]
	if !known {
		place = len(p.order) + len(p.scores)
	}
	s := &liveScore{title: title, order: place, start: time.Now()}
	p.scores[title] = s
	p.assign()
	return s
}

// assign gives lines to scores: a score keeps its line until it is ready and another one needs it.
func (p *liveProgress) assign() {
	var without []*liveScore
	for _, s := range p.scores {
		if !slices.Contains(p.lines, s) && !s.ready {
			without = append(without, s)
		}
	}
	slices.SortFunc(without, func(a, b *liveScore) int { return a.order - b.order })
	for len(p.lines) < p.most() && len(without) > 0 {
		p.lines, without = append(p.lines, without[0]), without[1:]
	}
	for line, s := range p.lines {
		if s.ready && len(without) > 0 {
			p.lines[line], without = without[0], without[1:]
		}
	}
	if len(p.scores) <= p.most() {
		slices.SortFunc(p.lines, func(a, b *liveScore) int { return a.order - b.order })
	}
}

// addBars adds the lines that are new to the terminal. It must not hold the mutex, which drawing needs while the
// library keeps whoever adds a line waiting.
func (p *liveProgress) addBars() {
	p.mutex.Lock()
	lines, more := len(p.lines), len(p.scores) > p.most()
	p.mutex.Unlock()
	for line := len(p.bars); line < lines; line++ {
		p.bars = append(p.bars, p.bar(line, func(width int) string { return p.scoreText(p.lines[line], width) }))
	}
	if p.rest == nil && more {
		p.rest = p.bar(p.most(), p.restText)
	}
}

// bar adds a line whose text is asked for whenever it is drawn.
func (p *liveProgress) bar(priority int, text func(width int) string) *mpb.Bar {
	draw := func(width int) string {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		return p.indent() + text(width-len(p.indent()))
	}
	return p.container.New(0, mpb.NopStyle(), append(p.place(priority), mpb.BarFillerTrim(), mpb.PrependDecorators(&liveText{draw: draw}))...)
}

// liveText is a decorator that cuts its own text, because the library would take the colours away with the rest.
type liveText struct {
	decor.WC
	draw func(width int) string
}

// Decor returns the text, and as its width all of the line. It begins in the first column, wherever the terminal's
// echo of a key such as Ctrl-C has left the cursor.
func (t *liveText) Decor(s decor.Statistics) (string, int) {
	return "\r" + t.draw(s.AvailableWidth), s.AvailableWidth
}

// spin returns the picture of the moment of what turns while it works.
func (p *liveProgress) spin() string {
	pictures := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(pictures[int(time.Since(p.start)/(100*time.Millisecond))%len(pictures)])
}

func (p *liveProgress) scoreText(s *liveScore, width int) string {
	mark, end := p.colors.cyan(p.spin()), s.end
	switch {
	case s.failed:
		mark = p.colors.red("✗")
	case s.ready:
		mark = p.colors.green("✓")
	case p.finished:
		mark = p.colors.yellow("-")
	}
	if end.IsZero() {
		end = time.Now()
	}
	title := s.title
	if len(p.lines) > 1 {
		// Titles of one kind stand below each other.
		longest := 0
		for _, other := range p.lines {
			longest = max(longest, utf8.RuneCountInString(other.title))
		}
		title += strings.Repeat(" ", longest-utf8.RuneCountInString(title))
	}
	counts := fmt.Sprintf("  %10s  %3s  ", plural(s.settled, "object"), end.Sub(s.start).Round(time.Second))
	if s.settled == 0 {
		counts = fmt.Sprintf("  %3s  ", end.Sub(s.start).Round(time.Second))
	}
	title = cut(title, width-2)
	counts = cut(counts, width-2-utf8.RuneCountInString(title))
	detail := cut(s.detail, width-2-utf8.RuneCountInString(title)-utf8.RuneCountInString(counts))
	return mark + " " + p.colors.bold(title) + counts + p.colors.faint(detail)
}

// restText is the line for the scores that have no line.
func (p *liveProgress) restText(width int) string {
	ready, failed, objects := 0, 0, 0
	for _, s := range p.scores {
		objects += s.settled
		if s.ready {
			ready++
		}
		if s.failed {
			failed++
		}
	}
	text := fmt.Sprintf("%s in all, %d of them done, %s, %s", plural(len(p.scores), "score"), ready, plural(objects, "object"), time.Since(p.start).Round(time.Second))
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return "  " + p.colors.faint(cut(text, width-2))
}

// cut shortens text to a width.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	if width <= 0 {
		return ""
	}
	return string([]rune(text)[:width-1]) + "…"
}

// say puts text above the lines.
func (p *liveProgress) say(text string) { _, _ = fmt.Fprintln(p.container, "\r"+p.lead()+text) }

// close leaves the lines as they are last.
func (p *liveProgress) close() {
	if p.restore != nil {
		p.restore()
	}
	p.mutex.Lock()
	p.finished = true
	p.mutex.Unlock()
	for _, bar := range p.bars {
		bar.SetTotal(-1, true)
	}
	if p.rest != nil {
		p.rest.SetTotal(-1, true)
	}
	if p.section == nil {
		p.container.Wait()
	}
}
