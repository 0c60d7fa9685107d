// SPDX-License-Identifier: Apache-2.0

// This file changes who owns the fields of an object, and tries out what another writer would do.

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const contentJSONPatch = "application/json-patch+json"

// PatchOwnership sets who owns the fields of an object, whose state is named by resourceVersion: a change by somebody else
// in between is refused (apierrors.IsConflict). Nothing else of the object changes. It returns the metadata that results.
func (c *Client) PatchOwnership(ctx context.Context, id backend.ID, managed []metav1.ManagedFieldsEntry, resourceVersion string) (*metav1.PartialObjectMetadata, error) {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata/managedFields", "value": managed},
		{"op": "replace", "path": "/metadata/resourceVersion", "value": resourceVersion},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	answer, err := c.do(ctx, request{
		method: http.MethodPatch, path: r.path(id.Namespace, id.Name), query: url.Values{"fieldManager": {FieldManager}}, body: patch,
		contentType: contentJSONPatch, accept: acceptMetadata, resource: r.GroupResource(), name: id.Name, finish: true,
	})
	if err != nil {
		return nil, err
	}
	metadata, err := decode[metav1.PartialObjectMetadata](answer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	return metadata, nil
}

// TryReplace returns what the API server would make of object if it replaced the one that exists, with its defaults
// filled in. Nothing is changed.
func (c *Client) TryReplace(ctx context.Context, id backend.ID, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	r, err := c.resourceOf(ctx, id)
	if err != nil {
		return nil, err
	}
	body, err := object.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	answer, err := c.do(ctx, request{
		method: http.MethodPut, path: r.path(id.Namespace, id.Name), query: url.Values{"fieldManager": {FieldManager}, "dryRun": {"All"}}, body: body,
		contentType: contentJSON, accept: contentJSON, resource: r.GroupResource(), name: id.Name,
	})
	if err != nil {
		return nil, err
	}
	var tried unstructured.Unstructured
	if err := tried.UnmarshalJSON(answer.body); err != nil {
		return nil, fmt.Errorf("%s: answer: %w", id, err)
	}
	return &tried, nil
}
