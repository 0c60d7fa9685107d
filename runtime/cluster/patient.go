// SPDX-License-Identifier: Apache-2.0

// This file lets libraries wait for an API server that is away, as requests of the engine's own do.

package cluster

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// patient is a round tripper that sends again what the server did not answer. What may have been carried out is sent again, too:
// whoever creates something has to expect that it exists by then.
type patient struct {
	client *Client
	next   http.RoundTripper
}

// RoundTrip sends the request until it is answered.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	retry := newBackoff(p.client.retryFor, p.client.awayFor)
	sent := false
	for {
		if changes(r) {
			if err := passGate(ctx); err != nil {
				closeBody(r)
				return nil, err
			}
		}
		began := time.Now()
		answer, problem := p.attempt(r)
		if problem == nil {
			return answer, nil
		}
		sent = sent || answer == nil && !neverSent(problem)
		again, ended := false, error(nil)
		next := resend(ctx, r)
		if next != nil && ctx.Err() == nil {
			again, ended = p.client.again(ctx, retry, began, problem)
		}
		switch {
		case again && ended == nil:
			r = next
		case answer != nil:
			// Libraries heed it, too, and would begin all over again.
			answer.Header.Del("Retry-After")
			return answer, nil
		case ended != nil:
			return nil, ended
		case asError[*AnswerError](problem) != nil:
			return nil, problem
		case next == nil, ctx.Err() != nil, !retryableTransport(problem, p.client.connected.Load()):
			return nil, problem
		default:
			return nil, &UnreachableError{Host: p.client.Host(), Lost: true, Sent: sent, Err: problem}
		}
	}
}

// changes reports whether a request may change anything.
func changes(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// attempt sends the request once. A problem beside its answer is one that may pass: the server was away, and may not know all that
// it will know; or it turned a write away, or did not come to its end with it. An answer to a write that is not whole is none.
func (p *patient) attempt(r *http.Request) (*http.Response, error) {
	broken := func(err error) error {
		if r.Context().Err() == nil {
			return networkError(err)
		}
		return err
	}
	answer, err := p.next.RoundTrip(r)
	if err != nil {
		return nil, broken(err)
	}
	p.client.noteAnswer()
	code := answer.StatusCode
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	unsettled := (code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusNotFound) && p.client.settling() > 0
	refusedWrite := changes(r) && code == http.StatusForbidden
	busy := changes(r) && (code >= http.StatusInternalServerError || code == http.StatusTooManyRequests)
	done := changes(r) && code >= http.StatusOK && code < http.StatusMultipleChoices && (mediaType == contentJSON || strings.HasPrefix(mediaType, "text/"))
	if !unsettled && !refusedWrite && !busy && !done {
		return answer, nil
	}
	content, err := readAll(answer)
	_ = answer.Body.Close()
	if err != nil {
		return nil, broken(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	if done {
		if err := whole(mediaType, content); err != nil {
			return nil, &AnswerError{Host: p.client.Host(), Err: err}
		}
		return answer, nil
	}
	if refused := statusError(request{method: r.Method}, answer, mediaType, content); busy || unsettled && mayPass(refused) || notYetReady(refused) {
		return answer, refused
	}
	return answer, nil
}

// resend returns a request that can be sent in the place of one that was sent; nil when its body cannot be had again.
func resend(ctx context.Context, r *http.Request) *http.Request {
	next := r.Clone(ctx)
	switch {
	case r.Body == nil || r.Body == http.NoBody:
	case r.GetBody == nil:
		return nil
	default:
		body, err := r.GetBody()
		if err != nil {
			return nil
		}
		next.Body = body
	}
	return next
}

// closeBody closes the body of a request that is not sent: a round tripper does so, whatever comes of the request.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
