// SPDX-License-Identifier: Apache-2.0

// This file lists the members of a deployment and judges by the hashes.

package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// survey is what Prepare learns on its way.
type survey struct {
	work   *Work
	client *cluster.Client
	// kinds of objects and members; a kind that is not installed has no entry.
	kinds map[schema.GroupKind]cluster.Resource
	// live are the objects that bear our label.
	live map[inventory.Key]*metav1.PartialObjectMetadata
	// whole are those of them that were read with all that is in them.
	whole map[inventory.Key]*unstructured.Unstructured
	// candidates are items of which nothing is known yet.
	candidates []*Item
	// touched are items that are as they were left as far as metadata tells, and were written since.
	touched []*Item
}

// resources finds out where the kinds of objects and members are served.
func (s *survey) resources(ctx context.Context) error {
	wanted := map[schema.GroupKind]schema.GroupVersionKind{}
	for _, k := range s.work.Inventory.Kinds() {
		wanted[k.GroupKind()] = k
	}
	current := map[schema.GroupKind]bool{}
	for _, i := range s.work.Items {
		k := cluster.KindOf(i.Object.ID)
		wanted[k.GroupKind()], current[k.GroupKind()] = k, true
	}
	s.kinds = make(map[schema.GroupKind]cluster.Resource, len(wanted))
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.work.Request.parallel())
	for _, kind := range wanted {
		group.Go(func() error {
			find := s.client.AnyVersion
			if current[kind.GroupKind()] {
				// What is to be sent needs the very version that it was written in.
				find = s.client.Resource
			}
			r, err := find(ctx, kind)
			if cluster.IsKindMissing(err) {
				return nil
			}
			if err != nil {
				return err
			}
			mutex.Lock()
			defer mutex.Unlock()
			s.kinds[kind.GroupKind()] = r
			return nil
		})
	}
	return group.Wait()
}

