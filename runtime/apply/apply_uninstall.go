// SPDX-License-Identifier: Apache-2.0

// This file removes Helm releases that are no longer wanted.

package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// uninstallReleases removes the releases that leave, once in a run. due are the removals of their stage whose time has
// come; it returns those that are still to be deleted, which are all but those of releases that stay.
func (r *runner) uninstallReleases(ctx context.Context, due []*plan.Removal) []*plan.Removal {
	if r.uninstalled {
		return due
	}
	r.uninstalled = true
	for _, release := range r.work.Releases {
		if release.Rendered == nil && release.Action == plan.ReleaseBlocked {
			r.settleRelease(release, ObjectFailed, 0, release.Reason, release.Problem)
		}
	}
	going := make(map[inventory.Key]bool, len(due))
	for _, removal := range due {
		going[inventory.KeyOf(removal.ID)] = true
	}
	forEach(min(r.parallel, releasesAtOnce), r.leaving(), func(release *plan.Release) {
		if reason := r.staysInstalled(release, going); reason != "" {
			r.settleRelease(release, Kept, release.State.Revision, reason, nil)
			return
		}
		r.uninstall(ctx, release, going)
	})
	return slices.DeleteFunc(slices.Clone(due), func(removal *plan.Removal) bool {
		result := r.releaseResult(removal.Member.Release)
		if result == nil || result.Status == Deleted || !r.leaves(removal.Member.Release) {
			return false
		}
		status := NotTried
		if result.Status == Kept {
			status = Kept
		}
		r.settleRemoval(removal, status, result.Reason, nil)
		return true
	})
}

// withoutBusy returns the removals without what goes with a release that others began to work on after this run had looked at it.
func (r *runner) withoutBusy(due []*plan.Removal) []*plan.Removal {
	busy := slices.DeleteFunc(r.leaving(), func(release *plan.Release) bool {
		result := r.releaseResult(release.Key())
		return result == nil || result.Diagnostic == nil || result.Diagnostic.Code != helm.CodeBusy
	})
	return slices.DeleteFunc(slices.Clone(due), func(removal *plan.Removal) bool {
		for _, release := range busy {
			if release.Holds(removal) {
				r.settleRemoval(removal, Kept, release.KeptFor(), nil)
				return true
			}
		}
		return false
	})
}

func (r *runner) leaves(key string) bool {
	return slices.ContainsFunc(r.work.Releases, func(release *plan.Release) bool { return release.Key() == key && release.Leaves() })
}

// staysInstalled says why a release cannot go yet, or "".
func (r *runner) staysInstalled(release *plan.Release, going map[inventory.Key]bool) string {
	if r.troubled()[release.Score] != "" {
		return fmt.Sprintf("kept until %s works", release.Score)
	}
	for _, removal := range r.work.Removals {
		if removal.Member.Release == release.Key() && removal.Live != nil && !removal.Keep && !going[inventory.KeyOf(removal.ID)] {
			return fmt.Sprintf("kept as long as %s is", removal.ID)
		}
	}
	for _, i := range r.work.Items {
		if s := r.statusOf(i.Key()); i.Member != nil && i.Member.Release == release.Key() && (s == ObjectFailed || s == NotTried) {
			return fmt.Sprintf("kept until %s is in other hands", i.Object.ID)
		}
	}
	return ""
}

// uninstall removes one release. Helm deletes exactly those of its objects that are going.
func (r *runner) uninstall(ctx context.Context, release *plan.Release, going map[inventory.Key]bool) {
	if interrupted(ctx) {
		r.settleRelease(release, NotTried, release.State.Revision, whyStopped(ctx)+" before its turn", nil)
		return
	}
	if r.isLost() {
		r.settleRelease(release, NotTried, release.State.Revision, "the API server was lost before its turn", nil)
		return
	}
	var keep []backend.ID
	known := map[inventory.Key]bool{}
	add := func(id backend.ID) {
		if key := inventory.KeyOf(id); !going[key] && !known[key] {
			known[key] = true
			keep = append(keep, id)
		}
	}
	for _, id := range release.State.Objects {
		add(id)
	}
	// A release that was never deployed does not tell its objects. Those that are in other hands by now say so themselves, and
	// Helm looks at that.
	for _, i := range r.work.Items {
		if i.Object.ID.Namespace == release.Namespace || i.HandOver || i.Member != nil && i.Member.Release == release.Key() {
			add(i.Object.ID)
		}
	}
	for _, removal := range r.work.Removals {
		if removal.ID.Namespace == release.Namespace || removal.Member.Release == release.Key() {
			add(removal.ID)
		}
	}
	ctx, stop := lingering(ctx)
	defer stop()
	r.observeRelease(ReleaseBegun, release, "", release.Reason, nil)
	err := r.request.Helm.Uninstall(ctx, release.Namespace, release.Name, helm.UninstallOptions{Keep: keep, Timeout: r.timeout, Redact: r.work.Secrets.Redactor.Text})
	if err != nil {
		r.noteLost(err)
		r.keepRelease(release.Intent())
		d, more := explainRelease(release, err)
		r.problem(more...)
		d.Severity, d.Position = diag.Error, release.Position
		d.Fix = cmp.Or(d.Fix, "correct what is reported, then run the same command again")
		d = r.work.Secrets.Redactor.Diagnostic(d)
		r.settleRelease(release, ObjectFailed, release.State.Revision, d.Summary, &d)
		return
	}
	r.mutex.Lock()
	r.releasesGone[release.Key()] = true
	r.mutex.Unlock()
	r.settleRelease(release, Deleted, 0, release.Reason, nil)
}
