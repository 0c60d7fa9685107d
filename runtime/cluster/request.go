// SPDX-License-Identifier: Apache-2.0

// This file sends one request, tries it again where that is safe, and turns what comes back into bytes or an error.

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	contentJSON  = "application/json"
	contentApply = "application/apply-patch+yaml"
	// writeTimeout bounds one attempt of a write. The API server gives up on a request after a minute, and until then it may
	// carry it out. What only reads can be asked again earlier, on a connection that may be better.
	writeTimeout = 65 * time.Second
	readTimeout  = 35 * time.Second
	// graceAfterCancel bounds how long a request in flight may take to end when its context is cancelled.
	graceAfterCancel = 15 * time.Second
	// maxResponse bounds what one answer may take in memory; a page of full objects is far smaller.
	maxResponse = 256 << 20
)

// request is one request to the API server.
type request struct {
	method      string
	path        string
	query       url.Values
	body        []byte
	contentType string
	accept      string
	// resource and name are for the texts of errors.
	resource schema.GroupResource
	name     string
	// finish lets an attempt that has begun end although the context is cancelled, so that it is known what a write
	// did. No further attempt is begun then.
	finish bool
}

// response is an answer with a status below 400.
type response struct {
	status      int
	contentType string
	body        []byte
	warnings    []string
	// attempts counts how often the request was sent.
	attempts int
}

// do sends r until it is answered, the context ends, or trying again makes no sense. Errors are *apierrors.StatusError
// for what the server refused, *UnreachableError, *UnauthorizedError, *CutOffError, or the context's.
func (c *Client) do(ctx context.Context, r request) (response, error) {
	retry := newBackoff(c.retryFor, c.awayFor)
	sent := false
	for attempt := 1; ; attempt++ {
		if err := c.mayBegin(ctx, r); err != nil {
			return response{}, cutOff(r, sent, err)
		}
		began := time.Now()
		answer, err := c.attempt(ctx, r)
		answer.attempts = attempt
		if err == nil {
			return answer, nil
		}
		sent = sent || mayHaveHappened(err)
		again, ended := c.again(ctx, retry, began, err)
		switch {
		case !again, errors.Is(ended, context.DeadlineExceeded):
			// That time ran out says less than what it was spent on.
			return response{}, cutOff(r, sent, c.classify(err, sent))
		case ended != nil:
			return response{}, cutOff(r, sent, ended)
		}
	}
}

// mayBegin waits until an attempt may begin, or returns why none will.
func (c *Client) mayBegin(ctx context.Context, r request) error {
	if r.finish {
		if err := passGate(ctx); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.limiter.wait(ctx)
}

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r request) (response, error) {
	limit := c.readTimeout
	if r.finish {
		limit = c.writeTimeout
	}
	ctx, cancel := attemptContext(ctx, r.finish, limit)
	defer cancel()
	target := *c.base
	target.Path = joinPath(c.base.Path, r.path)
	target.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return response{}, fmt.Errorf("request to %s: %w", c.Host(), err)
	}
	req.Header.Set("Accept", r.accept)
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	begun := time.Now()
	answer, err := c.http.Do(req)
	if err != nil {
		return response{}, transportError(ctx, err, limit)
	}
	defer answer.Body.Close()
	c.noteAnswer()
	c.clock.observe(answer.Header, begun)
	content, err := readAll(answer)
	if err != nil {
		return response{}, transportError(ctx, err, limit)
	}
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode >= http.StatusBadRequest {
		return response{}, statusError(r, answer, mediaType, content)
	}
	if err := whole(mediaType, content); err != nil {
		return response{}, &AnswerError{Host: c.Host(), Err: err}
	}
	return response{status: answer.StatusCode, contentType: mediaType, body: content, warnings: answer.Header.Values("Warning")}, nil
}

// attemptContext bounds one attempt. An attempt that may finish goes on for a while after ctx is cancelled, but never beyond
// ctx's deadline: who sets one, for the renewal of a lock say, has to know by then.
func attemptContext(ctx context.Context, finish bool, limit time.Duration) (context.Context, context.CancelFunc) {
	if !finish {
		return context.WithTimeoutCause(ctx, limit, errAttemptTimeout)
	}
	detached, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), limit, errAttemptTimeout)
	detached, end := context.WithCancelCause(detached)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			end(context.Cause(ctx))
			return
		}
		time.AfterFunc(graceAfterCancel, func() { end(context.Cause(ctx)) })
	})
	return detached, func() { stop(); end(nil); cancel() }
}

var (
	errAttemptTimeout = errors.New("the API server did not answer in time")
	errTooLong        = errors.New("answer: too long")
)

// transportError prefers the context's reason over the transport's text for it.
func transportError(ctx context.Context, err error, limit time.Duration) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errAttemptTimeout) {
			return fmt.Errorf("%w (%s)", errAttemptTimeout, limit)
		}
		return context.Cause(ctx)
	}
	return networkError(err)
}

func readAll(answer *http.Response) ([]byte, error) {
	var buffer bytes.Buffer
	if answer.ContentLength > 0 && answer.ContentLength < maxResponse {
		buffer.Grow(int(answer.ContentLength) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(answer.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if n > maxResponse {
		return nil, fmt.Errorf("%w: got more than %d bytes", errTooLong, maxResponse)
	}
	return buffer.Bytes(), nil
}

// whole reports an answer that cannot be all of what the server said. A connection that breaks tells by itself; a proxy
// that shortens an answer, or gives one of its own, does not.
func whole(mediaType string, content []byte) error {
	switch mediaType {
	case contentJSON:
		if json.Valid(content) {
			return nil
		}
		return fmt.Errorf("got %d bytes that are no whole JSON text", len(content))
	case contentProtobuf:
		var wrapped runtime.Unknown
		inner, found := bytes.CutPrefix(content, protobufPrefix)
		if err := wrapped.Unmarshal(inner); !found || err != nil {
			return fmt.Errorf("got %d bytes that are no whole protobuf message", len(content))
		}
		return nil
	}
	return fmt.Errorf("got %q, want JSON", mediaType)
}

// statusError turns a refusal into the error type of the Kubernetes libraries.
func statusError(r request, answer *http.Response, mediaType string, content []byte) error {
	var status metav1.Status
	var err error
	if mediaType == contentProtobuf {
		err = decodeProtobuf(content, &status)
	} else {
		err = json.Unmarshal(content, &status)
	}
	retryAfter := retryAfterSeconds(answer.Header.Get("Retry-After"), time.Now())
	if err != nil || status.Kind != "" && status.Kind != "Status" || status.Status != metav1.StatusFailure {
		// Something between us and the server answered: a proxy, a load balancer, a handler that is not an API.
		generic := apierrors.NewGenericServerResponse(answer.StatusCode, r.method, r.resource, r.name, oneLine(string(content[:min(len(content), 300)])), retryAfter, true)
		return generic
	}
	if status.Code == 0 {
		status.Code = int32(answer.StatusCode)
	}
	if retryAfter > 0 {
		if status.Details == nil {
			status.Details = &metav1.StatusDetails{}
		}
		status.Details.RetryAfterSeconds = int32(retryAfter)
	}
	return &apierrors.StatusError{ErrStatus: status}
}

func joinPath(base, path string) string {
	if base == "" || base == "/" {
		return path
	}
	if base[len(base)-1] == '/' {
		base = base[:len(base)-1]
	}
	return base + path
}

// Check asks the API server for its version: whether it can be reached and knows us.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/version", accept: contentJSON})
	return err
}
