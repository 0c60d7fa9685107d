// SPDX-License-Identifier: Apache-2.0

// This file carries out Helm releases: one call of Helm for each, after which their objects are members like all others.

package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// releasesAtOnce bounds how many releases are carried out at the same time: each holds its chart and all of its objects.
const releasesAtOnce = 4

// carryOutReleases carries out every release that is to exist, once in a run.
func (r *runner) carryOutReleases(ctx context.Context) {
	if r.releasesDone {
		return
	}
	r.releasesDone = true
	var due []*plan.Release
	total := 0
	for _, release := range r.work.Releases {
		switch {
		case release.Rendered == nil:
		case release.Action == plan.ReleaseUnchanged:
			r.settleItems(release, Unchanged, "")
			r.settleRelease(release, Unchanged, release.State.Revision, "", nil)
		case release.Action == plan.ReleaseBlocked:
			for _, i := range release.Items {
				if i.Action == plan.Blocked {
					r.fail(i, i.Problem, i.Reason)
				} else {
					r.settle(i, Unchanged, nil)
				}
			}
			r.settleRelease(release, ObjectFailed, 0, release.Reason, release.Problem)
		default:
			due = append(due, release)
			total += len(release.Items)
		}
	}
	if len(due) == 0 {
		return
	}
	r.observe(Event{Type: StageBegun, Stage: backend.StageReleases.String(), Total: total})
	forEach(min(r.parallel, releasesAtOnce), due, func(release *plan.Release) { r.carryOut(ctx, release) })
}

// carryOut installs or upgrades one release.
func (r *runner) carryOut(ctx context.Context, release *plan.Release) {
	reason := ""
	for _, i := range release.Items {
		if reason = r.dependsOnFailed(i); reason != "" {
			break
		}
	}
	if interrupted(ctx) {
		reason = whyStopped(ctx) + " before its turn"
	}
	if reason == "" {
		reason = r.sendAhead(ctx, release)
	}
	if reason != "" {
		r.settleItems(release, NotTried, reason)
		r.settleRelease(release, NotTried, 0, reason, nil)
		return
	}
	// What Helm has begun it is let finish: stopped in the middle it would leave a release that has to be recovered.
	ctx, stop := lingering(ctx)
	defer stop()
	r.observeRelease(ReleaseBegun, release, "", release.Reason, nil)
	if err := r.takeOverAll(ctx, release); err != nil {
		r.releaseFailed(ctx, release, err)
		return
	}
	state, err := r.request.Helm.Apply(ctx, release.Rendered, helm.ApplyOptions{
		Owner: r.work.Inventory.ApplySetID(), Labels: map[string]string{inventory.MemberLabel: r.work.Inventory.ApplySetID()}, Timeout: r.timeout,
		Redact: r.work.Secrets.Redactor.Text,
	})
	var busy *helm.BusyError
	if errors.As(err, &busy) {
		r.releaseBusy(release, busy)
		return
	}
	if err != nil {
		r.releaseFailed(ctx, release, err)
		return
	}
	r.readBack(ctx, release)
	r.sweep(ctx, release)
	status, failed := Updated, 0
	for _, i := range release.Items {
		if s := r.statusOf(i.Key()); s == ObjectFailed || s == NotTried {
			failed++
		}
	}
	if release.Action == plan.ReleaseInstall {
		status = Created
	}
	record := release.NewRecord(state.Revision)
	reason = release.Reason
	if failed > 0 {
		// The revision is there; the next run looks at all of it again.
		record.Pending = true
		status, reason = ObjectFailed, fmt.Sprintf("%d of its %d objects are not as they should be", failed, len(release.Items))
	}
	r.keepRelease(record)
	r.settleRelease(release, status, state.Revision, reason, nil)
}

// sendAhead applies the objects of our own that leave the release while it stays: Helm would delete them, and they would be
// made anew. It says which of them failed, or "".
func (r *runner) sendAhead(ctx context.Context, release *plan.Release) string {
	for _, i := range r.work.Items {
		if !i.HandOver || i.Release != nil || i.Member == nil || i.Member.Release != release.Key() || i.Action == plan.Blocked || r.statusOf(i.Key()) != "" {
			continue
		}
		r.send(ctx, i)
		if s := r.statusOf(i.Key()); s == ObjectFailed || s == NotTried {
			return fmt.Sprintf("%s could not be taken over from it", i.Object.ID)
		}
	}
	return ""
}

