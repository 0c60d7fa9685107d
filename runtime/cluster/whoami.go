// SPDX-License-Identifier: Apache-2.0

// This file asks the API server who we are.

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WhoAmI returns the name of the user that the API server takes this client for: "system:serviceaccount:ci:deployer". It stores
// nothing in the cluster. Every user may ask; API servers older than Kubernetes 1.28 do not answer.
func (c *Client) WhoAmI(ctx context.Context) (string, error) {
	review := authenticationv1.SelfSubjectReview{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"}}
	body, err := json.Marshal(review)
	if err != nil {
		return "", fmt.Errorf("who am I: %w", err)
	}
	answer, err := c.do(ctx, request{
		method: http.MethodPost, path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: body, contentType: contentJSON, accept: contentJSON,
		resource: authenticationv1.Resource("selfsubjectreviews"),
	})
	if err != nil {
		return "", fmt.Errorf("who am I: %w", err)
	}
	if err := json.Unmarshal(answer.body, &review); err != nil {
		return "", fmt.Errorf("who am I: answer: %w", err)
	}
	return review.Status.UserInfo.Username, nil
}
