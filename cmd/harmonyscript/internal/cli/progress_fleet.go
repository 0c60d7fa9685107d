// SPDX-License-Identifier: Apache-2.0

package cli

// This file draws runs on several clusters on one terminal: a section for each that is worked on, and one line for all.

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

const (
	// sectionScores is how many scores of a cluster have a line of their own at a time.
	sectionScores = 3
	// sectionLines is more than a section has.
	sectionLines = 100
)

// liveFleet keeps the sections.
type liveFleet struct {
	container *mpb.Progress
	colors    palette
	start     time.Time
	restore   func() // gives notices back
	total     *mpb.Bar
	count     int

	mutex    sync.Mutex
	sections map[*section]*liveProgress
	done     int
}

// liveSection is what the lines of one cluster need besides those of a run.
type liveSection struct {
	title string
	// number orders the sections as the clusters were named.
	number int
	header *mpb.Bar
}

func newLiveFleet(out io.Writer, colors palette, count int) *liveFleet {
	l := &liveFleet{container: newLiveContainer(out), colors: colors, start: time.Now(), count: count, sections: map[*section]*liveProgress{}}
	l.total = l.container.New(0, mpb.NopStyle(), mpb.BarPriority((count+1)*sectionLines), mpb.BarFillerTrim(), mpb.PrependDecorators(&liveText{draw: l.totalText}))
	return l
}

// totalText is the line for all clusters.
func (l *liveFleet) totalText(width int) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	text := fmt.Sprintf("%s, %d ended, %s", plural(l.count, "cluster"), l.done, time.Since(l.start).Round(time.Second))
	return "  " + l.colors.faint(cut(text, width-2))
}

// progress begins the section of a cluster.
func (l *liveFleet) progress(s *section, objects []backend.Object) progress {
	p := newLiveProgressIn(l.container, l.colors, objects)
	l.mutex.Lock()
	l.sections[s] = p
	l.mutex.Unlock()
	p.section = &liveSection{title: s.context, number: s.number}
	p.section.header = l.container.New(0, mpb.NopStyle(), append(p.place(-1), mpb.BarFillerTrim(), mpb.PrependDecorators(&liveText{draw: p.headerText}))...)
	return p
}

// ended takes the section of a cluster away and says how it ended.
func (l *liveFleet) ended(s *section) {
	l.mutex.Lock()
	p := l.sections[s]
	delete(l.sections, s)
	l.done++
	l.mutex.Unlock()
	if p != nil {
		p.section.header.SetTotal(-1, true)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	mark, word := l.colors.green("✓"), codeWord(s.code, "done")
	if s.code != exitDone {
		mark = l.colors.red("✗")
	}
	text := mark + " " + l.colors.bold(s.context) + "  " + word
	if s.reason != "" {
		text += ": " + strings.TrimPrefix(s.reason, word+": ")
	}
	l.say(text)
}

// say puts text above the lines.
func (l *liveFleet) say(text string) { _, _ = fmt.Fprintln(l.container, "\r"+text) }

func (l *liveFleet) close() {
	l.restore()
	l.total.SetTotal(-1, true)
	l.container.Wait()
}

// most is how many scores have a line of their own at a time.
func (p *liveProgress) most() int {
	if p.section != nil {
		return sectionScores
	}
	return liveScores
}

// place puts a line into its section; a section goes away when its cluster is done.
func (p *liveProgress) place(priority int) []mpb.BarOption {
	if p.section == nil {
		return []mpb.BarOption{mpb.BarPriority(priority)}
	}
	return []mpb.BarOption{mpb.BarPriority(p.section.number*sectionLines + priority + 1), mpb.BarRemoveOnComplete()}
}

func (p *liveProgress) indent() string {
	if p.section == nil {
		return ""
	}
	return "  "
}

func (p *liveProgress) lead() string {
	if p.section == nil {
		return ""
	}
	return p.colors.bold(p.section.title) + "  "
}

// headerText is the line above the scores of a cluster.
func (p *liveProgress) headerText(width int) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	objects := 0
	for _, s := range p.scores {
		objects += s.settled
	}
	title := cut(p.section.title, width-2)
	counts := cut(fmt.Sprintf("  %s, %s", plural(objects, "object"), time.Since(p.start).Round(time.Second)), width-2-len([]rune(title)))
	return p.colors.cyan(p.spin()) + " " + p.colors.bold(title) + p.colors.faint(counts)
}
