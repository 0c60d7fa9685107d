// SPDX-License-Identifier: Apache-2.0

// This file evaluates single rules and keeps the state of their alerts.

package alerttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/template"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// The series that Prometheus writes about alerts, and their label for the state.
const (
	alertsSeries     = "ALERTS"
	forStateSeries   = "ALERTS_FOR_STATE"
	alertStateLabel  = "alertstate"
	pending, firing  = "pending", "firing"
	templatePreamble = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)

// ExpressionError is an expression that does not parse.
type ExpressionError struct {
	// Message is the parser's, Offset the byte of the expression that it is about.
	Message string
	Offset  int
}

// Error returns the message.
func (e *ExpressionError) Error() string { return "got no PromQL: " + e.Message }

var (
	errSameAlert  = errors.New("got two alerts with the same labels, want labels that tell them apart")
	errSameSeries = errors.New("got two series with the same labels, want labels that tell them apart")
)

// rule is a rule with the alerts that are pending or firing.
type rule struct {
	given score.Rule
	index [2]int
	// expression is what runs: the rule's, confined to the tenant.
	expression     string
	labels         []labels.Label
	annotations    map[string]string
	externalLabels map[string]string
	hold, keep     time.Duration
	active         map[uint64]*active
	written        map[string]labels.Labels
	reached        bool
}

// active is an alert whose expression holds, or held until not long ago.
type active struct {
	labels      labels.Labels
	annotations map[string]string
	activeAt    time.Time
	firing      bool
	// goneAt is when the expression ceased to hold while keep_firing_for keeps the alert; zero while it holds.
	goneAt time.Time
}

func newRule(given score.Rule, c Case, groupLabels map[string]string, index [2]int) (*rule, error) {
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(given.Expr)
	if err != nil {
		failed := &ExpressionError{Message: parseMessage(err)}
		var problems parser.ParseErrors
		if errors.As(err, &problems) && len(problems) > 0 {
			failed.Offset = int(problems[0].PositionRange.Start)
		}
		return nil, failed
	}
	own := map[string]string{}
	maps.Copy(own, groupLabels)
	maps.Copy(own, given.Labels)
	if c.Namespace != "" {
		confine(expression, c.Namespace)
		own[namespaceLabel] = c.Namespace
	}
	r := &rule{
		given: given, index: index, expression: expression.String(), annotations: given.Annotations, externalLabels: c.ExternalLabels,
		active: map[uint64]*active{},
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		r.labels = append(r.labels, labels.Label{Name: name, Value: own[name]})
	}
	if r.hold, err = optionalDuration("for", given.For); err != nil {
		return nil, err
	}
	if r.keep, err = optionalDuration("keep_firing_for", given.KeepFiringFor); err != nil {
		return nil, err
	}
	return r, nil
}

func optionalDuration(field, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s: got %q, want a duration", field, text)
	}
	return time.Duration(d), nil
}

// evaluate returns the samples that the rule writes.
func (r *rule) evaluate(ctx context.Context, query queryFunc, at time.Time, g *group) (promql.Vector, error) {
	vector, err := query(ctx, r.expression, at.Add(-g.offset))
	if err != nil {
		return nil, err
	}
	if r.given.Alert != "" {
		return r.alert(ctx, query, vector, at, g.given.Limit)
	}
	return r.record(vector, g.given.Limit)
}

func (r *rule) record(vector promql.Vector, limit int) (promql.Vector, error) {
	for i := range vector {
		b := labels.NewBuilder(vector[i].Metric).Set(model.MetricNameLabel, r.given.Record)
		for _, l := range r.labels {
			b.Set(l.Name, l.Value)
		}
		vector[i].Metric = b.Labels()
	}
	if vector.ContainsSameLabelset() {
		return nil, errSameSeries
	}
	if limit > 0 && len(vector) > limit {
		return nil, fmt.Errorf("got %d series, want at most the group's limit of %d", len(vector), limit)
	}
	r.reached = r.reached || len(vector) > 0
	return vector, nil
}

