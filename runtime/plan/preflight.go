// SPDX-License-Identifier: Apache-2.0

// This file finds out, before the first write, which rights the work needs and which of them are missing.

package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// need is one right that the work needs, with what needs it.
type need struct {
	cluster.Access
	// users are the objects and releases that need it, in the order of the work.
	users []user
}

// user is what needs a right, and where in the script it is made.
type user struct {
	name   string
	origin score.Origin
	// position is where it once was made, for what the script no longer has.
	position score.Position
}

func (u user) at() score.Position {
	if p := u.origin.Position(); p.IsValid() {
		return p
	}
	return u.position
}

// needs are the rights that the work needs, each once.
type needs struct {
	index map[cluster.Access]*need
	list  []*need
}

func (n *needs) add(u user, group, resource, namespace string, verbs ...string) {
	for _, verb := range verbs {
		a := cluster.Access{Verb: verb, Group: group, Resource: resource, Namespace: namespace}
		known := n.index[a]
		if known == nil {
			known = &need{Access: a}
			n.index[a] = known
			n.list = append(n.list, known)
		}
		known.users = append(known.users, u)
	}
}

// Preflight asks the API server for every right that carrying out the work needs, and returns one diagnostic per kind of
// which rights are missing, at the first line that needs them. Work without changes needs none, and nothing is asked. It costs
// one question for who may do everything; for others one per verb and kind, and where the answer is no, one per namespace.
func (w *Work) Preflight(ctx context.Context) (diag.List, error) {
	if !w.HasChanges() {
		return nil, nil
	}
	// Who may do everything is not asked for what.
	if all, err := w.mayDoAll(); all || err != nil {
		return nil, err
	}
	n := &needs{index: map[cluster.Access]*need{}}
	if err := w.gatherNeeds(ctx, n); err != nil {
		return nil, err
	}
	missing, err := w.missing(ctx, n)
	if err != nil {
		return nil, err
	}
	w.lacks = make(map[cluster.Access]bool, len(missing))
	for _, one := range missing {
		w.lacks[one.Access] = true
	}
	return w.tellMissing(missing), nil
}

// denied reports whether Preflight found that the item cannot be tried out on the server.
func (w *Work) denied(i *Item) bool {
	r, ok := w.kinds[schema.GroupKind{Group: i.Object.ID.Group, Kind: i.Object.ID.Kind}]
	if !ok || len(w.lacks) == 0 {
		return false
	}
	a := cluster.Access{Verb: "patch", Group: r.Group, Resource: r.Plural, Namespace: i.Object.ID.Namespace}
	create := a
	create.Verb = "create"
	return w.lacks[a] || i.Action == Create && w.lacks[create]
}

// gatherNeeds collects what the work needs.
func (w *Work) gatherNeeds(ctx context.Context, n *needs) error {
	for _, i := range w.Items {
		carried := i.Release != nil && i.Release.CarriedOut()
		if i.Action == Blocked || i.Action == Unchanged && !carried || i.Release != nil && !carried {
			continue
		}
		r, ok := w.kinds[schema.GroupKind{Group: i.Object.ID.Group, Kind: i.Object.ID.Kind}]
		if !ok {
			// The run itself installs the kind.
			continue
		}
		verbs := []string{"get", "list", "patch"}
		if i.Action == Create {
			// A server-side apply of what does not exist yet is both.
			verbs = append(verbs, "create")
		}
		n.add(user{name: i.Object.ID.String(), origin: i.Object.Origin}, r.Group, r.Plural, i.Object.ID.Namespace, verbs...)
	}
	for _, removal := range w.Removals {
		r, ok := w.kinds[schema.GroupKind{Group: removal.ID.Group, Kind: removal.ID.Kind}]
		if removal.Live != nil && !removal.Keep && ok {
			n.add(user{name: removal.ID.String(), position: removal.Member.Position}, r.Group, r.Plural, removal.ID.Namespace, "get", "delete")
		}
	}
	for _, release := range w.Releases {
		if release.CarriedOut() || release.Leaves() {
			// Helm keeps its record of a release in Secrets beside it.
			u := user{name: "Helm release " + release.Key(), origin: release.Origin, position: release.Position}
			n.add(u, "", "secrets", release.Namespace, "get", "list", "create", "update", "delete")
		}
	}
	return w.ownNeeds(ctx, n)
}

// ownNeeds adds what keeping the inventory and the lock needs.
func (w *Work) ownNeeds(ctx context.Context, n *needs) error {
	namespace := w.Request.Store().Namespace()
	u := user{name: "deployment " + w.Request.Deployment}
	n.add(u, "coordination.k8s.io", "leases", namespace, "get", "create", "update", "delete")
	if w.Inventory.Exists() {
		n.add(u, "", "secrets", namespace, "get", "update")
		if len(w.Items) == 0 {
			n.add(u, "", "secrets", namespace, "delete")
		}
		return nil
	}
	n.add(u, "", "secrets", namespace, "get", "create", "update")
	_, err := w.Request.Client.GetMetadata(ctx, backend.ID{Version: "v1", Kind: "Namespace", Name: namespace})
	switch {
	case apierrors.IsNotFound(err):
		n.add(u, "", "namespaces", "", "create")
	case err != nil && !apierrors.IsForbidden(err):
		return err
	}
	return nil
}

