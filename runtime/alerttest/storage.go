// SPDX-License-Identifier: Apache-2.0

// This file keeps samples in memory, for the PromQL engine to read.

package alerttest

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// sample is one value of a series, a number or a native histogram.
type sample struct {
	t int64 // milliseconds since 1970
	f float64
	h *histogram.FloatHistogram
}

var _ chunks.Sample = sample{}

func (s sample) T() int64                      { return s.t }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return s.h }

func (s sample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (s sample) Copy() chunks.Sample {
	if s.h != nil {
		s.h = s.h.Copy()
	}
	return s
}

// same reports whether two samples hold the same value, bit by bit.
func (s sample) same(other sample) bool {
	if s.h != nil || other.h != nil {
		return s.h != nil && other.h != nil && s.h.Equals(other.h)
	}
	return math.Float64bits(s.f) == math.Float64bits(other.f)
}

// samples is the list that an iterator reads.
type samples []sample

func (s samples) Get(i int) chunks.Sample { return s[i] }
func (s samples) Len() int                { return len(s) }

// stored is a series of the store.
type stored struct {
	labels  labels.Labels
	samples samples
}

// store is all series of a case. It is not safe for concurrent use.
type store struct {
	byHash map[uint64][]*stored
	// pending are given samples whose time has not come.
	pending []parsed
}

var (
	_ storage.Queryable = (*store)(nil)
	_ storage.Querier   = (*store)(nil)
)

func newStore(given []parsed) *store {
	return &store{byHash: map[uint64][]*stored{}, pending: given}
}

// advance brings in what is given up to the time t, so that nothing sees the future, not even offset -5m.
func (s *store) advance(t int64) error {
	for i := range s.pending {
		p := &s.pending[i]
		n := 0
		for ; n < len(p.samples) && p.samples[n].t <= t; n++ {
			if err := s.add(p.labels, p.samples[n]); err != nil {
				return err
			}
		}
		p.samples = p.samples[n:]
	}
	return nil
}

// add appends a sample as Prometheus' storage does: time goes forward, and one time has one value.
func (s *store) add(name labels.Labels, one sample) error {
	series := s.series(name)
	if n := len(series.samples); n > 0 {
		last := series.samples[n-1]
		switch {
		case one.t < last.t:
			return storage.ErrOutOfOrderSample
		case one.t == last.t && last.same(one):
			return nil
		case one.t == last.t:
			return storage.ErrDuplicateSampleForTimestamp
		}
	}
	if one.h != nil {
		one.h = withResetHint(one.h, series.samples)
	}
	series.samples = append(series.samples, one)
	return nil
}

// withResetHint tells whether a native histogram is a counter that began anew, as the storage does for those that do not
// say so themselves.
func withResetHint(h *histogram.FloatHistogram, before samples) *histogram.FloatHistogram {
	if h.CounterResetHint == histogram.GaugeType || h.CounterResetHint == histogram.CounterReset {
		return h
	}
	h = h.Copy()
	h.CounterResetHint = histogram.UnknownCounterReset
	if n := len(before); n > 0 && before[n-1].h != nil {
		if h.DetectReset(before[n-1].h) {
			h.CounterResetHint = histogram.CounterReset
		} else {
			h.CounterResetHint = histogram.NotCounterReset
		}
	}
	return h
}

func (s *store) series(name labels.Labels) *stored {
	hash := name.Hash()
	for _, series := range s.byHash[hash] {
		if labels.Equal(series.labels, name) {
			return series
		}
	}
	series := &stored{labels: name}
	s.byHash[hash] = append(s.byHash[hash], series)
	return series
}

// end marks a series as ended. It does nothing where something else has written to it.
func (s *store) end(name labels.Labels, t int64) {
	_ = s.add(name, sample{t: t, f: math.Float64frombits(value.StaleNaN)})
}

// Querier returns the store itself: the engine looks only at the times that it asks for.
func (s *store) Querier(_, _ int64) (storage.Querier, error) { return s, nil }

// Select returns the series that match, sorted.
func (s *store) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, bucket := range s.byHash {
		for _, series := range bucket {
			if len(series.samples) > 0 && matchesAll(series.labels, matchers) {
				read := series.samples
				found = append(found, &storage.SeriesEntry{
					Lset: series.labels,
					// The engine changes the histograms that it is given.
					SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator { return storage.NewListSeriesIteratorWithCopy(read) },
				})
			}
		}
	}
	slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &seriesSet{series: found}
}

func matchesAll(name labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(name.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues is not asked for by the engine.
func (s *store) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames is not asked for by the engine.
func (s *store) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close has nothing to close.
func (s *store) Close() error { return nil }

type seriesSet struct {
	series []storage.Series
	next   int
}

func (s *seriesSet) Next() bool {
	s.next++
	return s.next <= len(s.series)
}

func (s *seriesSet) At() storage.Series                { return s.series[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }
