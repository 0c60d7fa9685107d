// SPDX-License-Identifier: Apache-2.0

// Package provision puts into a new cluster what the sandbox promises: CustomResourceDefinitions, nodes, a StorageClass, the operators' rights; and waits until they work.
package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// pollInterval is how often something that is awaited is asked for. The API server is on the same machine, but so is all the rest of its work.
const pollInterval = 100 * time.Millisecond

// requestTimeout bounds one request, so that a server that hangs does not hang its caller.
const requestTimeout = 15 * time.Second

// Client talks to one API server. It is plain HTTP: what has to be created are files in YAML, which the server reads itself.
type Client struct {
	server string
	http   *http.Client
}

// NewClient makes a client from a kubeconfig.
func NewClient(kubeconfig []byte) (*Client, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("sandbox: read its kubeconfig: %w", err)
	}
	config.Timeout = requestTimeout
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("sandbox: make a client: %w", err)
	}
	return &Client{server: config.Host, http: client}, nil
}

// StatusError is an answer of the API server that is not a success.
type StatusError struct {
	// Method and Path are those of the request.
	Method, Path string
	// Code is the HTTP status code.
	Code int
	// Message is what the server said.
	Message string
}

// permanent tells whether the same request would get the same answer again: the server did not understand it or found the object wrong. Other answers can
// change while a server starts: it does not know the resource or the user's rights yet, or is not ready.
func (e *StatusError) permanent() bool {
	switch e.Code {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}

// Error says what was asked and what was answered.
func (e *StatusError) Error() string {
	return fmt.Sprintf("sandbox: %s %s: got status %d: %s", e.Method, e.Path, e.Code, e.Message)
}

// Get reads a path. A nil result means that only the success matters.
func (c *Client) Get(ctx context.Context, path string, result any) error {
	return c.do(ctx, http.MethodGet, path, "", nil, result)
}

// Create sends an object in YAML or JSON. One that exists already is left as it is.
func (c *Client) Create(ctx context.Context, path string, object []byte, result any) error {
	// JSON is YAML, too, but the server takes several times as long to read it as such.
	contentType := "application/yaml"
	if bytes.HasPrefix(object, []byte("{")) {
		contentType = "application/json"
	}
	err := c.do(ctx, http.MethodPost, path, contentType, object, result)
	var status *StatusError
	if errors.As(err, &status) && status.Code == http.StatusConflict {
		return nil
	}
	return err
}

// Ensure creates an object as Create does, again where it fails for a reason that may pass: a server that has just started is busy, and may be so for longer
// than one request may take.
func (c *Client) Ensure(ctx context.Context, what, path string, object []byte) error {
	return Await(ctx, what, func(ctx context.Context) error { return c.Create(ctx, path, object, nil) })
}

func (c *Client) do(ctx context.Context, method, path, contentType string, body []byte, result any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("sandbox: %s %s: %w", method, path, err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "harmonyscript-sandbox")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("sandbox: %s %s: read the answer: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return &StatusError{Method: method, Path: path, Code: response.StatusCode, Message: message(content)}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(content, result); err != nil {
		return fmt.Errorf("sandbox: %s %s: decode the answer: %w", method, path, err)
	}
	return nil
}

// message takes the words out of an API server's Status object; other answers are taken as they are.
func message(content []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(content, &status) == nil && status.Message != "" {
		return status.Message
	}
	const limit = 500
	return string(content[:min(len(content), limit)])
}

// Await asks until there is no error, until an answer says that it is of no use to ask again, or until the context is done; then the error tells both what was awaited and what was last answered.
func Await(ctx context.Context, what string, ask func(ctx context.Context) error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		var status *StatusError
		if errors.As(err, &status) && status.permanent() {
			return fmt.Errorf("sandbox: wait for %s: %w", what, err)
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			if last == nil {
				last = err
			}
			return &AwaitError{What: what, Last: last, Cause: context.Cause(ctx)}
		case <-ticker.C:
		}
	}
}

// AwaitError says what was awaited in vain.
type AwaitError struct {
	// What was awaited.
	What string
	// Last is the last answer.
	Last error
	// Cause is why the wait ended.
	Cause error
}

// Error tells all three.
func (e *AwaitError) Error() string {
	return fmt.Sprintf("sandbox: wait for %s: %v (last answer: %v)", e.What, e.Cause, e.Last)
}

// Unwrap makes the cause and the last answer visible to errors.Is and errors.As.
func (e *AwaitError) Unwrap() []error { return []error{e.Cause, e.Last} }
