// SPDX-License-Identifier: Apache-2.0

package score

import (
	"strings"
	"testing"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

func TestLiteralOffset(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		token          string
		offset         int
		lines, columns int
		ok             bool
	}{
		{`"abc"`, 0, 0, 1, true},
		{`"abc"`, 2, 0, 3, true},
		{`"abc"`, 3, 0, 4, true}, // the closing quote
		{`"abc"`, 4, 0, 4, false},
		{`""`, 0, 0, 1, true},
		{`'a"b'`, 2, 0, 3, true},
		{`"a\"b"`, 1, 0, 2, true},
		{`"a\"b"`, 2, 0, 4, true},
		{`r"a\"b"`, 2, 0, 4, true},
		{`r"a\"b"`, 3, 0, 5, true},
		{`"äö"`, 2, 0, 2, true},      // two bytes, one code point
		{`"\u00e4x"`, 2, 0, 7, true}, // two bytes, six as spelled
		{`"\U0001F600x"`, 4, 0, 11, true},
		{`"\x41x"`, 1, 0, 5, true},
		{`"\101x"`, 1, 0, 5, true},
		{`"\7x"`, 1, 0, 3, true},
		{"\"\"\"a\nbc\"\"\"", 0, 0, 3, true},
		{"\"\"\"a\nbc\"\"\"", 2, 1, 0, true},
		{"\"\"\"a\nbc\"\"\"", 3, 1, 1, true},
		{"\"\"\"\nsum(\n  up\n)\"\"\"", 8, 2, 2, true},
		{"\"a\\\nb\"", 1, 1, 0, true}, // a line break that is escaped stands for nothing
		{`""""""`, 0, 0, 3, true},
		{``, 0, 0, 0, false},
		{`r`, 0, 0, 0, false},
	} {
		lines, columns, ok := literalOffset(test.token, test.offset)
		if ok != test.ok || ok && (lines != test.lines || columns != test.columns) {
			t.Errorf("%s at %d: got %d, %d, %v, want %d, %d, %v", test.token, test.offset, lines, columns, ok, test.lines, test.columns, test.ok)
		}
	}
}

// FuzzLiteralOffset compares with Starlark's own scanner: cutting a literal where the offset leads must leave a
// literal that means just the text before the offset.
func FuzzLiteralOffset(f *testing.F) {
	for _, token := range []string{`"abc"`, `'a\'b'`, `"a\tb\u00e4\U0001F600\x41\101"`, `r"a\nb"`, "\"\"\"a\nb\\\nc\"d\"\"\"", `"ä\\"`, `'''x'y'''`, `""`} {
		f.Add(token, 1)
	}
	f.Fuzz(func(t *testing.T, token string, offset int) {
		expr, err := (&syntax.FileOptions{}).ParseExpr("x.star", token, 0)
		if err != nil {
			return
		}
		literal, ok := expr.(*syntax.Literal)
		if !ok || literal.Token != syntax.STRING || literal.TokenPos.Line != 1 || literal.TokenPos.Col != 1 {
			return
		}
		value := literal.Value.(string)
		lines, columns, ok := literalOffset(literal.Raw, offset)
		if offset < 0 || offset > len(value) {
			return // anything but a panic
		}
		if !ok {
			t.Fatalf("%s at %d: got no place", literal.Raw, offset)
		}
		if offset < len(value) && !utf8.RuneStart(value[offset]) {
			return // inside a code point there is no place of its own
		}
		rows := strings.SplitAfter(literal.Raw, "\n")
		if lines >= len(rows) || columns > utf8.RuneCountInString(rows[lines]) {
			t.Fatalf("%s at %d: got %d, %d, which is outside", literal.Raw, offset, lines, columns)
		}
		before := strings.Join(rows[:lines], "") + string([]rune(rows[lines])[:columns])
		quote := strings.TrimLeft(literal.Raw, "rb")[:1]
		if long := strings.Repeat(quote, 3); strings.HasPrefix(strings.TrimLeft(literal.Raw, "rb"), long) {
			quote = long
		}
		cut, err := (&syntax.FileOptions{}).ParseExpr("x.star", before+quote, 0)
		if err != nil {
			return // quotes at the cut make another literal
		}
		if again, ok := cut.(*syntax.Literal); ok && again.Value != value[:offset] && !strings.HasSuffix(value[:offset], quote[:1]) {
			t.Errorf("%s at %d: got %q before it, want %q", literal.Raw, offset, again.Value, value[:offset])
		}
	})
}
