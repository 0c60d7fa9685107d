// SPDX-License-Identifier: Apache-2.0

// This file finds many values in a text at once.

package cluster

import (
	"slices"
	"strings"
)

// index finds values in texts. It takes memory in proportion to the values, and time in proportion to a text, times the
// logarithm of the number of values where one may begin.
type index struct {
	// values are sorted, each once, and have minRedacted bytes or more.
	values []string
	// inner is, for each value, the longest other value that it begins with, by its place; -1 means none.
	inner []int32
	// spans are the places of the values with the same first bytes.
	spans map[[minRedacted]byte]span
}

type span struct{ from, to int32 }

// newIndex takes values over, which may repeat each other. Those that are too short are left out.
func newIndex(values []string) *index {
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < minRedacted })
	slices.Sort(values)
	x := &index{values: slices.Clip(slices.Compact(values)), spans: map[[minRedacted]byte]span{}}
	x.inner = make([]int32, len(x.values))
	var open []int32 // values that the last one begins with, and itself
	for n, v := range x.values {
		at := int32(n) //nolint:gosec // so many values do not fit into memory
		for len(open) > 0 && !strings.HasPrefix(v, x.values[open[len(open)-1]]) {
			open = open[:len(open)-1]
		}
		x.inner[n] = -1
		if len(open) > 0 {
			x.inner[n] = open[len(open)-1]
		}
		open = append(open, at)
		key := first(v)
		known, ok := x.spans[key]
		if !ok {
			known.from = at
		}
		known.to = at + 1
		x.spans[key] = known
	}
	return x
}

func first(text string) [minRedacted]byte {
	return [minRedacted]byte{text[0], text[1], text[2], text[3]}
}

// span returns the places of the values that begin like text.
func (x *index) span(text string) (span, bool) {
	if len(text) < minRedacted {
		return span{}, false
	}
	s, ok := x.spans[first(text)]
	return s, ok
}

// longest returns the length of the longest value that text begins with; 0 means none.
func (x *index) longest(text string) int {
	s, ok := x.span(text)
	if !ok {
		return 0
	}
	at, exact := slices.BinarySearch(x.values[s.from:s.to], text)
	if !exact {
		at--
	}
	// What stands between a value that text begins with and text itself, in order, begins with that value, too.
	for n := s.from + int32(at); at >= 0 && n >= 0; n = x.inner[n] { //nolint:gosec // see newIndex
		if strings.HasPrefix(text, x.values[n]) {
			return len(x.values[n])
		}
	}
	return 0
}

// replace returns text with every value in it replaced, the longest first where several begin at the same place, and with the
// beginnings of values that were cut off.
func (x *index) replace(text, by string) string {
	var b strings.Builder
	done := 0
	ends := cuts(text)
	for at := 0; at+minRedacted <= len(text); {
		for len(ends) > 0 && ends[0] <= at {
			ends = ends[1:]
		}
		length := max(x.longest(text[at:]), x.cutOff(text[at:], at, ends))
		if length == 0 {
			at++
			continue
		}
		b.WriteString(text[done:at])
		b.WriteString(by)
		at += length
		done = at
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

// cutMarks stand behind what was cut off: dots, and what the client says around the first two kilobytes of a page that it got
// instead of an answer.
func cutMarks() []string { return []string{"...", "…", "\") has prevented the request"} }

// cuts returns where in text a value may have been cut off: in front of such a mark, and at its end. Punctuation there is left
// out.
func cuts(text string) []int {
	var ends []int
	add := func(before string) {
		end := len(strings.TrimRight(before, ".…\"' )]}"))
		if len(ends) == 0 || end > ends[len(ends)-1] {
			ends = append(ends, end)
		}
	}
	var marks []int
	for _, mark := range cutMarks() {
		for at := strings.Index(text, mark); at >= 0; {
			marks = append(marks, at)
			next := strings.Index(text[at+len(mark):], mark)
			if next < 0 {
				break
			}
			at += len(mark) + next
		}
	}
	slices.Sort(marks)
	for _, at := range marks {
		add(text[:at])
	}
	add(text)
	return ends
}

// cutOff returns how much of text, which begins at a place of the whole, is the beginning of a value that is cut off at one of
// ends; 0 means nothing.
func (x *index) cutOff(text string, at int, ends []int) int {
	length := 0
	for _, end := range ends {
		if end <= at || end-at > maxCut {
			break
		}
		begins, enough := x.begins(text[:end-at])
		if !begins {
			break
		}
		if enough {
			length = end - at
		}
	}
	return length
}

// begins reports whether text is the beginning of a value, and whether it is enough of it to be told from other texts.
func (x *index) begins(text string) (begins, enough bool) {
	s, ok := x.span(text)
	if !ok {
		return false, false
	}
	values := x.values[s.from:s.to]
	at, _ := slices.BinarySearch(values, text)
	for at < len(values) && strings.HasPrefix(values[at], text) {
		begins = true
		needed := minCut
		scheme := strings.Index(values[at], "://")
		if scheme > 0 {
			// The beginning of every URL is no secret.
			needed += scheme + len("://")
		}
		if len(text) >= needed {
			return true, true
		}
		if scheme <= 0 {
			break // others need as much
		}
		next := values[at][:scheme+len("://")] + "\xff"
		further, _ := slices.BinarySearch(values[at:], next)
		at += max(further, 1)
	}
	return begins, false
}
