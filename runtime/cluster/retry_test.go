// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func refusal(code, retryAfter int) error {
	status := metav1.Status{Status: metav1.StatusFailure, Code: int32(code)}
	if retryAfter > 0 {
		status.Details = &metav1.StatusDetails{RetryAfterSeconds: int32(retryAfter)}
	}
	return &apierrors.StatusError{ErrStatus: status}
}

// Every wait is between half of the current delay and all of it, the delay doubles up to a bound, and waits differ from one
// client to the next.
func TestBackoffGrowsWithJitter(t *testing.T) {
	t.Parallel()
	first := map[time.Duration]bool{}
	for range 50 {
		b := newBackoff(time.Hour, time.Hour)
		delay := firstBackoff
		for try := range 12 {
			wait, again := b.next(refusal(http.StatusTooManyRequests, 0), true)
			if !again || wait < delay/2 || wait > delay {
				t.Fatalf("try %d: got %s, %t, want between %s and %s", try+1, wait, again, delay/2, delay)
			}
			if try == 0 {
				first[wait] = true
			}
			delay = min(2*delay, maxBackoff)
		}
		if delay != maxBackoff {
			t.Fatalf("got a delay of %s in the end, want %s", delay, maxBackoff)
		}
	}
	if len(first) < 2 {
		t.Fatal("fifty clients that are sent away at once come back at once")
	}
}

func TestBackoffByCode(t *testing.T) {
	t.Parallel()
	for code, again := range map[int]bool{
		400: false, 401: true, 403: false, 404: false, 409: false, 410: false, 413: false, 422: false, 429: true,
		500: true, 501: false, 502: true, 503: true, 504: true, 505: false, 507: false,
	} {
		if _, got := newBackoff(time.Hour, time.Hour).next(refusal(code, 0), true); got != again {
			t.Errorf("%d: got again=%t, want %t", code, got, again)
		}
	}
}

func TestBackoffAsksForWhatTheServerAsks(t *testing.T) {
	t.Parallel()
	for _, code := range []int{429, 500, 502, 503, 504} {
		for asked, want := range map[int]time.Duration{1: time.Second, 7: 7 * time.Second, 60: time.Minute, 3600: maxRetryAfter} {
			wait, again := newBackoff(time.Hour, time.Hour).next(refusal(code, asked), true)
			if !again || wait < want || wait >= want+500*time.Millisecond {
				t.Errorf("%d, Retry-After %d: got %s, %t, want %s and up to half a second more", code, asked, wait, again, want)
			}
		}
	}
}

func TestBackoffEnds(t *testing.T) {
	t.Parallel()
	if wait, again := newBackoff(time.Second, time.Second).next(refusal(503, 5), true); again {
		t.Errorf("asked to come back after its time: got another try after %s", wait)
	}
	internal := newBackoff(time.Hour, time.Hour)
	for try := 1; try < internalAttempts; try++ {
		if _, again := internal.next(refusal(500, 0), true); !again {
			t.Fatalf("try %d of the server's own faults: got none after it", try)
		}
	}
	if _, again := internal.next(refusal(500, 0), true); again {
		t.Errorf("a lasting fault of the server is tried more than %d times", internalAttempts)
	}
	reset := errors.New("connection reset by peer")
	if _, again := newBackoff(time.Hour, time.Hour).next(reset, false); again {
		t.Error("a server that never answered is tried again")
	}
	if _, again := newBackoff(time.Hour, time.Hour).next(reset, true); !again {
		t.Error("a connection that broke is not tried again")
	}
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, errTooLong} {
		if _, again := newBackoff(time.Hour, time.Hour).next(err, true); again {
			t.Errorf("%v is tried again", err)
		}
	}
}

// What a server says when it is back is heard as if it had been asked for the first time: the time that it was away is not its.
func TestBackoffAfterAnOutage(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset by peer")
	starting := &apierrors.StatusError{ErrStatus: metav1.Status{Code: 403, Message: `podtemplates "a" is forbidden: not yet ready to handle request`}}
	for name, answer := range map[string]error{
		"503": refusal(503, 0), "500": refusal(500, 0), "401": refusal(401, 0), "not ready": starting, "half": &AnswerError{Err: errors.New("unexpected end")},
	} {
		b := newBackoff(time.Minute, time.Hour)
		for try := range 2 * internalAttempts {
			if _, again := b.next(reset, true); !again {
				t.Fatalf("%s: lost %d times, and not sent again", name, try+1)
			}
		}
		// As if that had taken longer than a refusal is borne.
		b.refused = b.refused.Add(-2 * time.Minute)
		if _, again := b.next(answer, true); !again {
			t.Errorf("%s: the first answer of a server that is back is its last", name)
		}
		b.refused = b.refused.Add(-2 * time.Minute)
		if _, again := b.next(answer, true); again {
			t.Errorf("%s: refusals are borne without end", name)
		}
	}
}
