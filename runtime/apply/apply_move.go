// SPDX-License-Identifier: Apache-2.0

// This file moves a score from one Alertmanager to another without losing an alert.
//
// The new servers are made beside the old ones. When they work, both stand side by side for a while (the overlap), so that
// alerts that are pending in the old Prometheus have time to fire in the new one. Then the new Alertmanager gets its
// receivers; when it holds them the old one loses its own, before its Prometheus goes: without that, alerts would expire
// there and people would hear that they are resolved. Everything is found out from the cluster and the inventory, so that
// a run that is interrupted anywhere is continued by the next, in either direction.

package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/status"
	"github.com/prometheus/common/model"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"
)

const (
	// minOverlap and maxOverlap bound the overlap where the request leaves it open: a new Prometheus needs some scrapes
	// before its rules say anything, and nobody waits for hours unasked.
	minOverlap = 2 * time.Minute
	maxOverlap = 15 * time.Minute
	// reloadTime is how long a changed configuration may take to get into the pods of an Alertmanager: the kubelet looks
	// at mounted Secrets every minute, then the reloader sees the file. A shorter overlap shortens it.
	reloadTime = 90 * time.Second
	// dropWithin bounds the wait until an operator has taken receivers from an Alertmanager that is about to go. An
	// operator that does not work any more may be the reason for the move.
	dropWithin = 30 * time.Second
)

// move is a score whose Alertmanager goes while another takes its place.
type move struct {
	score string
	// older go, newer take their place.
	older, newer []backend.ID
	// gain are the receivers that the newer ones have to hold, drop those that the older ones lose; by namespace.
	gain, drop []receivers
	overlap    time.Duration
}

// receivers are those of one AlertmanagerConfig, by the names that the operator gives them.
type receivers struct {
	config backend.ID
	names  []string
}

// moves returns the scores that move in this run, by title.
func (r *runner) moves() map[string]*move {
	found := map[string]*move{}
	for _, removal := range r.work.Removals {
		if removal.Live == nil || removal.Keep || !plan.IsAlertmanager(removal.ID) {
			continue
		}
		m := found[removal.Member.Score]
		if m == nil {
			m = &move{score: removal.Member.Score}
			found[m.score] = m
		}
		m.older = append(m.older, removal.ID)
	}
	for title, m := range found {
		for _, i := range r.work.Items {
			if i.Object.Score != title {
				continue
			}
			if plan.IsAlertmanager(i.Object.ID) {
				m.newer = append(m.newer, i.Object.ID)
			}
			if i.Object.Stage == backend.StageReceivers {
				m.gain = append(m.gain, receivers{i.Object.ID, receiverNames(i.Object)})
			}
		}
		if len(m.newer) == 0 {
			// The whole score goes.
			delete(found, title)
			continue
		}
		for _, removal := range r.work.Removals {
			if removal.Member.Score == title && removal.Member.Stage == backend.StageReceivers && !removal.Keep {
				m.drop = append(m.drop, receivers{config: removal.ID})
			}
		}
		m.overlap = r.overlapOf(title)
	}
	return found
}

// receiverNames returns the names of the receivers as they appear in the configuration that an operator makes.
func receiverNames(o *backend.Object) []string {
	if o.ID.Kind == "Secret" {
		return baseReceiverNames(o)
	}
	var content struct {
		Spec struct {
			Receivers []struct{ Name string }
		}
	}
	if json.Unmarshal(o.Manifest, &content) != nil {
		return nil
	}
	var names []string
	for _, receiver := range content.Spec.Receivers {
		names = append(names, prefixOf(o.ID)+receiver.Name)
	}
	return names
}

// baseReceiverNames returns the names of the receivers of the configuration that an operator starts from, but for the
// one that notifies nobody.
func baseReceiverNames(o *backend.Object) []string {
	var content struct{ Data map[string][]byte }
	if json.Unmarshal(o.Manifest, &content) != nil {
		return nil
	}
	var names []string
	for _, configuration := range content.Data {
		var base struct {
			Receivers []struct{ Name string }
		}
		if yaml.Unmarshal(configuration, &base) != nil {
			continue
		}
		for _, receiver := range base.Receivers {
			if strings.Contains(receiver.Name, "/") {
				names = append(names, receiver.Name)
			}
		}
	}
	return names
}

