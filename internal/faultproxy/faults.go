// SPDX-License-Identifier: Apache-2.0

// This file holds what can happen to a request.

package faultproxy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is what happens to a request.
type Fault func(*Exchange)

// Reset breaks the connection before the request reaches the server.
func Reset(x *Exchange) {
	reset(x.Request.Context())
	panic(http.ErrAbortHandler)
}

// LoseAnswer has the server carry the request out and breaks the connection then.
func LoseAnswer(x *Exchange) {
	x.fetch()
	Reset(x)
}

// Then has the server carry the request out, calls what is given, and answers nothing: to kill a client, say.
func Then(do func()) Fault {
	return func(x *Exchange) {
		x.fetch()
		do()
		panic(http.ErrAbortHandler)
	}
}

// Before calls what is given, and forwards the request then.
func Before(do func()) Fault {
	return func(x *Exchange) {
		do()
		x.Forward()
	}
}

// Cut has the server carry the request out, answers half of what it says, and breaks the connection.
func Cut(x *Exchange) {
	answer := x.fetch()
	whole := answer.Body.Bytes()
	answer.Header().Set("Content-Length", strconv.Itoa(len(whole)))
	answer.Body.Truncate(len(whole) / 2)
	x.relay(answer)
	if flusher, ok := x.writer.(http.Flusher); ok {
		flusher.Flush()
	}
	Reset(x)
}

// Halve has the server carry the request out, and gives half of what it says as if it were all.
func Halve(x *Exchange) {
	answer := x.fetch()
	answer.Header().Del("Content-Length")
	answer.Body.Truncate(answer.Body.Len() / 2)
	x.relay(answer)
}

// Silence neither forwards nor answers, for as long as the client keeps waiting and until the channel is closed; then
// it breaks the connection. A nil channel is never closed.
func Silence(until <-chan struct{}) Fault {
	return func(x *Exchange) {
		select {
		case <-x.Request.Context().Done():
		case <-until:
		}
		Reset(x)
	}
}

// HoldAnswer has the server carry the request out, and answers only when the channel is closed.
func HoldAnswer(until <-chan struct{}) Fault {
	return func(x *Exchange) {
		answer := x.fetch()
		select {
		case <-x.Request.Context().Done():
		case <-until:
			x.relay(answer)
		}
	}
}

// Slow forwards after a while.
func Slow(wait time.Duration) Fault {
	return func(x *Exchange) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-x.Request.Context().Done():
		case <-timer.C:
			x.Forward()
		}
	}
}

// reasons are the words that the API server has for its codes.
var reasons = map[int]metav1.StatusReason{
	http.StatusUnauthorized:        metav1.StatusReasonUnauthorized,
	http.StatusNotFound:            metav1.StatusReasonNotFound,
	http.StatusTooManyRequests:     metav1.StatusReasonTooManyRequests,
	http.StatusInternalServerError: metav1.StatusReasonInternalError,
	http.StatusServiceUnavailable:  metav1.StatusReasonServiceUnavailable,
	http.StatusGatewayTimeout:      metav1.StatusReasonTimeout,
}

// Status answers in the server's place as it would itself; retryAfter "" leaves the header out.
func Status(code int, retryAfter string) Fault {
	return func(x *Exchange) {
		header := x.writer.Header()
		header.Set("Content-Type", "application/json")
		if retryAfter != "" {
			header.Set("Retry-After", retryAfter)
		}
		x.writer.WriteHeader(code)
		_ = json.NewEncoder(x.writer).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), //nolint:gosec // a status code
			Reason: reasons[code], Message: http.StatusText(code),
		})
	}
}

// Answer answers in the server's place, with what say makes of the body of the request. contentType is that of the answer.
func Answer(code int, contentType string, say func(request []byte) string) Fault {
	return func(x *Exchange) {
		body, err := io.ReadAll(x.Request.Body)
		if err != nil {
			return
		}
		x.writer.Header().Set("Content-Type", contentType)
		x.writer.WriteHeader(code)
		_, _ = io.WriteString(x.writer, say(body))
	}
}

// Change has the server carry the request out, and alters its answer.
func Change(alter func(header http.Header, body []byte) []byte) Fault {
	return func(x *Exchange) {
		answer := x.fetch()
		body := alter(answer.Header(), answer.Body.Bytes())
		answer.Header().Del("Content-Length")
		answer.Body = bytes.NewBuffer(body)
		x.relay(answer)
	}
}

// Page answers in the server's place as a load balancer does.
func Page(code int) Fault {
	return func(x *Exchange) {
		http.Error(x.writer, "<html><h1>"+http.StatusText(code)+"</h1></html>", code)
	}
}

// LateStatus has the server carry the request out, and answers as if it had not.
func LateStatus(code int) Fault {
	return func(x *Exchange) {
		x.fetch()
		Status(code, "")(x)
	}
}
