// SPDX-License-Identifier: Apache-2.0

// This file tells the history what a run came of and what it did.

package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// Cause is what a run came of, for the history of runs. What is empty is not told.
type Cause struct {
	// Script is the path of the script, ScriptHash a hash of all that was loaded (deployment.Loaded.Digest).
	Script, ScriptHash string
	// Parameters are those that were set. The history keeps their names and keyed hashes of their values.
	Parameters map[string]string
	// APIVersions are the versions of the monitoring API that the script uses.
	APIVersions []string
	// Version is harmonyscript's.
	Version string
}

// Holder returns who is at work on a deployment, or nil.
func Holder(ctx context.Context, client *cluster.Client, deployment, namespace string) (*LockedError, error) {
	r := runner{request: Request{Client: client, Deployment: deployment}, store: inventory.NewStore(client, namespace)}
	_, holder, err := r.lockState(ctx)
	return holder, err
}

// doubts are the objects that the last run did not leave working for certain. What has not changed since still has to be
// looked at: a run that is repeated must not end well for no other reason than that it has nothing to send.
type doubts struct {
	all     bool
	objects map[inventory.Key]bool
}

func (d doubts) about(key inventory.Key) bool { return d.all || d.objects[key] }

// doubtsAfter tells what the last run left in doubt.
func doubtsAfter(last *inventory.Run) doubts {
	switch {
	case last == nil || last.State == string(Done):
		return doubts{}
	case last.State != string(NotReady) || last.MoreChanges > 0:
		return doubts{all: true}
	}
	d := doubts{objects: map[inventory.Key]bool{}}
	for _, change := range last.Changes {
		if change.Status == string(ObjectNotReady) {
			d.objects[inventory.KeyOf(change.ID)] = true
		}
	}
	return d
}

// askUser asks the API server who we are. It is told in the history, and nothing depends on the answer.
func (r *runner) askUser(ctx context.Context) <-chan string {
	user := make(chan string, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, shortTimeout)
		defer cancel()
		name, err := r.request.Client.WhoAmI(ctx)
		if err != nil {
			name = ""
		}
		user <- name
	}()
	return user
}

// begin makes this run the inventory's current one.
func (r *runner) begin(user string) error {
	inv, cause := r.work.Inventory, r.request.Cause
	run := &inventory.Run{
		Verb: r.verb, Started: r.outcome.Started.UTC(), By: holderName(), User: user, Version: cause.Version,
		Script: cause.Script, ScriptHash: cause.ScriptHash, APIVersions: cause.APIVersions, Parameters: inv.ParameterHashes(cause.Parameters),
		Planned: map[string]int{},
	}
	for action, n := range r.planned() {
		run.Planned[string(action)] = n
	}
	if _, err := inv.Runs(); err != nil {
		var problem *inventory.HistoryError
		if errors.As(err, &problem) {
			r.problem(diag.Diagnostic{
				Severity: diag.Warning, Code: "history-unreadable", Summary: "history: " + problem.Error(),
				Detail: "nothing else is affected; what a later version of harmonyscript wrote is kept, and what is damaged begins anew",
			})
		}
	}
	return inv.Begin(run)
}

// tellHistory completes the inventory's current run when this one has ended.
func (r *runner) tellHistory() {
	run, o := r.work.Inventory.Run, r.outcome
	run.Finished, run.State = o.Finished.UTC(), string(o.State)
	run.Counts = map[string]int{}
	for status, n := range o.Count() {
		run.Counts[string(status)] = n
	}
	run.Changes = nil
	for _, release := range o.Releases {
		if release.Status != Unchanged {
			run.Changes = append(run.Changes, inventory.RunChange{
				Status: string(release.Status), Release: release.Release, Chart: strings.TrimSpace(release.Chart.Name + " " + release.Chart.Version),
				Revision: release.Revision, Score: release.Score, Position: release.Position, Reason: reasonOf(release.Reason),
			})
		}
	}
	for _, result := range o.Results {
		if result.Status != Unchanged && result.Status != Kept {
			run.Changes = append(run.Changes, inventory.RunChange{
				Status: string(result.Status), ID: result.ID, Release: result.Release, Score: result.Score, Position: result.Position, Reason: reasonOf(result.Reason),
			})
		}
	}
	slices.SortStableFunc(run.Changes, func(a, b inventory.RunChange) int { return failedFirst(a.Status) - failedFirst(b.Status) })
	if run.MoreChanges = max(0, len(run.Changes)-inventory.MaxRunChanges); run.MoreChanges > 0 {
		run.Changes = run.Changes[:inventory.MaxRunChanges]
	}
	r.work.Inventory.Fold()
}

// failedFirst orders what went wrong before the rest.
func failedFirst(status string) int {
	switch Status(status) {
	case ObjectFailed:
		return 0
	case ObjectNotReady:
		return 1
	case NotTried:
		return 2
	default:
		return 3
	}
}

// reasonOf cuts a reason to what the history has room for.
func reasonOf(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// planned counts the objects by what is to be done.
func (r *runner) planned() map[plan.Action]int {
	counts := map[plan.Action]int{}
	for _, i := range r.work.Items {
		counts[i.Action]++
	}
	for _, removal := range r.work.Removals {
		switch {
		case removal.Keep && removal.Live != nil:
			counts[plan.Keep]++
		case removal.Live != nil:
			counts[plan.Delete]++
		}
	}
	return counts
}