// keepRelease notes how a release was left.
func (r *runner) keepRelease(record inventory.Release) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.releaseRecords[record.Key()] = record
}

// readBack records every object of a release as Helm left it.
func (r *runner) readBack(ctx context.Context, release *plan.Release) {
	forEach(min(r.parallel, 8), release.Items, func(i *plan.Item) {
		m, err := r.request.Client.GetMetadata(ctx, i.Object.ID)
		key := i.Key()
		if err != nil {
			r.doubt(key, i.Object.ID)
			r.noteLost(err)
			if apierrors.IsNotFound(err) {
				r.settle(i, ObjectFailed, &diag.Diagnostic{
					Severity: diag.Error, Code: "object-missing", Position: i.Object.Origin.Position(), Related: diag.Callers(i.Object.Origin),
					Summary: fmt.Sprintf("%s is not there after Helm carried out release %s", i.Object.ID, release.Key()),
					Fix:     "see who removes it, then run the same command again",
				})
				return
			}
			r.fail(i, r.explain(err, i), "")
			return
		}
		record := inventory.Member{
			ID: i.Object.ID, Stage: i.Object.Stage, UID: string(m.UID), Sent: i.Sent, Owned: inventory.OwnedHash(m.ManagedFields, i.Writer()),
			Position: i.Object.Origin.Position(), Score: i.Object.Score, Release: i.Object.Release,
		}
		if r.asSent(ctx, i, m) {
			record.ResourceVersion, record.Generation = m.ResourceVersion, m.Generation
		}
		r.mutex.Lock()
		r.records[key] = record
		r.mutex.Unlock()
		r.settleWritten(i, m)
	})
}

// asSent reports whether an object still holds what Helm sent: others may have written it since, before it was read.
func (r *runner) asSent(ctx context.Context, i *plan.Item, m *metav1.PartialObjectMetadata) bool {
	live, err := r.request.Client.Get(ctx, i.Object.ID)
	return err == nil && live.GetResourceVersion() == m.ResourceVersion && r.work.Holds(i, live)
}

// settleWritten says what Helm did to an object.
func (r *runner) settleWritten(i *plan.Item, m *metav1.PartialObjectMetadata) {
	switch {
	case i.Live == nil, i.Live.UID != m.UID:
		r.settleWith(i, Created, i.Reason)
	case i.Action == plan.Adopt:
		r.settleWith(i, Adopted, i.Reason)
	case m.ResourceVersion == i.Live.ResourceVersion:
		r.settle(i, Unchanged, nil)
	case i.HandOver:
		r.settleWith(i, Updated, i.Reason)
	case i.Action == plan.Unchanged && i.Member.Owned == inventory.OwnedHash(m.ManagedFields, i.Writer()):
		// Its status went on meanwhile.
		r.settle(i, Unchanged, nil)
	default:
		r.settleWith(i, Updated, i.Reason)
	}
}

// sweep settles the objects that left the chart. Helm has deleted them; what it left behind is deleted now.
func (r *runner) sweep(ctx context.Context, release *plan.Release) {
	var left []*plan.Removal
	for _, removal := range r.work.Removals {
		if removal.Member.Release == release.Key() && removal.Live != nil && !removal.Keep {
			left = append(left, removal)
		}
	}
	if len(left) > 0 {
		r.awaitGone(ctx, r.deleteStage(ctx, left), 0, len(left))
	}
}

// releaseBusy reports that others began to work on a release after this run had looked at it.
func (r *runner) releaseBusy(release *plan.Release, busy *helm.BusyError) {
	for _, i := range release.Items {
		// They may change it while this run says what it knows.
		r.doubt(i.Key(), i.Object.ID)
	}
	r.keepRelease(release.Intent())
	d := busy.Diagnostic()
	d.Position, d.Related = release.Position, diag.Callers(release.Origin)
	r.settleItems(release, NotTried, d.Summary)
	r.settleRelease(release, ObjectFailed, 0, d.Summary, &d)
}

