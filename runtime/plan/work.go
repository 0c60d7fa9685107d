// SPDX-License-Identifier: Apache-2.0

// This file compares what is to exist with the inventory and with what lives, as far as metadata tells.

package plan

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Work is what there is to do, in the form that an apply carries out.
type Work struct {
	Request Request
	// Inventory that the work was computed from.
	Inventory *inventory.Inventory
	// Items are the objects that are to exist, ordered by stage and ID.
	Items []*Item
	// Releases are those that are to exist and those that no longer are, ordered by key.
	Releases []*Release
	// Removals are the members that are no longer to exist, last stage first.
	Removals []*Removal
	// Secrets of the objects; those in Missing have no value.
	Secrets *Secrets
	Missing diag.List
	// Warnings do not stand in the way.
	Warnings diag.List
	// kinds are where objects and members are found; a kind that is not installed has no entry.
	kinds map[schema.GroupKind]cluster.Resource
	// mayDoAll tells whether there is no right that is missing; it asks once.
	mayDoAll func() (bool, error)
	// lacks are the rights that Preflight found missing.
	lacks map[cluster.Access]bool
}

// Item is one object that is to exist.
type Item struct {
	Object *backend.Object
	// Release is the Helm release that makes the object; nil for objects of our own.
	Release *Release
	Action  Action
	// Reason says more about Action, in a line.
	Reason string
	// Problem tells why the item is Blocked.
	Problem *diag.Diagnostic
	// Sent is the hash of what would be sent; "" when a secret's value is not known.
	Sent string
	// Live is the metadata of what exists; nil when nothing does or none is known.
	Live *metav1.PartialObjectMetadata
	// Member is the record of it; nil when there is none.
	Member *inventory.Member
	// HandOver tells that the object changes hands, from Helm to us or back: the former writer still owns fields.
	HandOver bool
	// Going is an object of ours in this one's place that is being deleted; this one is made when it is gone.
	Going *metav1.PartialObjectMetadata
	// Drift is what others did to it since the last apply, as far as its metadata tells; "" means nothing.
	Drift DriftKind
	// Verified tells that the API server had to be asked for the object itself, beside all others of its kind, to see that nobody
	// changed it.
	Verified bool
	// Awaits tells that the object's kind or namespace is made by the same deployment and is not there yet.
	Awaits bool
}

// Removal is one member that is no longer to exist.
type Removal struct {
	ID     backend.ID
	Member inventory.Member
	// Live is the metadata of what exists; nil when nothing does.
	Live *metav1.PartialObjectMetadata
	// Keep tells that it stays, for Reason.
	Keep   bool
	Reason string
}

// Key returns the key of the object.
func (i *Item) Key() inventory.Key { return inventory.KeyOf(i.Object.ID) }

// Body returns what is sent for the item.
func (w *Work) Body(i *Item) ([]byte, error) {
	values, ok := w.Secrets.of(i.Object)
	if !ok {
		return nil, fmt.Errorf("%s: the value of a secret is not known", i.Object.ID)
	}
	manifest, err := i.manifest()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.Object.ID, err)
	}
	body, err := compose(manifest, w.Inventory.ApplySetID(), values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.Object.ID, err)
	}
	return body, nil
}

// Subject returns what a request about id is about, for explanations.
func (w *Work) Subject(verb string, id backend.ID) cluster.Subject {
	return cluster.Subject{Verb: verb, ID: id, Confidential: id.Kind == "Secret" && id.Group == "", Provider: w.Request.provider(id)}
}

// Explain turns the error of a request about an object into a diagnostic at the object's line, without secret values.
func (w *Work) Explain(err error, verb string, o *backend.Object) diag.Diagnostic {
	d := w.Secrets.Redactor.Diagnostic(cluster.Explain(err, w.Subject(verb, o.ID)))
	d.Position = o.Origin.Position()
	d.Related = append(d.Related, diag.Callers(o.Origin)...)
	return d
}

// Prepare compares the request with inv and with what lives. It sends no request per unchanged object and writes
// nothing. Secrets that have no value are in Missing and no error.
func Prepare(ctx context.Context, request Request, inv *inventory.Inventory) (*Work, error) {
	w := &Work{Request: request, Inventory: inv}
	var err error
	if w.Secrets, w.Missing, err = resolveSecrets(ctx, inv, request.objects(), request.ResolveSecret); err != nil {
		return nil, err
	}
	w.gather()
	for _, i := range w.Items {
		if i.Release != nil {
			w.Secrets.addRendered(i.Object)
		}
	}
	s := &survey{work: w, client: request.Client}
	if err := s.resources(ctx); err != nil {
		return nil, err
	}
	w.kinds = s.kinds
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.members(groupCtx) })
	group.Go(func() error { return s.releases(groupCtx) })
	group.Go(func() error { return s.oldDefinitions(groupCtx) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := s.judge(); err != nil {
		return nil, err
	}
	w.mayDoAll = sync.OnceValues(func() (bool, error) {
		return request.Client.May(ctx, cluster.Access{Verb: "*", Group: "*", Resource: "*"})
	})
	if len(s.candidates) > 0 && !request.NoPreflight {
		// There will be something to write, so that Preflight will want to know.
		go func() { _, _ = w.mayDoAll() }()
	}
	if err := s.verify(ctx); err != nil {
		return nil, err
	}
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	s.removals()
	if err := s.keepDefinitions(ctx); err != nil {
		return nil, err
	}
	s.judgeReleases()
	return w, nil
}

// HasChanges reports whether there is anything to write.
func (w *Work) HasChanges() bool {
	return slices.ContainsFunc(w.Items, func(i *Item) bool { return i.Action != Unchanged }) ||
		slices.ContainsFunc(w.Removals, func(r *Removal) bool { return !r.Keep && r.Live != nil }) ||
		slices.ContainsFunc(w.Releases, func(r *Release) bool { return r.Action != ReleaseUnchanged && r.Action != ReleaseGone })
}

// compareObjects orders by stage, then ID.
func compareObjects(stage backend.Stage, id backend.ID, otherStage backend.Stage, other backend.ID) int {
	if stage != otherStage {
		return int(stage) - int(otherStage)
	}
	return id.Compare(other)
}
