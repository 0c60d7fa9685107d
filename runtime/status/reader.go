// SPDX-License-Identifier: Apache-2.0

// This file reads a deployment's objects, and one object in depth.

package status

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// Getter reads single objects from a cluster. Errors keep the types of apimachinery: api/errors for the API server's
// answers, and what meta.IsNoMatchError recognises for a kind that the cluster does not serve.
type Getter interface {
	// Get returns one object.
	Get(ctx context.Context, id backend.ID) (*unstructured.Unstructured, error)
}

// Client reads objects from a cluster, with the errors of a Getter. Its methods are called concurrently.
type Client interface {
	Getter
	// GetMetadata returns the metadata of one object, without its content.
	GetMetadata(ctx context.Context, id backend.ID) (*metav1.PartialObjectMetadata, error)
	// List returns all objects of kind, every page, in namespace or, when that is empty, in the whole
	// cluster. The selectors narrow it, in the API's notation, and may be empty.
	List(ctx context.Context, kind schema.GroupVersionKind, namespace, labelSelector, fieldSelector string) ([]unstructured.Unstructured, error)
}

// defaultConcurrency is how many requests run at once unless told otherwise.
const defaultConcurrency = 16

// Reader reads back how objects are doing. Its zero value needs only a Client. It is safe for concurrent use.
type Reader struct {
	Client Client
	// Kinds says how objects are judged; nil means DefaultKinds.
	Kinds Kinds
	// Now gives the time of reading; nil means time.Now.
	Now func() time.Time
	// Concurrency is how many requests run at once; 0 means 16.
	Concurrency int
}

// reading is one run of a Reader.
type reading struct {
	client Client
	kinds  Kinds
	limit  int

	mu       sync.Mutex
	problems []string
}

func (r *Reader) begin() (*reading, time.Time) {
	run := &reading{client: r.Client, kinds: r.Kinds, limit: r.Concurrency}
	if run.kinds == nil {
		run.kinds = DefaultKinds()
	}
	if run.limit <= 0 {
		run.limit = defaultConcurrency
	}
	if r.Now == nil {
		return run, time.Now().UTC()
	}
	return run, r.Now()
}

func (run *reading) problem(text string) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.problems = append(run.problems, text)
}

// Read returns how everything in the request is doing. What cannot be read is told in the tree; the error is
// the context's alone.
func (r *Reader) Read(ctx context.Context, request Request) (Tree, error) {
	run, at := r.begin()
	tree := Tree{Deployment: request.Deployment, ReadAt: at, Scores: []Score{}}
	found, err := run.fetch(ctx, request)
	if err != nil {
		return tree, fmt.Errorf("status of deployment %q: %w", request.Deployment, err)
	}
	surroundings, err := run.surroundings(ctx, found)
	if err != nil {
		return tree, fmt.Errorf("status of deployment %q: %w", request.Deployment, err)
	}
	tree.known = redactor(request.Items, found)
	index := map[string]int{}
	for i, item := range request.Items {
		at, known := index[item.Score]
		if !known {
			at = len(tree.Scores)
			index[item.Score] = at
			tree.Scores = append(tree.Scores, Score{Title: item.Score})
		}
		object := run.assemble(item, found[i], surroundings)
		redactObject(tree.known, &object)
		tree.Scores[at].Objects = append(tree.Scores[at].Objects, object)
	}
	var scores []named
	for i := range tree.Scores {
		s := &tree.Scores[i]
		var objects []named
		for n := range s.Objects {
			o := &s.Objects[n]
			s.Counts.add(o)
			tree.Counts.add(o)
			objects = append(objects, named{o.ID.String(), o.Condition})
		}
		s.Condition = combine("objects", objects)
		scores = append(scores, named{s.Title, s.Condition})
	}
	tree.Condition = combine("scores", scores)
	for n, problem := range run.problems {
		run.problems[n] = tree.known.Text(problem)
	}
	tree.Problems = sortedOnce(run.problems)
	return tree, nil
}

