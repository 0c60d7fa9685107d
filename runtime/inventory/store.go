// SPDX-License-Identifier: Apache-2.0

// This file reads and writes the parent Secret.

package inventory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// secretType marks the parent Secrets, for people and for field selectors.
const secretType corev1.SecretType = "harmonyscript/inventory"

// maxNamespacesAnnotation bounds the annotation that lists namespaces: all annotations of an object together may take
// 256 KiB. Beyond that it is left out; the specification has tools look everywhere then, as they would without it.
const maxNamespacesAnnotation = 128 << 10

// Store keeps inventories in one namespace of a cluster.
type Store struct {
	client    *cluster.Client
	namespace string
}

// NewStore returns the store of a namespace; "" means DefaultNamespace.
func NewStore(c *cluster.Client, namespace string) *Store {
	return &Store{client: c, namespace: cmp.Or(namespace, DefaultNamespace)}
}

// Namespace returns where the store keeps inventories.
func (s *Store) Namespace() string { return s.namespace }

// ID returns the identity of the parent Secret of deployment.
func (s *Store) ID(deployment string) backend.ID {
	return backend.ID{Version: "v1", Kind: "Secret", Namespace: s.namespace, Name: deployment}
}

// Load reads the inventory of deployment. When there is none, the result is empty and Exists is false. A Secret of that
// name that is not ours is a *ForeignError, one that cannot be read a *DamagedError.
func (s *Store) Load(ctx context.Context, deployment string) (*Inventory, error) {
	version := ""
	for {
		i, err := s.loadParent(ctx, deployment)
		if err != nil || len(i.parts) == 0 {
			return i, err
		}
		err = s.loadParts(ctx, i)
		if err == nil {
			return i, nil
		}
		if !errors.Is(err, errPartGone) || i.resourceVersion == version {
			return nil, err
		}
		// Another run may have replaced the part since the parent was read; then the parent is not the same any more.
		version = i.resourceVersion
	}
}

// Refresh returns i itself when it is still what is stored, and what is stored otherwise. The errors are those of Load.
func (s *Store) Refresh(ctx context.Context, i *Inventory) (*Inventory, error) {
	stored, err := s.client.GetMetadata(ctx, s.ID(i.Deployment))
	switch {
	case err == nil && i.Exists() && stored.ResourceVersion == i.resourceVersion:
		return i, nil
	case apierrors.IsNotFound(err) && !i.Exists():
		return i, nil
	}
	return s.Load(ctx, i.Deployment)
}

func (s *Store) loadParent(ctx context.Context, deployment string) (*Inventory, error) {
	i := &Inventory{Deployment: deployment, Namespace: s.namespace, id: ApplySetID(deployment, s.namespace)}
	var parent corev1.Secret
	err := s.client.GetInto(ctx, s.ID(deployment), &parent)
	if apierrors.IsNotFound(err) {
		return i, i.makeKey()
	}
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", deployment, err)
	}
	return i, i.read(&parent)
}

func (i *Inventory) makeKey() error {
	i.key = make([]byte, 32)
	if _, err := rand.Read(i.key); err != nil {
		return fmt.Errorf("inventory of %s: random key: %w", i.Deployment, err)
	}
	return nil
}

func (i *Inventory) read(parent *corev1.Secret) error {
	id := backend.ID{Version: "v1", Kind: "Secret", Namespace: i.Namespace, Name: i.Deployment}
	used, ok := parent.Annotations[toolingAnnotation]
	name := used
	if cut := strings.LastIndexByte(used, '/'); cut >= 0 {
		name = used[:cut]
	}
	switch {
	case !ok:
		return &ForeignError{ID: id, Reason: "it is no ApplySet (it has no annotation " + toolingAnnotation + ")"}
	case name != toolingName:
		return &ForeignError{ID: id, Reason: fmt.Sprintf("it is an ApplySet of %s", used)}
	case parent.Labels[idLabel] != i.ApplySetID():
		return &ForeignError{ID: id, Reason: fmt.Sprintf("its label %s is %q, want %q: it was copied from somewhere else", idLabel, parent.Labels[idLabel], i.ApplySetID())}
	}
	i.key, i.stored = parent.Data[hashingKey], parent.Data[recordKey]
	i.resourceVersion, i.uid = parent.ResourceVersion, string(parent.UID)
	if len(i.key) < 16 {
		return &DamagedError{ID: id, Err: fmt.Errorf("key: got %d bytes, want 16 or more", len(i.key))}
	}
	if err := i.decode(i.stored); err != nil {
		return &DamagedError{ID: id, Err: err}
	}
	i.past.decode(parent.Data[historyKey])
	i.unknown = maps.Clone(parent.Data)
	for _, known := range []string{recordKey, hashingKey, historyKey} {
		delete(i.unknown, known)
	}
	return nil
}

