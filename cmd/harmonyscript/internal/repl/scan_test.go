// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenize(t *testing.T) {
	for _, c := range []struct{ name, text, within, want string }{
		{"names and marks", "a.b(c = 1)", "", "a . b ( c = 1 )"},
		{"comparison is one mark", "a == b >= c += d", "", "a == b >= c += d"},
		{"string keeps its quotes", `f("a, (b")`, "", `f ( "a, (b" )`},
		{"escaped quote does not end a string", `"a\"b" c`, "", `"a\"b" c`},
		{"newline ends a one-line string", "\"ab\nc", "", "\"ab \n c"},
		{"triple quotes go over lines", "'''a\n'b''' c", "", "'''a\n'b''' c"},
		{"continues a string", `rest""" x`, `"""`, `rest""" x`},
		{"comment up to the line's end", "a # b (\nc", "", "a # b ( \n c"},
		{"no newline inside brackets", "(a,\nb)\nc", "", "( a , b ) \n c"},
		{"letters of any language", "größe = é", "", "größe = é"},
		{"stray bytes", "a\xff(b", "", "a \xff ( b"},
		{"nothing", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, token := range tokenize(c.text, c.within) {
				got = append(got, token.text)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("tokenize(%q): -want +got\n%s", c.text, diff)
			}
		})
	}
}

func TestOpenStringTellsItsQuote(t *testing.T) {
	for text, want := range map[string]string{
		`x = "abc`: `"`, `x = 'abc`: `'`, `x = """a "b`: `"""`, `x = "abc"`: "", `x = ""`: "", `x = """`: `"""`,
	} {
		tokens := tokenize(text, "")
		if got := tokens[len(tokens)-1].open; got != want {
			t.Errorf("tokenize(%s): got open quote %q, want %q", text, got, want)
		}
	}
}
