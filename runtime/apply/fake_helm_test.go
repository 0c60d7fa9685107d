// SPDX-License-Identifier: Apache-2.0

// This file plays Helm where a test needs to stop it, or to have it fail, at a place of its own choosing. What real charts do
// is tested with the real Helm.

package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fakeHelm keeps releases in Secrets of its own and writes objects as Helm does.
type fakeHelm struct {
	client *cluster.Client
	// before is asked before an object is written; an error fails the release.
	before func(backend.ID) error
	// busy, when set, is what operations end with before they do anything.
	busy *helm.BusyError
	// calls are the operations that were asked for: "apply ns/name", "uninstall ns/name".
	calls []string
}

// newHelmWorld is newWorld with releases that a fakeHelm carries out.
func newHelmWorld(t *testing.T) (*world, *fakeHelm) {
	t.Helper()
	w := newWorld(t)
	fake := &fakeHelm{client: w.client}
	w.helm = fake
	return w, fake
}

// storedRelease is what a Secret holds.
type storedRelease struct {
	State helm.State
	// Intended are the objects of the revision that is under way.
	Intended []backend.ID
}

func (f *fakeHelm) secret(namespace, name string) backend.ID {
	return backend.ID{Version: "v1", Kind: "Secret", Namespace: namespace, Name: "fake-helm-" + name}
}

func (f *fakeHelm) load(ctx context.Context, namespace, name string) (*storedRelease, *corev1.Secret, error) {
	var secret corev1.Secret
	err := f.client.GetInto(ctx, f.secret(namespace, name), &secret)
	if apierrors.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var stored storedRelease
	return &stored, &secret, json.Unmarshal(secret.Data["release"], &stored)
}

func (f *fakeHelm) store(ctx context.Context, stored *storedRelease, secret *corev1.Secret) (*corev1.Secret, error) {
	encoded, err := json.Marshal(stored)
	if err != nil {
		return nil, err
	}
	id := f.secret(stored.State.Namespace, stored.State.Name)
	if secret != nil {
		secret.Data = map[string][]byte{"release": encoded}
		return secret, f.client.Update(ctx, id, secret)
	}
	secret = &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: metav1.ObjectMeta{Name: id.Name, Namespace: id.Namespace},
		Data: map[string][]byte{"release": encoded},
	}
	return secret, f.client.Create(ctx, id, secret)
}

func (f *fakeHelm) State(ctx context.Context, namespace, name string) (*helm.State, error) {
	stored, _, err := f.load(ctx, namespace, name)
	if stored == nil {
		return nil, err
	}
	return &stored.State, err
}

func (f *fakeHelm) Apply(ctx context.Context, rendered *helm.Rendered, o helm.ApplyOptions) (*helm.State, error) {
	release := rendered.Release
	f.calls = append(f.calls, "apply "+release.Key())
	if f.busy != nil {
		return nil, f.busy
	}
	stored, secret, err := f.load(ctx, release.Namespace, release.Name)
	if err != nil {
		return nil, err
	}
	status := helm.Status("pending-upgrade")
	if stored == nil {
		status, stored = "pending-install", &storedRelease{State: helm.State{Namespace: release.Namespace, Name: release.Name}}
	}
	old := slices.Concat(stored.State.Objects, stored.Intended)
	stored.State.Status, stored.State.Owner, stored.State.Chart = status, o.Owner, rendered.Chart
	stored.State.Revision++
	stored.Intended = nil
	for _, object := range rendered.Objects {
		stored.Intended = append(stored.Intended, object.ID)
	}
	if secret, err = f.store(ctx, stored, secret); err != nil {
		return nil, err
	}
	for _, object := range rendered.Objects {
		if err := f.write(ctx, release, object, o.Labels); err != nil {
			stored.State.Status, stored.State.Description = "failed", "it could not be written"
			_, _ = f.store(ctx, stored, secret)
			return nil, fmt.Errorf("%s: %w", object.ID, err)
		}
	}
	for _, id := range old {
		if !slices.Contains(stored.Intended, id) && f.holds(ctx, release, id) {
			if _, err := f.client.Delete(ctx, id, cluster.Preconditions{}); err != nil {
				return nil, err
			}
		}
	}
	stored.State.Status, stored.State.Objects, stored.Intended = helm.Deployed, stored.Intended, nil
	_, err = f.store(ctx, stored, secret)
	return &stored.State, err
}

// holds reports whether an object says that it is the release's.
func (f *fakeHelm) holds(ctx context.Context, release backend.Release, id backend.ID) bool {
	live, err := f.client.GetMetadata(ctx, id)
	return err == nil && live.Annotations["meta.helm.sh/release-name"] == release.Name
}

func (f *fakeHelm) write(ctx context.Context, release backend.Release, object backend.Object, labels map[string]string) error {
	if f.before != nil {
		if err := f.before(object.ID); err != nil {
			return err
		}
	}
	var content map[string]any
	if err := json.Unmarshal(object.Manifest, &content); err != nil {
		return err
	}
	metadata := content["metadata"].(map[string]any)
	put := func(section, key, value string) {
		values, _ := metadata[section].(map[string]any)
		if values == nil {
			values = map[string]any{}
			metadata[section] = values
		}
		values[key] = value
	}
	put("labels", "app.kubernetes.io/managed-by", "Helm")
	put("annotations", "meta.helm.sh/release-name", release.Name)
	put("annotations", "meta.helm.sh/release-namespace", release.Namespace)
	for key, value := range labels {
		put("labels", key, value)
	}
	body, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = f.client.Apply(ctx, object.ID, body, cluster.ApplyOptions{Force: true, Manager: helm.FieldManager, Lenient: true})
	return err
}

func (f *fakeHelm) Uninstall(ctx context.Context, namespace, name string, o helm.UninstallOptions) error {
	f.calls = append(f.calls, "uninstall "+namespace+"/"+name)
	if f.busy != nil {
		return f.busy
	}
	stored, secret, err := f.load(ctx, namespace, name)
	if stored == nil {
		return err
	}
	stored.State.Status = "uninstalling"
	if secret, err = f.store(ctx, stored, secret); err != nil {
		return err
	}
	for _, id := range slices.Concat(stored.State.Objects, stored.Intended) {
		if slices.ContainsFunc(o.Keep, func(keep backend.ID) bool {
			return keep.Kind == id.Kind && keep.Group == id.Group && keep.Namespace == id.Namespace && keep.Name == id.Name
		}) {
			continue
		}
		if _, err := f.client.Delete(ctx, id, cluster.Preconditions{}); err != nil {
			return err
		}
	}
	_, err = f.client.Delete(ctx, f.secret(namespace, name), cluster.Preconditions{UID: secret.UID})
	return err
}
