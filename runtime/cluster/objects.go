// SPDX-License-Identifier: Apache-2.0

// This file reads and writes single objects.

package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// ApplyOptions say how an object is applied.
type ApplyOptions struct {
	// Force takes fields that other managers own.
	Force bool
	// DryRun asks what would be, and changes nothing.
	DryRun bool
	// Whole asks for the whole object that results, not its metadata alone.
	Whole bool
	// Manager is who applies; "" means FieldManager.
	Manager string
	// Lenient lets fields through that the API does not know; they are dropped.
	Lenient bool
}

// Applied is what an apply made.
type Applied struct {
	// Created tells that the object did not exist before.
	Created bool
	// Metadata of the object that results.
	Metadata *metav1.PartialObjectMetadata
	// Object that results; nil unless it was asked for.
	Object *unstructured.Unstructured
	// Attempts counts how often the request was sent. After the first, Created cannot be relied on.
	Attempts int
}

// Apply sends manifest, which is JSON, as a server-side apply. Fields that the API does not know are refused instead of
// dropped, unless o is Lenient. Once sent, the request ends even if ctx is cancelled.
func (c *Client) Apply(ctx context.Context, id backend.ID, manifest []byte, o ApplyOptions) (Applied, error) {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return Applied{}, err
	}
	query := url.Values{"fieldManager": {cmp.Or(o.Manager, FieldManager)}, "fieldValidation": {"Strict"}, "force": {strconv.FormatBool(o.Force)}}
	if o.Lenient {
		query.Set("fieldValidation", "Warn")
	}
	if o.DryRun {
		query.Set("dryRun", "All")
	}
	accept := acceptMetadata
	if o.Whole {
		accept = contentJSON
	}
	answer, err := c.do(ctx, request{
		method: http.MethodPatch, path: r.path(id.Namespace, id.Name), query: query, body: manifest, contentType: contentApply,
		accept: accept, resource: r.GroupResource(), name: id.Name, finish: !o.DryRun,
	})
	if err != nil {
		return Applied{}, err
	}
	applied := Applied{Created: answer.status == http.StatusCreated, Attempts: answer.attempts}
	if o.Whole {
		applied.Object = &unstructured.Unstructured{}
		if err := applied.Object.UnmarshalJSON(answer.body); err != nil {
			return Applied{}, fmt.Errorf("%s: answer: %w", id, err)
		}
		applied.Metadata = &metav1.PartialObjectMetadata{}
		if err := json.Unmarshal(answer.body, applied.Metadata); err != nil {
			return Applied{}, fmt.Errorf("%s: answer: %w", id, err)
		}
		return applied, nil
	}
	if applied.Metadata, err = decode[metav1.PartialObjectMetadata](answer); err != nil {
		return Applied{}, fmt.Errorf("%s: %w", id, err)
	}
	return applied, nil
}

// Get reads one object. An absent object is an error that apierrors.IsNotFound knows.
func (c *Client) Get(ctx context.Context, id backend.ID) (*unstructured.Unstructured, error) {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var object unstructured.Unstructured
	if err := c.getInto(ctx, r, id, &object); err != nil {
		return nil, err
	}
	return &object, nil
}

// GetInto reads one object into a value that JSON decodes into.
func (c *Client) GetInto(ctx context.Context, id backend.ID, into any) error {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return err
	}
	return c.getInto(ctx, r, id, into)
}

func (c *Client) getInto(ctx context.Context, r Resource, id backend.ID, into any) error {
	answer, err := c.do(ctx, request{method: http.MethodGet, path: r.path(id.Namespace, id.Name), accept: contentJSON, resource: r.GroupResource(), name: id.Name})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.body, into); err != nil {
		return fmt.Errorf("%s: answer: %w", id, err)
	}
	return nil
}

