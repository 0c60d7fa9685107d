// SPDX-License-Identifier: Apache-2.0

// This file asks the API server what we may do.

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Access is one thing that somebody may do or not.
type Access struct {
	// Verb as access rules call it: "create", "patch"; "*" is every verb.
	Verb string
	// Group and Resource are the API group and the plural name of the kind; "*" is every one.
	Group, Resource string
	// Namespace is where; "" is the whole cluster.
	Namespace string
}

// May asks whether we may do a thing. What the API server cannot tell, or is not willing to, counts as allowed: the request
// itself will tell. The answer holds for the moment, and admission may still refuse what the rights allow.
func (c *Client) May(ctx context.Context, a Access) (bool, error) {
	for {
		allowed, err := c.review(ctx, a)
		if allowed || err != nil || c.settling() == 0 {
			return allowed, err
		}
		// A server that was away may not know it yet.
		if err := sleep(ctx, min(time.Second, c.settling())); err != nil {
			return false, err
		}
	}
}

// review asks once.
func (c *Client) review(ctx context.Context, a Access) (bool, error) {
	review := authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: a.Verb, Group: a.Group, Resource: a.Resource, Namespace: a.Namespace,
		}},
	}
	body, err := json.Marshal(review)
	if err != nil {
		return false, fmt.Errorf("access review: %w", err)
	}
	answer, err := c.do(ctx, request{
		method: http.MethodPost, path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body: body, contentType: contentJSON, accept: contentJSON,
	})
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("access review: %w", err)
	}
	if err := json.Unmarshal(answer.body, &review); err != nil {
		return false, fmt.Errorf("access review: %w", err)
	}
	return review.Status.Allowed || !review.Status.Denied && review.Status.EvaluationError != "" && review.Status.Reason == "", nil
}