// prefixOf is what the operator puts in front of the names of an AlertmanagerConfig.
func prefixOf(config backend.ID) string { return config.Namespace + "/" + config.Name + "/" }

// overlapOf returns how long old and new stand side by side: what the request says, or the longest time that one of the
// score's rules is pending before it fires, within bounds.
func (r *runner) overlapOf(title string) time.Duration {
	if r.request.Overlap != nil {
		return max(*r.request.Overlap, 0)
	}
	longest := minOverlap
	for _, i := range r.work.Items {
		if i.Object.Score != title || i.Object.ID.Kind != "PrometheusRule" {
			continue
		}
		var content struct {
			Spec struct {
				Groups []struct {
					Rules []struct{ For string }
				}
			}
		}
		if json.Unmarshal(i.Object.Manifest, &content) != nil {
			continue
		}
		for _, group := range content.Spec.Groups {
			for _, rule := range group.Rules {
				if pending, err := model.ParseDuration(rule.For); err == nil {
					longest = max(longest, time.Duration(pending))
				}
			}
		}
	}
	return min(longest, maxOverlap)
}

// standBeside waits until the new servers work and the overlap is over. Scores that do not get that far keep their
// receivers where they are.
func (r *runner) standBeside(ctx context.Context, moves map[string]*move) {
	r.waitReady(ctx)
	bad := r.troubled()
	var end time.Time
	var waiting []Awaited
	for title, m := range moves {
		if why := bad[title]; why != "" {
			r.mutex.Lock()
			r.heldBack[title] = fmt.Sprintf("the receivers stay where they are until %s works", title)
			r.mutex.Unlock()
			continue
		}
		since := time.Time{}
		for _, i := range r.work.Items {
			if i.Object.Score == title && plan.IsServer(i.Object.ID) {
				since = later(since, r.readySince[i.Key()])
			}
		}
		// Conditions are told by the cluster's clock.
		left := min(m.overlap-r.request.Client.ServerNow().Sub(since), m.overlap)
		if until := time.Now().Add(left); left > 0 {
			end = later(end, until)
			waiting = append(waiting, m.await(m.newer, "Overlap", fmt.Sprintf(
				"stands beside the old one until %s, so that alerts that are pending there can fire here", until.Format(time.TimeOnly)))...)
		}
	}
	r.linger(ctx, end, waiting)
}

