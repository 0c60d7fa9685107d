// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// drawn returns the lines as the terminal would show them, without colours.
func drawn(p *liveProgress, width int) []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var lines []string
	for _, s := range p.lines {
		lines = append(lines, p.scoreText(s, width))
	}
	if len(p.scores) > liveScores {
		lines = append(lines, p.restText(width))
	}
	colors := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for i := range lines {
		lines[i] = colors.ReplaceAllString(lines[i], "")
	}
	return lines
}

func settled(title, kind string, status apply.Status) apply.Event {
	return apply.Event{Type: apply.ObjectSettled, Score: title, Status: status, ID: backend.ID{Kind: kind, Name: "monitoring"}}
}

func waiting(titles ...string) apply.Event {
	e := apply.Event{Type: apply.WaitingForReady}
	for _, title := range titles {
		e.Waiting = append(e.Waiting, apply.Awaited{Score: title, ID: backend.ID{Kind: "Prometheus", Name: "monitoring"}, Message: "no pod\nis ready"})
	}
	return e
}

func TestLiveProgress(t *testing.T) {
	objects := []backend.Object{{Score: "blue"}, {Score: "blue"}, {Score: "red"}, {Score: "quiet"}}
	p := newLiveProgress(io.Discard, palette{true}, objects)
	p.observe(settled("red", "Namespace", apply.Created))
	p.observe(settled("blue", "Namespace", apply.Created))
	p.observe(settled("blue", "Service", apply.Updated))
	p.observe(settled("quiet", "Namespace", apply.Kept))
	want := []string{`^\S blue   2 objects +\d+s  updated Service monitoring$`, `^\S red     1 object +\d+s  created Namespace monitoring$`}
	match(t, drawn(p, 80), want)
	p.observe(waiting("blue"))
	match(t, drawn(p, 80), []string{`^[^✓] blue .* waiting for Prometheus monitoring: no pod is ready$`, `^✓ red .* ready$`})
	// A display never ends its lines beyond the terminal, however narrow that is.
	for width := range 60 {
		for _, line := range drawn(p, width) {
			if n := utf8.RuneCountInString(line); n > max(width, 2) {
				t.Errorf("width %d: got %d columns: %q", width, n, line)
			}
		}
	}
	p.observe(settled("red", "Service", apply.ObjectFailed))
	p.observe(apply.Event{Type: apply.Finished, State: apply.Failed})
	p.close()
	match(t, drawn(p, 80), []string{`^- blue `, `^✗ red .*failed Service monitoring$`})
}

func TestLiveProgressOfManyScores(t *testing.T) {
	var objects []backend.Object
	var titles []string
	for n := range 2 * liveScores {
		titles = append(titles, fmt.Sprintf("score-%02d", n))
		objects = append(objects, backend.Object{Score: titles[n]})
	}
	p := newLiveProgress(io.Discard, palette{}, objects)
	for _, title := range titles {
		p.observe(settled(title, "Namespace", apply.Created))
	}
	lines := drawn(p, 100)
	if len(lines) != liveScores+1 || !strings.Contains(lines[liveScores], "24 scores in all, 0 of them done, 24 objects") {
		t.Fatalf("got %d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	// Who is ready gives its line to somebody who is not.
	p.observe(waiting(titles[1:]...))
	if lines = drawn(p, 100); !strings.Contains(lines[0], titles[liveScores]) || !strings.Contains(lines[1], titles[1]) {
		t.Errorf("got:\n%s", strings.Join(lines, "\n"))
	}
	p.observe(waiting())
	p.observe(apply.Event{Type: apply.Finished, State: apply.Done})
	p.close()
	for _, line := range drawn(p, 100)[:liveScores] {
		if !strings.HasPrefix(line, "✓ ") {
			t.Errorf("got %q, want it done", line)
		}
	}
}

// TestLiveProgressDoesNotHang draws while it is told things, as on a terminal.
func TestLiveProgressDoesNotHang(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := newLiveProgress(io.Discard, palette{}, nil)
		for n := range 200 {
			p.observe(settled(fmt.Sprint("score", n%40), "Namespace", apply.Created))
			p.say("text")
			time.Sleep(time.Millisecond)
		}
		p.close()
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Minute):
		t.Fatal("got a display that hangs")
	}
}

func TestNotices(t *testing.T) {
	var own, drawn []string
	n := &notices{say: func(text string) { own = append(own, text) }}
	restore := n.redirect(func(text string) { drawn = append(drawn, text) })
	n.tell("while drawing")
	restore()
	n.tell("after")
	if len(drawn) != 1 || len(own) != 1 || own[0] != "after" {
		t.Errorf("got %q and %q", own, drawn)
	}
	(*notices)(nil).redirect(nil)()
}

func match(t *testing.T, lines, want []string) {
	t.Helper()
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(want), strings.Join(lines, "\n"))
	}
	for i := range want {
		if !regexp.MustCompile(want[i]).MatchString(lines[i]) {
			t.Errorf("line %d: got %q, want %s", i, lines[i], want[i])
		}
	}
}
