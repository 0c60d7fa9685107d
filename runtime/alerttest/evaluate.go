// SPDX-License-Identifier: Apache-2.0

// This file runs groups of rules from the start to the moment that is asked for.

package alerttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	// maxEvaluations is how often all groups together are evaluated at most.
	maxEvaluations = 1_000_000
	// maxQuerySamples and queryTimeout are Prometheus' own defaults for one query.
	maxQuerySamples = 50_000_000
	queryTimeout    = 2 * time.Minute
)

// Case is rules and the series that they are tried on.
type Case struct {
	// Groups are evaluated in this order, each at its own interval.
	Groups []score.RuleGroup
	// Namespace confines the rules to a tenant's series, as the operator does; empty leaves them as they are.
	Namespace string
	// ExternalLabels are what templates see as $externalLabels.
	ExternalLabels map[string]string
	Series         []Series
	// Interval is the time between two samples, and between two evaluations of a group that names none.
	Interval time.Duration
	// Start is the time of the first samples and evaluations, the beginning of 1970 when it is zero as in promtool; At is
	// the moment after it that is looked at.
	Start time.Time
	At    time.Duration
}

// Alert is an alert that is pending or firing.
type Alert struct {
	Name   string
	Firing bool
	// Labels include alertname, and the tenant's namespace.
	Labels, Annotations map[string]string
	// Since is how long after the start the alert's expression began to hold.
	Since time.Duration
	// Group and Rule are what the alert is made by.
	Group score.RuleGroup
	Rule  score.Rule
}

// RuleError is a rule that could not be evaluated.
type RuleError struct {
	Group score.RuleGroup
	Rule  score.Rule
	// At is the time after the start.
	At  time.Duration
	Err error
}

// Error names the rule and the time.
func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %q of the group %q, at %s: %v", e.Rule.Name(), e.Group.Name, model.Duration(e.At), e.Err)
}

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

// State is what there is at the moment that was asked for.
type State struct {
	// Alerts by group, rule and labels.
	Alerts []Alert
	// Reached are the rules that fired an alert or recorded a series at any time, as indexes of group and rule.
	Reached map[[2]int]bool

	at    time.Time
	query queryFunc
}

// Sample is one element of what an expression gives.
type Sample struct {
	// Series is the name with its labels, Value the number or, in its notation, the native histogram.
	Series, Value string
}

// evaluation is a case under way.
type evaluation struct {
	c      Case
	store  *store
	query  queryFunc
	groups []*group
}

type queryFunc func(ctx context.Context, text string, at time.Time) (promql.Vector, error)

// group is a rule group with the state of its rules.
type group struct {
	given    score.RuleGroup
	interval time.Duration
	// offset is how far before its evaluations the group looks and writes.
	offset time.Duration
	rules  []*rule
}

// Evaluate evaluates the rules of c from its start to the moment At. The error is an *InputError for what c was given,
// the *RuleErrors of the first evaluation that failed, joined, or that of ctx.
func Evaluate(ctx context.Context, c Case) (*State, error) {
	if c.Start.IsZero() {
		c.Start = time.Unix(0, 0).UTC()
	}
	e, err := prepare(c)
	if err != nil {
		return nil, err
	}
	defer e.store.Close()
	end := c.Start.Add(c.At)
	for at := c.Start; !at.After(end); at = e.next(at) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := e.store.advance(at.UnixMilli()); err != nil {
			return nil, fmt.Errorf("series: %w", err)
		}
		var failed []error
		for _, g := range e.groups {
			if at.Sub(c.Start)%g.interval == 0 {
				failed = append(failed, e.evaluate(ctx, g, at)...)
			}
		}
		if len(failed) > 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return nil, errors.Join(failed...)
		}
	}
	if err := e.store.advance(end.UnixMilli()); err != nil {
		return nil, fmt.Errorf("series: %w", err)
	}
	return e.state(end), nil
}

func prepare(c Case) (*evaluation, error) {
	switch {
	case c.Interval < time.Millisecond:
		return nil, &InputError{Argument: "interval", Problem: fmt.Sprintf("got %s, want at least a millisecond", c.Interval), Fix: `write interval = "1m"`}
	case c.At < 0:
		return nil, &InputError{Argument: "at", Problem: fmt.Sprintf("got %s, want a time from the start on", c.At), Fix: `write at = "10m"`}
	}
	given, err := parseSeries(c)
	if err != nil {
		return nil, err
	}
	e := &evaluation{c: c, store: newStore(given)}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: maxQuerySamples, Timeout: queryTimeout, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return c.Interval.Milliseconds() },
	})
	e.query = queryWith(engine, e.store)
	evaluations := time.Duration(0)
	for i, g := range c.Groups {
		made := &group{given: g, interval: c.Interval}
		if g.Interval != "" {
			interval, err := model.ParseDuration(g.Interval)
			if err != nil || interval <= 0 {
				return nil, &RuleError{Group: g, Err: fmt.Errorf("interval: got %q, want a duration", g.Interval)}
			}
			made.interval = time.Duration(interval)
		}
		if made.offset, err = optionalDuration("query_offset", g.QueryOffset); err != nil {
			return nil, &RuleError{Group: g, Err: err}
		}
		evaluations += c.At/made.interval + 1
		for j, r := range g.Rules {
			read, err := newRule(r, c, g.Labels, [2]int{i, j})
			if err != nil {
				return nil, &RuleError{Group: g, Rule: r, Err: err}
			}
			made.rules = append(made.rules, read)
		}
		e.groups = append(e.groups, made)
	}
	if evaluations > maxEvaluations {
		return nil, &InputError{Argument: "at", Problem: fmt.Sprintf("got %d evaluations until then, want at most %d", evaluations, maxEvaluations), Fix: "look at an earlier time, or make the interval longer"}
	}
	return e, nil
}