// members lists the metadata of what bears our label, one list per kind.
func (s *survey) members(ctx context.Context) error {
	s.live = make(map[inventory.Key]*metav1.PartialObjectMetadata, len(s.work.Inventory.Members))
	s.whole = map[inventory.Key]*unstructured.Unstructured{}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.work.Request.parallel())
	for _, kind := range s.work.Inventory.Kinds() {
		r, ok := s.kinds[kind.GroupKind()]
		if !ok {
			continue
		}
		group.Go(func() error {
			found, err := s.list(ctx, r)
			if err != nil {
				return err
			}
			mutex.Lock()
			defer mutex.Unlock()
			for _, f := range found {
				key := inventory.Key{Group: r.Group, Kind: r.Kind, Namespace: f.metadata.Namespace, Name: f.metadata.Name}
				s.live[key] = f.metadata
				if f.whole != nil {
					s.whole[key] = f.whole
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// listed is an object that bears our label; whole is nil unless its kind isWrittenOften.
type listed struct {
	metadata *metav1.PartialObjectMetadata
	whole    *unstructured.Unstructured
}

// list reads the members of one kind: at once where that is allowed, else namespace by namespace.
func (s *survey) list(ctx context.Context, r cluster.Resource) ([]listed, error) {
	selector := inventory.MemberLabel + "=" + s.work.Inventory.ApplySetID()
	read := func(namespace string) (found []listed, err error) {
		add := func(m *metav1.PartialObjectMetadata, whole *unstructured.Unstructured) {
			found = append(found, listed{lean(m), whole})
		}
		restart := func() { found = nil }
		if isWrittenOften(r.GroupKind()) {
			err = s.client.ListWhole(ctx, r, namespace, selector, add, restart)
		} else {
			err = s.client.ListMetadata(ctx, r, namespace, selector, func(m *metav1.PartialObjectMetadata) { add(m, nil) }, restart)
		}
		return found, err
	}
	found, err := read("")
	if !apierrors.IsForbidden(err) {
		return found, err
	}
	if !r.Namespaced {
		return nil, s.explainList(err, r, "")
	}
	for _, namespace := range s.namespaces() {
		more, err := read(namespace)
		if err != nil {
			return nil, s.explainList(err, r, namespace)
		}
		found = append(found, more...)
	}
	return found, nil
}

// lean drops from the metadata what nobody looks at: of a hundred thousand objects it would fill the memory.
func lean(m *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
	var ours []metav1.ManagedFieldsEntry
	annotated := false
	for _, e := range m.ManagedFields {
		if isWriter(&e) {
			ours = append(ours, e)
			annotated = annotated || e.FieldsV1 != nil && bytes.Contains(e.FieldsV1.GetRawBytes(), []byte(`"f:annotations"`))
		}
	}
	m.ManagedFields, m.OwnerReferences = ours, nil
	if !annotated {
		m.Annotations = nil
	}
	return m
}

func (s *survey) explainList(err error, r cluster.Resource, namespace string) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	return diag.List{cluster.Explain(err, s.work.Subject("list", backend.ID{Group: r.Group, Version: r.Version, Kind: r.Kind, Namespace: namespace}))}
}

// namespaces returns those in which members are or are to be.
func (s *survey) namespaces() []string {
	names := s.work.Inventory.Namespaces()
	for _, i := range s.work.Items {
		if i.Object.ID.Namespace != "" {
			names = append(names, i.Object.ID.Namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// judge compares every item with its record and with what bears our label. What it cannot tell is left to probe.
func (s *survey) judge() error {
	w := s.work
	members, pending, made := w.Inventory.Index(), w.Inventory.IsPending(), s.kindsMade()
	for _, i := range w.Items {
		key := i.Key()
		i.Member, i.Live = members[key], s.live[key]
		values, known := w.Secrets.of(i.Object)
		if known {
			manifest, err := i.manifest()
			if err != nil {
				return fmt.Errorf("%s: %w", i.Object.ID, err)
			}
			i.Sent = w.Inventory.SentHash(manifest, values)
		}
		r, installed := s.kinds[schema.GroupKind{Group: key.Group, Kind: key.Kind}]
		switch {
		case installed && r.Namespaced != (key.Namespace != ""):
			s.blockScope(i, r)
		case !installed && made[schema.GroupKind{Group: key.Group, Kind: key.Kind}]:
			i.Action, i.Awaits, i.Reason = Create, true, fmt.Sprintf("kind %s is installed by this deployment", key.Kind)
		case !installed:
			s.block(i, &cluster.KindMissingError{Kind: cluster.KindOf(i.Object.ID)})
		case i.Live == nil:
			s.candidates = append(s.candidates, i)
		case i.Live.DeletionTimestamp != nil && (i.Object.Stage == backend.StageNamespaces || i.Release != nil):
			s.blockTerminating(i)
		case i.Live.DeletionTimestamp != nil:
			// It is ours, and an earlier run began to remove it.
			i.Action, i.Going, i.Live, i.Reason = Create, i.Live, nil, "it is being deleted, and is made again when it is gone"
			i.Awaits = true
		default:
			s.compare(i, known, pending[key])
		}
	}
	return nil
}

// compare judges an item that lives and bears our label.
func (s *survey) compare(i *Item, secretsKnown, pending bool) {
	m := i.Member
	i.handOver()
	switch {
	case i.HandOver:
		i.Action, i.Reason = Update, i.handOverReason()
	case pending:
		i.Action, i.Reason = Update, "an earlier run did not come to its end here"
	case m == nil || m.Sent == "":
		i.Action, i.Reason = Update, "how it was left is not on record"
	case m.UID != string(i.Live.UID):
		i.Action, i.Reason, i.Drift = Update, "it was deleted and made again since the last apply", DriftRecreated
	case m.Owned != inventory.OwnedHash(i.Live.ManagedFields, i.Writer()):
		i.Action, i.Reason, i.Drift = Update, "others changed fields of ours since the last apply", DriftChanged
	case !secretsKnown:
		i.Action, i.Reason = Update, "whether a secret's value differs is not known"
	case m.Sent != i.Sent:
		i.Action = Update
	case !s.untouched(i):
		i.Action = Unchanged
		s.touched = append(s.touched, i)
	default:
		i.Action = Unchanged
	}
}

func (s *survey) block(i *Item, err error) {
	d := s.work.Explain(err, "patch", i.Object)
	i.Action, i.Problem, i.Reason = Blocked, &d, d.Summary
}

// blockScope refuses an object whose place does not fit its kind. Backends make none; programs that add their own may.
func (s *survey) blockScope(i *Item, r cluster.Resource) {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "object-invalid", Position: i.Object.Origin.Position(), Related: diag.Callers(i.Object.Origin),
		Summary: fmt.Sprintf("%s: got no namespace, want one: objects of its kind live in namespaces", i.Object.ID), Fix: "give it a namespace",
	}
	if !r.Namespaced {
		d.Summary = fmt.Sprintf("%s: got a namespace, want none: objects of its kind belong to the whole cluster", i.Object.ID)
		d.Fix = "leave the namespace out"
	}
	i.Action, i.Problem, i.Reason = Blocked, &d, d.Summary
}

func (s *survey) blockTerminating(i *Item) {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "object-terminating", Position: i.Object.Origin.Position(),
		Summary: fmt.Sprintf("%s is being deleted", i.Object.ID), Related: diag.Callers(i.Object.Origin),
	}
	d.Fix = "wait until it is gone, then run the same command again"
	if i.Object.ID.Kind == "Namespace" && i.Object.ID.Group == "" {
		d.Code = "namespace-terminating"
		d.Fix += fmt.Sprintf(": kubectl wait --for=delete namespace/%s", i.Object.ID.Name)
	} else if len(i.Live.Finalizers) > 0 {
		d.Detail = fmt.Sprintf("it waits for the finalizers %v", i.Live.Finalizers)
	}
	i.Action, i.Problem, i.Reason = Blocked, &d, d.Summary
}

// kindsMade returns the kinds whose definitions are among the objects themselves.
func (s *survey) kindsMade() map[schema.GroupKind]bool {
	made := map[schema.GroupKind]bool{}
	for _, i := range s.work.Items {
		if i.Object.Stage != backend.StageCRDs {
			continue
		}
		var crd struct {
			Spec struct {
				Group string
				Names struct{ Kind string }
			}
		}
		if err := json.Unmarshal(i.Object.Manifest, &crd); err == nil {
			made[schema.GroupKind{Group: crd.Spec.Group, Kind: crd.Spec.Names.Kind}] = true
		}
	}
	return made
}
