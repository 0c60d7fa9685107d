// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readChunks(t *testing.T, text string) []string {
	t.Helper()
	source := newChunks(strings.NewReader(text))
	var got []string
	for {
		chunk, err := source.next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, chunk)
	}
}

func TestChunks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a line each", "x = 1\nx\n", []string{"x = 1\n", "x\n"}},
		{"last line without a newline", "x = 1\nx", []string{"x = 1\n", "x"}},
		{"blank lines and comments are no chunks", "\n# note\n\nx\n# end", []string{"x\n"}},
		{"open bracket", "f(\n\n1,\n)\nx\n", []string{"f(\n\n1,\n)\n", "x\n"}},
		{"bracket in a string", "f(\"(\")\nx\n", []string{"f(\"(\")\n", "x\n"}},
		{"bracket in a comment", "f() # (\nx\n", []string{"f() # (\n", "x\n"}},
		{"triple quotes", "x = \"\"\"a\n\n(b\"\"\"\nx\n", []string{"x = \"\"\"a\n\n(b\"\"\"\n", "x\n"}},
		{"a string that is never closed ends with its line", "f(\"a\n)\nx\n", []string{"f(\"a\n)\n", "x\n"}},
		{"backslash", "x = 1 + \\\n  2\nx\n", []string{"x = 1 + \\\n  2\n", "x\n"}},
		{"no backslash in a comment", "x # \\\ny\n", []string{"x # \\\n", "y\n"}},
		{"block with an empty line in it", "def f():\n  a = 1\n\n  return a\nf()\n", []string{"def f():\n  a = 1\n\n  return a\n", "f()\n"}},
		{"else belongs to if", "if a:\n  b\nelif c:\n  d\nelse:\n  e\nf\n", []string{"if a:\n  b\nelif c:\n  d\nelse:\n  e\n", "f\n"}},
		{"a name that begins like else", "if a:\n  b\nelsewhere\n", []string{"if a:\n  b\n", "elsewhere\n"}},
		{"a comment ends no block", "for a in b:\n  c\n# d\n  d\ne\n", []string{"for a in b:\n  c\n# d\n  d\n", "e\n"}},
		{"block up to the end", "def f():\n  pass\n", []string{"def f():\n  pass\n"}},
		{"unindented line inside brackets of a block", "def f():\n  g(\n1)\nx\n", []string{"def f():\n  g(\n1)\n", "x\n"}},
		{"windows line ends", "if a:\r\n  b\r\n\r\nc\r\n", []string{"if a:\r\n  b\r\n\r\n", "c\r\n"}},
		{"unclosed to the end", "f(\n1\n", []string{"f(\n1\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, readChunks(t, c.text)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzChunks checks that nothing but blank lines and comments is lost.
func FuzzChunks(f *testing.F) {
	f.Add("def f():\n  a = 1\n\n  return a\nf()\n")
	f.Add("x = '''\n'\n\\\n# (")
	f.Fuzz(func(t *testing.T, text string) {
		rest := text
		for _, chunk := range readChunks(t, text) {
			at := strings.Index(rest, chunk)
			if at < 0 {
				t.Fatalf("got chunk %q, want a part of %q", chunk, rest)
			}
			for line := range strings.Lines(rest[:at]) {
				if left := strings.TrimSpace(line); left != "" && !strings.HasPrefix(left, "#") && !onlyNoise(line) {
					t.Fatalf("lost %q of %q", line, text)
				}
			}
			rest = rest[at+len(chunk):]
		}
	})
}

func onlyNoise(line string) bool {
	for _, t := range tokenize(line, "") {
		if t.kind != tokenNewline && t.kind != tokenComment {
			return false
		}
	}
	return true
}
