// SPDX-License-Identifier: Apache-2.0

// This file maps kinds to paths. It asks the API server for one group version at a time, when a kind of it is first
// needed: a deployment uses a handful, a cluster serves a hundred.

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is where objects of a kind are found.
type Resource struct {
	schema.GroupVersionKind
	// Plural is the last element of the path: "configmaps".
	Plural string
	// Namespaced tells whether objects live in namespaces.
	Namespaced bool
}

// GroupResource returns the name that access rules use.
func (r Resource) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Plural}
}

// path returns the URL path of an object, or of the list when name is empty. namespace "" of a namespaced kind
// means all namespaces.
func (r Resource) path(namespace, name string) string {
	path := "/api/" + r.Version
	if r.Group != "" {
		path = "/apis/" + r.Group + "/" + r.Version
	}
	if r.Namespaced && namespace != "" {
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	path += "/" + r.Plural
	if name != "" {
		path += "/" + url.PathEscape(name)
	}
	return path
}

// groupVersion is what is known about one group version. Its lock makes several that need it at once ask once.
type groupVersion struct {
	sync.Mutex
	kinds map[string]Resource
}

// always are kinds that every API server serves in one place, as conformance has it (https://github.com/cncf/k8s-conformance). Where
// they are found is not worth a round trip of its own, before each run.
var always = wellKnown()

func wellKnown() map[schema.GroupVersionKind]Resource {
	known := map[schema.GroupVersionKind]Resource{}
	add := func(group, kind, plural string, namespaced bool) {
		k := schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind}
		known[k] = Resource{GroupVersionKind: k, Plural: plural, Namespaced: namespaced}
	}
	const core, rbac = "", "rbac.authorization.k8s.io"
	add(core, "ConfigMap", "configmaps", true)
	add(core, "Namespace", "namespaces", false)
	add(core, "ResourceQuota", "resourcequotas", true)
	add(core, "Secret", "secrets", true)
	add(core, "Service", "services", true)
	add(core, "ServiceAccount", "serviceaccounts", true)
	add("coordination.k8s.io", "Lease", "leases", true)
	add("networking.k8s.io", "NetworkPolicy", "networkpolicies", true)
	add(rbac, "ClusterRole", "clusterroles", false)
	add(rbac, "ClusterRoleBinding", "clusterrolebindings", false)
	add(rbac, "Role", "roles", true)
	add(rbac, "RoleBinding", "rolebindings", true)
	return known
}

// Resource returns where objects of kind are found. A kind that the server does not serve is a *KindMissingError; it is
// asked for anew each time, since somebody may install it in between.
func (c *Client) Resource(ctx context.Context, kind schema.GroupVersionKind) (Resource, error) {
	if r, ok := always[kind]; ok {
		return r, nil
	}
	c.kinds.Lock()
	known, ok := c.kinds.versions[kind.GroupVersion().String()]
	if !ok {
		known = &groupVersion{}
		c.kinds.versions[kind.GroupVersion().String()] = known
	}
	c.kinds.Unlock()
	known.Lock()
	defer known.Unlock()
	if r, ok := known.kinds[kind.Kind]; ok {
		return r, nil
	}
	kinds, err := c.discover(ctx, kind.GroupVersion())
	if err != nil {
		return Resource{}, err
	}
	known.kinds = kinds
	if r, ok := kinds[kind.Kind]; ok {
		return r, nil
	}
	return Resource{}, &KindMissingError{Kind: kind}
}

// AnyVersion returns where objects of a group and kind are found, in version where that is served and else in the
// version that the server prefers. An object outlives the version that it was once made through.
func (c *Client) AnyVersion(ctx context.Context, kind schema.GroupVersionKind) (Resource, error) {
	r, err := c.Resource(ctx, kind)
	if err == nil || !IsKindMissing(err) || kind.Group == "" {
		return r, err
	}
	answer, err := c.do(ctx, request{method: http.MethodGet, path: "/apis/" + kind.Group, accept: contentJSON})
	if apierrors.IsNotFound(err) {
		return Resource{}, &KindMissingError{Kind: kind}
	}
	if err != nil {
		return Resource{}, err
	}
	var group metav1.APIGroup
	if err := json.Unmarshal(answer.body, &group); err != nil {
		return Resource{}, fmt.Errorf("versions of %s: %w", kind.Group, err)
	}
	versions := append([]metav1.GroupVersionForDiscovery{group.PreferredVersion}, group.Versions...)
	for _, v := range versions {
		if v.Version == "" || v.Version == kind.Version {
			continue
		}
		r, err := c.Resource(ctx, kind.GroupKind().WithVersion(v.Version))
		if err == nil || !IsKindMissing(err) {
			return r, err
		}
	}
	return Resource{}, &KindMissingError{Kind: kind}
}

// Forget drops what is known about the server's kinds.
func (c *Client) Forget() {
	c.kinds.Lock()
	defer c.kinds.Unlock()
	c.kinds.versions = map[string]*groupVersion{}
}

// resourceOf returns where the object id is found.
func (c *Client) resourceOf(ctx context.Context, id backend.ID) (Resource, error) {
	r, err := c.Resource(ctx, KindOf(id))
	if err != nil {
		return Resource{}, err
	}
	if r.Namespaced && id.Namespace == "" {
		return Resource{}, fmt.Errorf("%s: got no namespace, want one: the kind lives in namespaces", id)
	}
	return r, nil
}

// KindOf returns the object's kind in the terms of the Kubernetes libraries.
func KindOf(id backend.ID) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
}

func (c *Client) discover(ctx context.Context, version schema.GroupVersion) (map[string]Resource, error) {
	path := "/apis/" + version.String()
	if version.Group == "" {
		path = "/api/" + version.Version
	}
	answer, err := c.do(ctx, request{method: http.MethodGet, path: path, accept: contentJSON})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(answer.body, &list); err != nil {
		return nil, fmt.Errorf("kinds of %s: %w", version, err)
	}
	kinds := make(map[string]Resource, len(list.APIResources))
	for _, r := range list.APIResources {
		if !isSubresource(r.Name) {
			kinds[r.Kind] = Resource{GroupVersionKind: version.WithKind(r.Kind), Plural: r.Name, Namespaced: r.Namespaced}
		}
	}
	return kinds, nil
}

func isSubresource(name string) bool {
	for _, r := range name {
		if r == '/' {
			return true
		}
	}
	return false
}

// KindMissingError tells that the API server does not serve a kind.
type KindMissingError struct {
	Kind schema.GroupVersionKind
}

// Error names the kind and its API version.
func (e *KindMissingError) Error() string {
	return fmt.Sprintf("kind %s of %s is not installed in this cluster", e.Kind.Kind, e.Kind.GroupVersion())
}

// Is makes the error one of meta.IsNoMatchError's and of the same type.
func (e *KindMissingError) Is(target error) bool {
	_, same := target.(*KindMissingError)
	return same
}

// As gives the Kubernetes libraries the error of theirs that means the same.
func (e *KindMissingError) As(target any) bool {
	if t, ok := target.(**meta.NoKindMatchError); ok {
		*t = &meta.NoKindMatchError{GroupKind: e.Kind.GroupKind(), SearchedVersions: []string{e.Kind.Version}}
		return true
	}
	return false
}

// Diagnostic names the kind.
func (e *KindMissingError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "kind-not-installed", Summary: e.Error(),
		Fix: "install the custom resource definition of " + e.Kind.Kind + " first",
	}
}

// IsKindMissing reports whether err says that the API server does not serve a kind.
func IsKindMissing(err error) bool { return asError[*KindMissingError](err) != nil }
