// SPDX-License-Identifier: Apache-2.0

// This file is Helm's client with writes of our own.
//
// Helm 3 updates custom resources with a patch that compares the old manifest with the new one and does not look at the
// live object: what somebody else changed stays changed. And an update owns only the fields that it happened to change. So
// objects are written with server-side apply, as Helm 4 does: every field of the manifest is set and owned.

package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/util/csaupgrade"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

const (
	// parallelWrites is how many objects of one kind are written at once.
	parallelWrites = 8

	releaseNameAnnotation      = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// client writes the objects of one release during one operation.
type client struct {
	*kube.Client
	ctx             context.Context //nolint:containedctx // Helm's interfaces know none
	connection      *connection
	namespace, name string
	// earlier is the manifest of revisions that were not carried out to the end. What is no longer wanted of them goes too,
	// unless it is older than madeSince: then it had been there before, and was taken over.
	earlier   string
	madeSince time.Time
	// dispensable, when set, says which objects of a manifest are left out when the cluster does not serve their kind: what
	// a release had of such a kind has gone with it.
	dispensable func(backend.ID) bool
	// removable, when set, says which objects may be removed at all.
	removable func(*resource.Info) bool

	mutex    sync.Mutex
	created  kube.ResourceList
	failures []error
	// ofHooks are the errors of requests about hooks. Helm keeps only their words.
	ofHooks []error
}

func (c *connection) client(ctx context.Context, namespace, name string) *client {
	inner := kube.New(&getter{connection: c, ctx: ctx, namespace: namespace})
	inner.Namespace = namespace
	return &client{Client: inner, ctx: ctx, connection: c, namespace: namespace, name: name}
}

// IsReachable asks nothing: the operation's first request tells it.
func (c *client) IsReachable() error { return nil }

// Build maps objects to paths. Fields are validated by the API server.
func (c *client) Build(reader io.Reader, _ bool) (kube.ResourceList, error) {
	content, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	list, err := c.Client.Build(bytes.NewReader(content), false)
	if err != nil && kindMissing(err) {
		// The kind may have come since the last look.
		c.connection.mapper.Reset()
		list, err = c.Client.Build(bytes.NewReader(content), false)
	}
	if err != nil && kindMissing(err) && c.dispensable != nil {
		served, failure := c.served(string(content))
		if failure != nil {
			return nil, failure
		}
		list, err = c.Client.Build(strings.NewReader(served), false)
	}
	return list, err
}

// served returns a manifest without the objects that are dispensable and of a kind that the cluster does not serve.
func (c *client) served(manifest string) (string, error) {
	objects, err := parseManifest(manifest, c.namespace, c.name)
	if err != nil {
		return "", err
	}
	objects = slices.DeleteFunc(objects, func(o backend.Object) bool {
		_, err := c.connection.mapper.RESTMapping(schema.GroupKind{Group: o.ID.Group, Kind: o.ID.Kind}, o.ID.Version)
		return err != nil && kindMissing(err) && c.dispensable(o.ID)
	})
	return manifestOf(objects, nil)
}

// Create writes objects that are thought not to exist. Hooks are made as they are, so that one that is left over is an error.
func (c *client) Create(resources kube.ResourceList) (*kube.Result, error) {
	err := c.each(resources, func(info *resource.Info) error {
		if !isHook(info) {
			return c.apply(info)
		}
		made, err := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(FieldManager).Create(info.Namespace, true, info.Object)
		if err != nil {
			return c.ofHook(about(info, err))
		}
		return info.Refresh(made, true)
	})
	return &kube.Result{Created: resources}, err
}

// Update makes the cluster match target, and removes what is in original and not in target.
func (c *client) Update(original, target kube.ResourceList, _ bool) (*kube.Result, error) {
	result := &kube.Result{Updated: target}
	if err := c.each(target, c.apply); err != nil {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		result.Created = c.created
		return result, err
	}
	gone := original.Difference(target)
	since := make([]time.Time, len(gone))
	if c.earlier != "" {
		older, err := c.Build(bytes.NewBufferString(c.earlier), false)
		if err != nil {
			return result, err
		}
		for _, info := range older.Difference(append(slices.Clone(original), target...)) {
			gone, since = append(gone, info), append(since, c.madeSince)
		}
	}
	// Helm installs in this order; what it made first goes last.
	for i, info := range slices.Backward(gone) {
		removed, err := c.remove(info, since[i])
		if err != nil {
			return result, err
		}
		if removed {
			result.Deleted = append(result.Deleted, info)
		}
	}
	return result, nil
}

// UpdateThreeWayMerge is what Helm calls instead of Update when it takes objects over. There is no difference here.
func (c *client) UpdateThreeWayMerge(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	return c.Update(original, target, force)
}

// each calls work for objects of one kind at a time, several at once. All failures are told.
func (c *client) each(resources kube.ResourceList, work func(*resource.Info) error) error {
	var failures []error
	for start := 0; start < len(resources); {
		end := start
		for end < len(resources) && resources[end].Mapping.GroupVersionKind == resources[start].Mapping.GroupVersionKind {
			end++
		}
		results := make([]error, end-start)
		var group errgroup.Group
		group.SetLimit(parallelWrites)
		for i, info := range resources[start:end] {
			group.Go(func() error {
				results[i] = work(info)
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		failures = append(failures, results...)
		if err := c.ctx.Err(); err != nil {
			return err
		}
		start = end
	}
	return errors.Join(failures...)
}

// apply sets every field of the object. Fields that others own are taken: the caller has made sure that the object is
// ours to have.
func (c *client) apply(info *resource.Info) error {
	helper := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(FieldManager)
	live, err := helper.Get(info.Namespace, info.Name)
	switch {
	case apierrors.IsNotFound(err):
		c.mutex.Lock()
		c.created = append(c.created, info)
		c.mutex.Unlock()
	case err != nil:
		return about(info, err)
	default:
		if err := c.upgradeFields(helper, info, live.(*unstructured.Unstructured)); err != nil { //nolint:forcetypeassert // the builder makes no others
			return about(info, err)
		}
	}
	encoded, err := json.Marshal(info.Object)
	if err != nil {
		return about(info, err)
	}
	force := true
	applied, err := helper.Patch(info.Namespace, info.Name, types.ApplyPatchType, encoded, &metav1.PatchOptions{Force: &force})
	if err != nil {
		return about(info, err)
	}
	return info.Refresh(applied, true)
}

// upgradeFields turns what Helm itself once wrote with updates into our own applied fields. Otherwise fields that the
// chart drops would stay, owned by nobody who comes back.
func (c *client) upgradeFields(helper *resource.Helper, info *resource.Info, live *unstructured.Unstructured) error {
	if live.GetAnnotations()[releaseNameAnnotation] != c.name {
		return nil
	}
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(live, sets.New("helm", FieldManager), FieldManager)
	if err != nil || patch == nil {
		return err
	}
	_, err = helper.Patch(info.Namespace, info.Name, types.JSONPatchType, patch, nil)
	if apierrors.IsConflict(err) || apierrors.IsInvalid(err) {
		// Somebody wrote in between; the next apply gets at it.
		return nil
	}
	return err
}

// remove deletes an object that the release no longer has, if it still is the release's and not older than since.
func (c *client) remove(info *resource.Info, since time.Time) (bool, error) {
	if c.removable != nil && !c.removable(info) {
		return false, nil
	}
	helper := resource.NewHelper(info.Client, info.Mapping).WithFieldManager(FieldManager)
	live, err := helper.Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, about(info, err)
	}
	access, err := meta.Accessor(live)
	if err != nil {
		return false, about(info, err)
	}
	marks := access.GetAnnotations()
	if marks[releaseNameAnnotation] != c.name || marks[releaseNamespaceAnnotation] != c.namespace || marks[kube.ResourcePolicyAnno] == kube.KeepPolicy {
		return false, nil
	}
	if access.GetCreationTimestamp().Time.Before(since) {
		return false, nil
	}
	return true, c.delete(info, access.GetUID())
}

// delete removes exactly the object that was looked at.
func (c *client) delete(info *resource.Info, uid types.UID) error {
	background := metav1.DeletePropagationBackground
	options := &metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}}
	_, err := resource.NewHelper(info.Client, info.Mapping).DeleteWithOptions(info.Namespace, info.Name, options)
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return about(info, err)
}

// removeCreated deletes what this operation made, the last first.
func (c *client) removeCreated() error {
	var failures []error
	for _, info := range slices.Backward(c.created) {
		if _, err := c.remove(info, time.Time{}); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// DeleteWithPropagationPolicy removes the objects of a release that goes, as far as they are still its own.
func (c *client) DeleteWithPropagationPolicy(resources kube.ResourceList, _ metav1.DeletionPropagation) (*kube.Result, []error) {
	result := &kube.Result{}
	for _, info := range resources {
		if _, err := c.remove(info, time.Time{}); err != nil {
			c.failures = append(c.failures, err)
			continue
		}
		result.Deleted = append(result.Deleted, info)
	}
	return result, c.failures
}

func nameOfInfo(info *resource.Info) string {
	kind := info.Mapping.GroupVersionKind.Kind
	if info.Namespace == "" {
		return kind + " " + info.Name
	}
	return kind + " " + info.Namespace + "/" + info.Name
}
