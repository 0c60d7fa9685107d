// SPDX-License-Identifier: Apache-2.0

// This file looks for objects that exist without bearing our label. An apply would take them over silently, even from
// another deployment: all deployments share one field manager, so that the API server sees no conflict.

package plan

import (
	"context"
	"fmt"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// listFrom is how many objects of a kind and namespace are worth a list instead of one request each.
const listFrom = 8

// probe judges the candidates. Namespaces come first: in one that does not exist there is nothing to look for, which
// spares a first apply all other requests.
func (s *survey) probe(ctx context.Context) error {
	var namespaces, others []*Item
	for _, i := range s.candidates {
		if i.Object.ID.Kind == "Namespace" && i.Object.ID.Group == "" {
			namespaces = append(namespaces, i)
		} else {
			others = append(others, i)
		}
	}
	if err := s.lookUp(ctx, namespaces); err != nil {
		return err
	}
	absent, blocked := map[string]bool{}, map[string]*Item{}
	for _, i := range s.work.Items {
		if i.Object.ID.Kind == "Namespace" && i.Object.ID.Group == "" {
			absent[i.Object.ID.Name] = i.Action == Create
			if i.Action == Blocked {
				blocked[i.Object.ID.Name] = i
			}
		}
	}
	var rest []*Item
	for _, i := range others {
		switch {
		case blocked[i.Object.ID.Namespace] != nil:
		case absent[i.Object.ID.Namespace]:
			i.Action, i.Awaits = Create, true
			s.noteLoss(i)
		default:
			rest = append(rest, i)
		}
	}
	if err := s.lookUp(ctx, rest); err != nil {
		return err
	}
	// What lives in a namespace that is going away goes with it, however well it looks now.
	for _, i := range s.work.Items {
		if owner := blocked[i.Object.ID.Namespace]; owner != nil && i.Action != Blocked {
			i.Action, i.Reason = Blocked, fmt.Sprintf("its namespace: %s", owner.Reason)
		}
	}
	return nil
}

// place is where several candidates are looked for with one list.
type place struct {
	kind      schema.GroupKind
	namespace string
}

// lookUp finds out what exists of the items and judges them.
func (s *survey) lookUp(ctx context.Context, items []*Item) error {
	places := map[place][]*Item{}
	for _, i := range items {
		p := place{kind: schema.GroupKind{Group: i.Object.ID.Group, Kind: i.Object.ID.Kind}, namespace: i.Object.ID.Namespace}
		places[p] = append(places[p], i)
	}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.work.Request.parallel())
	settle := func(i *Item, live *metav1.PartialObjectMetadata) {
		mutex.Lock()
		defer mutex.Unlock()
		s.settle(i, live)
	}
	single := func(i *Item) func() error {
		return func() error {
			live, err := s.client.GetMetadata(ctx, i.Object.ID)
			if apierrors.IsForbidden(err) {
				// What may not be read may still be written; then the apply itself tells.
				err = nil
			}
			if err != nil && !apierrors.IsNotFound(err) {
				return err
			}
			settle(i, live)
			return nil
		}
	}
	for p, here := range places {
		if len(here) < listFrom {
			for _, i := range here {
				group.Go(single(i))
			}
			continue
		}
		group.Go(func() error {
			found := map[string]*metav1.PartialObjectMetadata{}
			err := s.client.ListMetadata(ctx, s.kinds[p.kind], p.namespace, "", func(m *metav1.PartialObjectMetadata) { found[m.Name] = m }, nil)
			if apierrors.IsForbidden(err) {
				for _, i := range here {
					if err := single(i)(); err != nil {
						return err
					}
				}
				return nil
			}
			if err != nil {
				return err
			}
			for _, i := range here {
				settle(i, found[i.Object.ID.Name])
			}
			return nil
		})
	}
	return group.Wait()
}

// settle judges an item that does not bear our label.
func (s *survey) settle(i *Item, live *metav1.PartialObjectMetadata) {
	if live == nil {
		i.Action = Create
		s.noteLoss(i)
		return
	}
	i.Live = live
	owner, ours := live.Labels[inventory.MemberLabel], s.work.Inventory.ApplySetID()
	switch {
	case live.DeletionTimestamp != nil:
		s.blockTerminating(i)
	case owner != "" && owner != ours:
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "object-of-other-deployment", Position: i.Object.Origin.Position(),
			Summary: fmt.Sprintf("%s belongs to another deployment", i.Object.ID),
			Detail:  fmt.Sprintf("its label %s is %s", inventory.MemberLabel, owner),
			Fix:     "give the object another name here, or destroy the other deployment first", Related: diag.Callers(i.Object.Origin),
		}
		i.Action, i.Problem, i.Reason = Blocked, &d, d.Summary
	case owner == ours:
		i.Action, i.Reason = Update, "how it was left is not on record"
		i.handOver()
	case i.Release != nil:
		s.settleReleased(i, live)
	case i.Member != nil && i.Member.UID == string(live.UID):
		i.Action, i.Reason, i.Drift = Update, "others took our label off since the last apply", DriftUnlabelled
		i.handOver()
	case i.Member != nil:
		i.Action, i.Reason, i.Drift = Adopt, "others deleted it and made it again since the last apply, as theirs", DriftRecreated
	default:
		i.Action, i.Reason = Adopt, "it exists and is not ours yet"
	}
}

// noteLoss says that an object of ours was deleted by others.
func (s *survey) noteLoss(i *Item) {
	if i.Member != nil {
		i.Reason, i.Drift = "it was deleted by others since the last apply", DriftDeleted
	}
}

// removals finds the members that are no longer to exist.
func (s *survey) removals() {
	w := s.work
	desired := make(map[inventory.Key]bool, len(w.Items))
	for _, i := range w.Items {
		desired[i.Key()] = true
	}
	members, orphans := w.Inventory.Index(), w.handMade()
	add := func(key inventory.Key, m inventory.Member) {
		if desired[key] {
			return
		}
		desired[key] = true
		r := &Removal{ID: m.ID, Member: m, Live: s.live[key]}
		if kind, ok := s.kinds[schema.GroupKind{Group: key.Group, Kind: key.Kind}]; ok {
			r.ID.Version = kind.Version
		}
		r.Keep, r.Reason = keeps(r.ID, w.Request.DeleteNamespaces)
		r.keepOperator(orphans)
		w.Removals = append(w.Removals, r)
	}
	for _, m := range w.Inventory.Members {
		add(inventory.KeyOf(m.ID), m)
	}
	for _, id := range w.Inventory.Pending {
		key := inventory.KeyOf(id)
		if m := members[key]; m != nil {
			continue
		}
		add(key, inventory.Member{ID: id, Stage: StageOf(id)})
	}
	sortRemovals(w.Removals)
}
