// SPDX-License-Identifier: Apache-2.0

// This file removes releases.

package helm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	helmrelease "helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Uninstall removes a release, its objects and its history. Objects that no longer bear the release's name stay, and
// so do those in options.Keep; when somebody else has applied them, what only the release wanted of their fields goes. A
// release that is not there is no error, so that an interrupted removal can be repeated.
func (m *cluster) Uninstall(ctx context.Context, namespace, name string, options UninstallOptions) (err error) {
	key := namespace + "/" + name
	defer recovered("uninstall", key, &err)
	held, err := m.connection.store(ctx, namespace)
	if err != nil {
		return err
	}
	held.redact = options.Redact
	revisions, err := held.revisions(ctx, name)
	if err != nil {
		return err
	}
	if busy := m.busy(namespace, name, "", revisions); busy != nil {
		return busy
	}
	if len(revisions) > 0 {
		if err := prepareRemoval(ctx, held, revisions, options.Keep); err != nil {
			return err
		}
	}
	if err := m.letGo(ctx, options.Keep); err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	if len(revisions) == 0 {
		return nil
	}
	c := m.connection.client(ctx, namespace, name)
	c.dispensable = func(backend.ID) bool { return true }
	uninstall := action.NewUninstall(configuration(c, held, 0, chartutil.DefaultCapabilities))
	uninstall.IgnoreNotFound = true
	uninstall.Timeout = cmp.Or(options.Timeout, defaultTimeout)
	if _, err := uninstall.Run(name); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		} else if len(c.failures) > 0 {
			// Helm only logs why.
			err = errors.Join(c.failures...)
		} else {
			err = c.explained(err)
		}
		return &FailedError{Release: key, Operation: "uninstall", Err: err, After: "what is left of it goes with the next run"}
	}
	// Helm does not see revisions that it cannot read.
	left, err := held.revisions(ctx, name)
	if err != nil {
		return err
	}
	for _, r := range left {
		if err := held.drop(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// prepareRemoval makes the last revision name all that the release has made. Helm reads what to remove and what to keep
// from there alone, not from the live objects.
func prepareRemoval(ctx context.Context, held *store, revisions []revision, keep []backend.ID) error {
	last, _, err := held.read(ctx, revisions[0])
	var damaged *DamagedError
	if errors.As(err, &damaged) && len(revisions) > 1 {
		// The one before it is the last that Helm sees.
		return prepareRemoval(ctx, held, revisions[1:], keep)
	}
	if err != nil {
		return err
	}
	if revisions[0].status == "uninstalled" || len(keep) == 0 && revisions[0].status == Deployed {
		return nil
	}
	objects, err := parseManifest(last.Manifest, held.namespace, last.Name)
	if err != nil {
		return err
	}
	for _, r := range revisions[1:] {
		if r.status == "superseded" || r.status == "uninstalled" {
			continue
		}
		earlier, _, err := held.read(ctx, r)
		if errors.As(err, &damaged) {
			continue
		}
		if err != nil {
			return err
		}
		more, err := parseManifest(earlier.Manifest, held.namespace, last.Name)
		if err != nil {
			return err
		}
		objects = append(objects, missing(objects, more)...)
		if r.status == Deployed {
			break
		}
	}
	if last.Manifest, err = keeping(objects, func(id backend.ID) bool { return contains(keep, id) }); err != nil {
		return err
	}
	if size, err := sizeOf(last); err != nil {
		return err
	} else if size > MaxReleaseSize-reserve {
		// It is about to go, and nothing will be rendered with it again.
		last.Chart.Templates, last.Chart.Files, last.Chart.Values = nil, nil, nil
	}
	if last.Info.Status.IsPending() {
		last.Info.Status = helmrelease.StatusUninstalling
	}
	if err := held.write(last); err != nil {
		return fmt.Errorf("release %s/%s: write revision %d: %w", held.namespace, last.Name, last.Version, err)
	}
	return nil
}

// missing returns those of more that list has not.
func missing(list, more []backend.Object) []backend.Object {
	have := map[backend.ID]bool{}
	for _, o := range list {
		have[unversioned(o.ID)] = true
	}
	var found []backend.Object
	for _, o := range more {
		if !have[unversioned(o.ID)] {
			found = append(found, o)
		}
	}
	return found
}

func contains(ids []backend.ID, id backend.ID) bool {
	for _, other := range ids {
		if unversioned(other) == unversioned(id) {
			return true
		}
	}
	return false
}

func unversioned(id backend.ID) backend.ID {
	id.Version = ""
	return id
}

// letGo ends the release's ownership of objects that others have applied.
func (m *cluster) letGo(ctx context.Context, ids []backend.ID) error {
	if len(ids) == 0 {
		return nil
	}
	objects, err := dynamic.NewForConfig(m.connection.config(ctx))
	if err != nil {
		return err
	}
	for _, id := range ids {
		mapping, err := m.connection.mapper.RESTMapping(schema.GroupKind{Group: id.Group, Kind: id.Kind}, id.Version)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", id, withoutAddress(err))
		}
		var access dynamic.ResourceInterface = objects.Resource(mapping.Resource)
		if id.Namespace != "" {
			access = objects.Resource(mapping.Resource).Namespace(id.Namespace)
		}
		live, err := access.Get(ctx, id.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", id, withoutAddress(err))
		}
		if !appliedTwice(live.GetManagedFields()) {
			continue
		}
		// An apply that wants nothing gives up all that was wanted; what others have applied is theirs and stays.
		bare, err := json.Marshal(map[string]any{
			"apiVersion": id.APIVersion(), "kind": id.Kind, "metadata": map[string]any{"name": id.Name, "uid": string(live.GetUID())},
		})
		if err != nil {
			return err
		}
		force := true
		if _, err := access.Patch(ctx, id.Name, types.ApplyPatchType, bare, metav1.PatchOptions{FieldManager: FieldManager, Force: &force}); err != nil {
			return fmt.Errorf("%s: %w", id, withoutAddress(err))
		}
	}
	return nil
}

// appliedTwice reports whether both the release and somebody else have applied an object. Without the other, giving up
// fields would empty the object.
func appliedTwice(managed []metav1.ManagedFieldsEntry) bool {
	ours, others := false, false
	for _, entry := range managed {
		if entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		if entry.Manager == FieldManager {
			ours = true
		} else {
			others = true
		}
	}
	return ours && others
}
