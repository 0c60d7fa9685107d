// SPDX-License-Identifier: Apache-2.0

// This file finds out what a cluster offers, for those that adapt to it.

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	apidiscovery "k8s.io/api/apidiscovery/v2"
)

// contentDiscovery asks for all groups, versions and kinds in one answer, which every supported API server gives.
const contentDiscovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// Offers is what a cluster offers.
type Offers struct {
	// KubernetesVersion is the API server's: "v1.37.2".
	KubernetesVersion string
	// APIVersions are "group/version" and "group/version/Kind" of all that is served, sorted; those of the core group are
	// "v1" and "v1/Kind".
	APIVersions []string
}

// Offers asks the API server for its version and for all that it serves.
func (c *Client) Offers(ctx context.Context) (Offers, error) {
	var offers Offers
	answer, err := c.do(ctx, request{method: http.MethodGet, path: "/version", accept: contentJSON})
	if err != nil {
		return offers, err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(answer.body, &version); err != nil {
		return offers, fmt.Errorf("version of the API server: %w", err)
	}
	offers.KubernetesVersion = version.GitVersion
	for _, path := range []string{"/api", "/apis"} {
		answer, err := c.do(ctx, request{method: http.MethodGet, path: path, accept: contentDiscovery})
		if err != nil {
			return offers, err
		}
		var list apidiscovery.APIGroupDiscoveryList
		if err := json.Unmarshal(answer.body, &list); err != nil {
			return offers, fmt.Errorf("kinds of %s: %w", path, err)
		}
		for _, group := range list.Items {
			for _, v := range group.Versions {
				name := v.Version
				if group.Name != "" {
					name = group.Name + "/" + v.Version
				}
				offers.APIVersions = append(offers.APIVersions, name)
				for _, r := range v.Resources {
					if r.ResponseKind != nil && r.ResponseKind.Kind != "" {
						offers.APIVersions = append(offers.APIVersions, name+"/"+r.ResponseKind.Kind)
					}
				}
			}
		}
	}
	slices.Sort(offers.APIVersions)
	offers.APIVersions = slices.Compact(offers.APIVersions)
	return offers, nil
}
