// SPDX-License-Identifier: Apache-2.0

// This file waits for an API server that has answered and does not any more, and tells of it.

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// DefaultAwayFor is how long an API server that does not answer any more is waited for, unless Options say otherwise: long enough
	// for that of a small cluster to be restarted, and for another one to take its place.
	DefaultAwayFor = 2 * time.Minute
	// awayQuiet is how long an API server may be away without a word about it.
	awayQuiet = 2 * time.Second
	// restarts is how long an API server is away that has restarted, at least; what is shorter was the way to it.
	restarts = time.Second
	// settles is how long an API server may take from its first answer until it knows the rights of everybody and all custom
	// resource definitions: it reads them while it answers already, refuses those whose rights it has not read yet, and says that
	// there is no such path for kinds that it does not list yet.
	settles = 30 * time.Second
)

// Away tells that an API server that had answered does not answer any more, or that it answers again.
type Away struct {
	// Host is the server's address.
	Host string
	// Since is when that was noticed, Until how long it is waited for.
	Since, Until time.Time
	// Back tells that it answers again.
	Back bool
	// Err is why it is thought to be away.
	Err error
}

// String tells it in a line.
func (a Away) String() string {
	if a.Back {
		return fmt.Sprintf("API server %s: it answers again, after %s", a.Host, time.Since(a.Since).Round(time.Second))
	}
	return fmt.Sprintf("API server %s: it does not answer (%s); trying again until %s", a.Host, reason(a.Err), a.Until.Format(time.TimeOnly))
}

// listener is somebody who is told.
type listener struct{ tell func(Away) }

type listenerKey struct{}

// WithAway returns a context whose requests have tell called when the API server has been away for some seconds, and when it is
// back. It takes the place of Options.Away. tell may be called from several goroutines.
func WithAway(ctx context.Context, tell func(Away)) context.Context {
	return context.WithValue(ctx, listenerKey{}, &listener{tell})
}

// outage is the time during which the server does not answer.
type outage struct {
	mutex sync.Mutex
	// since is when it was noticed; zero while the server answers.
	since time.Time
	told  map[*listener]bool
	// settled is until when a server that was away may not know all that it will know.
	settled time.Time
}

// noteLost takes down that the server did not answer, and returns since when it is away.
func (c *Client) noteLost(began time.Time, err error) time.Time {
	c.outage.mutex.Lock()
	defer c.outage.mutex.Unlock()
	if c.outage.since.IsZero() {
		c.outage.since = time.Now()
		if errors.Is(err, errAttemptTimeout) {
			// It has kept silent ever since.
			c.outage.since = began
		}
	}
	return c.outage.since
}

// noteAnswer takes down that the server answers, and tells those who were told that it did not.
func (c *Client) noteAnswer() {
	c.connected.Store(true)
	c.outage.mutex.Lock()
	since, told := c.outage.since, c.outage.told
	c.outage.since, c.outage.told = time.Time{}, nil
	if now := time.Now(); !since.IsZero() && now.Sub(since) >= restarts {
		c.outage.settled = now.Add(settles)
	}
	c.outage.mutex.Unlock()
	for l := range told {
		l.tell(Away{Host: c.Host(), Since: since, Back: true})
	}
}

// settling returns how long a server that was away may still not know all that it will know.
func (c *Client) settling() time.Duration {
	c.outage.mutex.Lock()
	defer c.outage.mutex.Unlock()
	if c.outage.settled.IsZero() {
		return 0
	}
	return max(0, time.Until(c.outage.settled))
}

// mayPass reports a refusal that a server that was away may take back when it knows all that it will know.
func mayPass(err error) bool { return lacksRights(err) || unserved(err) }

// unserved reports that a server has nothing at a path, rather than no object of a name: that is how it says that it does not know a
// kind.
func unserved(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// lacksRights reports a refusal of somebody who has no right to what was asked for, or is not known.
func lacksRights(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	s := status.Status()
	return s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden && deniedRequest.MatchString(s.Message)
}

// notYetReady reports a write that was turned away because admission plugins of a server that has just started have not read yet
// what they go by: namespaces, webhooks and policies. They wait ten seconds for that themselves, and then say so with the code and
// the reason of a refusal for good.
// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
func notYetReady(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	s := status.Status()
	return s.Code == http.StatusForbidden && strings.HasSuffix(s.Message, "forbidden: not yet ready to handle request")
}

// IsAway reports whether the server did not answer the last time.
func (c *Client) IsAway() bool {
	c.outage.mutex.Lock()
	defer c.outage.mutex.Unlock()
	return !c.outage.since.IsZero()
}

// AwayFor is how long a server that does not answer any more is waited for.
func (c *Client) AwayFor() time.Duration { return c.awayFor }

// tellAway tells, once an outage, that the server is waited for until a time.
func (c *Client) tellAway(ctx context.Context, away Away) {
	l, _ := ctx.Value(listenerKey{}).(*listener)
	if l == nil {
		l = c.away
	}
	if l == nil || l.tell == nil {
		return
	}
	c.outage.mutex.Lock()
	news := c.outage.since.Equal(away.Since) && !c.outage.told[l]
	if news {
		if c.outage.told == nil {
			c.outage.told = map[*listener]bool{}
		}
		c.outage.told[l] = true
	}
	c.outage.mutex.Unlock()
	if news {
		l.tell(away)
	}
}

// again reports whether what failed with err is to be sent again, and waits until then. ended is the reason of a context that ended
// in between.
func (c *Client) again(ctx context.Context, retry *backoff, began time.Time, err error) (again bool, ended error) {
	if ctx.Err() != nil && !isAnswer(err) {
		return true, context.Cause(ctx)
	}
	if mayPass(err) && c.settling() > 0 {
		return true, sleep(ctx, retry.jitter())
	}
	connected := c.connected.Load()
	var since time.Time
	if retryableTransport(err, connected) {
		since = c.noteLost(began, err)
		retry.away(since)
	}
	wait, again := retry.next(err, connected)
	if !again {
		return false, nil
	}
	if !since.IsZero() && time.Since(since)+wait >= awayQuiet {
		c.tellAway(ctx, Away{Host: c.Host(), Since: since, Until: retry.deadlineFor(err), Err: err})
	}
	return true, sleep(ctx, wait)
}

type gateKey struct{}

// WithGate returns a context whose writes wait for gate before they are sent, each time anew. gate returns nil when they may be
// sent, or why they never will. A nil gate lets all through.
func WithGate(ctx context.Context, gate func(context.Context) error) context.Context {
	return context.WithValue(ctx, gateKey{}, gate)
}

// passGate waits until a write may be sent.
func passGate(ctx context.Context) error {
	if gate, _ := ctx.Value(gateKey{}).(func(context.Context) error); gate != nil {
		return gate(ctx)
	}
	return nil
}
