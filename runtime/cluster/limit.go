// SPDX-License-Identifier: Apache-2.0

// This file caps how many requests per second are sent, for those who ask for it.

package cluster

import (
	"context"
	"math"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// limiter lets requests through at a bounded rate. A nil limiter lets all through at once.
type limiter struct {
	bucket *rate.Limiter
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
}

// newLimiter returns a limiter of requests per second, in bursts of what one second allows; nil when there is no limit.
func newLimiter(perSecond float64) *limiter {
	if perSecond <= 0 {
		return nil
	}
	burst := max(1, int(math.Ceil(min(perSecond, math.MaxInt32))))
	return &limiter{bucket: rate.NewLimiter(rate.Limit(perSecond), burst), now: time.Now, sleep: sleep}
}

// wait returns when the next request may be sent, or with the context's reason for ending earlier.
func (l *limiter) wait(ctx context.Context) error {
	if l == nil {
		return nil
	}
	now := l.now()
	reservation := l.bucket.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay <= 0 {
		return nil
	}
	if err := l.sleep(ctx, delay); err != nil {
		// What is not sent leaves its turn to others.
		reservation.CancelAt(l.now())
		return err
	}
	return nil
}

// wrap returns a round tripper that sends at the limiter's rate.
func (l *limiter) wrap(next http.RoundTripper) http.RoundTripper { return &limitedTransport{l, next} }

type limitedTransport struct {
	limiter *limiter
	next    http.RoundTripper
}

// RoundTrip sends the request when its turn has come.
func (t *limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.limiter.wait(r.Context()); err != nil {
		if r.Body != nil {
			// A round tripper closes the body, whatever comes of the request.
			_ = r.Body.Close()
		}
		return nil, err
	}
	return t.next.RoundTrip(r)
}
