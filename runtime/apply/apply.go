// SPDX-License-Identifier: Apache-2.0

// Package apply makes a cluster match a deployment: it applies what differs, stage by stage, waits until it works,
// removes what is no longer wanted, and keeps the inventory, so that a run that ends at any moment orphans nothing.
//
// A run goes through these steps: find out what there is to do (package plan); take the deployment's lock; store in the
// inventory what it intends to touch; apply the stages in order, each in parallel; record; wait for readiness; remove;
// record. A run with nothing to do writes nothing and takes no lock, but looks whether another run holds it.
package apply

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
	"golang.org/x/sync/errgroup"
)

const (
	defaultTimeout = 5 * time.Minute
	// recordTimeout bounds the recording of an outcome: it is tried even after the run's context was cancelled.
	recordTimeout = 15 * time.Second
	// shortTimeout bounds what is tried only for courtesy, or against hope.
	shortTimeout = 3 * time.Second
)

// Request is what is to be made so.
type Request struct {
	// Client of the cluster.
	Client *cluster.Client
	// Deployment is the name under which the inventory and the lock are kept.
	Deployment string
	// Objects that are to exist, in any order, besides those of Releases.
	Objects []backend.Object
	// Releases are the Helm releases that are to exist, with what their charts make of them.
	Releases []*helm.Rendered
	// Helm carries releases out. It is needed when there are Releases, or were some at the last apply.
	Helm helm.Manager
	// ResolveSecret returns the value of a secret. All are resolved before the first write.
	ResolveSecret func(context.Context, score.Secret) (string, error)
	// InventoryNamespace is where inventory and lock are kept; "" means inventory.DefaultNamespace.
	InventoryNamespace string
	// DeleteNamespaces lets Namespaces, PersistentVolumeClaims and CustomResourceDefinitions be deleted, but for definitions of
	// whose kind there are objects that the deployment did not make.
	DeleteNamespaces bool
	// TakeOwnership names the objects whose fields are taken from other managers, and those of others that Helm overwrites.
	TakeOwnership plan.Ownership
	// TakeBack takes fields back from other managers that were ours when the last run ended, where the script asks for
	// what it asked for then.
	TakeBack bool
	// NoPreflight leaves out asking, before the first write, for the rights that the run needs: for clusters whose
	// authorizer denies in the review what it allows in the request.
	NoPreflight bool
	// Requires tells what installs the kinds that may be missing.
	Requires []backend.CRD
	// Parallel is how many requests are under way at once; 0 means 32.
	Parallel int
	// NoWait leaves out waiting for readiness, unless a score moves to another version of the monitoring API.
	NoWait bool
	// Timeout bounds the wait for readiness, and that for removed objects to be gone; 0 means 5 minutes.
	Timeout time.Duration
	// Overlap is how long old and new servers stand side by side when a score moves to another version of the
	// monitoring API, before the receivers move; nil means as long as the slowest of its rules is pending, at least 2 and
	// at most 15 minutes. Zero is for tests: alerts that are pending then start anew.
	Overlap *time.Duration
	// LockWait is how long to wait for another run of the deployment to end; 0 means not at all.
	LockWait time.Duration
	// Kinds tell when an object works; nil means status.DefaultKinds.
	Kinds status.Kinds
	// Cause is what the run comes of, for the history of runs.
	Cause Cause
	// Approved is the plan that the run carries out: when what there is to do is anything else, the run is refused before its
	// first write. Objects, Releases and the options that change a plan have to be the plan's own. Nil means any.
	Approved *plan.ApprovedCluster
	// Observe is told what happens, one event after the other; nil means nobody is.
	Observe func(Event)
}

func (r *Request) plan() plan.Request {
	return plan.Request{
		Client: r.Client, Deployment: r.Deployment, Objects: r.Objects, Releases: r.Releases, Helm: r.Helm, ResolveSecret: r.ResolveSecret,
		InventoryNamespace: r.InventoryNamespace, DeleteNamespaces: r.DeleteNamespaces, TakeOwnership: r.TakeOwnership,
		NoPreflight: r.NoPreflight, Brief: true, Requires: r.Requires, Parallel: r.Parallel,
	}
}

