// SPDX-License-Identifier: Apache-2.0

// This file judges matchers in Alertmanager's syntax.

package check

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxMatcher is the longest matcher that is parsed, in bytes.
const maxMatcher = 10_000

type parsedMatcher struct {
	matchers labels.Matchers
	fault    *fault
}

// matcherColumns is how the parser names a place: code points from 0, start and end.
var matcherColumns = regexp.MustCompile(`^(\d+):(\d+): (?s:(.*))$`)

// parseMatchers reads one matcher, or several in braces.
func (c *checker) parseMatchers(text string) parsedMatcher {
	if known, ok := c.parsedMatchers[text]; ok {
		return known
	}
	var parsed parsedMatcher
	if len(text) > maxMatcher {
		parsed.fault = &fault{length: len(text), message: fmt.Sprintf("got %d bytes, want at most %d", len(text), maxMatcher)}
	} else if matchers, err := parse.Matchers(text); err != nil {
		parsed.fault = matcherFault(text, err)
	} else if len(matchers) == 0 {
		parsed.fault = &fault{length: len(text), message: "got no matcher, want one"}
	} else {
		parsed.matchers = matchers
	}
	c.parsedMatchers[text] = parsed
	return parsed
}

func matcherFault(text string, err error) *fault {
	found := &fault{length: len(text), message: err.Error()}
	match := matcherColumns.FindStringSubmatch(err.Error())
	switch {
	case match != nil:
		start, end := columnOffset(text, match[1]), columnOffset(text, match[2])
		found.message = match[3]
		if start <= end && end <= len(text) {
			found.offset, found.length = start, end-start
		}
	case strings.Contains(err.Error(), "end of input"):
		found.offset, found.length = len(text), 0
	}
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
	case strings.Contains(trimmed, "=="):
		found.fix = fmt.Sprintf("write %s", strings.Replace(trimmed, "==", "=", 1))
	case strings.Contains(trimmed, "'"):
		found.fix = "put the value in double quotes"
	case !strings.ContainsAny(trimmed, "=~"):
		found.fix = fmt.Sprintf("write a label, an operator and a value, such as severity=%q", "critical")
	}
	return found
}

// columnOffset turns a column in code points into an offset in bytes.
func columnOffset(text, column string) int {
	number, err := strconv.Atoi(column)
	if err != nil {
		return 0
	}
	at := 0
	for offset := range text {
		if at == number {
			return offset
		}
		at++
	}
	return len(text)
}

// matchers checks a list of matchers. ok is false when one of them is wrong.
func (c *checker) matchers(who string, texts []string, origin score.Origin, argument string) (all labels.Matchers, ok bool) {
	ok = true
	equal := map[string]string{}
	contradicted := false
	for i, text := range texts {
		parsed := c.parseMatchers(text)
		if f := parsed.fault; f != nil {
			c.report(problem{
				code: "invalid-matcher", origin: origin, argument: element(argument, i), value: text,
				part: true, offset: f.offset, length: f.length,
				summary: fmt.Sprintf("%s: %s: %s does not parse: %s", who, argument, shown(text), f.message),
				detail:  "A matcher is a label, one of = != =~ !~, and a value.", fix: f.fix,
			})
			ok = false
			continue
		}
		for _, m := range parsed.matchers {
			if strings.ContainsFunc(m.Name, needsQuotes) {
				c.report(problem{
					code: "invalid-matcher", origin: origin, argument: element(argument, i), value: text,
					summary: fmt.Sprintf("%s: %s: got the label %q, whose name has to be quoted in matchers", who, argument, m.Name),
					detail:  "prometheus-operator writes names without quotes, so Alertmanager would refuse all of its configuration.",
					fix:     fmt.Sprintf("call the label %q", legacyName(m.Name)),
				})
				ok = false
			}
			if m.Type != labels.MatchEqual {
				continue
			}
			if before, twice := equal[m.Name]; twice && before != m.Value {
				contradicted = true
				c.report(problem{
					code: "impossible-matchers", origin: origin, argument: element(argument, i), value: text,
					summary: fmt.Sprintf("%s: %s: got %s=%q and %s=%q, which no alert can both match", who, argument, m.Name, before, m.Name, m.Value),
					fix:     fmt.Sprintf("write one matcher with alternatives: %s=~%q", m.Name, regexp.QuoteMeta(before)+"|"+regexp.QuoteMeta(m.Value)),
				})
			}
			equal[m.Name] = m.Value
		}
		all = append(all, parsed.matchers...)
	}
	if ok && !contradicted && c.verdict(all) == routing.No {
		c.impossible(who, texts, all, origin, argument)
	}
	return all, ok
}

// needsQuotes reports whether a label's name with this character has to be quoted in Alertmanager's syntax.
func needsQuotes(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("{}!=~,\\\"'`", r) }

// verdict says whether any alert can match all matchers.
func (c *checker) verdict(matchers labels.Matchers) routing.Verdict {
	var f routing.Formula
	f.Match(matchers)
	_, verdict := c.solver.Solve(f)
	return verdict
}

// impossible reports matchers that no alert can match, by the fewest that contradict each other.
func (c *checker) impossible(who string, texts []string, all labels.Matchers, origin score.Origin, argument string) {
	p := problem{
		code: "impossible-matchers", origin: origin, argument: argument,
		summary: fmt.Sprintf("%s: %s: got %s, which no alert can match", who, argument, all),
		detail:  "A label that an alert lacks has the empty value; an expression has to fit the whole value.",
	}
	for i, one := range all {
		if c.verdict(labels.Matchers{one}) == routing.No {
			p.summary = fmt.Sprintf("%s: %s: got %s, which no value can match", who, argument, one)
			break
		}
		found := slices.IndexFunc(all[:i], func(other *labels.Matcher) bool {
			return c.verdict(labels.Matchers{other, one}) == routing.No
		})
		if found >= 0 {
			p.summary = fmt.Sprintf("%s: %s: got %s and %s, which no alert can both match", who, argument, all[found], one)
			break
		}
	}
	if len(texts) == 1 {
		p.argument = element(argument, 0)
	}
	c.report(p)
}
