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
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	contentJSON  = "application/json"
	contentApply = "application/apply-patch+yaml"
	// attemptTimeout bounds one attempt. The API server gives up on a request after a minute.
	attemptTimeout = 65 * time.Second
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
// for what the server refused, *UnreachableError, *UnauthorizedError, or the context's.
func (c *Client) do(ctx context.Context, r request) (response, error) {
	retry := newBackoff(c.retryFor)
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return response{}, context.Cause(ctx)
		}
		answer, err := c.attempt(ctx, r)
		answer.attempts = attempt
		if err == nil {
			return answer, nil
		}
		wait, again := retry.next(err, c.connected.Load())
		if !again {
			return response{}, c.classify(err)
		}
		if err := sleep(ctx, wait); err != nil {
			return response{}, err
		}
	}
}

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r request) (response, error) {
	ctx, cancel := attemptContext(ctx, r.finish)
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
	answer, err := c.http.Do(req)
	if err != nil {
		return response{}, transportError(ctx, err)
	}
	defer answer.Body.Close()
	c.connected.Store(true)
	c.clock.observe(answer.Header)
	content, err := readAll(answer)
	if err != nil {
		return response{}, transportError(ctx, err)
	}
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode >= http.StatusBadRequest {
		return response{}, statusError(r, answer, mediaType, content)
	}
	return response{status: answer.StatusCode, contentType: mediaType, body: content, warnings: answer.Header.Values("Warning")}, nil
}

// attemptContext bounds one attempt. An attempt that may finish goes on for a while after ctx is cancelled.
func attemptContext(ctx context.Context, finish bool) (context.Context, context.CancelFunc) {
	if !finish {
		return context.WithTimeoutCause(ctx, attemptTimeout, errAttemptTimeout)
	}
	detached, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), attemptTimeout, errAttemptTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(graceAfterCancel, cancel) })
	return detached, func() { stop(); cancel() }
}

var (
	errAttemptTimeout = errors.New("the API server did not answer in time")
	errTooLong        = errors.New("answer: too long")
)

// transportError prefers the context's reason over the transport's text for it.
func transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errAttemptTimeout) {
			return fmt.Errorf("%w (%s)", errAttemptTimeout, attemptTimeout)
		}
		return context.Cause(ctx)
	}
	return err
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
