// SPDX-License-Identifier: Apache-2.0

// This file judges what the streams of a watch have seen, and says which streams there are.

package apply

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// look takes over what the streams have seen.
func (w *watcher) look(streaming context.Context) {
	i := w.inbox
	i.mutex.Lock()
	objects, lists, denied, down := i.objects, i.lists, i.denied, error(nil)
	i.objects, i.lists, i.denied = map[inventory.Key]seen{}, map[place]map[inventory.Key]bool{}, map[place]error{}
	for _, err := range i.down {
		down = err
	}
	i.mutex.Unlock()
	for p, there := range lists {
		if p.selector != w.selector {
			continue
		}
		for key := range w.members {
			if key.Group == p.kind.Group && key.Kind == p.kind.Kind && (p.namespace == "" || key.Namespace == p.namespace) && !there[key] {
				if _, later := objects[key]; !later {
					objects[key] = seen{gone: true}
				}
			}
		}
	}
	now := time.Now()
	for key, o := range objects {
		if key == w.record {
			// Another run wrote it: what this one is to do then, its guard says.
			if o.gone || isLater(o.version, w.version) {
				w.wanted, w.notBefore = true, later(w.notBefore, now.Add(w.options.Settle))
			}
			continue
		}
		w.compare(key, o, now)
	}
	if len(denied) > 0 {
		for p, err := range denied {
			w.deny(p, err)
		}
		w.follow(streaming)
	}
	if lost := down != nil; lost != w.down {
		w.down = lost
		if lost {
			w.observe(Event{Type: Disconnected, Message: "lost the API server: " + problemOf(down).Summary})
		} else {
			w.observe(Event{Type: Connected, Message: "the API server is back"})
		}
	}
}

// isLater compares two resource versions. Those that are no numbers are later when they are others.
func isLater(version, than string) bool {
	a, err := strconv.ParseUint(version, 10, 64)
	b, otherErr := strconv.ParseUint(than, 10, 64)
	if err != nil || otherErr != nil {
		return version != than
	}
	return a > b
}

// compare judges one object by what was seen of it last.
func (w *watcher) compare(key inventory.Key, o seen, now time.Time) {
	member, known := w.members[key]
	what := ""
	switch owned := o.ours; {
	case !known || member.Owned == "":
	case o.gone:
		what = "it was deleted, or our label was taken off it"
	case o.going:
		// It is corrected when it is gone.
		return
	case o.uid != member.UID:
		what = "it was deleted and made again"
	default:
		if member.Release != "" {
			owned = o.helms
		}
		if owned != member.Owned {
			what = "fields of ours were changed or removed"
		}
	}
	if what == "" {
		delete(w.dirty, key)
		return
	}
	d := w.dirty[key]
	if d == nil {
		d = &drifted{first: now}
		w.dirty[key] = d
	}
	d.last = now
	manager := o.manager
	if o.gone {
		// Who changed it last is not who deleted it.
		manager = ""
	}
	if corrections, fought := w.fights.is(key, now); fought {
		if w.told[key] != corrections {
			w.told[key] = corrections
			at := later(w.correctable(key, d), w.notBefore)
			w.observe(Event{
				Type: Fighting, ID: member.ID, Score: member.Score, Position: member.Position, Manager: manager, RetryAt: at,
				Message: fmt.Sprintf("%s again, although it was corrected %d times; it is corrected again %s", actor(manager, what), corrections, shortly(now, at)),
			})
		}
		return
	}
	if !d.told {
		d.told, w.found[key] = true, true
		w.observe(Event{Type: Drifted, ID: member.ID, Score: member.Score, Position: member.Position, Manager: manager, Message: actor(manager, what)})
	}
}

// tellFound tells what a run has found that others changed, where the streams have not: they may be late, or not allowed.
func (w *watcher) tellFound(work *plan.Work) {
	for _, i := range work.Items {
		if key := i.Key(); i.Drift != "" && !w.found[key] {
			w.found[key] = true
			w.observe(Event{Type: Drifted, ID: i.Object.ID, Score: i.Object.Score, Position: i.Object.Origin.Position(), Message: i.Reason})
		}
	}
}

// actor puts who before what, where that is known.
func actor(manager, what string) string {
	if manager == "" {
		return what
	}
	return fmt.Sprintf("%s by %s", what, manager)
}

// deny goes on without a stream that is not allowed.
func (w *watcher) deny(p place, err error) {
	if p.selector != w.selector {
		// Other runs are noticed with the next resync.
		return
	}
	if p.namespace == "" && !w.narrow[p.kind.GroupKind()] && w.namespaced(p.kind) {
		// Those who may not look everywhere may still look into their own namespaces.
		w.narrow[p.kind.GroupKind()] = true
		return
	}
	if w.refused[p] {
		return
	}
	w.refused[p] = true
	where := ""
	if p.namespace != "" {
		where = " in " + p.namespace
	}
	w.observe(Event{Type: WatchLimited, Message: fmt.Sprintf(
		"%s%s may not be watched, and is looked at every %s only: %s", p.kind.Kind, where, w.options.Resync, problemOf(err).Summary)})
}

func (w *watcher) namespaced(kind schema.GroupVersionKind) bool {
	for key := range w.members {
		if key.Group == kind.Group && key.Kind == kind.Kind {
			return key.Namespace != ""
		}
	}
	return false
}

// follow has one stream for every kind of the members, and ends those that are no longer needed.
func (w *watcher) follow(ctx context.Context) {
	// The inventory tells of other runs.
	wanted := map[place]bool{{kind: schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, namespace: w.record.Namespace, selector: inventory.ParentSelector(w.request.Deployment, w.record.Namespace)}: true}
	for key, m := range w.members {
		// Members of one kind may have been recorded in several versions of its API; any of them shows all.
		p := place{kind: schema.GroupVersionKind{Group: key.Group, Version: m.ID.Version, Kind: key.Kind}, selector: w.selector}
		for known := range wanted {
			if known.selector == p.selector && known.kind.GroupKind() == p.kind.GroupKind() {
				p.kind = known.kind
				break
			}
		}
		if w.narrow[p.kind.GroupKind()] {
			p.namespace = key.Namespace
		}
		wanted[p] = true
	}
	for p, cancel := range w.streams {
		if !wanted[p] {
			cancel()
			delete(w.streams, p)
		}
	}
	for p := range wanted {
		if w.streams[p] != nil {
			continue
		}
		streaming, cancel := context.WithCancel(ctx)
		w.streams[p] = cancel
		s := &stream{place: p, client: w.request.Client, inbox: w.inbox, options: &w.options}
		w.group.Go(func() { s.follow(streaming) })
	}
}
