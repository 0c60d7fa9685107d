// SPDX-License-Identifier: Apache-2.0

// This file records every change of what holds receivers, while a test moves a tenant.

package moves

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// deliveredWithin bounds the wait until a watch has delivered what happened before its end.
const deliveredWithin = 5 * time.Minute

// recorded is a kind of objects whose changes are recorded, in all namespaces.
type recorded struct {
	kind     schema.GroupKind
	resource schema.GroupVersionResource
	// marker is an object of the kind that means nothing to anybody. A change of it is a place in the order of changes.
	marker *unstructured.Unstructured
}

func recordedKinds() []recorded {
	var kinds []recorded
	for _, group := range groups() {
		r := recorded{kind: schema.GroupKind{Group: group, Kind: "Alertmanager"}, resource: schema.GroupVersionResource{Group: group, Version: "v1", Resource: "alertmanagers"}}
		// An operator leaves alone what is paused.
		r.marker = markerOf(group+"/v1", "Alertmanager")
		r.marker.Object["spec"] = map[string]any{"paused": true}
		kinds = append(kinds, r)
	}
	return append(kinds, recorded{
		kind: schema.GroupKind{Kind: "Secret"}, resource: schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, marker: markerOf("v1", "Secret"),
	})
}

const (
	markerNamespace = "places-in-history"
	markerName      = "place"
)

func markerOf(apiVersion, kind string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"namespace": markerNamespace, "name": markerName},
	}}
}

// recorder watches the Alertmanagers of all groups, and the Secrets that hold their configurations.
type recorder struct {
	t       *testing.T
	client  dynamic.Interface
	history history
	stop    context.CancelFunc
	streams []*stream
}

