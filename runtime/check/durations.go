// SPDX-License-Identifier: Apache-2.0

// This file checks durations in Prometheus' notation.

package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// defaultScrapeInterval is what prometheus-operator configures when nothing else is said.
const defaultScrapeInterval = "30s"

type duration struct {
	value time.Duration
	err   error
}

func (c *checker) parseDuration(text string) duration {
	if d, known := c.durations[text]; known {
		return d
	}
	value, err := model.ParseDuration(text)
	d := duration{time.Duration(value), err}
	c.durations[text] = d
	return d
}

// duration checks an optional duration and returns it; ok is false when it is absent or wrong.
func (c *checker) duration(who, text string, origin score.Origin, argument string, zeroAllowed bool) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	d := c.parseDuration(text)
	p := problem{code: "invalid-duration", origin: origin, argument: argument, value: text}
	name := strings.TrimSuffix(argument, "_")
	switch {
	case d.err != nil:
		p.summary = fmt.Sprintf("%s: %s: got %s, want a duration such as \"30s\", \"5m\", \"1h30m\" or \"10d\"", who, name, shown(text))
		p.detail = "A duration is whole numbers with the units ms, s, m, h, d, w and y, the larger units first."
		if fixed, ok := c.respelled(text); ok {
			p.fix = fmt.Sprintf("write %q", fixed)
		}
	case d.value == 0 && !zeroAllowed:
		p.summary = fmt.Sprintf("%s: %s: got %s, want more than zero", who, name, shown(text))
	default:
		return d.value, true
	}
	c.report(p)
	return 0, false
}

// respelled finds what was most likely meant by a duration that does not parse: "5 min" is "5m".
func (c *checker) respelled(text string) (string, bool) {
	words := strings.NewReplacer(
		"milliseconds", "ms", "millis", "ms", "seconds", "s", "second", "s", "secs", "s", "sec", "s", "minutes", "m", "minute", "m", "mins", "m", "min", "m",
		"hours", "h", "hour", "h", "hrs", "h", "hr", "h", "days", "d", "day", "d", "weeks", "w", "week", "w", "years", "y", "year", "y", " ", "",
	)
	candidate := words.Replace(strings.ToLower(strings.TrimSpace(text)))
	if d := c.parseDuration(candidate); d.err == nil && d.value > 0 {
		return candidate, true
	}
	// "1.5h" and "90" are Go's and a bare number of seconds.
	if d, err := time.ParseDuration(candidate); err == nil && d > 0 && d%time.Millisecond == 0 {
		return model.Duration(d).String(), true
	}
	if d := c.parseDuration(candidate + "s"); d.err == nil && d.value > 0 {
		return candidate + "s", true
	}
	return "", false
}