// List reads every object of a kind that the selectors choose; namespace "" means all.
func (c *Client) List(ctx context.Context, kind schema.GroupVersionKind, namespace, labelSelector, fieldSelector string) ([]unstructured.Unstructured, error) {
	r, err := c.Resource(ctx, kind)
	if err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(pageSize / 2)}}
	if labelSelector != "" {
		query.Set("labelSelector", labelSelector)
	}
	if fieldSelector != "" {
		query.Set("fieldSelector", fieldSelector)
	}
	var items []unstructured.Unstructured
	err = c.pages(ctx, r, namespace, query, contentJSON, func() { items = nil }, func(answer response) (string, error) {
		var page unstructured.UnstructuredList
		if err := page.UnmarshalJSON(answer.body); err != nil {
			return "", err
		}
		items = append(items, page.Items...)
		return page.GetContinue(), nil
	})
	return items, err
}

// Create makes an object that must not exist yet and reads the result into content. An answer that was lost makes a
// second attempt say that the object exists (apierrors.IsAlreadyExists).
func (c *Client) Create(ctx context.Context, id backend.ID, content any) error {
	return c.write(ctx, http.MethodPost, id, content)
}

// Update replaces an object and reads the result into content. When content carries a resourceVersion, a change by somebody else
// in between is refused (apierrors.IsConflict).
func (c *Client) Update(ctx context.Context, id backend.ID, content any) error {
	return c.write(ctx, http.MethodPut, id, content)
}

func (c *Client) write(ctx context.Context, method string, id backend.ID, content any) error {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return err
	}
	body, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	path := r.path(id.Namespace, "")
	if method == http.MethodPut {
		path = r.path(id.Namespace, id.Name)
	}
	answer, err := c.do(ctx, request{
		method: method, path: path, query: url.Values{"fieldManager": {FieldManager}}, body: body, contentType: contentJSON,
		accept: contentJSON, resource: r.GroupResource(), name: id.Name, finish: true,
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.body, content); err != nil {
		return fmt.Errorf("%s: answer: %w", id, err)
	}
	return nil
}

// Preconditions name the very object that is meant. Empty fields are not looked at.
type Preconditions struct {
	UID             types.UID
	ResourceVersion string
}

// Delete removes one object and, in the background, what it owns. gone is false when the object stays for a while, until
// its finalizers are done. An object that is absent is gone; one that does not meet the preconditions is an error that
// apierrors.IsConflict knows.
func (c *Client) Delete(ctx context.Context, id backend.ID, only Preconditions) (gone bool, err error) {
	r, err := c.AnyVersion(ctx, KindOf(id))
	if IsKindMissing(err) {
		// Without its kind there is no object.
		return true, nil
	}
	if err != nil {
		return false, err
	}
	background := metav1.DeletePropagationBackground
	options := metav1.DeleteOptions{PropagationPolicy: &background}
	options.APIVersion, options.Kind = "v1", "DeleteOptions"
	if only != (Preconditions{}) {
		options.Preconditions = &metav1.Preconditions{}
		if only.UID != "" {
			options.Preconditions.UID = &only.UID
		}
		if only.ResourceVersion != "" {
			options.Preconditions.ResourceVersion = &only.ResourceVersion
		}
	}
	body, err := json.Marshal(options)
	if err != nil {
		return false, fmt.Errorf("%s: %w", id, err)
	}
	answer, err := c.do(ctx, request{
		method: http.MethodDelete, path: r.path(id.Namespace, id.Name), body: body, contentType: contentJSON, accept: contentJSON,
		resource: r.GroupResource(), name: id.Name, finish: true,
	})
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var status struct {
		Kind     string            `json:"kind"`
		Metadata metav1.ObjectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(answer.body, &status); err != nil {
		return false, fmt.Errorf("%s: answer: %w", id, err)
	}
	// A Status tells that it is gone; some kinds answer with the object even then, unless something holds it.
	return status.Kind == "Status" || len(status.Metadata.Finalizers) == 0 && status.Metadata.DeletionTimestamp == nil, nil
}