// Explain returns everything about one object that says why it is not ready: its conditions, what its
// controller made for it, its pods, and the recent warnings about all of them. What cannot be read is told
// in Problems; the error is the context's alone.
func (r *Reader) Explain(ctx context.Context, id backend.ID) (Object, error) {
	run, _ := r.begin()
	item := Item{ID: id}
	found, err := run.fetch(ctx, Request{Items: []Item{item}})
	if err != nil {
		return Object{ID: id, Condition: Condition{State: Unknown}}, fmt.Errorf("explain %s: %w", id, err)
	}
	surroundings, err := run.surroundings(ctx, found)
	if err != nil {
		return Object{ID: id, Condition: Condition{State: Unknown}}, fmt.Errorf("explain %s: %w", id, err)
	}
	object := run.assemble(item, found[0], surroundings)
	object.Problems = sortedOnce(run.problems)
	return object, nil
}

// fetched is an object of the request, or why there is none.
type fetched struct {
	object *unstructured.Unstructured
	err    error
}

// fetch reads the request's objects, in their order.
func (run *reading) fetch(ctx context.Context, request Request) ([]fetched, error) {
	found := make([]fetched, len(request.Items))
	byKind := map[schema.GroupVersionKind][]int{}
	for i, item := range request.Items {
		kind := kindOf(item.ID)
		byKind[kind] = append(byKind[kind], i)
	}
	var single, missing []int
	var mu sync.Mutex // guards missing
	lists, listing := errgroup.WithContext(ctx)
	lists.SetLimit(run.limit)
	for kind, members := range byKind {
		// A single object is cheaper to get than to find in a list.
		if request.LabelSelector == "" || len(members) == 1 {
			single = append(single, members...)
			continue
		}
		lists.Go(func() error {
			rest := run.fetchKind(listing, kind, members, request, found)
			mu.Lock()
			missing = append(missing, rest...)
			mu.Unlock()
			return ctx.Err()
		})
	}
	if err := lists.Wait(); err != nil {
		return nil, err
	}
	gets, getting := errgroup.WithContext(ctx)
	gets.SetLimit(run.limit)
	for _, i := range append(single, missing...) {
		gets.Go(func() error {
			object, err := run.client.Get(getting, request.Items[i].ID)
			found[i] = fetched{object, err}
			return ctx.Err()
		})
	}
	if err := gets.Wait(); err != nil {
		return nil, err
	}
	return found, ctx.Err()
}

// fetchKind finds the members of one kind in one list and returns those that it did not find there.
func (run *reading) fetchKind(ctx context.Context, kind schema.GroupVersionKind, members []int, request Request, found []fetched) (rest []int) {
	list, err := run.client.List(ctx, kind, "", request.LabelSelector, "")
	if apierrors.IsForbidden(err) {
		// Whoever may not list the whole cluster may still get what is in their namespaces.
		return members
	}
	if err != nil {
		for _, i := range members {
			found[i].err = err
		}
		return nil
	}
	type place struct{ namespace, name string }
	byPlace := make(map[place]*unstructured.Unstructured, len(list))
	for i := range list {
		byPlace[place{list[i].GetNamespace(), list[i].GetName()}] = &list[i]
	}
	for _, i := range members {
		id := request.Items[i].ID
		if object, ok := byPlace[place{id.Namespace, id.Name}]; ok {
			found[i].object = object
		} else {
			rest = append(rest, i)
		}
	}
	return rest
}

func kindOf(id backend.ID) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
}

// unread is the verdict on an object that could not be read.
func unread(id backend.ID, err error) Condition {
	switch {
	case apierrors.IsNotFound(err):
		return Condition{State: NotFound, Reason: "NotFound", Message: "the object does not exist"}
	case meta.IsNoMatchError(err):
		return Condition{State: NotFound, Reason: "KindNotServed", Message: fmt.Sprintf("the cluster does not serve %s %s; its custom resource definition is missing", id.APIVersion(), id.Kind)}
	case apierrors.IsForbidden(err):
		return Condition{State: Unknown, Reason: "Forbidden", Message: err.Error()}
	default:
		return Condition{State: Unknown, Reason: "Unreadable", Message: err.Error()}
	}
}
