// SPDX-License-Identifier: Apache-2.0

// This file reads series in promtool's notation.

package alerttest

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// maxSamples is the most samples that all series of a case may have. The notation makes many out of few characters
// ("0x1000000000"), and all are held in memory.
const maxSamples = 5_000_000

// Series is a synthetic series.
type Series struct {
	// Name is the series' name and labels: `up{job="web"}`.
	Name string
	// Values are its samples in promtool's notation, one at each step from the start: "1 2 3", "0+1x10", "_" for none,
	// "stale", and native histograms such as "{{schema:0 count:3 sum:5 buckets:[1 2]}}".
	Values string
}

// InputError says what is wrong with what a case was given.
type InputError struct {
	// Argument is the field, as scripts write it: "at", "series[up]".
	Argument string
	// Problem says what was got and what was wanted, Fix what to write if that is known.
	Problem, Fix string
}

// Error returns the argument and the problem.
func (e *InputError) Error() string { return e.Argument + ": " + e.Problem }

// repetition finds how often the notation repeats a value.
var repetition = regexp.MustCompile(`x\s*([0-9]+)`)

// samplesOf returns at most how many samples the values make, without making them.
func samplesOf(values string) int {
	total := float64(len(strings.Fields(values)))
	for _, match := range repetition.FindAllStringSubmatch(values, -1) {
		times, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			return math.MaxInt32
		}
		total += times + 1
	}
	return int(min(total, math.MaxInt32))
}

// parsed is a series with its samples, in order.
type parsed struct {
	labels  labels.Labels
	samples []sample
}

// parseSeries reads the series of a case. namespace, unless empty, is given to those that have none of their own.
func parseSeries(c Case) ([]parsed, error) {
	p := parser.NewParser(parser.Options{})
	var all []parsed
	seen := map[uint64]string{}
	total := 0
	for _, given := range c.Series {
		refuse := func(format string, arguments ...any) error {
			return &InputError{Argument: "series[" + given.Name + "]", Problem: fmt.Sprintf(format, arguments...)}
		}
		if _, err := p.ParseMetric(given.Name); err != nil {
			return nil, refuse("got no series: %s", parseMessage(err))
		}
		if total += samplesOf(given.Values); total > maxSamples {
			return nil, refuse("got more than %d samples, want fewer", maxSamples)
		}
		name, values, err := p.ParseSeriesDesc(given.Name + " " + given.Values)
		if err != nil {
			return nil, refuse("got values %q that are none: %s", given.Values, parseMessage(err))
		}
		name = withNamespace(name, c.Namespace)
		if before, twice := seen[name.Hash()]; twice {
			return nil, refuse("got the series %s twice, the other is %s", name, before)
		}
		seen[name.Hash()] = given.Name
		one := parsed{labels: name}
		for i, v := range values {
			if !v.Omitted {
				at := c.Start.Add(time.Duration(i) * c.Interval).UnixMilli()
				one.samples = append(one.samples, sample{t: at, f: v.Value, h: v.Histogram})
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// withNamespace adds the tenant's namespace, as its targets' relabeling does, unless the series says another.
func withNamespace(series labels.Labels, namespace string) labels.Labels {
	if namespace == "" || series.Has(namespaceLabel) {
		return series
	}
	return labels.NewBuilder(series).Set(namespaceLabel, namespace).Labels()
}

// parseMessage returns what the parser says, without the place in a text that nobody wrote.
func parseMessage(err error) string {
	var problems parser.ParseErrors
	if errors.As(err, &problems) && len(problems) > 0 && problems[0].Err != nil {
		return problems[0].Err.Error()
	}
	var problem *parser.ParseErr
	if errors.As(err, &problem) && problem.Err != nil {
		return problem.Err.Error()
	}
	return err.Error()
}
