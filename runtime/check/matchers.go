// SPDX-License-Identifier: Apache-2.0

// This file judges matchers in Alertmanager's syntax.

package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

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

// channelMatchers checks a channel's matchers and returns those that are right.
func (c *checker) channelMatchers(who string, channel score.AlertChannel) {
	equal := map[string]string{}
	for i, text := range channel.Matchers {
		parsed := c.parseMatchers(text)
		if f := parsed.fault; f != nil {
			c.report(problem{
				code: "invalid-matcher", origin: channel.Origin, argument: element("matchers", i), value: text,
				part: true, offset: f.offset, length: f.length,
				summary: fmt.Sprintf("%s: matchers: %s does not parse: %s", who, shown(text), f.message),
				detail:  "A matcher is a label, one of = != =~ !~, and a value.", fix: f.fix,
			})
			continue
		}
		for _, m := range parsed.matchers {
			if m.Type != labels.MatchEqual {
				continue
			}
			if before, twice := equal[m.Name]; twice && before != m.Value {
				c.report(problem{
					code: "impossible-matchers", origin: channel.Origin, argument: element("matchers", i), value: text,
					summary: fmt.Sprintf("%s: matchers: got %s=%q and %s=%q, which no alert can both match", who, m.Name, before, m.Name, m.Value),
					fix:     fmt.Sprintf("write one matcher with alternatives: %s=~%q", m.Name, regexp.QuoteMeta(before)+"|"+regexp.QuoteMeta(m.Value)),
				})
			}
			equal[m.Name] = m.Value
		}
	}
}

// letsThrough reports whether the channel may get an alert of rule: no matcher fails on a label that the
// rule sets to a fixed value. Labels that come from the series are not known here.
func (c *checker) letsThrough(channel score.AlertChannel, rule score.Rule) bool {
	for _, text := range channel.Matchers {
		for _, m := range c.parseMatchers(text).matchers {
			value, known := rule.Labels[m.Name]
			if m.Name == "alertname" {
				value, known = rule.Alert, true
			}
			if known && !strings.Contains(value, "{{") && !m.Matches(value) {
				return false
			}
		}
	}
	return true
}
