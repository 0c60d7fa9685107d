// SPDX-License-Identifier: Apache-2.0

// This file renders diagnostics as text.

package diag

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Sources gives the text of a script file by the name that positions use; ok is false for an unknown one.
type Sources func(file string) (text string, ok bool)

// Style wraps pieces of a rendered diagnostic, so that a terminal can colour them. A nil function leaves its
// piece as it is. This package knows no colours itself.
type Style struct {
	Error, Warning, Position, Caret, Fix func(string) string
}

func apply(style func(string) string, text string) string {
	if style == nil {
		return text
	}
	return style(text)
}

// Render returns d as text for people: severity and summary, the place, the source line with carets, detail,
// related places and the fix. It ends with a newline.
func (d Diagnostic) Render(sources Sources, style Style) string {
	var b strings.Builder
	severity := apply(style.Error, string(d.Severity))
	if d.Severity == Warning {
		severity = apply(style.Warning, string(d.Severity))
	}
	fmt.Fprintf(&b, "%s: %s [%s]\n", severity, strings.Map(printable, d.Summary), d.Code)
	margin := len(fmt.Sprint(d.Position.Line))
	for _, r := range d.Related {
		margin = max(margin, len(fmt.Sprint(r.Position.Line)))
	}
	pad := strings.Repeat(" ", margin)
	if d.Position.IsValid() || d.Position.File != "" {
		fmt.Fprintf(&b, "%s--> %s\n", pad, apply(style.Position, d.Position.String()))
		writeSnippet(&b, d.Position, d.Length, margin, sources, style)
	}
	for _, r := range d.Related {
		fmt.Fprintf(&b, "%s::: %s: %s\n", pad, apply(style.Position, r.Position.String()), strings.Map(printable, r.Message))
		writeSnippet(&b, r.Position, 1, margin, sources, style)
	}
	writeNote(&b, pad, "", d.Detail)
	writeNote(&b, pad, apply(style.Fix, "fix")+": ", d.Fix)
	return b.String()
}

func writeNote(b *strings.Builder, pad, label, text string) {
	if text == "" {
		return
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.Map(printable, line)
		if i == 0 {
			fmt.Fprintf(b, "%s = %s%s\n", pad, label, line)
		} else {
			fmt.Fprintf(b, "%s   %s\n", pad, line)
		}
	}
}

// writeSnippet writes the source line and a line of carets below it. Tabs are kept in front of the carets, and
// wide characters take two columns, so that both lines align; a line without source is left out.
func writeSnippet(b *strings.Builder, p score.Position, length, margin int, sources Sources, style Style) {
	line, ok := sourceLine(p, sources)
	if !ok {
		return
	}
	runes := []rune(line)
	start := min(max(p.Column-1, 0), len(runes))
	end := min(start+max(length, 1), len(runes))
	carets := strings.Repeat("^", max(columns(string(runes[start:end])), 1))
	pad := strings.Repeat(" ", margin)
	fmt.Fprintf(b, "%s |\n%*d | %s\n%s | %s%s\n", pad, margin, p.Line, line, pad, blank(string(runes[:start])), apply(style.Caret, carets))
}

// sourceLine returns the line that p points at, with control characters other than tabs replaced, so that a
// script cannot drive the reader's terminal.
func sourceLine(p score.Position, sources Sources) (string, bool) {
	if sources == nil || !p.IsValid() {
		return "", false
	}
	text, ok := sources(p.File)
	if !ok {
		return "", false
	}
	for n := 1; ; n++ {
		line, rest, more := strings.Cut(text, "\n")
		if n == p.Line {
			return strings.Map(printable, strings.TrimSuffix(line, "\r")), true
		}
		if !more {
			return "", false
		}
		text = rest
	}
}

// Render returns the sorted diagnostics, an empty line between two, and ends with a newline unless empty.
func (l List) Render(sources Sources, style Style) string {
	parts := make([]string, 0, len(l))
	for _, d := range l.Sorted() {
		parts = append(parts, d.Render(sources, style))
	}
	return strings.Join(parts, "\n")
}