func (r *rule) alert(ctx context.Context, query queryFunc, vector promql.Vector, at time.Time, limit int) (promql.Vector, error) {
	current := make(map[uint64]*active, len(vector))
	for _, s := range vector {
		a := r.expand(ctx, query, s, at)
		hash := a.labels.Hash()
		if current[hash] != nil {
			return nil, errSameAlert
		}
		current[hash] = a
	}
	for hash, a := range current {
		if known := r.active[hash]; known != nil {
			known.annotations, known.goneAt = a.annotations, time.Time{}
			continue
		}
		r.active[hash] = a
	}
	var written promql.Vector
	for hash, a := range r.active {
		if current[hash] == nil && !r.keeps(a, at) {
			delete(r.active, hash)
			continue
		}
		a.firing = a.firing || at.Sub(a.activeAt) >= r.hold
		written = append(written, r.samples(a, at)...)
	}
	if count := len(r.active); limit > 0 && count > limit {
		clear(r.active)
		return nil, fmt.Errorf("got %d alerts, want at most the group's limit of %d", count, limit)
	}
	for _, a := range r.active {
		r.reached = r.reached || a.firing
	}
	return written, nil
}

// keeps reports whether keep_firing_for holds an alert whose expression holds no more.
func (r *rule) keeps(a *active, at time.Time) bool {
	if !a.firing || r.keep == 0 {
		return false
	}
	if a.goneAt.IsZero() {
		a.goneAt = at
	}
	return at.Sub(a.goneAt) < r.keep
}

// expand makes the alert of one element, with its templates expanded.
func (r *rule) expand(ctx context.Context, query queryFunc, s promql.Sample, at time.Time) *active {
	data := template.AlertTemplateData(s.Metric.Map(), r.externalLabels, "", s)
	text := func(text string) string {
		expander := template.NewTemplateExpander(ctx, templatePreamble+text, "__alert_"+r.given.Alert, data,
			model.Time(at.UnixMilli()), template.QueryFunc(query), nil, nil)
		expanded, err := expander.Expand()
		if err != nil {
			// Prometheus fires the alert all the same, and this is what its receivers read.
			return fmt.Sprintf("<error expanding template: %s>", err)
		}
		return expanded
	}
	b := labels.NewBuilder(s.Metric).Del(model.MetricNameLabel)
	for _, l := range r.labels {
		b.Set(l.Name, text(l.Value))
	}
	b.Set(labels.AlertName, r.given.Alert)
	a := &active{labels: b.Labels(), annotations: make(map[string]string, len(r.annotations)), activeAt: at}
	for name, value := range r.annotations {
		a.annotations[name] = text(value)
	}
	return a
}

// samples are what Prometheus writes about an alert.
func (r *rule) samples(a *active, at time.Time) promql.Vector {
	state := pending
	if a.firing {
		state = firing
	}
	// A label whose template gives nothing is missing on the alert; on these series it is as the rule says.
	b := labels.NewBuilder(labels.New(r.labels...))
	a.labels.Range(func(l labels.Label) { b.Set(l.Name, l.Value) })
	forState := b.Set(model.MetricNameLabel, forStateSeries).Labels()
	alerts := b.Set(model.MetricNameLabel, alertsSeries).Set(alertStateLabel, state).Labels()
	t := at.UnixMilli()
	return promql.Vector{{Metric: alerts, T: t, F: 1}, {Metric: forState, T: t, F: float64(a.activeAt.Unix())}}
}

// alerts returns the active alerts by their labels.
func (r *rule) alerts() []*active {
	all := slices.Collect(maps.Values(r.active))
	slices.SortFunc(all, func(a, b *active) int { return labels.Compare(a.labels, b.labels) })
	return all
}

// valueText writes a number as scripts do, and a native histogram in the notation of series.
func valueText(f float64, h *histogram.FloatHistogram) string {
	if h != nil {
		return h.TestExpression()
	}
	return model.SampleValue(f).String()
}
