// SPDX-License-Identifier: Apache-2.0

// This file replays, change by change, which Alertmanagers held a tenant's receivers.

package moves

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

// listing is all objects of one kind at one revision of the cluster's store.
type listing struct {
	kind     schema.GroupKind
	revision int64
	objects  []unstructured.Unstructured
}

// change is one write to the cluster's store. Resource versions are revisions of the one etcd behind everything, so that
// changes of different kinds are in one order, too.
type change struct {
	kind     schema.GroupKind
	revision int64
	object   *unstructured.Unstructured
	gone     bool
}

// history is all that happened to some kinds of objects between two points in time.
type history struct {
	namespace string
	channels  []string
	// before and after have a listing of every kind; changes are those that a watch from before to after delivered.
	before, after []listing
	changes       []change
}

// replayed is what a history says.
type replayed struct {
	// states counts the points in time at which anything that matters was different, the first included.
	states int
	// gaps tells each state in which no ready Alertmanager held all channels.
	gaps []string
	// holders are the versions that held the channels, in the order of the states, each once until it changes:
	// "V1_HELM", "V1_HELM and V3_RHOB".
	holders []string
}

// replay goes through a history. An error means that it is not whole, so that it proves nothing.
func replay(h history) (replayed, error) {
	changes := slices.Clone(h.changes)
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.revision, b.revision) })
	h.changes = changes
	if err := h.whole(); err != nil {
		return replayed{}, err
	}
	s := state{namespace: h.namespace, channels: h.channels, objects: map[string]*unstructured.Unstructured{}, receivers: map[string][]string{}}
	begin := int64(0)
	for _, l := range h.before {
		// The listings were made one after the other; the first state is the one at the last of them.
		begin = max(begin, l.revision)
		for n := range l.objects {
			if err := s.apply(change{kind: l.kind, object: &l.objects[n]}); err != nil {
				return replayed{}, err
			}
		}
	}
	later := slices.IndexFunc(changes, func(c change) bool { return c.revision > begin })
	if later < 0 {
		later = len(changes)
	}
	for _, c := range changes[:later] {
		if err := s.apply(c); err != nil {
			return replayed{}, err
		}
	}
	r := replayed{}
	r.note(begin, s)
	for _, c := range changes[later:] {
		if err := s.apply(c); err != nil {
			return replayed{}, err
		}
		if c.object.GetNamespace() == h.namespace {
			r.note(c.revision, s)
		}
	}
	return r, nil
}

// whole reports what is missing: the changes, sorted, of each kind have to lead from the listing before to the one after.
func (h history) whole() error {
	for _, before := range h.before {
		versions := map[string]string{}
		for n := range before.objects {
			versions[nameOf(&before.objects[n])] = before.objects[n].GetResourceVersion()
		}
		index := slices.IndexFunc(h.after, func(l listing) bool { return l.kind == before.kind })
		if index < 0 {
			return fmt.Errorf("%s: no listing afterwards", before.kind)
		}
		after := h.after[index]
		for _, c := range h.changes {
			switch {
			case c.kind != before.kind || c.revision > after.revision:
			case c.gone:
				delete(versions, nameOf(c.object))
			default:
				versions[nameOf(c.object)] = c.object.GetResourceVersion()
			}
		}
		listed := map[string]string{}
		for n := range after.objects {
			listed[nameOf(&after.objects[n])] = after.objects[n].GetResourceVersion()
		}
		if !maps.Equal(versions, listed) {
			return fmt.Errorf("%s: the changes that were seen lead to %v at revision %d, and there were %v", before.kind, versions, after.revision, listed)
		}
	}
	return nil
}

func nameOf(o *unstructured.Unstructured) string { return o.GetNamespace() + "/" + o.GetName() }

// note adds a state.
func (r *replayed) note(revision int64, s state) {
	r.states++
	holding, seen := s.holders()
	if len(holding) == 0 {
		r.gaps = append(r.gaps, fmt.Sprintf("revision %d: seen: %s", revision, seen))
	}
	if text := strings.Join(holding, " and "); len(r.holders) == 0 || r.holders[len(r.holders)-1] != text {
		r.holders = append(r.holders, text)
	}
}

// state is what matters of the cluster at one revision.
type state struct {
	namespace string
	channels  []string
	// objects by kind and name; receivers by the name of the Secret that holds them.
	objects   map[string]*unstructured.Unstructured
	receivers map[string][]string
}

// apply carries a change out. Changes of other namespaces change nothing.
func (s state) apply(c change) error {
	if c.object.GetNamespace() != s.namespace {
		return nil
	}
	name := c.object.GetName()
	key := c.kind.String() + " " + name
	delete(s.receivers, name)
	if c.gone {
		delete(s.objects, key)
		return nil
	}
	s.objects[key] = c.object
	server, isGenerated := strings.CutSuffix(name, "-generated")
	server, isAlertmanager := strings.CutPrefix(server, "alertmanager-")
	if c.kind.Kind != "Secret" || !isGenerated || !isAlertmanager {
		return nil
	}
	held, err := status.Receivers(context.Background(), oneObject{c.object}, s.namespace, server)
	s.receivers[name] = held
	return err
}

// holders returns the versions whose Alertmanager is ready and holds all channels, in the order of the versions, and all
// that was seen in words. An Alertmanager that is being deleted holds nothing any more.
func (s state) holders() (holding []string, seen string) {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		o := s.objects[key]
		if o.GetKind() != "Alertmanager" {
			continue
		}
		held := s.receivers["alertmanager-"+o.GetName()+"-generated"]
		available, going := conditionTrue(o, "Available"), o.GetDeletionTimestamp() != nil
		words = append(words, fmt.Sprintf("%s available=%t deleted=%t holds %v", key, available, going, held))
		if available && !going && holdsAll(s.namespace, held, s.channels) {
			holding = append(holding, versionOf(o))
		}
	}
	slices.Sort(holding)
	return holding, cmp.Or(strings.Join(words, "; "), "no Alertmanager")
}

// versionOf returns the version whose writer made an Alertmanager, by the API group and by who owns its specification.
func versionOf(o *unstructured.Unstructured) string {
	if o.GroupVersionKind().Group == groupOf(score.V3RHOB) {
		return score.V3RHOB.String()
	}
	var writers []string
	for _, entry := range o.GetManagedFields() {
		if entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		switch entry.Manager {
		case helm.FieldManager:
			writers = append(writers, score.V1Helm.String())
		case cluster.FieldManager:
			writers = append(writers, score.V2CRD.String())
		default:
			writers = append(writers, entry.Manager)
		}
	}
	slices.Sort(writers)
	return cmp.Or(strings.Join(writers, "+"), "nobody")
}

// oneObject is a cluster with one object.
type oneObject struct{ object *unstructured.Unstructured }

func (c oneObject) Get(_ context.Context, id backend.ID) (*unstructured.Unstructured, error) {
	if id.Name != c.object.GetName() {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: id.Kind}, id.Name)
	}
	return c.object, nil
}

// revisionOf reads a resource version, which on etcd is a number.
func revisionOf(version string) (int64, error) {
	revision, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resource version: got %q, want a number", version)
	}
	return revision, nil
}
