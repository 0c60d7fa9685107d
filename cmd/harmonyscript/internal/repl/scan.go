// SPDX-License-Identifier: Apache-2.0

// This file cuts unfinished script text into tokens. The Starlark parser wants whole statements; completion and
// multi-line input must make sense of halves.

package repl

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	// tokenWord is an identifier, a keyword or a number.
	tokenWord tokenKind = iota
	// tokenString is a string literal with its quotes; it may be unfinished.
	tokenString
	tokenComment
	// tokenMark is punctuation: one character, or a comparison or assignment that ends in "=".
	tokenMark
	// tokenNewline ends a line outside of brackets.
	tokenNewline
)

// token is a piece of text; offsets are in bytes.
type token struct {
	kind       tokenKind
	text       string
	start, end int
	// open is the quote that an unfinished string waits for, else empty.
	open string
}

func (t token) is(mark string) bool { return t.kind == tokenMark && t.text == mark }

// tokenize cuts text into tokens. within is the quote that text begins inside of, or empty at the start of a
// statement. Newlines inside brackets are left out.
func tokenize(text, within string) []token {
	var tokens []token
	depth := 0
	position := 0
	add := func(kind tokenKind, end int, open string) {
		tokens = append(tokens, token{kind: kind, text: text[position:end], start: position, end: end, open: open})
		position = end
	}
	if within != "" {
		end, open := stringEnd(text, 0, within)
		add(tokenString, end, open)
	}
	for position < len(text) {
		r, size := utf8.DecodeRuneInString(text[position:])
		switch {
		case r == '\n':
			if depth == 0 {
				add(tokenNewline, position+1, "")
			} else {
				position++
			}
		case r == '#':
			end := strings.IndexByte(text[position:], '\n')
			if end < 0 {
				end = len(text) - position
			}
			add(tokenComment, position+end, "")
		case r == '"' || r == '\'':
			quote := text[position : position+1]
			if strings.HasPrefix(text[position:], strings.Repeat(quote, 3)) {
				quote = strings.Repeat(quote, 3)
			}
			end, open := stringEnd(text, position+len(quote), quote)
			add(tokenString, end, open)
		case isWordRune(r):
			add(tokenWord, position+wordLength(text[position:]), "")
		case unicode.IsSpace(r) || r == '\\':
			position += size
		default:
			switch r {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth = max(depth-1, 0)
			}
			end := position + size
			if strings.ContainsRune("=!<>+-*/%|&^", r) && end < len(text) && text[end] == '=' {
				end++
			}
			add(tokenMark, end, "")
		}
	}
	return tokens
}

// stringEnd returns where the literal whose body starts at position ends, and the quote that is missing there.
func stringEnd(text string, position int, quote string) (end int, open string) {
	for position < len(text) {
		switch {
		case strings.HasPrefix(text[position:], quote):
			return position + len(quote), ""
		case text[position] == '\\' && position+1 < len(text):
			// Even in a raw string a backslash keeps the quote behind it from ending the string.
			position += 2
		case text[position] == '\n' && len(quote) == 1:
			// A one-line string ends with its line; what follows is code again.
			return position, ""
		default:
			position++
		}
	}
	return len(text), quote
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func wordLength(text string) int {
	for i, r := range text {
		if !isWordRune(r) {
			return i
		}
	}
	return len(text)
}

// openBrackets returns the indexes of the tokens that open a bracket which is not closed, outermost first.
func openBrackets(tokens []token) []int {
	var open []int
	for i, t := range tokens {
		if t.kind != tokenMark {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	return open
}
