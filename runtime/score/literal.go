// SPDX-License-Identifier: Apache-2.0

// This file finds places inside string literals of a script.

package score

import (
	"strings"
	"unicode/utf8"
)

// literalOffset finds the place, inside a string literal as the script spells it, of the byte at offset in
// the decoded value. It returns how many lines below the literal's start that is, and how many code points
// from the start of that line (of the literal, on its first line). The escapes are those of the Starlark
// specification, section "String literals".
func literalOffset(token string, offset int) (lines, columns int, ok bool) {
	body := token
	raw := false
	advance := func(n int) {
		for _, r := range body[:n] {
			if r == '\n' {
				lines, columns = lines+1, 0
			} else {
				columns++
			}
		}
		body = body[n:]
	}
	for len(body) > 0 && body[0] != '"' && body[0] != '\'' {
		if body[0] == 'r' {
			raw = true
		}
		advance(1)
	}
	if body == "" {
		return 0, 0, false
	}
	quote := body[:1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(body, triple) && len(body) >= 6 {
		quote = triple
	}
	advance(len(quote))
	// An escaped line break stands for nothing: what follows is after it.
	for decoded := 0; decoded < offset || !raw && strings.HasPrefix(body, "\\\n"); {
		if body == "" || strings.HasPrefix(body, quote) && len(body) == len(quote) {
			return lines, columns, decoded == offset
		}
		spelled, value := 1, 1
		switch {
		case !raw && body[0] == '\\' && len(body) > 1:
			spelled, value = escapeLength(body)
		case body[0] >= utf8.RuneSelf:
			_, spelled = utf8.DecodeRuneInString(body)
			value = spelled
		}
		if decoded+value > offset {
			break
		}
		advance(min(spelled, len(body)))
		decoded += value
	}
	return lines, columns, true
}

// escapeLength returns the length of the escape sequence at the start of s and of what it stands for, in bytes.
func escapeLength(s string) (spelled, value int) {
	switch s[1] {
	case '\n':
		return 2, 0
	case 'x':
		return 4, 1
	case 'u':
		return 6, runeLength(s, 6)
	case 'U':
		return 10, runeLength(s, 10)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 2
		for n < 4 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		return n, 1
	default:
		return 2, 1
	}
}

func runeLength(s string, end int) int {
	if len(s) < end {
		return 1
	}
	var r rune
	for _, c := range s[2:end] {
		digit := strings.IndexRune("0123456789abcdef", c|0x20)
		if c >= '0' && c <= '9' {
			digit = int(c - '0')
		}
		if digit < 0 {
			return 1
		}
		r = r<<4 | rune(digit)
	}
	return max(utf8.RuneLen(r), 1)
}
