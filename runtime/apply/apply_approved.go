// SPDX-License-Identifier: Apache-2.0

// This file holds a run to the plan that was approved.

package apply

import (
	"context"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// verifyCluster refuses a cluster that the approved plan is not for, before anything else is asked of it.
func (r *runner) verifyCluster(ctx context.Context) error {
	if r.request.Approved == nil {
		return nil
	}
	identity, err := r.request.Client.Identity(ctx)
	if err != nil {
		return err
	}
	return r.request.Approved.CheckCluster(identity)
}

// verify refuses the run, with a diag.List, unless what there is to do is exactly what was approved. It writes nothing.
func (r *runner) verify(ctx context.Context) error {
	if r.request.Approved == nil {
		return nil
	}
	_, now, err := r.work.Approvable(ctx)
	if err != nil {
		return err
	}
	return r.request.Approved.Check(now)
}

// prepareLocked finds out anew what there is to do, now that nobody else of this deployment changes it: when another run
// has ended between the first look and the lock, and always when it has to be what was approved.
func (r *runner) prepareLocked(ctx context.Context, planned plan.Request, before *inventory.Inventory) error {
	latest, err := r.store.Refresh(ctx, before)
	if err != nil {
		return err
	}
	if err := r.mayGoOn(latest); err != nil {
		return err
	}
	if latest.ResourceVersion() == before.ResourceVersion() && r.request.Approved == nil {
		return nil
	}
	if err := r.prepare(ctx, planned, latest); err != nil {
		return err
	}
	if err := r.verify(ctx); err != nil {
		return err
	}
	return r.preflight(ctx)
}
