// SPDX-License-Identifier: Apache-2.0

// This file reads the state of releases and judges them.

package plan

import (
	"context"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// releases reads the state of every release, wanted or known.
func (s *survey) releases(ctx context.Context) error {
	w := s.work
	if len(w.Releases) == 0 {
		return nil
	}
	if w.Request.Helm == nil {
		return diag.List{{
			Severity: diag.Error, Code: "helm-missing",
			Summary: fmt.Sprintf("deployment %s: got Helm release %s, want a Helm client to carry it out with", w.Request.Deployment, w.Releases[0].Key()),
			Fix:     "set Request.Helm in the program that applies",
		}}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(w.Request.parallel())
	for _, r := range w.Releases {
		group.Go(func() (err error) {
			r.State, err = w.Request.Helm.State(ctx, r.Namespace, r.Name)
			return err
		})
	}
	return group.Wait()
}

// judgeReleases says what to do about each release, after its items were judged. Those that others are at work on come first:
// what is theirs may be wanted by another release.
func (s *survey) judgeReleases() {
	for _, r := range s.work.Releases {
		if s.mayTouch(r) && r.State.Operation.Busy() {
			s.leaveAlone(r)
		}
	}
	for _, r := range s.work.Releases {
		switch {
		case r.Action == ReleaseBlocked:
		case r.Rendered == nil:
			s.judgeFormer(r)
		default:
			if s.judgeRelease(r); r.Action == ReleaseBlocked {
				r.block(r.Items...)
			}
		}
	}
}

func (s *survey) judgeRelease(r *Release) {
	state, ours := r.State, s.work.Inventory.ApplySetID()
	if state != nil && !s.mayTouch(r) {
		s.blockForeign(r)
		return
	}
	changed, adopted, blocked := 0, 0, (*Item)(nil)
	for _, i := range r.Items {
		if i.Action == Blocked {
			blocked = i
		}
		if i.Action != Unchanged {
			changed++
		}
		if i.HandOver || i.Action == Adopt {
			adopted++
		}
	}
	switch {
	case blocked != nil:
		r.Action, r.Reason = ReleaseBlocked, fmt.Sprintf("%s stands in the way", blocked.Object.ID)
	case state == nil:
		r.Action = ReleaseInstall
		switch {
		case r.Record != nil && !r.Record.Pending:
			r.Reason = "others removed it since the last apply"
		case adopted > 0:
			r.Reason = fmt.Sprintf("it takes over %s", plural(adopted, "object", "objects"))
		}
	case state.Status.Pending():
		r.Action, r.Reason = ReleaseRecover, fmt.Sprintf("an operation of Helm did not come to its end: it is %s", state.Status)
		if o := state.Operation; o != nil && o.Others {
			r.Reason = fmt.Sprintf("%s that did not come to its end: it is %s", o, state.Status)
		}
	case state.Owner != ours:
		r.Action, r.Reason = ReleaseUpgrade, "it was installed by others"
	case state.Status != helm.Deployed:
		r.Action, r.Reason = ReleaseUpgrade, fmt.Sprintf("its last revision is %s", state.Status)
	case r.Record == nil || r.Record.Rendered == "":
		r.Action, r.Reason = ReleaseUpgrade, "how it was left is not on record"
	case r.Record.Pending:
		r.Action, r.Reason = ReleaseUpgrade, "an earlier run did not come to its end here"
	case r.Record.Revision != state.Revision:
		r.Action, r.Reason = ReleaseUpgrade, fmt.Sprintf("others changed it since the last apply: it is at revision %d, and was left at %d", state.Revision, r.Record.Revision)
	case r.Record.Rendered != r.Hash:
		r.Action = ReleaseUpgrade
	case changed > 0:
		r.Action, r.Reason = ReleaseUpgrade, plural(changed, "object of it is not as it was left", "objects of it are not as they were left")
	default:
		r.Action = ReleaseUnchanged
	}
}

// blockForeign refuses a release of that name that others made.
func (s *survey) blockForeign(r *Release) {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "release-of-other", Position: r.Position, Related: diag.Callers(r.Origin),
		Summary: fmt.Sprintf("Helm release %s belongs to another deployment", r.Key()),
		Detail:  fmt.Sprintf("its label %s is %s", helm.OwnerLabel, r.State.Owner),
		Fix:     "give the stack another name here, or destroy the other deployment first",
	}
	if r.State.Owner == "" {
		d.Summary = fmt.Sprintf("Helm release %s exists, and harmonyscript did not make it", r.Key())
		d.Detail = strings.TrimSpace(fmt.Sprintf("it is revision %d of chart %s %s", r.State.Revision, r.State.Chart.Name, r.State.Chart.Version))
		d.Fix = fmt.Sprintf("give the stack another name, remove the release with helm uninstall %s --namespace %s, or take it over with --take-ownership=%s", r.Name, r.Namespace, releaseReference(r.Key()))
	}
	r.Action, r.Problem, r.Reason = ReleaseBlocked, &d, d.Summary
}

// judgeFormer judges a release that nobody wants any more.
func (s *survey) judgeFormer(r *Release) {
	w := s.work
	if r.State == nil || r.State.Owner != w.Inventory.ApplySetID() {
		// It is gone, or others have made one of its name since.
		r.Action = ReleaseGone
		return
	}
	r.Action = ReleaseUninstall
	of := map[inventory.Key]bool{}
	for _, m := range w.Inventory.Members {
		if m.Release == r.Key() {
			of[inventory.KeyOf(m.ID)] = true
		}
	}
	for _, id := range r.State.Objects {
		of[inventory.KeyOf(id)] = true
	}
	stay := 0
	for _, i := range w.Items {
		if of[i.Key()] && i.Object.Release != r.Key() {
			stay++
		}
	}
	if stay > 0 {
		r.Action, r.Reason = ReleaseHandOver, plural(stay, "object of it stays, in other hands", "objects of it stay, in other hands")
	}
}

// settleReleased judges an object of a release that does not bear our label. Helm knows no conflicts over fields: it would
// overwrite whatever is there, so that objects of others are refused as a whole.
func (s *survey) settleReleased(i *Item, live *metav1.PartialObjectMetadata) {
	state := i.Release.State
	switch {
	case i.Member != nil && i.Member.UID == string(live.UID):
		i.Action, i.Reason = Update, "others took our label off since the last apply"
		i.handOver()
	case state != nil && state.Owner == s.work.Inventory.ApplySetID() && releaseOf(live) == i.Release.Key():
		i.Action, i.Reason = Update, "it belongs to the release and does not bear our label"
	case s.work.Request.TakeOwnership.takesItem(i):
		i.Action, i.Reason = Adopt, "it exists and is not ours yet; Helm overwrites it"
	default:
		d := diag.Diagnostic{
			Severity: diag.Error, Code: "object-of-other", Position: i.Object.Origin.Position(), Related: diag.Callers(i.Object.Origin),
			Summary: fmt.Sprintf("%s exists and is not ours: Helm would overwrite it", i.Object.ID),
			Fix:     fmt.Sprintf("give the stack another name, remove the object, or take it over with --take-ownership=%s", i.Object.ID.Reference()),
		}
		if other := releaseOf(live); other != "" {
			d.Detail = fmt.Sprintf("it belongs to Helm release %s", other)
		}
		i.Action, i.Problem, i.Reason = Blocked, &d, d.Summary
	}
}
