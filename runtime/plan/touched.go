// SPDX-License-Identifier: Apache-2.0

// This file looks at objects that somebody wrote since they were left, although the fields that we own are the same. Most
// often a controller wrote a status. But a value of ours may have changed all the same: who applies under our manager's name
// changes it without taking the field, and who replaces an object by an old copy of it, managedFields and all, gives the field
// back to us with another value in it.

package plan

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// countsChanges are kinds, or whole groups of custom resources, whose metadata.generation goes up with every change of
// anything but metadata and status.
var countsChanges = map[schema.GroupKind]bool{
	{Group: "monitoring.coreos.com"}:                                  true,
	{Group: "monitoring.rhobs"}:                                       true,
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}: true,
	{Group: "apps", Kind: "Deployment"}:                               true,
	{Group: "apps", Kind: "StatefulSet"}:                              true,
	{Group: "apps", Kind: "DaemonSet"}:                                true,
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:               true,
	{Group: "policy", Kind: "PodDisruptionBudget"}:                    true,
}

// isWrittenOften reports whether others write the status of a kind all the time, and no generation tells that from another
// change. No metadata does: an old copy that is put back twice, managedFields in it, leaves them all as they were, and the
// resource version does not say how often it went up. So the objects are listed in the place of their metadata.
func isWrittenOften(kind schema.GroupKind) bool {
	return kind == schema.GroupKind{Kind: "ResourceQuota"}
}

// untouched reports whether metadata alone tells that nobody changed anything of ours since the item was left.
func (s *survey) untouched(i *Item) bool {
	m, live := i.Member, i.Live
	if m.ResourceVersion != "" && m.ResourceVersion == live.ResourceVersion {
		return true
	}
	kind := schema.GroupKind{Group: i.Object.ID.Group, Kind: i.Object.ID.Kind}
	counts := countsChanges[kind] || countsChanges[schema.GroupKind{Group: kind.Group}]
	return counts && m.Generation > 0 && m.Generation == live.Generation && metadataAsSent(i)
}

// metadataAsSent reports whether the labels and annotations of the live object are those that are sent.
func metadataAsSent(i *Item) bool {
	manifest, err := i.manifest()
	if err != nil {
		return false
	}
	var content struct {
		Metadata map[string]any `json:"metadata"`
	}
	if err := json.Unmarshal(manifest, &content); err != nil || content.Metadata == nil {
		return false
	}
	for field, sent := range content.Metadata {
		var live map[string]string
		switch field {
		case "name", "namespace":
			continue
		case "labels":
			live = i.Live.Labels
		case "annotations":
			live = i.Live.Annotations
		default:
			return false
		}
		values, _ := sent.(map[string]any)
		for key, value := range values {
			if got, ok := live[key]; !ok || got != value {
				return false
			}
		}
	}
	return true
}

