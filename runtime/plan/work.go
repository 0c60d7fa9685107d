// SPDX-License-Identifier: Apache-2.0

// This file compares what is to exist with the inventory and with what lives, as far as metadata tells.

package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Work is what there is to do, in the form that an apply carries out.
type Work struct {
	Request Request
	// Inventory that the work was computed from.
	Inventory *inventory.Inventory
	// Items are the objects that are to exist, ordered by stage and ID.
	Items []*Item
	// Removals are the members that are no longer to exist, last stage first.
	Removals []*Removal
	// Secrets of the objects; those in Missing have no value.
	Secrets *Secrets
	Missing diag.List
}

// Item is one object that is to exist.
type Item struct {
	Object *backend.Object
	Action Action
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
	body, err := compose(i.Object.Manifest, w.Inventory.ApplySetID(), values)
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
	if w.Secrets, w.Missing, err = resolveSecrets(ctx, request.Objects, request.ResolveSecret); err != nil {
		return nil, err
	}
	for n := range request.Objects {
		w.Items = append(w.Items, &Item{Object: &request.Objects[n]})
	}
	slices.SortFunc(w.Items, func(a, b *Item) int { return compareObjects(a.Object.Stage, a.Object.ID, b.Object.Stage, b.Object.ID) })
	s := &survey{work: w, client: request.Client}
	if err := s.resources(ctx); err != nil {
		return nil, err
	}
	if err := s.members(ctx); err != nil {
		return nil, err
	}
	s.judge()
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	s.removals()
	return w, nil
}

// HasChanges reports whether there is anything to write.
func (w *Work) HasChanges() bool {
	return slices.ContainsFunc(w.Items, func(i *Item) bool { return i.Action != Unchanged }) ||
		slices.ContainsFunc(w.Removals, func(r *Removal) bool { return !r.Keep && r.Live != nil })
}

// compareObjects orders by stage, then ID.
func compareObjects(stage backend.Stage, id backend.ID, otherStage backend.Stage, other backend.ID) int {
	if stage != otherStage {
		return int(stage) - int(otherStage)
	}
	return id.Compare(other)
}
