// SPDX-License-Identifier: Apache-2.0

// This file explains what the parser refuses: where the wrong token stands, and what to write instead.

package host

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// syntaxProblem converts an error of the scanner or the parser.
func (t *Thread) syntaxProblem(err error) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: "syntax-error", Summary: "syntax: " + err.Error()}
	var at syntax.Error
	if errors.As(err, &at) {
		d.Position, d.Summary = position(at.Pos), "syntax: "+lowerFirst(at.Msg)
		text, _ := t.texts.source(d.Position.File)
		lines := strings.Split(text, "\n")
		d.Position, d.Length = tokenBefore(d.Position, at.Msg, lines)
		if d.Position.Line >= 1 && d.Position.Line <= len(lines) {
			t.maskLikely(text, d.Position.Line)
			d.Fix = syntaxFix(at.Msg, lines[d.Position.Line-1])
		}
	}
	return d
}

// mistakes are habits from Python that Starlark's parser refuses without saying what to write instead. The
// expressions are matched against the line with the error.
var mistakes = []struct {
	line func() *regexp.Regexp
	fix  string
}{
	{whenNeeded(`\bfor\s*=[^=]`), "`for` is a reserved word: write for_ = …"},
	{whenNeeded(`(^|[^\w"'])[fF]["']`), `there are no f-strings: write "{}".format(x) or "%s" % x`},
	{whenNeeded(`^\s*(import|from)\b`), `there is no import: write load("./lib.star", "name")`},
	{whenNeeded(`^\s*class\b`), "there are no classes: write a function that returns struct(…)"},
	{whenNeeded(`^\s*(try|except|finally|raise)\b`), "there are no exceptions: write fail(…) to stop with a message"},
	{whenNeeded(`^\s*with\b`), "there is no `with`"},
	{whenNeeded(`^\s*(while)\b`), "there is no `while`: loop over range(n)"},
	{whenNeeded(`^\s*(async|await|yield|nonlocal|global|del|assert)\b`), "this word of Python is not part of Starlark"},
	{whenNeeded(`^\s*def\b.*(:\s*\w+.*\)|->)`), "there are no type annotations: leave them out"},
	{whenNeeded(`\bis\b`), "there is no `is`: write == or !="},
	{whenNeeded(`\*\*\s*\d`), "there is no power operator: write x * x"},
	{whenNeeded(`:=`), "there is no := operator: assign on a line of its own"},
}

// whenNeeded returns an expression that is compiled when it is first asked for: all of these explain mistakes, and a program
// that compiles them at its start is slower for everybody.
func whenNeeded(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

const longestLine = 1000

func syntaxFix(message, line string) string {
	switch {
	case strings.Contains(message, "unexpected EOF"):
		return "close the string with the quote that opened it"
	case strings.Contains(message, "unexpected newline in string"):
		return `close the string on its line, or use """ for several lines`
	case strings.Contains(message, "invalid escape sequence"):
		return `double the backslash, or write a raw string r"…"`
	case strings.Contains(message, "unindent"):
		return "indent the lines of a block alike"
	}
	if len(line) > longestLine {
		return "" // no one wrote it by hand
	}
	for _, mistake := range mistakes {
		if mistake.line().MatchString(line) {
			return mistake.fix
		}
	}
	return ""
}

var (
	unexpectedToken = whenNeeded(`^got ('[^']+'|\w+)`)
	stringBefore    = whenNeeded(`("[^"]*"|'[^']*')$`)
	wordBefore      = whenNeeded(`[\pL\w.]+$`)
)

// tokenBefore finds the token that the parser did not want: it reports the place behind it.
func tokenBefore(at score.Position, message string, lines []string) (token score.Position, length int) {
	match := unexpectedToken().FindStringSubmatch(message)
	if match == nil || at.Line < 1 || at.Line > len(lines) {
		return at, 0
	}
	if at.Column == 1 && match[1] == "newline" && at.Line > 1 {
		at.Line--
		at.Column = utf8.RuneCountInString(lines[at.Line-1]) + 1
		return at, 0
	}
	if len(lines[at.Line-1]) > longestLine {
		return at, 0
	}
	line := []rune(lines[at.Line-1])
	before := string(line[:min(max(at.Column-1, 0), len(line))])
	found := strings.Trim(match[1], "'")
	if match[1] == "string" {
		found = stringBefore().FindString(before)
	} else if !strings.HasSuffix(before, found) {
		if found = wordBefore().FindString(before); match[1] != "identifier" && match[1] != "int" && match[1] != "float" {
			return at, 0
		}
	}
	length = utf8.RuneCountInString(found)
	at.Column -= length
	return at, length
}