// runner carries out one request.
type runner struct {
	request  Request
	store    *inventory.Store
	work     *plan.Work
	kinds    status.Kinds
	timeout  time.Duration
	parallel int
	// destroying tells a Destroy from a Run.
	destroying bool
	// verb is what the history calls the run.
	verb string
	// guard is asked whether the run may go on from an inventory; nil means always.
	guard func(*inventory.Inventory) error

	observing sync.Mutex
	// over tells that there is nothing more to observe.
	over    atomic.Bool
	mutex   sync.Mutex
	outcome *Outcome
	results map[inventory.Key]*Result
	// records are the members as this run left them.
	records map[inventory.Key]inventory.Member
	// uncertain are the objects that a write may or may not have reached.
	uncertain map[inventory.Key]backend.ID
	// earlier are the objects that a run before this one left in an unknown state.
	earlier map[inventory.Key]bool
	// doubts are the objects that the last run did not leave working for certain.
	doubts doubts
	// removed are the members that are gone.
	removed map[inventory.Key]bool
	// releaseResults and releaseRecords are the releases as this run left them; releasesGone are those that it removed.
	releaseResults map[string]*ReleaseResult
	releaseRecords map[string]inventory.Release
	releasesGone   map[string]bool
	// releasesDone and uninstalled tell that the releases had their turn.
	releasesDone, uninstalled bool
	// moving tells that a score changes its Alertmanager.
	moving bool
	// lost is why the API server is not asked any more; "" while it is.
	lost string
	// lostNamespaces are those that objects cannot be put into; lostScores are those whose foundations failed there.
	lostNamespaces map[string]bool
	lostScores     map[scope]bool
	// quotas are the namespaces whose quota this run has changed.
	quotas map[string]bool
	// heldBack are the scores whose receivers must not move yet, with the reason.
	heldBack map[string]string
	// readySince is when objects that were waited for began to work.
	readySince map[inventory.Key]time.Time
}

// scope is the part of a score in one namespace.
type scope struct{ score, namespace string }

// Run makes the cluster match the request. The error tells that nothing of the deployment was written: the request cannot be, the
// cluster does not answer, a secret has no value, another run is at work. It is a diag.List, one that
// cluster.Diagnostics explains, or the context's. Everything that happens after the first write is in the outcome.
func Run(ctx context.Context, request Request) (*Outcome, error) {
	return newRunner(request, false).run(ctx)
}

// Destroy removes everything that the deployment made, last stage first, waits until it is gone, and removes the
// inventory. What is kept (see Request.DeleteNamespaces) stays in the inventory, so that a later run finds it. The request's
// Objects and Releases do not count.
func Destroy(ctx context.Context, request Request) (*Outcome, error) {
	request.Objects, request.Releases = nil, nil
	return newRunner(request, true).run(ctx)
}

func newRunner(request Request, destroying bool) *runner {
	r := &runner{
		request: request, destroying: destroying, verb: inventory.VerbApply, timeout: cmp.Or(request.Timeout, defaultTimeout), kinds: request.Kinds,
		results: map[inventory.Key]*Result{}, records: map[inventory.Key]inventory.Member{}, uncertain: map[inventory.Key]backend.ID{},
		removed: map[inventory.Key]bool{}, lostNamespaces: map[string]bool{}, lostScores: map[scope]bool{},
		releaseResults: map[string]*ReleaseResult{}, releaseRecords: map[string]inventory.Release{}, releasesGone: map[string]bool{},
		quotas: map[string]bool{}, heldBack: map[string]string{}, readySince: map[inventory.Key]time.Time{},
	}
	if r.kinds == nil {
		r.kinds = status.DefaultKinds()
	}
	r.parallel = cmp.Or(max(request.Parallel, 0), 32)
	if destroying {
		r.verb = inventory.VerbDestroy
	}
	return r
}

// run carries out the request, once.
func (r *runner) run(ctx context.Context) (*Outcome, error) {
	outcome, err := r.once(ctx)
	return outcome, r.withoutSecrets(err)
}

func (r *runner) once(ctx context.Context) (*Outcome, error) {
	request, destroying := r.request, r.destroying
	ctx = cluster.WithAway(ctx, r.tellAway)
	r.outcome = &Outcome{Deployment: request.Deployment, Cluster: request.Client.Host(), Started: time.Now()}
	planned := request.plan()
	if err := planned.Validate(); err != nil {
		return nil, err
	}
	r.store = planned.Store()
	if err := r.verifyCluster(ctx); err != nil {
		return nil, err
	}
	inv, found, err := r.look(ctx, planned)
	if err != nil {
		return nil, err
	}
	if err := r.mayGoOn(inv); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx, planned, inv); err != nil {
		return nil, err
	}
	if err := r.verify(ctx); err != nil {
		return nil, err
	}
	// A destroy takes away the lock that a killed run left behind, too.
	if (found == lockFree || found == lockStale && !destroying) && r.nothingToDo(destroying) {
		return r.leaveUnchanged(ctx), nil
	}
	if err := r.preflight(ctx); err != nil {
		return nil, err
	}
	user := r.askUser(ctx)
	ctx, lock, err := r.acquire(ctx, found == lockFree)
	if err != nil {
		return nil, err
	}
	defer func() { lock.release(ctx, r.recordLimit(ctx)) }()
	if err := r.prepareLocked(ctx, planned, inv); err != nil {
		return nil, err
	}
	if r.nothingToDo(destroying) {
		return r.leaveUnchanged(ctx), nil
	}
	r.tellPlan()
	if err := r.storeIntent(ctx, <-user); err != nil {
		return nil, err
	}
	if destroying {
		r.destroy(ctx)
	} else {
		r.apply(ctx)
	}
	return r.finish(ctx), nil
}