// next is the first time after at when a group is due.
func (e *evaluation) next(at time.Time) time.Time {
	since := at.Sub(e.c.Start)
	wait := e.c.At - since + 1 // beyond the end
	for _, g := range e.groups {
		wait = min(wait, g.interval-since%g.interval)
	}
	return at.Add(wait)
}

// queryWith returns how rules and templates ask for an expression's value.
func queryWith(engine *promql.Engine, from *store) queryFunc {
	return func(ctx context.Context, text string, at time.Time) (promql.Vector, error) {
		query, err := engine.NewInstantQuery(ctx, from, nil, text, at)
		if err != nil {
			return nil, err
		}
		defer query.Close()
		result := query.Exec(ctx)
		if result.Err != nil {
			return nil, result.Err
		}
		switch v := result.Value.(type) {
		case promql.Vector:
			// Close takes back what the engine lent.
			return slices.Clone(v), nil
		case promql.Scalar:
			return promql.Vector{promql.Sample{T: v.T, F: v.V, Metric: labels.EmptyLabels()}}, nil
		default:
			return nil, fmt.Errorf("got an expression that gives a %s, want a vector or a scalar", result.Value.Type())
		}
	}
}

// evaluate evaluates the rules of one group, in order, so that each sees what those before it recorded.
func (e *evaluation) evaluate(ctx context.Context, g *group, at time.Time) []error {
	var failed []error
	for _, r := range g.rules {
		if err := e.evaluateRule(ctx, g, r, at); err != nil {
			failed = append(failed, &RuleError{Group: g.given, Rule: r.given, At: at.Sub(e.c.Start), Err: err})
		}
	}
	return failed
}

func (e *evaluation) evaluateRule(ctx context.Context, g *group, r *rule, at time.Time) error {
	vector, err := r.evaluate(ctx, e.query, at, g)
	if err != nil {
		return err
	}
	written := at.Add(-g.offset).UnixMilli()
	names := make(map[string]labels.Labels, len(vector))
	var failed error
	for _, s := range vector {
		if err := e.store.add(s.Metric, sample{t: written, f: s.F, h: s.H}); err != nil {
			failed = err
			continue
		}
		names[s.Metric.String()] = s.Metric
	}
	for key, name := range r.written {
		if _, still := names[key]; !still {
			e.store.end(name, written)
		}
	}
	r.written = names
	return failed
}

// state collects what there is.
func (e *evaluation) state(at time.Time) *State {
	s := &State{Reached: map[[2]int]bool{}, at: at, query: e.query}
	for _, g := range e.groups {
		for _, r := range g.rules {
			if r.reached {
				s.Reached[r.index] = true
			}
			for _, a := range r.alerts() {
				s.Alerts = append(s.Alerts, Alert{
					Name: r.given.Alert, Firing: a.firing, Labels: a.labels.Map(), Annotations: a.annotations,
					Since: a.activeAt.Sub(e.c.Start), Group: g.given, Rule: r.given,
				})
			}
		}
	}
	return s
}

// Query returns what an expression gives at the state's moment, sorted by series. A tenant's confinement does not
// concern it: it looks from outside.
func (s *State) Query(ctx context.Context, expression string) ([]Sample, error) {
	if _, err := parser.NewParser(parser.Options{}).ParseExpr(expression); err != nil {
		return nil, &InputError{Argument: "expr", Problem: "got no PromQL: " + parseMessage(err)}
	}
	vector, err := s.query(ctx, expression, s.at)
	if err != nil {
		return nil, &InputError{Argument: "expr", Problem: err.Error()}
	}
	slices.SortFunc(vector, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
	found := make([]Sample, len(vector))
	for i, v := range vector {
		found[i] = Sample{Series: v.Metric.String(), Value: valueText(v.F, v.H)}
	}
	return found, nil
}

// ParseSample reads a series and its value, a number or a native histogram in the notation of series, as Query gives
// them. The error is an *InputError about "expect".
func ParseSample(series, value string) (Sample, error) {
	argument := "expect[" + series + "]"
	p := parser.NewParser(parser.Options{})
	name, err := p.ParseMetric(series)
	if err != nil {
		return Sample{}, &InputError{Argument: argument, Problem: "got no series: " + parseMessage(err)}
	}
	refused := &InputError{Argument: argument, Problem: fmt.Sprintf("got the value %q, want a number or a native histogram", value)}
	if samplesOf(value) > maxSamples {
		return Sample{}, refused
	}
	_, values, err := p.ParseSeriesDesc("{} " + value)
	if err != nil || len(values) != 1 || values[0].Omitted {
		return Sample{}, refused
	}
	return Sample{Series: name.String(), Value: valueText(values[0].Value, values[0].Histogram)}, nil
}