// linger waits until end, telling why.
func (r *runner) linger(ctx context.Context, end time.Time, waiting []Awaited) {
	slices.SortFunc(waiting, func(a, b Awaited) int { return a.ID.Compare(b.ID) })
	for time.Now().Before(end) && !interrupted(ctx) {
		r.observe(Event{Type: WaitingForReady, Waiting: waiting})
		if !pause(ctx, min(time.Until(end), 2*time.Second)) {
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// troubled returns the scores of which something failed, was not tried or does not work, with the status.
func (r *runner) troubled() map[string]Status {
	bad := map[string]Status{}
	for _, i := range r.work.Items {
		switch s := r.statusOf(i.Key()); s {
		case ObjectFailed, NotTried, ObjectNotReady:
			bad[i.Object.Score] = s
		}
	}
	return bad
}

// awaitHeld waits until the new Alertmanagers hold their receivers and had time to load them. What does not get that far
// is not ready, and the old stays.
func (r *runner) awaitHeld(ctx context.Context, moves map[string]*move) {
	deadline, poll := time.Now().Add(r.timeout), firstPoll
	bad := r.troubled()
	left := map[string]*move{}
	for title, m := range moves {
		if bad[title] == "" && len(m.gain) > 0 {
			left[title] = m
		}
	}
	settle := time.Duration(0)
	var loading []Awaited
	for len(left) > 0 && !interrupted(ctx) {
		var waiting []Awaited
		for title, m := range left {
			missing := r.lacking(ctx, m)
			if len(missing) == 0 {
				delete(left, title)
				settle = max(settle, min(m.overlap, reloadTime))
				loading = append(loading, m.await(m.newer, "Reloading", "loads its receivers")...)
				continue
			}
			waiting = append(waiting, missing...)
		}
		if len(left) == 0 {
			break
		}
		r.observe(Event{Type: WaitingForReady, Waiting: waiting})
		if time.Now().After(deadline) {
			for _, m := range left {
				r.refuseMove(m, waiting)
			}
			return
		}
		if !pause(ctx, poll) {
			return
		}
		poll = min(poll*3/2, maxPoll)
	}
	r.linger(ctx, time.Now().Add(settle), loading)
}

// await returns what is awaited of servers of the move.
func (m *move) await(servers []backend.ID, reason, message string) []Awaited {
	var waiting []Awaited
	for _, id := range servers {
		waiting = append(waiting, Awaited{ID: id, Score: m.score, Reason: reason, Message: message})
	}
	return waiting
}

// lacking returns the Alertmanagers of a move that do not hold all receivers yet.
func (r *runner) lacking(ctx context.Context, m *move) []Awaited {
	var waiting []Awaited
	for _, server := range m.newer {
		held, err := status.Receivers(ctx, r.request.Client, server.Namespace, server.Name)
		if apierrors.IsForbidden(err) {
			// Who may write a Secret need not be allowed to read one; then time has to do.
			continue
		}
		for _, gain := range m.gain {
			for _, name := range gain.names {
				if err == nil && slices.Contains(held, name) {
					continue
				}
				waiting = append(waiting, Awaited{ID: server, Score: m.score, Reason: "ReceiversMissing", Message: fmt.Sprintf("does not hold the receiver %s yet", name)})
			}
		}
	}
	return waiting
}

// refuseMove reports that a new Alertmanager does not take its receivers.
func (r *runner) refuseMove(m *move, waiting []Awaited) {
	for _, i := range r.work.Items {
		if i.Object.Score != m.score || i.Object.Stage != backend.StageReceivers {
			continue
		}
		var details []string
		for _, w := range waiting {
			if w.Score == m.score {
				details = append(details, w.ID.String()+" "+w.Message)
			}
		}
		r.settle(i, ObjectNotReady, &diag.Diagnostic{
			Severity: diag.Error, Code: "receivers-not-held", Position: i.Object.Origin.Position(), Related: diag.Callers(i.Object.Origin),
			Summary: fmt.Sprintf("%s: its receivers have not reached the new Alertmanager after %s; the old one keeps them", i.Object.ID, r.timeout),
			Detail:  strings.Join(details, "\n"), Fix: "look at the events of the Alertmanager and at the log of its operator, then run the same command again",
		})
	}
}

// awaitDropped waits until the old Alertmanagers have lost their receivers, before anything else of the old goes. It does not
// insist: what goes anyway is not held up by an operator that does not work any more.
func (r *runner) awaitDropped(ctx context.Context, moves map[string]*move) {
	deadline, settle := time.Now().Add(dropWithin), time.Duration(0)
	var dropping []Awaited
	for _, m := range moves {
		if len(m.drop) == 0 {
			continue
		}
		settle = max(settle, min(m.overlap, reloadTime))
		dropping = append(dropping, m.await(m.older, "Reloading", "drops its receivers")...)
		for r.stillHeld(ctx, m) && time.Now().Before(deadline) && pause(ctx, firstPoll) {
			continue
		}
	}
	r.linger(ctx, time.Now().Add(settle), dropping)
}

func (r *runner) stillHeld(ctx context.Context, m *move) bool {
	for _, server := range m.older {
		held, err := status.Receivers(ctx, r.request.Client, server.Namespace, server.Name)
		if err != nil {
			continue
		}
		for _, drop := range m.drop {
			if slices.ContainsFunc(held, func(name string) bool { return strings.HasPrefix(name, prefixOf(drop.config)) }) {
				return true
			}
		}
	}
	return false
}

// withheld returns the removals without those of scores that move and whose old receivers could not be removed: their
// Prometheus has to stay, or its alerts would seem to be resolved.
func (r *runner) withheld(removals []*plan.Removal, moves map[string]*move) []*plan.Removal {
	left := map[string]bool{}
	for title, m := range moves {
		for _, drop := range m.drop {
			if s := r.statusOf(inventory.KeyOf(drop.config)); s == ObjectFailed || s == NotTried {
				left[title] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(removals), func(removal *plan.Removal) bool {
		if !left[removal.Member.Score] || removal.Member.Stage == backend.StageReceivers {
			return false
		}
		r.settleRemoval(removal, Kept, "kept until the receivers beside it are gone", nil)
		return true
	})
}
