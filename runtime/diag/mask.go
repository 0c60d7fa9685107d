// SPDX-License-Identifier: Apache-2.0

// This file hides secrets in the lines that diagnostics show.

package diag

import (
	"slices"
	"strings"
)

// Mask returns text with every occurrence of each hidden text replaced, code point by code point, by asterisks.
// Line breaks stay, so that positions and carets still fit. It keeps a secret that stands in a script by mistake
// out of the source lines that diagnostics show.
func Mask(text string, hidden []string) string {
	// The longer first: what is left of a text whose beginning was masked would not be found any more.
	longest := slices.SortedFunc(slices.Values(hidden), func(a, b string) int { return len(b) - len(a) })
	for _, h := range longest {
		if h == "" || !strings.Contains(text, h) {
			continue
		}
		stars := strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return '*'
		}, h)
		text = strings.ReplaceAll(text, h, stars)
	}
	return text
}