// releaseFailed reports, at the release's line, what went wrong, what Helm made of it, and how its objects are.
func (r *runner) releaseFailed(ctx context.Context, release *plan.Release, cause error) {
	for _, i := range release.Items {
		r.doubt(i.Key(), i.Object.ID)
	}
	r.keepRelease(release.Intent())
	r.noteLost(cause)
	d, more := explainRelease(release, cause)
	d.Severity, d.Related = diag.Error, append(d.Related, diag.Callers(release.Origin)...)
	if !d.Position.IsValid() {
		d.Position = release.Position
	}
	d.Fix = cmp.Or(d.Fix, "correct what is reported, then run the same command again")
	lines := []string{d.Detail}
	uncertain := cluster.IsUncertain(cause)
	if uncertain {
		lines = append(lines, notKnown("carried out"))
	}
	if !r.isLost() {
		lines = append(lines, r.afterwards(ctx, release)...)
	}
	d.Detail = strings.TrimSpace(strings.Join(lines, "\n"))
	d = r.work.Secrets.Redactor.Diagnostic(d)
	r.problem(more...)
	for _, i := range release.Items {
		if reason := fmt.Sprintf("Helm release %s failed", release.Key()); uncertain {
			r.settleUncertain(i, nil, reason)
		} else {
			r.settleWith(i, ObjectFailed, reason)
		}
	}
	r.settleRelease(release, ObjectFailed, 0, d.Summary, &d)
}

// explainRelease turns an error of Helm, or of a request about a release, into what is told at the release's line.
func explainRelease(release *plan.Release, cause error) (first diag.Diagnostic, more diag.List) {
	known := cluster.Diagnostics(cause)
	first, more = known[0], known[1:]
	var failed *helm.FailedError
	var busy *helm.BusyError
	if !errors.As(cause, &failed) && !errors.As(cause, &busy) {
		// That error names its release itself.
		first.Summary = fmt.Sprintf("release %s: %s", release.Key(), first.Summary)
	}
	if first.Code == "engine-failed" {
		first.Code = "release-failed"
	}
	return first, more
}

// afterwards tells the state of a release after a failure, and that of its objects.
func (r *runner) afterwards(ctx context.Context, release *plan.Release) []string {
	var lines []string
	state, err := r.request.Helm.State(ctx, release.Namespace, release.Name)
	switch {
	case err != nil:
	case state == nil:
		lines = append(lines, "Helm took it back: there is no such release now")
	default:
		lines = append(lines, fmt.Sprintf("revision %d is %s: %s", state.Revision, state.Status, state.Description))
	}
	found := make([]string, len(release.Items))
	at := map[*plan.Item]int{}
	for n, i := range release.Items {
		at[i] = n
	}
	forEach(min(r.parallel, 8), release.Items, func(i *plan.Item) {
		m, err := r.request.Client.GetMetadata(ctx, i.Object.ID)
		word := "as before"
		switch {
		case apierrors.IsNotFound(err), cluster.IsKindMissing(err):
			word = "not there"
		case err != nil:
			word = "not known"
		case i.Live == nil || i.Live.UID != m.UID:
			word = "there, new"
		case i.Live.ResourceVersion != m.ResourceVersion:
			word = "there, changed"
		}
		found[at[i]] = fmt.Sprintf("%s: %s", i.Object.ID, word)
	})
	return append(lines, found...)
}

// settleItems gives all objects of a release one result.
func (r *runner) settleItems(release *plan.Release, status Status, reason string) {
	for _, i := range release.Items {
		r.settleWith(i, status, reason)
	}
}

// releaseList returns the records of the releases as they are now. state "" means that the run goes on.
func (r *runner) releaseList(state State) []inventory.Release {
	var list []inventory.Release
	for _, release := range r.work.Releases {
		key := release.Key()
		record, written := r.releaseRecords[key]
		switch {
		case r.releasesGone[key] || release.Action == plan.ReleaseGone:
			continue
		case written:
		case release.CarriedOut() && state == "":
			// Its turn is still to come.
			record = release.Intent()
		case release.Record == nil:
			continue
		default:
			record = *release.Record
			if release.Rendered != nil {
				record.Score, record.Position = release.Score, release.Position
			}
		}
		list = append(list, record)
	}
	return list
}

// leaving returns the releases that are to be removed.
func (r *runner) leaving() []*plan.Release {
	return slices.DeleteFunc(slices.Clone(r.work.Releases), func(release *plan.Release) bool { return !release.Leaves() })
}
