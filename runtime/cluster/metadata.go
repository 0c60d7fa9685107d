// SPDX-License-Identifier: Apache-2.0

// This file reads the metadata of objects without the objects.

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

const (
	contentProtobuf = "application/vnd.kubernetes.protobuf"
	// Metadata is the same for every kind, so that the API server can send it in its binary form for custom
	// resources too; decoding that takes a tenth of the time of JSON.
	acceptMetadata     = contentProtobuf + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1," + contentJSON + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1," + contentJSON
	acceptMetadataList = contentProtobuf + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," + contentJSON + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," + contentJSON
	// pageSize is how many objects a list asks for at once: a page of metadata is then some megabytes.
	pageSize = 1000
	// maxListRestarts bounds how often a list that took longer than the server keeps its state begins anew.
	maxListRestarts = 3
)

// protobufPrefix begins every message of the Kubernetes protobuf encoding.
var protobufPrefix = []byte("k8s\x00")

// unmarshaler is what the generated protobuf types have.
type unmarshaler interface{ Unmarshal(data []byte) error }

func decodeProtobuf(data []byte, into unmarshaler) error {
	content, ok := bytes.CutPrefix(data, protobufPrefix)
	if !ok {
		return fmt.Errorf("answer: got %d bytes without the protobuf prefix", len(data))
	}
	var wrapped runtime.Unknown
	if err := wrapped.Unmarshal(content); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := into.Unmarshal(wrapped.Raw); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// decode reads an answer in either encoding.
func decode[T any, P interface {
	*T
	unmarshaler
}](answer response) (*T, error) {
	var value T
	if answer.contentType == contentProtobuf {
		return &value, decodeProtobuf(answer.body, P(&value))
	}
	if err := json.Unmarshal(answer.body, &value); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return &value, nil
}

// GetMetadata reads the metadata of one object. An absent object is an error that apierrors.IsNotFound knows.
func (c *Client) GetMetadata(ctx context.Context, id backend.ID) (*metav1.PartialObjectMetadata, error) {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return nil, err
	}
	answer, err := c.do(ctx, request{method: http.MethodGet, path: r.path(id.Namespace, id.Name), accept: acceptMetadata, resource: r.GroupResource(), name: id.Name})
	if err != nil {
		return nil, err
	}
	return decode[metav1.PartialObjectMetadata](answer)
}

// ListMetadata gives the metadata of every object of a kind that selector chooses to each, page by page; namespace ""
// means all. What each was given stays valid. A list that the server could not finish in one state begins anew: restart
// tells each to forget what it was given; it may be nil when seeing an object twice does no harm.
func (c *Client) ListMetadata(ctx context.Context, r Resource, namespace, selector string, each func(*metav1.PartialObjectMetadata), restart func()) error {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	return c.pages(ctx, r, namespace, query, acceptMetadataList, restart, func(answer response) (string, error) {
		list, err := decode[metav1.PartialObjectMetadataList](answer)
		if err != nil {
			return "", err
		}
		for i := range list.Items {
			each(&list.Items[i])
		}
		return list.Continue, nil
	})
}

// ListWhole is ListMetadata with the objects themselves beside their metadata.
func (c *Client) ListWhole(ctx context.Context, r Resource, namespace, selector string, each func(*metav1.PartialObjectMetadata, *unstructured.Unstructured), restart func()) error {
	query := url.Values{"limit": {strconv.Itoa(pageSize / 2)}}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	return c.pages(ctx, r, namespace, query, contentJSON, restart, func(answer response) (string, error) {
		var list struct {
			Metadata metav1.ListMeta   `json:"metadata"`
			Items    []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(answer.body, &list); err != nil {
			return "", fmt.Errorf("answer: %w", err)
		}
		for _, raw := range list.Items {
			var metadata metav1.PartialObjectMetadata
			var whole unstructured.Unstructured
			// Who owns which fields is kept as the server spells it: there are hashes of that.
			if err := errors.Join(json.Unmarshal(raw, &metadata), utiljson.Unmarshal(raw, &whole.Object)); err != nil {
				return "", fmt.Errorf("answer: %w", err)
			}
			whole.SetGroupVersionKind(r.GroupVersionKind) // the items of a list do not say it
			each(&metadata, &whole)
		}
		return list.Metadata.Continue, nil
	})
}

// pages goes through a list, page by page. read takes one page and returns the token of the next.
func (c *Client) pages(ctx context.Context, r Resource, namespace string, query url.Values, accept string, restart func(), read func(response) (string, error)) error {
	restarts := 0
	for {
		answer, err := c.do(ctx, request{method: http.MethodGet, path: r.path(namespace, ""), query: query, accept: accept, resource: r.GroupResource()})
		if apierrors.IsResourceExpired(err) && restarts < maxListRestarts {
			restarts++
			query.Del("continue")
			if restart != nil {
				restart()
			}
			continue
		}
		if err != nil {
			return err
		}
		next, err := read(answer)
		if err != nil {
			return fmt.Errorf("list of %s: %w", r.GroupResource(), err)
		}
		if next == "" {
			return nil
		}
		query.Set("continue", next)
	}
}