// record begins a history.
func record(t *testing.T, client *cluster.Client, namespace string, channels ...string) *recorder {
	t.Helper()
	objects, err := dynamic.NewForConfig(client.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &recorder{t: t, client: objects, history: history{namespace: namespace, channels: channels}, stop: stop}
	for _, kind := range recordedKinds() {
		if err := r.ensureMarker(ctx, kind); err != nil {
			t.Fatalf("%s: marker: %v", kind.kind, err)
		}
		before, err := r.list(ctx, kind)
		if err != nil {
			t.Fatal(err)
		}
		r.history.before = append(r.history.before, before)
		events, err := objects.Resource(kind.resource).Watch(ctx, metav1.ListOptions{ResourceVersion: strconv.FormatInt(before.revision, 10)})
		if err != nil {
			t.Fatalf("%s: watch: %v", kind.kind, err)
		}
		s := &stream{recorded: kind, events: events, news: make(chan struct{}, 1)}
		s.done.Go(s.follow)
		r.streams = append(r.streams, s)
	}
	return r
}

func (r *recorder) list(ctx context.Context, kind recorded) (listing, error) {
	found, err := r.client.Resource(kind.resource).List(ctx, metav1.ListOptions{})
	if err != nil {
		return listing{}, fmt.Errorf("%s: list: %w", kind.kind, err)
	}
	revision, err := revisionOf(found.GetResourceVersion())
	return listing{kind: kind.kind, revision: revision, objects: found.Items}, err
}

// ensureMarker makes the marker, unless another test has.
func (r *recorder) ensureMarker(ctx context.Context, kind recorded) error {
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": markerNamespace}}}
	_, err := r.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	_, err = r.client.Resource(kind.resource).Namespace(markerNamespace).Create(ctx, kind.marker, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// end takes the listings that the history has to lead to, and waits until every watch has delivered a change that was made
// after them: a watch delivers in order, so nothing that happened before is missing then.
func (r *recorder) end() history {
	r.t.Helper()
	defer r.stop()
	ctx := r.t.Context()
	for _, s := range r.streams {
		after, err := r.list(ctx, s.recorded)
		if err != nil {
			r.t.Fatal(err)
		}
		r.history.after = append(r.history.after, after)
	}
	for _, s := range r.streams {
		place := fmt.Appendf(nil, `{"metadata":{"annotations":{"harmonyscript.io/place":%q}}}`, r.t.Name()+time.Now().String())
		marked, err := r.client.Resource(s.resource).Namespace(markerNamespace).Patch(ctx, markerName, types.MergePatchType, place, metav1.PatchOptions{})
		if err != nil {
			r.t.Fatalf("%s: marker: %v", s.kind, err)
		}
		revision, err := revisionOf(marked.GetResourceVersion())
		if err != nil {
			r.t.Fatal(err)
		}
		changes, err := s.upTo(ctx, revision)
		if err != nil {
			r.t.Fatalf("%s: %v", s.kind, err)
		}
		r.history.changes = append(r.history.changes, changes...)
	}
	return r.history
}

// stream is the changes of one kind.
type stream struct {
	recorded
	events watch.Interface
	done   sync.WaitGroup
	// news has something when there may be more changes, or err.
	news chan struct{}

	mutex   sync.Mutex
	changes []change
	err     error
}

// follow takes in what the watch delivers, until it ends.
func (s *stream) follow() {
	for event := range s.events.ResultChan() {
		c, err := s.changeOf(event)
		s.mutex.Lock()
		if err != nil && s.err == nil {
			s.err = err
		}
		if err == nil {
			s.changes = append(s.changes, c)
		}
		s.mutex.Unlock()
		s.tell()
	}
	s.mutex.Lock()
	if s.err == nil {
		s.err = fmt.Errorf("the watch has ended")
	}
	s.mutex.Unlock()
	s.tell()
}

func (s *stream) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *stream) changeOf(event watch.Event) (change, error) {
	object, ok := event.Object.(*unstructured.Unstructured)
	if !ok || event.Type == watch.Error || event.Type == watch.Bookmark {
		return change{}, fmt.Errorf("watch: got %s: %v", event.Type, event.Object)
	}
	revision, err := revisionOf(object.GetResourceVersion())
	return change{kind: s.kind, revision: revision, object: object, gone: event.Type == watch.Deleted}, err
}

// upTo returns the changes up to the one with the given revision, which is waited for.
func (s *stream) upTo(ctx context.Context, revision int64) ([]change, error) {
	ctx, cancel := context.WithTimeout(ctx, deliveredWithin)
	defer cancel()
	for {
		s.mutex.Lock()
		for n, c := range s.changes {
			if c.revision >= revision {
				found := s.changes[:n+1]
				s.mutex.Unlock()
				return found, nil
			}
		}
		err := s.err
		s.mutex.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return nil, fmt.Errorf("the watch has not delivered revision %d: %w", revision, ctx.Err())
		}
	}
}

// proof is both: samples through the program's own readers, and the replay of all that happened.
type proof struct {
	*recorder
	sampler *sampler
}

// prove begins to look whether a tenant's channels are held, by the version that it is about to leave at first.
func prove(t *testing.T, client *cluster.Client, namespace string, leaving score.APIVersion, channels ...string) *proof {
	t.Helper()
	return &proof{recorder: record(t, client, namespace, channels...), sampler: sample(t, client, namespace, leaving, channels...)}
}

// turnBack tells that from here on the other version loses its receivers.
func (p *proof) turnBack(leaving score.APIVersion) {
	p.t.Helper()
	p.sampler.end()
	p.sampler = sample(p.t, p.sampler.client, p.history.namespace, leaving, p.history.channels...)
}

// end fails the test when at any time no ready Alertmanager held all channels, or when the move from one version to the
// other is not in what was seen.
func (p *proof) end(from, to score.APIVersion) {
	p.t.Helper()
	p.sampler.end()
	h := p.recorder.end()
	r, err := replay(h)
	if err != nil {
		p.t.Fatalf("%s: what was recorded is not whole: %v", h.namespace, err)
	}
	p.t.Logf("%s: %d changes seen, %d states, %d gaps; held by %s", h.namespace, len(h.changes), r.states, len(r.gaps), strings.Join(r.holders, ", then "))
	for _, problem := range r.problems(from, to) {
		p.t.Errorf("%s: %s", h.namespace, problem)
	}
}

// problems says why what was replayed does not prove a move without a gap.
func (r replayed) problems(from, to score.APIVersion) []string {
	var problems []string
	if len(r.gaps) > 0 {
		problems = append(problems, fmt.Sprintf("got %d of %d states in which no ready Alertmanager holds all channels, want none; first:\n%s",
			len(r.gaps), r.states, strings.Join(r.gaps[:min(len(r.gaps), 5)], "\n")))
	}
	if first, last := r.holders[0], r.holders[len(r.holders)-1]; first != from.String() || last != to.String() {
		problems = append(problems, fmt.Sprintf("got channels held by %s at first and by %s at last, want %s and %s", first, last, from, to))
	}
	return problems
}