// Save stores i. It refuses with a *TooLargeError what has no room even in parts, and with an error that
// apierrors.IsConflict knows when somebody else stored another state in between. What is stored already is not stored again.
func (s *Store) Save(ctx context.Context, i *Inventory) error {
	packed, parts, err := i.encode()
	if err != nil {
		return err
	}
	room := MaxSize - len(packed) - len(i.key)
	for _, data := range i.unknown {
		room -= len(data)
	}
	history, err := i.past.encode(room)
	if err != nil {
		return fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	if i.Exists() && bytes.Equal(packed, i.stored) && bytes.Equal(history, i.past.stored) {
		return nil
	}
	if size := len(packed) + len(i.key); size > MaxSize {
		return &TooLargeError{Deployment: i.Deployment, Size: size, Objects: len(i.Members) + len(i.Pending)}
	}
	existing, err := s.prepareParts(ctx, i, parts)
	if err != nil {
		return &WriteError{Deployment: i.Deployment, ID: s.ID(i.Deployment), Err: err}
	}
	if err := s.storeParent(ctx, i, packed, history); err != nil {
		return &WriteError{Deployment: i.Deployment, ID: s.ID(i.Deployment), Err: err}
	}
	s.replaceParts(ctx, i, parts, existing)
	return nil
}

// storeParent writes the parent, the one write by which a record becomes another.
func (s *Store) storeParent(ctx context.Context, i *Inventory, packed, history []byte) error {
	parent := i.parent(packed)
	if len(history) > 0 {
		parent.Data[historyKey] = history
	}
	id := s.ID(i.Deployment)
	var err error
	if i.Exists() {
		err = s.client.Update(ctx, id, parent)
	} else {
		err = s.create(ctx, id, parent)
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		// The answer to a first attempt may have been lost on the way; then what is stored is what we meant.
		var found corev1.Secret
		if readErr := s.client.GetInto(ctx, id, &found); readErr == nil && bytes.Equal(found.Data[recordKey], packed) && bytes.Equal(found.Data[hashingKey], i.key) {
			parent, err = &found, nil
		}
	}
	if err != nil {
		return err
	}
	i.resourceVersion, i.uid, i.stored, i.past.stored = parent.ResourceVersion, string(parent.UID), packed, history
	return nil
}

// create makes a Secret and, where it is missing, its namespace.
func (s *Store) create(ctx context.Context, id backend.ID, secret *corev1.Secret) error {
	err := s.client.Create(ctx, id, secret)
	if !IsNamespaceMissing(err) {
		return err
	}
	if err := s.CreateNamespace(ctx); err != nil {
		return err
	}
	return s.client.Create(ctx, id, secret)
}

// CreateNamespace makes the namespace of the store, unless it exists.
func (s *Store) CreateNamespace(ctx context.Context) error {
	namespace := corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": toolingName}},
	}
	err := s.client.Create(ctx, backend.ID{Version: "v1", Kind: "Namespace", Name: s.namespace}, &namespace)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("namespace of the inventory: %w", err)
	}
	return nil
}

// IsNamespaceMissing reports whether a write failed because its namespace does not exist.
func IsNamespaceMissing(err error) bool {
	if !apierrors.IsNotFound(err) {
		return false
	}
	details := cluster.StatusDetails(err)
	return details != nil && details.Kind == "namespaces"
}

// Delete removes the stored inventory, unless somebody else changed it in between.
func (s *Store) Delete(ctx context.Context, i *Inventory) error {
	if !i.Exists() {
		return nil
	}
	existing := s.listParts(ctx, i)
	only := cluster.Preconditions{UID: types.UID(i.uid), ResourceVersion: i.resourceVersion}
	if _, err := s.client.Delete(ctx, s.ID(i.Deployment), only); err != nil {
		return &WriteError{Deployment: i.Deployment, ID: s.ID(i.Deployment), Err: err}
	}
	i.resourceVersion, i.uid, i.stored = "", "", nil
	s.replaceParts(ctx, i, nil, existing)
	return nil
}

// parent returns the Secret that holds packed.
func (i *Inventory) parent(packed []byte) *corev1.Secret {
	var kinds []string
	for _, k := range i.Kinds() {
		kinds = append(kinds, k.GroupKind().String())
	}
	slices.Sort(kinds)
	annotations := map[string]string{toolingAnnotation: tooling, kindsAnnotation: strings.Join(kinds, ",")}
	others := slices.DeleteFunc(i.Namespaces(), func(n string) bool { return n == i.Namespace })
	if joined := strings.Join(others, ","); len(joined) <= maxNamespacesAnnotation {
		annotations[namespacesAnnotation] = joined
	}
	data := maps.Clone(i.unknown)
	if data == nil {
		data = map[string][]byte{}
	}
	data[hashingKey], data[recordKey] = i.key, packed
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: i.Deployment, Namespace: i.Namespace, UID: types.UID(i.uid), ResourceVersion: i.resourceVersion,
			Labels:      map[string]string{idLabel: i.ApplySetID(), "app.kubernetes.io/managed-by": toolingName},
			Annotations: annotations,
		},
		Type: secretType,
		Data: data,
	}
}
