// SPDX-License-Identifier: Apache-2.0

// This file leaves out warnings that a comment in the script switches off for one line.

package deployment

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// The codes of comments that switch nothing off.
const (
	codeInvalidDisable = "invalid-disable"
	codeUnusedDisable  = "unused-disable"
)

// Codes returns every kind of problem that is found in what a script declares, by subject. Those of the language itself,
// such as a misspelt argument, are not among them: they are always errors.
func Codes() []check.Code {
	return append(check.Codes(),
		check.Code{Name: backend.CodeUnsupportedChannel, Severity: diag.Error, Summary: "the chosen API version cannot carry a kind of channel"},
		check.Code{Name: backend.CodeUnsupportedSetting, Severity: diag.Error, Summary: "the chosen API version cannot carry a setting of a channel"},
		check.Code{Name: codeInvalidDisable, Severity: diag.Warning, Summary: "a comment is to switch a warning off, and there is none of that name"},
		check.Code{Name: codeUnusedDisable, Severity: diag.Warning, Summary: "a comment switches a warning off that there is not"},
	)
}

const (
	marker     = "harmony:"
	disableFix = "write # harmony: disable=CODE, with a code that `harmonyscript doc checks` lists"
)

var (
	marked   = regexp.MustCompile(`^#+\s*` + marker)
	disables = regexp.MustCompile(`^#+\s*` + marker + `\s*disable\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s|$)`)
	word     = regexp.MustCompile(`[\w-]+`)
)

// disabled is one code in a comment, and the lines that it is for.
type disabled struct {
	code        string
	at          score.Position
	first, last int
	used        bool
}

func (d *disabled) covers(p score.Position) bool {
	return p.File == d.at.File && p.Line >= d.first && p.Line <= d.last
}

// withoutDisabled drops the warnings that comments in the files switch off. Comments that switch nothing off are reported;
// complete says that all warnings have been looked for, so that one that is not there is not there.
func withoutDisabled(problems diag.List, sources diag.Sources, files []string, complete bool) diag.List {
	if sources == nil {
		return problems
	}
	var all []*disabled
	severities := map[string]diag.Severity{}
	for _, c := range Codes() {
		severities[c.Name] = c.Severity
	}
	for _, d := range problems {
		severities[d.Code] = d.Severity
	}
	for _, file := range files {
		if text, ok := sources(file); ok && strings.Contains(text, marker) {
			found, wrong := readDisabled(file, text, severities)
			all, problems = append(all, found...), append(problems, wrong...)
		}
	}
	if len(all) == 0 {
		return problems
	}
	problems = slices.DeleteFunc(problems, func(d diag.Diagnostic) bool {
		off := false
		for _, one := range all {
			if d.Severity == diag.Warning && d.Code == one.code && (one.covers(d.Position) || slices.ContainsFunc(d.Related, func(r diag.Related) bool {
				return r.Message == diag.CalledFrom && one.covers(r.Position)
			})) {
				one.used, off = true, true
			}
		}
		return off
	})
	for _, one := range all {
		if complete && !one.used {
			problems = append(problems, diag.Diagnostic{
				Severity: diag.Warning, Code: codeUnusedDisable, Position: one.at, Length: len(one.code),
				Summary: "comment: got disable=" + one.code + ", and there is no such warning on this line", Fix: "remove it",
			})
		}
	}
	return problems
}

// readDisabled returns what the comments of a file switch off, and what is wrong with them.
func readDisabled(file, text string, severities map[string]diag.Severity) (found []*disabled, wrong diag.List) {
	parsed, err := new(syntax.FileOptions).Parse(file, text, syntax.RetainComments)
	if err != nil {
		return nil, nil // whoever reads the error has other worries
	}
	lines := strings.Split(text, "\n")
	comments, ends := commentsAndTexts(parsed)
	for _, c := range comments {
		if !marked.MatchString(c.Text) {
			continue
		}
		line := int(c.Start.Line)
		at := score.Position{File: file, Line: line, Column: int(c.Start.Col)}
		report := func(at score.Position, length int, summary, fix string) {
			wrong = append(wrong, diag.Diagnostic{Severity: diag.Warning, Code: codeInvalidDisable, Position: at, Length: length, Summary: "comment: " + summary, Fix: fix})
		}
		match := disables.FindStringSubmatchIndex(c.Text)
		if match == nil {
			report(at, utf8.RuneCountInString(c.Text), "got something behind harmony: that is no instruction, want disable=CODE", disableFix)
			continue
		}
		first := line
		if before := []rune(lines[line-1])[:c.Start.Col-1]; strings.TrimSpace(string(before)) == "" {
			first = nextCode(lines, line)
		}
		last := first
		for l := first; l <= last; l++ {
			// What stands in a text of several lines has no other place for a comment than where the text begins.
			last = max(last, ends[l])
		}
		for _, span := range word.FindAllStringIndex(c.Text[match[2]:match[3]], -1) {
			code := c.Text[match[2]+span[0] : match[2]+span[1]]
			place := at
			place.Column += utf8.RuneCountInString(c.Text[:match[2]+span[0]])
			switch severity, known := severities[code]; {
			case !known:
				fix := disableFix
				if near := diag.Nearest(code, slices.Sorted(maps.Keys(severities))); near != "" {
					fix = fmt.Sprintf("did you mean %s?", near)
				}
				report(place, len(code), fmt.Sprintf("got disable=%s, and there is no check of this name", code), fix)
			case severity == diag.Error:
				report(place, len(code), fmt.Sprintf("got disable=%s, which is an error: only warnings can be switched off", code), "remove it, and what the error speaks of")
			default:
				found = append(found, &disabled{code: code, at: place, first: first, last: last})
			}
		}
	}
	return found, wrong
}

// commentsAndTexts returns the comments of a file, and for lines on which a text of several lines begins its last line.
func commentsAndTexts(file *syntax.File) (comments []syntax.Comment, ends map[int]int) {
	ends = map[int]int{}
	syntax.Walk(file, func(n syntax.Node) bool {
		if n == nil {
			return false
		}
		if c := n.Comments(); c != nil {
			comments = append(append(append(comments, c.Before...), c.Suffix...), c.After...)
		}
		if literal, ok := n.(*syntax.Literal); ok && literal.Token == syntax.STRING {
			start, _ := literal.Span()
			if more := strings.Count(literal.Raw, "\n"); more > 0 {
				ends[int(start.Line)] = max(ends[int(start.Line)], int(start.Line)+more)
			}
		}
		return true
	})
	return comments, ends
}

// nextCode returns the first line behind line, both counted from 1, that has more than a comment on it.
func nextCode(lines []string, line int) int {
	for i := line; i < len(lines); i++ {
		if text := strings.TrimSpace(lines[i]); text != "" && !strings.HasPrefix(text, "#") {
			return i + 1
		}
	}
	return line
}
