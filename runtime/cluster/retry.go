// SPDX-License-Identifier: Apache-2.0

// This file decides when a request is sent again, and when.

package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// maxRetryAfter bounds what a server may ask us to wait.
	maxRetryAfter = 60 * time.Second
	// internalAttempts bounds tries of what the server calls its own fault (500): often a webhook that is down, and
	// waiting half a minute for each of a thousand objects helps nobody.
	internalAttempts = 4
	// unauthorizedAttempts bounds tries of what is refused for its credentials: the library reads a token file, or calls
	// the command that gives a token, anew after a refusal. What is refused then has no better ones.
	unauthorizedAttempts = 2
)

// backoff counts the tries of one request.
type backoff struct {
	// refused is until when a request is tried again that the server turns away, lost until when one is that it does not answer.
	refused, lost     time.Time
	retryFor, awayFor time.Duration
	// unanswered tells that the last try was.
	unanswered bool
	tries      int
	delay      time.Duration
}

func newBackoff(retryFor, awayFor time.Duration) *backoff {
	now := time.Now()
	return &backoff{refused: now.Add(retryFor), lost: now.Add(awayFor), retryFor: retryFor, awayFor: awayFor, delay: firstBackoff}
}

// away takes down since when the server does not answer. Whoever asks in the middle of that time waits no longer than the others.
func (b *backoff) away(since time.Time) {
	if until := since.Add(b.awayFor); until.Before(b.lost) {
		b.lost = until
	}
}

// deadlineFor returns until when a request that failed with err is tried again.
func (b *backoff) deadlineFor(err error) time.Time {
	if isAnswer(err) {
		return b.refused
	}
	return b.lost
}

// next reports whether the request that failed with err is to be sent again, and after what time. connected tells
// whether the server has ever answered.
func (b *backoff) next(err error, connected bool) (time.Duration, bool) {
	answered := isAnswer(err)
	if answered && b.unanswered {
		// A server that is back may turn away the first who come. The time and the tries until then were not its answers.
		b.tries, b.refused = 0, time.Now().Add(b.retryFor)
	}
	b.unanswered = !answered
	b.tries++
	wait, again := b.wait(err, connected)
	var status apierrors.APIStatus
	// One that was not answered may have used up the time alone. A second try, on another connection, finds out
	// whether it was the server or the way to it.
	second := b.tries == 1 && !errors.As(err, &status)
	if !again || time.Now().Add(wait).After(b.deadlineFor(err)) && !second {
		return 0, false
	}
	return wait, true
}

func (b *backoff) wait(err error, connected bool) (time.Duration, bool) {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		code := int(status.Status().Code)
		switch {
		case isSchemaRefusal(status.Status()):
			return 0, false
		case notYetReady(err):
		case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable, code == http.StatusBadGateway, code == http.StatusGatewayTimeout:
		case code == http.StatusInternalServerError && b.tries < internalAttempts:
		case code == http.StatusUnauthorized && b.tries < unauthorizedAttempts:
		default:
			return 0, false
		}
		wait := b.jitter()
		if details := status.Status().Details; details != nil && details.RetryAfterSeconds > 0 {
			asked := min(time.Duration(details.RetryAfterSeconds)*time.Second, maxRetryAfter)
			// All who were sent away at once come back spread over half a second more.
			wait = asked + rand.N(500*time.Millisecond)
		}
		return wait, true
	}
	if asError[*AnswerError](err) != nil {
		return b.jitter(), b.tries < internalAttempts
	}
	if retryableTransport(err, connected) {
		return b.jitter(), true
	}
	return 0, false
}

// jitter returns a time between half of the current delay and all of it, and doubles the delay.
func (b *backoff) jitter() time.Duration {
	wait := b.delay/2 + rand.N(b.delay/2+1)
	b.delay = min(2*b.delay, maxBackoff)
	return wait
}

// retryableTransport reports whether the connection failed in a way that a new one may cure. A server that has
// never answered is told at once: its address or its certificate is wrong, or it is not there. One that has
// answered over this very configuration is restarting, or the way to it broke.
func retryableTransport(err error, connected bool) bool {
	return connected && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errTooLong) && !lacksCredentials(err)
}

// retryAfterSeconds reads a Retry-After header, which holds seconds or a date; 0 means none.
func retryAfterSeconds(header string, now time.Time) int {
	if header == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(seconds, 0)
	}
	if date, err := http.ParseTime(header); err == nil && date.After(now) {
		return int(date.Sub(now)/time.Second) + 1
	}
	return 0
}

// sleep waits, or returns the context's reason for ending earlier.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
