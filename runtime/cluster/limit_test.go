// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// stopped is a clock that stands still and notes when sleepers would have woken up.
type stopped struct {
	sync.Mutex
	at    time.Time
	wakes []time.Duration
}

func (s *stopped) drive(l *limiter) {
	l.now = func() time.Time { return s.at }
	l.sleep = func(ctx context.Context, d time.Duration) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.Lock()
		defer s.Unlock()
		s.wakes = append(s.wakes, d)
		return nil
	}
}

// limited returns a client that is capped, its clock, and the number of requests that its server has got.
func limited(t *testing.T, perSecond float64, handle http.HandlerFunc) (*Client, *stopped, *atomic.Int32) {
	t.Helper()
	var served atomic.Int32
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		handle(w, r)
	})
	capped, err := NewClient(client.RESTConfig(), Options{QPS: perSecond})
	if err != nil {
		t.Fatal(err)
	}
	clock := &stopped{at: time.Unix(1000, 0)}
	clock.drive(capped.limiter)
	return capped, clock, &served
}

func fine(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, applied) }

// Whoever sends and however many at once: in any time t no more than burst + rate×t requests leave.
func TestQPSHoldsForAllRequests(t *testing.T) {
	t.Parallel()
	const perSecond, each = 10, 20
	client, clock, served := limited(t, perSecond, fine)
	// Helm and others make their own clients of this.
	transport, err := rest.TransportFor(client.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range each {
		group.Go(func() {
			if err := client.Check(context.Background()); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			r, _ := http.NewRequest(http.MethodGet, client.Host()+"/version", http.NoBody)
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
		})
	}
	group.Wait()
	if got := served.Load(); got != 2*each {
		t.Fatalf("got %d requests, want %d", got, 2*each)
	}
	if got, want := len(clock.wakes), 2*each-perSecond; got != want {
		t.Fatalf("got %d requests that waited, want all but a burst of %d: %d", got, perSecond, want)
	}
	slices.Sort(clock.wakes)
	for n, wake := range clock.wakes {
		if want := time.Duration(n+1) * time.Second / perSecond; (wake - want).Abs() > time.Millisecond {
			t.Errorf("request %d after the burst: got sent after %s, want %s", n+1, wake, want)
		}
	}
}

// A request that is sent again is a request.
func TestQPSCountsRetries(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	client, clock, served := limited(t, 1, func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 3 {
			refuse(w, http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable)
			return
		}
		fine(w, r)
	})
	if err := client.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if served.Load() != 3 || len(clock.wakes) != 2 {
		t.Fatalf("got %d requests of which %d waited, want 3 of which 2 waited", served.Load(), len(clock.wakes))
	}
}

func TestQPSLetsGoWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	client, clock, served := limited(t, 0.5, fine)
	if err := client.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	ended := fmt.Errorf("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	client.limiter.sleep = func(ctx context.Context, _ time.Duration) error {
		cancel(ended)
		return context.Cause(ctx)
	}
	if err := client.Check(ctx); !errors.Is(err, ended) || served.Load() != 1 {
		t.Fatalf("got %v after %d requests, want the context's reason and no second request", err, served.Load())
	}
	// The turn of the one that was not sent is the next one's.
	clock.drive(client.limiter)
	if err := client.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(clock.wakes) != 1 || clock.wakes[0] != 2*time.Second {
		t.Fatalf("got waits %v, want one of 2s", clock.wakes)
	}
}

func TestNoQPSIsNoCap(t *testing.T) {
	t.Parallel()
	client := serve(t, fine)
	if client.limiter != nil || client.RESTConfig().QPS >= 0 {
		t.Fatalf("got limiter %v and QPS %v, want none", client.limiter, client.RESTConfig().QPS)
	}
	for rate, burst := range map[float64]int{0.1: 1, 1: 1, 2.5: 3, 500: 500} {
		if got := newLimiter(rate).bucket.Burst(); got != burst {
			t.Errorf("%v requests per second: got bursts of %d, want %d", rate, got, burst)
		}
	}
}
