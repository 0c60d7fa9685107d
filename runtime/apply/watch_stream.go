// SPDX-License-Identifier: Apache-2.0

// This file follows the objects of a deployment, one stream per kind.

package apply

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// watchLimit is for how long a watch is asked for: between one and two of it, so that not all begin anew at once.
	watchLimit = 5 * time.Minute
	// shortWatch is what a watch lasts at least before it is begun anew at once.
	shortWatch = time.Second
)

// place is what one stream follows: what a selector chooses of a kind, in one namespace or, when that is empty, in all.
type place struct {
	kind      schema.GroupVersionKind
	namespace string
	selector  string
}

// seen is what is remembered of an object's metadata.
type seen struct {
	uid, version string
	// ours and helms are the hashes of what the two writers own.
	ours, helms string
	// manager changed it last, after its writer, as far as can be told.
	manager string
	gone    bool
	going   bool
}

func see(c cluster.MetadataChange) seen {
	m := c.Metadata
	manager, _, _ := plan.LastWriter(m.ManagedFields)
	return seen{
		uid: string(m.UID), version: m.ResourceVersion, ours: inventory.OwnedHash(m.ManagedFields, cluster.FieldManager), helms: inventory.OwnedHash(m.ManagedFields, helm.FieldManager),
		manager: manager, gone: c.Deleted, going: m.DeletionTimestamp != nil,
	}
}

// inbox holds what streams have seen until the watch looks, the last state of each object only: its size is bounded by
// that of the deployment.
type inbox struct {
	mutex   sync.Mutex
	objects map[inventory.Key]seen
	// lists are complete: what they lack is not there.
	lists map[place]map[inventory.Key]bool
	// denied are places that may not be followed, with the error.
	denied map[place]error
	// down are the streams that have lost their server, with the error.
	down map[place]error
	// ready has an element when there is something.
	ready chan struct{}
}

func newInbox() *inbox {
	return &inbox{
		objects: map[inventory.Key]seen{}, lists: map[place]map[inventory.Key]bool{}, denied: map[place]error{}, down: map[place]error{},
		ready: make(chan struct{}, 1),
	}
}

// put changes the inbox and wakes the watch.
func (i *inbox) put(change func()) {
	i.mutex.Lock()
	change()
	i.mutex.Unlock()
	select {
	case i.ready <- struct{}{}:
	default:
	}
}

// stream follows one place until ctx ends.
type stream struct {
	place
	client  *cluster.Client
	inbox   *inbox
	options *WatchOptions
}

func (s *stream) key(m *metav1.PartialObjectMetadata) inventory.Key {
	return inventory.Key{Group: s.kind.Group, Kind: s.kind.Kind, Namespace: m.Namespace, Name: m.Name}
}

func (s *stream) follow(ctx context.Context) {
	defer s.inbox.put(func() { delete(s.inbox.down, s.place) })
	pauses := backoff{first: s.options.Backoff, most: maxStreamBackoff}
	for ctx.Err() == nil {
		resource, version, err := s.list(ctx)
		if err == nil {
			pauses.reset()
			err = s.watch(ctx, resource, version)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil, apierrors.IsResourceExpired(err), apierrors.IsGone(err):
			// What happened in between is in the next list.
		case apierrors.IsForbidden(err):
			s.inbox.put(func() { s.inbox.denied[s.place] = err; delete(s.inbox.down, s.place) })
			if !pause(ctx, s.options.Resync) {
				return
			}
			continue
		default:
			s.inbox.put(func() { s.inbox.down[s.place] = err })
		}
		if !pause(ctx, pauses.next()) {
			return
		}
	}
}

// list tells the inbox all that there is.
func (s *stream) list(ctx context.Context) (cluster.Resource, string, error) {
	resource, err := s.client.AnyVersion(ctx, s.kind)
	if err != nil {
		return resource, "", err
	}
	there, objects := map[inventory.Key]bool{}, map[inventory.Key]seen{}
	version, err := s.client.ListMetadataVersion(ctx, resource, s.namespace, s.selector, func(m *metav1.PartialObjectMetadata) {
		key := s.key(m)
		there[key], objects[key] = true, see(cluster.MetadataChange{Metadata: m})
	}, func() { clear(there); clear(objects) })
	if err != nil {
		return resource, "", err
	}
	s.inbox.put(func() {
		delete(s.inbox.down, s.place)
		for key, o := range objects {
			s.inbox.objects[key] = o
		}
		s.inbox.lists[s.place] = there
	})
	return resource, version, nil
}

// watch tells the inbox every change since version, until only a new list helps.
func (s *stream) watch(ctx context.Context, resource cluster.Resource, version string) error {
	pauses := backoff{first: s.options.Backoff, most: maxStreamBackoff}
	for {
		begun := time.Now()
		var err error
		limit := s.options.watchLimit + rand.N(s.options.watchLimit)
		version, err = s.client.WatchMetadata(ctx, resource, s.namespace, s.selector, version, limit, func(c cluster.MetadataChange) {
			key := s.key(c.Metadata)
			o := see(c)
			s.inbox.put(func() { s.inbox.objects[key] = o; delete(s.inbox.down, s.place) })
		})
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the watch was told to end
		case err == nil:
			s.inbox.put(func() { delete(s.inbox.down, s.place) })
		case cluster.IsUnreachable(err), cluster.IsUnauthorized(err), apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err), apierrors.IsInternalError(err), apierrors.IsServerTimeout(err):
			// The server keeps what happens meanwhile, for a while.
			s.inbox.put(func() { s.inbox.down[s.place] = err })
		default:
			return err
		}
		if err == nil && time.Since(begun) >= shortWatch {
			pauses.reset()
			continue
		}
		if !pause(ctx, pauses.next()) {
			return nil
		}
	}
}
