// SPDX-License-Identifier: Apache-2.0

// This file lets the requests that a run begins with share one connection.

package cluster

import (
	"net/http"
	"net/http/httptrace"
	"sync"
)

// oneHandshake is a round tripper that lets the first request go ahead until there is a connection. Several that begin at once would
// make one connection each, although HTTP/2 needs a single one for all, and each costs both sides a handshake. Requests after that
// are let through at once, and so are those that wait when the first one fails.
type oneHandshake struct {
	next http.RoundTripper
	// first holds the request that goes ahead.
	first chan struct{}
	// over is closed when nobody has to wait any more.
	over chan struct{}
	end  sync.Once
}

func newOneHandshake(next http.RoundTripper) http.RoundTripper {
	return &oneHandshake{next: next, first: make(chan struct{}, 1), over: make(chan struct{})}
}

// RoundTrip sends the request, the first one or when there is a connection.
func (h *oneHandshake) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-h.over:
		return h.next.RoundTrip(r)
	default:
	}
	select {
	case <-h.over:
	case <-r.Context().Done():
		closeBody(r)
		return nil, r.Context().Err()
	case h.first <- struct{}{}:
		defer h.end.Do(h.pass)
		// By then others find the connection; a moment earlier, when it is there, they may not.
		trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { h.end.Do(h.pass) }}
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
	}
	return h.next.RoundTrip(r)
}

func (h *oneHandshake) pass() { close(h.over) }

// WrappedRoundTripper lets libraries find what is below.
func (h *oneHandshake) WrappedRoundTripper() http.RoundTripper { return h.next }
