// SPDX-License-Identifier: Apache-2.0

// This file lists the members of a deployment and judges by the hashes.

package plan

import (
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
	// candidates are items of which nothing is known yet.
	candidates []*Item
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
			for _, m := range found {
				s.live[inventory.Key{Group: r.Group, Kind: r.Kind, Namespace: m.Namespace, Name: m.Name}] = m
			}
			return nil
		})
	}
	return group.Wait()
}

// list reads the members of one kind: at once where that is allowed, else namespace by namespace.
func (s *survey) list(ctx context.Context, r cluster.Resource) ([]*metav1.PartialObjectMetadata, error) {
	selector := inventory.MemberLabel + "=" + s.work.Inventory.ApplySetID()
	read := func(namespace string) (found []*metav1.PartialObjectMetadata, err error) {
		err = s.client.ListMetadata(ctx, r, namespace, selector, func(m *metav1.PartialObjectMetadata) { found = append(found, lean(m)) }, func() { found = nil })
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
	ours := inventory.OwnedEntry(m.ManagedFields, cluster.FieldManager)
	m.ManagedFields, m.Annotations, m.OwnerReferences = nil, nil, nil
	if ours != nil {
		m.ManagedFields = []metav1.ManagedFieldsEntry{*ours}
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
func (s *survey) judge() {
	w := s.work
	members, pending, made := w.Inventory.Index(), w.Inventory.IsPending(), s.kindsMade()
	for _, i := range w.Items {
		key := i.Key()
		i.Member, i.Live = members[key], s.live[key]
		values, known := w.Secrets.of(i.Object)
		if known {
			i.Sent = w.Inventory.SentHash(i.Object.Manifest, values)
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
		case i.Live.DeletionTimestamp != nil:
			s.blockTerminating(i)
		default:
			s.compare(i, known, pending[key])
		}
	}
}

// compare judges an item that lives and bears our label.
func (s *survey) compare(i *Item, secretsKnown, pending bool) {
	m := i.Member
	switch {
	case pending:
		i.Action, i.Reason = Update, "an earlier run did not come to its end here"
	case m == nil || m.Sent == "":
		i.Action, i.Reason = Update, "how it was left is not on record"
	case m.UID != string(i.Live.UID):
		i.Action, i.Reason = Update, "it was deleted and made again since the last apply"
	case m.Owned != inventory.OwnedHash(i.Live.ManagedFields, cluster.FieldManager):
		i.Action, i.Reason = Update, "others changed fields of ours since the last apply"
	case !secretsKnown:
		i.Action, i.Reason = Update, "whether a secret's value differs is not known"
	case m.Sent != i.Sent:
		i.Action = Update
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
