// SPDX-License-Identifier: Apache-2.0

// This file follows the metadata of objects as it changes.

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	acceptMetadataEvents = contentJSON + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1," + contentJSON
	// watchGrace is how much longer than it was asked for a watch may last at most: one that does not end then is silent
	// because nobody is at its other end any more.
	watchGrace = 30 * time.Second
)

// MetadataChange is one change of an object's metadata.
type MetadataChange struct {
	// Deleted tells that the object is gone, or that the selector does not choose it any more.
	Deleted bool
	// Metadata is the object's after the change, or what it was last.
	Metadata *metav1.PartialObjectMetadata
}

// ListMetadataVersion is ListMetadata that returns the resource version of the state that it gave, for WatchMetadata to go on from.
func (c *Client) ListMetadataVersion(ctx context.Context, r Resource, namespace, selector string, each func(*metav1.PartialObjectMetadata), restart func()) (version string, err error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	err = c.pages(ctx, r, namespace, query, acceptMetadataList, restart, func(answer response) (string, error) {
		list, err := decode[metav1.PartialObjectMetadataList](answer)
		if err != nil {
			return "", err
		}
		version = list.ResourceVersion
		for i := range list.Items {
			each(&list.Items[i])
		}
		return list.Continue, nil
	})
	return version, err
}

// WatchMetadata gives every change since the resource version to each, one at a time, for as long as the server goes on, which
// it is asked to do for limit (whole seconds, at least one). It returns the version to go on from. The error is nil when the
// server ended the watch in its time; apierrors.IsResourceExpired and IsGone know the one that says that the version is
// too old, after which only a new list helps. Nothing is tried again.
func (c *Client) WatchMetadata(ctx context.Context, r Resource, namespace, selector, version string, limit time.Duration, each func(MetadataChange)) (string, error) {
	limit = max(limit.Truncate(time.Second), time.Second)
	query := url.Values{
		"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {version}, "timeoutSeconds": {strconv.Itoa(int(limit / time.Second))},
	}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit+min(limit, watchGrace), errWatchSilent)
	defer cancel()
	target := *c.base
	target.Path = joinPath(c.base.Path, r.path(namespace, ""))
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return version, fmt.Errorf("request to %s: %w", c.Host(), err)
	}
	req.Header.Set("Accept", acceptMetadataEvents)
	begun := time.Now()
	answer, err := c.http.Do(req)
	if err != nil {
		return version, c.classify(watchError(ctx, err), false)
	}
	defer answer.Body.Close()
	c.noteAnswer()
	c.clock.observe(answer.Header, begun)
	if answer.StatusCode >= http.StatusBadRequest {
		content, err := readAll(answer)
		if err != nil {
			return version, c.classify(watchError(ctx, err), false)
		}
		return version, c.classify(statusError(request{method: http.MethodGet, resource: r.GroupResource()}, answer, contentJSON, content), false)
	}
	for events := json.NewDecoder(answer.Body); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := events.Decode(&event); errors.Is(err, io.EOF) {
			return version, nil
		} else if err != nil {
			return version, c.classify(watchError(ctx, err), false)
		}
		if event.Type == "ERROR" {
			status := metav1.Status{Code: http.StatusInternalServerError, Status: metav1.StatusFailure}
			if err := json.Unmarshal(event.Object, &status); err != nil {
				return version, fmt.Errorf("watch of %s: %w", r.GroupResource(), err)
			}
			return version, c.classify(&apierrors.StatusError{ErrStatus: status}, false)
		}
		metadata := &metav1.PartialObjectMetadata{}
		if err := json.Unmarshal(event.Object, metadata); err != nil {
			return version, fmt.Errorf("watch of %s: %w", r.GroupResource(), err)
		}
		if metadata.ResourceVersion != "" {
			version = metadata.ResourceVersion
		}
		if event.Type != "BOOKMARK" {
			each(MetadataChange{Deleted: event.Type == "DELETED", Metadata: metadata})
		}
	}
}

var errWatchSilent = errors.New("the watch went silent")

// watchError prefers the context's reason over the transport's text for it.
func watchError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return networkError(err)
}