// missing returns the needs that are not met, in order.
func (w *Work) missing(ctx context.Context, n *needs) ([]*need, error) {
	var everywhere, somewhere []cluster.Access
	for _, one := range n.list {
		wide := one.Access
		wide.Namespace = ""
		everywhere = append(everywhere, wide)
	}
	allowed, err := w.ask(ctx, everywhere)
	if err != nil {
		return nil, err
	}
	var left []*need
	for _, one := range n.list {
		wide := one.Access
		wide.Namespace = ""
		if !allowed[wide] {
			left = append(left, one)
			somewhere = append(somewhere, one.Access)
		}
	}
	somewhere = slices.DeleteFunc(somewhere, func(a cluster.Access) bool { return a.Namespace == "" })
	if allowed, err = w.ask(ctx, somewhere); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(left, func(one *need) bool { return allowed[one.Access] }), nil
}

// ask asks every question once, in parallel.
func (w *Work) ask(ctx context.Context, questions []cluster.Access) (map[cluster.Access]bool, error) {
	answers := make(map[cluster.Access]bool, len(questions))
	for _, q := range questions {
		answers[q] = false
	}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(w.Request.parallel())
	for q := range maps.Clone(answers) {
		group.Go(func() error {
			may, err := w.Request.Client.May(ctx, q)
			mutex.Lock()
			defer mutex.Unlock()
			answers[q] = may
			return err
		})
	}
	return answers, group.Wait()
}

// tellMissing makes one diagnostic per kind and set of verbs, whatever the number of namespaces.
func (w *Work) tellMissing(missing []*need) diag.List {
	type place struct{ group, resource, namespace string }
	type right struct{ group, resource, verbs string }
	verbs := map[place][]string{}
	users := map[place][]user{}
	var places []place
	for _, one := range missing {
		p := place{one.Group, one.Resource, one.Namespace}
		if verbs[p] == nil {
			places = append(places, p)
		}
		verbs[p] = append(verbs[p], one.Verb)
		for _, u := range one.users {
			if !slices.ContainsFunc(users[p], func(known user) bool { return known.name == u.name }) {
				users[p] = append(users[p], u)
			}
		}
	}
	where := map[right][]place{}
	var rights []right
	for _, p := range places {
		slices.Sort(verbs[p])
		r := right{p.group, p.resource, strings.Join(verbs[p], ", ")}
		if where[r] == nil {
			rights = append(rights, r)
		}
		where[r] = append(where[r], p)
	}
	var list diag.List
	for _, r := range rights {
		var namespaces []string
		var all []user
		for _, p := range where[r] {
			namespaces = append(namespaces, p.namespace)
			all = append(all, users[p]...)
		}
		list = append(list, missingRight(r.group, r.resource, r.verbs, namespaces, all))
	}
	return list.Sorted()
}

// namedObjects is how many of the objects that need a right are named.
const namedObjects = 5

func missingRight(group, resource, verbs string, namespaces []string, users []user) diag.Diagnostic {
	slices.SortStableFunc(users, func(a, b user) int { return cmp.Or(a.at().Compare(b.at()), strings.Compare(a.name, b.name)) })
	slices.Sort(namespaces)
	if group != "" {
		resource += "." + group
	}
	place, flag := "in the whole cluster", ""
	if namespaces[0] != "" {
		place, flag = "in namespace "+namespaces[0], " --namespace "+namespaces[0]
	}
	if more := len(namespaces) - 1; more > 0 {
		place += fmt.Sprintf(" and %s", plural(more, "more", "more"))
	}
	first := users[0]
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "forbidden", Position: first.at(), Related: diag.Callers(first.origin),
		Summary: fmt.Sprintf("%s: no right to %s %s %s", first.name, verbs, resource, place),
		Fix:     fmt.Sprintf("ask for %s on %s %s; try: kubectl auth can-i %s %s%s", verbs, resource, place, strings.SplitN(verbs, ",", 2)[0], resource, flag),
	}
	var lines []string
	if len(users) > 1 {
		names := make([]string, 0, namedObjects+1)
		for _, u := range users[1:min(len(users), namedObjects+1)] {
			names = append(names, u.name)
		}
		if left := len(users) - 1 - len(names); left > 0 {
			names = append(names, fmt.Sprintf("%d others", left))
		}
		lines = append(lines, fmt.Sprintf("%s it: %s", plural(len(users)-1, "more needs", "more need"), strings.Join(names, ", ")))
	}
	if len(namespaces) > 1 {
		lines = append(lines, fmt.Sprintf("the namespaces are %s", strings.Join(shorten(namespaces, 2*namedObjects), ", ")))
	}
	d.Detail = strings.Join(lines, "\n")
	return d
}

// shorten returns at most limit words of a list, with what was left out as the last.
func shorten(words []string, limit int) []string {
	if len(words) <= limit {
		return words
	}
	return append(slices.Clone(words[:limit]), fmt.Sprintf("%d others", len(words)-limit))
}