// verify reads the objects that metadata says too little about, kind by kind where there are many, and judges them by what
// is in them. Where that does not tell either, the API server is asked what an apply would do.
func (s *survey) verify(ctx context.Context) error {
	kinds := map[schema.GroupKind][]*Item{}
	var known []*Item
	for _, i := range s.touched {
		if s.whole[i.Key()] != nil {
			known = append(known, i)
			continue
		}
		kind := schema.GroupKind{Group: i.Object.ID.Group, Kind: i.Object.ID.Kind}
		kinds[kind] = append(kinds[kind], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.work.Request.parallel())
	single := func(i *Item) func() error {
		return func() error {
			live, err := s.client.Get(ctx, i.Object.ID)
			if err != nil {
				return s.leaveToApply(i, err)
			}
			return s.look(ctx, i, live)
		}
	}
	for _, i := range known {
		group.Go(func() error { return s.look(ctx, i, s.whole[i.Key()]) })
	}
	var several [][]*Item
	for _, items := range kinds {
		if len(items) >= listFrom {
			several = append(several, items)
			continue
		}
		for _, i := range items {
			group.Go(single(i))
		}
	}
	for _, items := range several {
		live, err := s.client.List(ctx, cluster.KindOf(items[0].Object.ID), "", inventory.MemberLabel+"="+s.work.Inventory.ApplySetID(), "")
		if err != nil && !apierrors.IsForbidden(err) {
			return errors.Join(err, group.Wait())
		}
		index := make(map[inventory.Key]*unstructured.Unstructured, len(live))
		for n := range live {
			index[inventory.Key{Namespace: live[n].GetNamespace(), Name: live[n].GetName()}] = &live[n]
		}
		for _, i := range items {
			found := index[inventory.Key{Namespace: i.Object.ID.Namespace, Name: i.Object.ID.Name}]
			if found == nil {
				group.Go(single(i))
				continue
			}
			group.Go(func() error { return s.look(ctx, i, found) })
		}
	}
	return group.Wait()
}

// look judges an item by the whole object.
func (s *survey) look(ctx context.Context, i *Item, live *unstructured.Unstructured) error {
	same := false
	if string(live.GetUID()) == i.Member.UID && live.GetLabels()[inventory.MemberLabel] == s.work.Inventory.ApplySetID() {
		var err error
		if same, err = s.asLeft(ctx, i, live); err != nil {
			return s.leaveToApply(i, err)
		}
	}
	if !same {
		i.Action, i.Reason = Update, "others changed it since the last apply"
		return nil
	}
	i.Action, i.Reason = Unchanged, ""
	i.Live.ResourceVersion, i.Live.Generation = live.GetResourceVersion(), live.GetGeneration()
	return nil
}

// leaveToApply has an item that cannot be read or tried out applied. It returns errors that are not about the object.
func (s *survey) leaveToApply(i *Item, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || cluster.IsUnauthorized(err) {
		return err
	}
	i.Action, i.Reason = Update, "others wrote it since the last apply, and whether they changed it cannot be told"
	return nil
}

// asLeft reports whether an apply of the item would change nothing of the live object.
func (s *survey) asLeft(ctx context.Context, i *Item, live *unstructured.Unstructured) (bool, error) {
	owned := setOf(i.Live.ManagedFields, i.Writer())
	// What was not listed with its metadata may be younger. The hash is of bytes that another encoding spells differently: the
	// sets are compared.
	i.Verified = s.whole[i.Key()] != live
	if i.Verified && !setOf(live.GetManagedFields(), i.Writer()).Equals(owned) {
		return false, nil
	}
	body, err := s.work.Body(i)
	if err != nil {
		return false, err
	}
	if i.holds(body, live, owned) {
		return true, nil
	}
	i.Verified = true
	after, err := s.work.preview(ctx, i, body, live)
	if err != nil {
		return false, err
	}
	return after.refused == nil && len(Diff(live.Object, after.object.Object)) == 0 && owned.Equals(after.wanted), nil
}

// Holds reports whether a live object has every field that the item sends, with the very value that is sent, and nothing
// more where the API takes a value as a whole. false may also mean that the API server spells values in another way.
func (w *Work) Holds(i *Item, live *unstructured.Unstructured) bool {
	body, err := w.Body(i)
	return err == nil && i.holds(body, live, setOf(live.GetManagedFields(), i.Writer()))
}

func (i *Item) holds(body []byte, live *unstructured.Unstructured, owned *fieldpath.Set) bool {
	var sent map[string]any
	if err := utiljson.Unmarshal(body, &sent); err != nil {
		return false
	}
	metadata, _ := sent["metadata"].(map[string]any)
	delete(sent, "apiVersion")
	delete(sent, "kind")
	delete(metadata, "name")
	delete(metadata, "namespace")
	if len(metadata) == 0 {
		delete(sent, "metadata")
	}
	equal := reflect.DeepEqual
	if id := i.Object.ID; id.Group == "" && (id.Kind == "ResourceQuota" || id.Kind == "LimitRange") {
		equal = equalQuantities
	}
	return holdsFields(owned, sent, live.Object, equal)
}

// holdsFields compares what is sent with what lives, as deep as owned says that fields stand for themselves.
func holdsFields(owned *fieldpath.Set, sent, live map[string]any, equal func(a, b any) bool) bool {
	for name, value := range sent {
		step := fieldpath.PathElement{FieldName: &name}
		got, ok := live[name]
		if !ok {
			return false
		}
		below, deeper := owned.Children.Get(step)
		fields, isMap := value.(map[string]any)
		switch {
		case deeper && isMap:
			liveFields, _ := got.(map[string]any)
			if !holdsFields(below, fields, liveFields, equal) {
				return false
			}
		case !deeper && !owned.Members.Has(step), !equal(value, got):
			return false
		}
	}
	return true
}

// equalQuantities is reflect.DeepEqual, but for quantities that are spelled in different ways.
func equalQuantities(a, b any) bool {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		if !ok || x == y {
			return ok
		}
		first, err := resource.ParseQuantity(x)
		if err != nil {
			return false
		}
		second, err := resource.ParseQuantity(y)
		return err == nil && first.Cmp(second) == 0
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, value := range x {
			other, ok := y[name]
			if !ok || !equalQuantities(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equalQuantities)
	}
	return reflect.DeepEqual(a, b)
}
