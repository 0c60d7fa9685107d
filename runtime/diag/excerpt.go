// SPDX-License-Identifier: Apache-2.0

// This file quotes a part of a text, for values that are not written out in a script.

package diag

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExcerpt is how many columns of a line an excerpt shows, so that a generated value does not flood the terminal.
const maxExcerpt = 160

// Excerpt returns the line of text that has the byte at offset, and below it carets under the given number
// of bytes from there; at least one caret, and none beyond the line. Offsets outside of text are moved to its
// ends. Control characters are replaced as in rendered source lines.
func Excerpt(text string, offset, length int) string {
	offset = min(max(offset, 0), len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if next := strings.IndexByte(text[offset:], '\n'); next >= 0 {
		end = offset + next
	}
	stop := min(offset+max(length, 0), end)
	cutLeft, cutRight := "", ""
	// Far away from the place nothing is shown anyway; measuring it would take long for a text of megabytes.
	const far = 8 * maxExcerpt
	if offset-start > far {
		for start = offset - far; start < offset && !utf8.RuneStart(text[start]); start++ {
		}
		cutLeft = "…"
	}
	if end-stop > far {
		end, cutRight = stop+far, "…"
	}
	lead, marked, rest := text[start:offset], text[offset:stop], text[stop:end]
	if columns(lead)+columns(marked)+columns(rest) > maxExcerpt {
		if keep := maxExcerpt / 2; columns(lead) > keep {
			lead, cutLeft = lastColumns(lead, keep), "…"
		}
		marked = firstColumns(marked, maxExcerpt/4)
		if keep := maxExcerpt / 4; columns(rest) > keep {
			rest, cutRight = firstColumns(rest, keep), "…"
		}
	}
	line := strings.Map(printable, cutLeft+lead+marked+rest+cutRight)
	carets := strings.Repeat("^", max(columns(marked), 1))
	return line + "\n" + blank(cutLeft+lead) + carets
}

func firstColumns(text string, most int) string {
	used := 0
	for i, r := range text {
		if used += width(r); used > most {
			return text[:i]
		}
	}
	return text
}

func lastColumns(text string, most int) string {
	used := 0
	for i := len(text); i > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:i])
		if used += width(r); used > most {
			return text[i:]
		}
		i -= size
	}
	return text
}

// printable replaces control characters other than tabs, so that a script cannot drive the reader's
// terminal; those that change the direction of text count as such.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
		return utf8.RuneError
	}
	return r
}

// blank returns white space as wide as text, tabs kept, so that what follows stands below what follows text.
func blank(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteString(strings.Repeat(" ", width(printable(r))))
		}
	}
	return b.String()
}

// columns returns how many columns of a terminal text takes; a tab counts as one.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += width(printable(r))
	}
	return n
}

// width returns how many columns a terminal gives to r: none to marks that combine with what is before them,
// two to the wide letters of East Asia and to emoji, one to everything else.
func width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200b' || r == '\u200d' || r >= 0xfe00 && r <= 0xfe0f:
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0x33ff, r >= 0x3400 && r <= 0x4dbf,
		r >= 0x4e00 && r <= 0x9fff, r >= 0xa000 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe4f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
