// SPDX-License-Identifier: Apache-2.0

// This file reads, writes and removes the Secrets that hold the parts of a record.

package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// partType marks the Secrets of parts, for people and for field selectors.
	partType corev1.SecretType = "harmonyscript/inventory-part"
	// partLabel marks the parts of an inventory; its value is the ID of the ApplySet. Parts are no members of it.
	partLabel = "harmonyscript.io/inventory-part-of"
	// partsAtOnce is how many requests about parts are under way at a time.
	partsAtOnce = 16
)

// errPartGone tells that a part that the parent names does not exist.
var errPartGone = errors.New("it does not exist")

func (s *Store) partID(name string) backend.ID { return s.ID(name) }

// loadParts reads the parts that i names into it. Parts that cannot be read are a *DamagedError, which names them all.
func (s *Store) loadParts(ctx context.Context, i *Inventory) error {
	parts, damaged := make([]record, len(i.parts)), make(damagedParts, len(i.parts))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for n, ref := range i.parts {
		group.Go(func() error {
			var secret corev1.Secret
			err := s.client.GetInto(groupCtx, s.partID(ref.Name), &secret)
			if apierrors.IsNotFound(err) {
				damaged[n] = &partError{ref.Name, errPartGone}
				return nil
			}
			if err != nil {
				return fmt.Errorf("inventory of %s: part %s: %w", i.Deployment, ref.Name, err)
			}
			if parts[n], err = i.decodePart(ref, secret.Data[recordKey]); err != nil {
				damaged[n] = &partError{ref.Name, err}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	damaged = slices.DeleteFunc(damaged, func(e *partError) bool { return e == nil })
	if len(damaged) > 0 {
		return &DamagedError{ID: s.ID(i.Deployment), Err: damaged}
	}
	i.join(parts)
	return nil
}

// prepareParts writes the parts that are not stored yet, and returns the names of all that exist. While the same parts are
// named as before there is nothing to write, and nobody asks for what others left behind: a run that stores parts will.
func (s *Store) prepareParts(ctx context.Context, i *Inventory, parts []part) (existing []string, err error) {
	if slices.EqualFunc(i.parts, parts, func(stored partRef, p part) bool { return stored == p.partRef }) {
		return nil, nil
	}
	listed := make(chan []string, 1)
	go func() { listed <- s.listParts(ctx, i) }()
	err = s.storeParts(ctx, i, parts)
	return <-listed, err
}

// storeParts writes the parts that are not stored yet. Nobody looks at them before the parent names them.
func (s *Store) storeParts(ctx context.Context, i *Inventory, parts []part) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for _, p := range parts {
		if p.packed == nil {
			continue
		}
		group.Go(func() error {
			secret := i.partSecret(p)
			err := s.create(ctx, s.partID(p.Name), secret)
			if apierrors.IsAlreadyExists(err) {
				// The name is new: it was our own first attempt, whose answer was lost on the way.
				var found corev1.Secret
				if readErr := s.client.GetInto(ctx, s.partID(p.Name), &found); readErr == nil && bytes.Equal(found.Data[recordKey], p.packed) {
					err = nil
				}
			}
			if err != nil {
				return &partError{p.Name, err}
			}
			return nil
		})
	}
	return group.Wait()
}

// listParts returns the names of all parts of i that exist, those that no parent names among them: of runs that were killed
// before they could. It is asked before the parent is written. When that write succeeds, no other run can name any of them:
// what it would write is based on a parent that is not there any more, and names are not used twice.
func (s *Store) listParts(ctx context.Context, i *Inventory) []string {
	var names []string
	resource, err := s.client.Resource(ctx, cluster.KindOf(s.ID("")))
	if err == nil {
		err = s.client.ListMetadata(ctx, resource, s.namespace, partLabel+"="+i.ApplySetID(), func(m *metav1.PartialObjectMetadata) {
			names = append(names, m.Name)
		}, nil)
	}
	if err != nil {
		// Whoever may not list knows those that the parent names.
		names = nil
		for _, p := range i.parts {
			names = append(names, p.Name)
		}
	}
	return names
}

// replaceParts notes that parts are those of the stored record now, and removes all others of existing. What stays behind here
// harms nobody, and a later run removes it.
func (s *Store) replaceParts(ctx context.Context, i *Inventory, parts []part, existing []string) {
	i.parts = nil
	named := make(map[string]bool, len(parts))
	for _, p := range parts {
		i.parts = append(i.parts, p.partRef)
		named[p.Name] = true
	}
	var group errgroup.Group
	group.SetLimit(partsAtOnce)
	for _, name := range existing {
		if named[name] {
			continue
		}
		group.Go(func() error {
			_, _ = s.client.Delete(ctx, s.partID(name), cluster.Preconditions{})
			return nil
		})
	}
	_ = group.Wait()
}

// partSecret returns the Secret that holds a part.
func (i *Inventory) partSecret(p part) *corev1.Secret {
	immutable := true
	return &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, Namespace: i.Namespace,
			Labels: map[string]string{partLabel: i.ApplySetID(), "app.kubernetes.io/managed-by": toolingName},
		},
		Type:      partType,
		Immutable: &immutable,
		Data:      map[string][]byte{recordKey: p.packed},
	}
}