func (r *runner) mayGoOn(inv *inventory.Inventory) error {
	if r.guard == nil {
		return nil
	}
	return r.guard(inv)
}

// nothingToDo reports whether neither the cluster nor the inventory has to be written.
func (r *runner) nothingToDo(destroying bool) bool {
	inv := r.work.Inventory
	if r.work.HasChanges() || len(inv.Pending) > 0 || inv.HasPendingReleases() {
		return false
	}
	// An inventory of nothing that lives has done its service.
	return !destroying || !inv.Exists() || slices.ContainsFunc(r.work.Removals, func(removal *plan.Removal) bool { return removal.Live != nil })
}

// look reads the inventory and the lock at once. A deployment that another run is at work on is refused right away, unless
// the request waits for it: what it looks like now says nothing.
func (r *runner) look(ctx context.Context, planned plan.Request) (inv *inventory.Inventory, lock lockState, err error) {
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		inv, err = planned.Load(groupCtx)
		return err
	})
	group.Go(func() error {
		var holder *LockedError
		var err error
		if lock, holder, err = r.lockState(groupCtx); err != nil {
			return err
		}
		if lock == lockHeld && r.request.LockWait <= 0 {
			return holder
		}
		return nil
	})
	err = group.Wait()
	return inv, lock, err
}

func (r *runner) prepare(ctx context.Context, request plan.Request, inv *inventory.Inventory) error {
	w, err := plan.Prepare(ctx, request, inv)
	if err != nil {
		return err
	}
	if len(w.Missing) > 0 {
		return w.Missing
	}
	r.work, r.doubts = w, doubtsAfter(inv.Run)
	return nil
}

// preflight refuses a run that lacks rights, before it writes anything, together with all else that stands in its way.
func (r *runner) preflight(ctx context.Context) error {
	if r.request.NoPreflight {
		return nil
	}
	missing, err := r.work.Preflight(ctx)
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	missing[0].Detail = strings.TrimSpace("nothing was written\n" + missing[0].Detail)
	for _, i := range r.work.Items {
		if i.Problem != nil {
			missing = append(missing, *i.Problem)
		}
	}
	return plan.Collapse(missing)
}

// leaveUnchanged ends a run that has nothing to write.
func (r *runner) leaveUnchanged(ctx context.Context) *Outcome {
	r.tellPlan()
	for _, i := range r.work.Items {
		r.settle(i, Unchanged, nil)
	}
	r.carryOutReleases(ctx)
	r.reportKept()
	r.waitReady(ctx)
	return r.finish(ctx)
}

// apply carries out Run after the intent is stored.
func (r *runner) apply(ctx context.Context) {
	moves := r.moves()
	first := slices.IndexFunc(r.work.Items, func(i *plan.Item) bool { return i.Object.Stage == backend.StageReceivers })
	if first < 0 {
		first = len(r.work.Items)
	}
	r.applyStages(ctx, r.work.Items[:first])
	if len(moves) > 0 {
		r.moving = true
		r.record(ctx, "")
		r.standBeside(ctx, moves)
	}
	r.applyStages(ctx, r.work.Items[first:])
	if r.goesOn() {
		// What follows may take minutes; what was done so far is not to be in doubt for so long.
		r.record(ctx, "")
	}
	r.waitReady(ctx)
	if len(moves) > 0 {
		r.awaitHeld(ctx, moves)
	}
	r.reportKept()
	r.remove(ctx, r.prunable(), moves)
}

// goesOn reports whether there is anything to wait for or to remove.
func (r *runner) goesOn() bool {
	return len(r.leaving()) > 0 || slices.ContainsFunc(r.work.Removals, func(removal *plan.Removal) bool { return removal.Live != nil && !removal.Keep }) ||
		!r.request.NoWait && slices.ContainsFunc(r.work.Items, func(i *plan.Item) bool { return tracked(r.kinds, cluster.KindOf(i.Object.ID).GroupKind()) })
}

// destroy carries out Destroy after the intent is stored.
func (r *runner) destroy(ctx context.Context) {
	r.reportKept()
	var all []*plan.Removal
	for _, removal := range r.work.Removals {
		if !removal.Keep {
			all = append(all, removal)
		}
	}
	r.remove(ctx, all, nil)
}

// finish completes the outcome and, when anything was to be written, records it.
func (r *runner) finish(ctx context.Context) *Outcome {
	o := r.outcome
	o.Finished = time.Now()
	r.complete(ctx)
	if r.recordNeeded() {
		r.record(ctx, o.State)
	}
	r.over.Store(true)
	r.observe(Event{Type: Finished, State: o.State})
	return o
}
