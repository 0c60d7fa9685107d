// SPDX-License-Identifier: Apache-2.0

// This file prints what was measured, as tables that are Markdown too, beside what we aim at.

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// The aims, as ratios of the first apply of the bare loop or of our own.
const (
	firstAim  = 1.10
	againAim  = 0.05
	changeAim = 200 * time.Millisecond
	growthAim = 11.0
	// memoryAim is what a client may take, and what for each object.
	memoryAim, memoryPerObject = 100 << 20, 12 << 10
)

// sizeReport is what was measured with one number of tenants.
type sizeReport struct {
	tenants int
	// limit is what it takes to send all patches, lists what it takes to list the metadata of all objects.
	limit, lists, first, again, planned, changed measurement
}

// peerReport is one run of a peer.
type peerReport struct {
	tenants     int
	name        string
	measurement measurement
	limit       time.Duration
	note        string
}

// scriptReport is what the program took for a script.
type scriptReport struct {
	tenants             int
	limit, first, again measurement
}

// applyReport collects what was measured.
type applyReport struct {
	sizes  []sizeReport
	peers  []peerReport
	script *scriptReport
}

func (r *applyReport) add(s sizeReport) { r.sizes = append(r.sizes, s) }

// print writes what has been measured so far.
func (r *applyReport) print(w io.Writer) {
	r.printMeasured(w)
	r.printAims(w)
}

func (r *applyReport) printMeasured(w io.Writer) {
	t := table{{"tenants", "objects", "what", "time", "whole process", "client CPU", "peak memory", "requests that the client sent", "requests by the API server's count"}}
	add := func(tenants int, what string, m measurement) {
		objects, sent := fmt.Sprint(m.objects), m.sent.String()
		if m.objects == 0 {
			objects = fmt.Sprint(tenants * perTenant)
		}
		t = append(t, []string{
			fmt.Sprint(tenants), objects, what, round(m.wall).String(), round(m.process).String(), round(m.cpu).String(),
			fmt.Sprintf("%d MB", m.memory>>20), sent, m.served.String(),
		})
	}
	for _, s := range r.sizes {
		add(s.tenants, "bare client-go loop, 32 workers", s.limit)
		add(s.tenants, "bare metadata lists, one a kind", s.lists)
		add(s.tenants, "first apply", s.first)
		add(s.tenants, "apply again, no change", s.again)
		add(s.tenants, "plan, no change", s.planned)
		add(s.tenants, "apply, one object changed", s.changed)
		for _, p := range r.peers {
			if p.tenants == s.tenants && p.note == "" {
				add(p.tenants, p.name, p.measurement)
			}
		}
	}
	if s := r.script; s != nil {
		add(s.tenants, "script: bare client-go loop", s.limit)
		add(s.tenants, "script: the program's first apply", s.first)
		add(s.tenants, "script: the program again, no change", s.again)
	}
	t.print(w)
}

func (r *applyReport) printAims(w io.Writer) {
	t := table{{"tenants", "what", "got", "aim", ""}}
	add := func(tenants int, what, got, aim string, met bool) {
		verdict := "met"
		if !met {
			verdict = "missed"
		}
		t = append(t, []string{fmt.Sprint(tenants), what, got, aim, verdict})
	}
	ratio := func(a, b time.Duration) float64 { return a.Seconds() / max(b.Seconds(), 1e-9) }
	times := func(x float64) string { return fmt.Sprintf("%.3f×", x) }
	for n, s := range r.sizes {
		first := ratio(s.first.wall, s.limit.wall)
		add(s.tenants, "first apply, of the limit's", times(first), times(firstAim), first <= firstAim)
		for _, c := range []struct {
			what string
			m    measurement
		}{{"apply again", s.again}, {"plan", s.planned}} {
			x := ratio(c.m.wall, s.first.wall)
			add(s.tenants, c.what+" without change, of the first apply", times(x), times(againAim), x <= againAim)
			t = append(t, []string{fmt.Sprint(s.tenants), c.what + " without change, of the bare lists", times(ratio(c.m.wall, s.lists.wall)), "", ""})
			writes := c.m.sent["PATCH"] + c.m.sent["POST"] + c.m.sent["PUT"] + c.m.sent["DELETE"]
			add(s.tenants, c.what+" without change, writes", fmt.Sprint(writes), "0", writes == 0)
			add(s.tenants, c.what+" without change, requests per object", fmt.Sprintf("%.4f", float64(c.m.sent["GET"])/float64(c.m.objects)), "none of its own", c.m.sent["GET"] < 60+c.m.objects/100)
		}
		more := s.changed.wall - s.again.wall
		add(s.tenants, "one object changed, beyond no change", round(more).String(), changeAim.String(), more <= changeAim)
		for _, c := range []struct {
			what string
			m    measurement
		}{{"first apply", s.first}, {"apply again", s.again}, {"plan", s.planned}} {
			aim := int64(memoryAim + memoryPerObject*c.m.objects)
			add(s.tenants, c.what+", peak memory", fmt.Sprintf("%d MB", c.m.memory>>20), fmt.Sprintf("%d MB", aim>>20), c.m.memory <= aim)
		}
		if n == 0 || r.sizes[n-1].tenants*10 != s.tenants || s.tenants < 1000 {
			continue
		}
		before := r.sizes[n-1]
		for _, c := range []struct {
			what      string
			now, then measurement
		}{{"first apply", s.first, before.first}, {"apply again", s.again, before.again}, {"plan", s.planned, before.planned}} {
			x := ratio(c.now.wall, c.then.wall)
			add(s.tenants, fmt.Sprintf("%s, time of %d tenants", c.what, before.tenants), times(x), times(growthAim), x <= growthAim)
			y := float64(c.now.memory) / float64(c.then.memory)
			add(s.tenants, fmt.Sprintf("%s, memory of %d tenants", c.what, before.tenants), times(y), times(growthAim), y <= growthAim)
		}
	}
	for _, p := range r.peers {
		got := p.note
		if got == "" {
			got = times(ratio(p.measurement.wall, p.limit))
		}
		t = append(t, []string{fmt.Sprint(p.tenants), p.name + ", of the limit's first apply", got, "", ""})
	}
	if s := r.script; s != nil {
		first, again := ratio(s.first.wall, s.limit.wall), ratio(s.again.wall, s.first.wall)
		add(s.tenants, "script: the program's first apply, of the limit's", times(first), times(firstAim), first <= firstAim)
		add(s.tenants, "script: the program again, of its first apply", times(again), times(againAim), again <= againAim)
	}
	t.print(w)
}

// table is rows of cells, of which the first are the headings.
type table [][]string

// print writes the table as Markdown whose columns are aligned.
func (t table) print(w io.Writer) {
	if len(t) < 2 {
		return
	}
	widths := make([]int, len(t[0]))
	for _, cells := range t {
		for n, cell := range cells {
			widths[n] = max(widths[n], utf8.RuneCountInString(cell))
		}
	}
	line := func(cells []string, filler string) {
		for n, cell := range cells {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(filler, widths[n]-utf8.RuneCountInString(cell)))
		}
		fmt.Fprintln(w, "|")
	}
	line(t[0], " ")
	line(make([]string, len(widths)), "-")
	for _, cells := range t[1:] {
		line(cells, " ")
	}
	fmt.Fprintln(w)
}
