// SPDX-License-Identifier: Apache-2.0

// This file finds what belongs to objects: what controllers made for them, pods and events.

package status

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// namespacesListedOneByOne is up to how many namespaces are listed each for itself. Beyond it one list of
// the whole cluster is cheaper.
const namespacesListedOneByOne = 32

// surroundings are the objects around those of a request.
type surroundings struct {
	// ownedBy maps an owner's UID to what it owns.
	ownedBy map[string][]*unstructured.Unstructured
	events  eventIndex
	// rejections are the events that say that objects as they are now were not accepted, by the objects' UIDs.
	rejections map[string]Event
	// companions are those of the request's objects, by the objects' UIDs.
	companions map[string][]named
}

// surroundings lists what the objects may own, and the warnings of their namespaces, each kind once.
func (run *reading) surroundings(ctx context.Context, found []fetched) (surroundings, error) {
	around := surroundings{ownedBy: map[string][]*unstructured.Unstructured{}, rejections: map[string]Event{}, companions: map[string][]named{}}
	wanted := map[schema.GroupVersionKind]map[string]bool{}
	want := func(kind schema.GroupVersionKind, namespace string) bool {
		if wanted[kind] == nil {
			wanted[kind] = map[string]bool{}
		}
		was := wanted[kind][namespace]
		wanted[kind][namespace] = true
		return !was
	}
	var below func(kind schema.GroupKind, namespace string)
	below = func(kind schema.GroupKind, namespace string) {
		for _, owned := range run.kinds[kind].Owns {
			if want(owned, namespace) {
				below(owned.GroupKind(), namespace)
			}
		}
	}
	for _, f := range found {
		if f.object == nil {
			continue
		}
		namespace := f.object.GetNamespace()
		below(groupKind(f.object), namespace)
		want(eventKind, cmp.Or(namespace, "default"))
	}
	var events []unstructured.Unstructured
	var mu sync.Mutex
	group, listing := errgroup.WithContext(ctx)
	group.SetLimit(run.limit)
	for kind, namespaces := range wanted {
		run.list(listing, group, kind, namespaces, func(list []unstructured.Unstructured) {
			mu.Lock()
			defer mu.Unlock()
			if kind == eventKind {
				events = append(events, list...)
				return
			}
			for i := range list {
				for _, owner := range mapsField(list[i].Object, "metadata", "ownerReferences") {
					uid := textField(owner, "uid")
					around.ownedBy[uid] = append(around.ownedBy[uid], &list[i])
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return around, err
	}
	around.events = indexEvents(events)
	for _, owned := range around.ownedBy {
		// Ordinals of one length sort as text; shorter ones come first.
		slices.SortFunc(owned, func(a, b *unstructured.Unstructured) int {
			return cmp.Or(strings.Compare(a.GetKind(), b.GetKind()), cmp.Compare(len(a.GetName()), len(b.GetName())), strings.Compare(a.GetName(), b.GetName()))
		})
	}
	if err := run.companions(ctx, found, around); err != nil {
		return around, err
	}
	if err := run.findRejections(ctx, found, around); err != nil {
		return around, err
	}
	return around, ctx.Err()
}

// companions judges the companions of the objects. Nearly always an object owns them, so that they have been listed already.
func (run *reading) companions(ctx context.Context, found []fetched, around surroundings) error {
	var mu sync.Mutex // guards around.companions
	group, getting := errgroup.WithContext(ctx)
	group.SetLimit(run.limit)
	for _, f := range found {
		ids := run.kinds.Companions(f.object)
		if len(ids) == 0 {
			continue
		}
		group.Go(func() error {
			uid := textField(f.object.Object, "metadata", "uid")
			judged := make([]named, len(ids))
			for i, id := range ids {
				owned := around.ownedBy[uid]
				if at := slices.IndexFunc(owned, func(o *unstructured.Unstructured) bool { return isObject(o, id) }); at >= 0 {
					judged[i] = named{id.String(), run.kinds.Judge(owned[at])}
					continue
				}
				judged[i] = run.kinds.companion(getting, run.client, id)
			}
			mu.Lock()
			defer mu.Unlock()
			around.companions[uid] = judged
			return ctx.Err()
		})
	}
	return group.Wait()
}

func isObject(obj *unstructured.Unstructured, id backend.ID) bool {
	return groupKind(obj) == kindOf(id).GroupKind() && obj.GetNamespace() == id.Namespace && obj.GetName() == id.Name
}

// list gives collect the objects of kind in the namespaces. What cannot be listed becomes a problem.
func (run *reading) list(ctx context.Context, group *errgroup.Group, kind schema.GroupVersionKind, namespaces map[string]bool, collect func([]unstructured.Unstructured)) {
	fields := ""
	if kind == eventKind {
		fields = warningsOnly
	}
	each := func(namespace string) error {
		list, err := run.client.List(ctx, kind, namespace, "", fields)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case meta.IsNoMatchError(err):
			// A kind that the cluster does not serve has no objects.
		case apierrors.IsForbidden(err) && namespace == "":
			return err
		case err != nil:
			run.problem(fmt.Sprintf("%s in %s cannot be read: %v", plural(kind.Kind), cmp.Or(namespace, "the cluster"), err))
		default:
			collect(list)
		}
		return nil
	}
	if len(namespaces) <= namespacesListedOneByOne {
		for namespace := range namespaces {
			group.Go(func() error { return each(namespace) })
		}
		return
	}
	group.Go(func() error {
		err := each("")
		if !apierrors.IsForbidden(err) {
			return err
		}
		// One after the other, because this already holds one of the group's places.
		for _, namespace := range slices.Sorted(maps.Keys(namespaces)) {
			if err := each(namespace); err != nil {
				return err
			}
		}
		return nil
	})
}

func plural(kind string) string { return strings.ToLower(kind) + "s" }

// assemble joins an item with what belongs to it.
func (run *reading) assemble(item Item, f fetched, around surroundings) Object {
	if f.object == nil && f.err != nil {
		return Object{ID: item.ID, Position: item.Position, Condition: unread(item.ID, f.err)}
	}
	object := objectFrom(item.ID, item.Position, f.object, run.kinds)
	if item.Drift != nil && f.object != nil {
		object.Drift = item.Drift(f.object)
	}
	object.Condition = together(object.Condition, around.companions[object.uid])
	run.attach(&object, around, map[string]bool{})
	if event, found := around.rejections[object.uid]; found && object.State == Ready {
		object.Condition = Condition{State: Failed, Reason: event.Reason, Message: event.Message, Since: event.Last}
	}
	return object
}

// attach adds what object owns, and warnings. seen keeps owner references that lead in a circle from looping.
func (run *reading) attach(object *Object, around surroundings, seen map[string]bool) {
	id := object.ID
	object.Events = around.events.about(object.uid, id.Kind, id.Namespace, id.Name, object.Created)
	if object.uid == "" || seen[object.uid] {
		return
	}
	seen[object.uid] = true
	for _, owned := range around.ownedBy[object.uid] {
		if groupKind(owned) == (schema.GroupKind{Kind: "Pod"}) {
			pod := readPod(owned)
			pod.Condition = run.kinds.Judge(owned)
			pod.Events = around.events.about(pod.uid, "Pod", pod.Namespace, pod.Name, pod.Created)
			object.Pods = append(object.Pods, pod)
			continue
		}
		kind := owned.GroupVersionKind()
		child := objectFrom(backend.ID{Group: kind.Group, Version: kind.Version, Kind: kind.Kind, Namespace: owned.GetNamespace(), Name: owned.GetName()}, score.Position{}, owned, run.kinds)
		run.attach(&child, around, seen)
		// Pods are told once, at the object that a score made.
		object.Pods = append(object.Pods, child.Pods...)
		child.Pods = nil
		object.Owned = append(object.Owned, child)
	}
}

func sortedOnce(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
