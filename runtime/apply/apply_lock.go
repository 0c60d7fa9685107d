// SPDX-License-Identifier: Apache-2.0

// This file keeps two runs of one deployment from being at work at the same time, with a Lease.

package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// leaseDuration is how long a lock outlives the last word of its holder.
	leaseDuration = 30 * time.Second
	leaseRenewal  = leaseDuration / 3
	// lockPoll is how often a run that waits for the lock looks.
	lockPoll = 500 * time.Millisecond
)

// lock is the held Lease of a deployment.
type lock struct {
	client *cluster.Client
	id     backend.ID
	lease  *coordinationv1.Lease
	cancel context.CancelCauseFunc
	stop   chan struct{}
	done   chan struct{}
}

func (r *runner) leaseID() backend.ID {
	return backend.ID{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease", Namespace: r.store.Namespace(), Name: r.request.Deployment}
}

// lockState is what a Lease tells.
type lockState int

const (
	// lockFree: there is none.
	lockFree lockState = iota
	// lockStale: there is one that holds nobody back: it has expired, or the process that held it is dead on this very machine.
	lockStale
	// lockHeld: another run is at work.
	lockHeld
)

// lockState looks at the Lease of the deployment.
func (r *runner) lockState(ctx context.Context) (lockState, *LockedError, error) {
	var lease coordinationv1.Lease
	err := r.request.Client.GetInto(ctx, r.leaseID(), &lease)
	if apierrors.IsNotFound(err) {
		return lockFree, nil, nil
	}
	if err != nil {
		return lockFree, nil, fmt.Errorf("lock of %s: %w", r.request.Deployment, err)
	}
	if held := heldBy(r.request.Deployment, &lease, r.request.Client.ServerNow()); held != nil {
		return lockHeld, held, nil
	}
	return lockStale, nil, nil
}

// heldBy reads from a Lease who holds it at the time now, or nil.
func heldBy(deployment string, lease *coordinationv1.Lease, now time.Time) *LockedError {
	spec := lease.Spec
	if spec.HolderIdentity == nil || *spec.HolderIdentity == "" || spec.RenewTime == nil || spec.LeaseDurationSeconds == nil {
		return nil
	}
	expires := spec.RenewTime.Add(time.Duration(*spec.LeaseDurationSeconds) * time.Second)
	holder := parseIdentity(*spec.HolderIdentity)
	if !expires.After(now) || holder.isDead() {
		return nil
	}
	held := &LockedError{Deployment: deployment, Host: holder.host, Process: holder.process, Expires: expires}
	if spec.AcquireTime != nil {
		held.Since = spec.AcquireTime.Time
	}
	return held
}

// acquire takes the lock and keeps it. The context that it returns ends, with a *LockLostError as its cause, when the
// lock is lost.
func (r *runner) acquire(ctx context.Context) (context.Context, *lock, error) {
	deadline := time.Now().Add(r.request.LockWait)
	told := false
	for {
		lease, err := r.take(ctx)
		var held *LockedError
		if err == nil {
			runCtx, cancel := context.WithCancelCause(ctx)
			l := &lock{client: r.request.Client, id: r.leaseID(), lease: lease, cancel: cancel, stop: make(chan struct{}), done: make(chan struct{})}
			go l.keep(runCtx)
			return runCtx, l, nil
		}
		if !errors.As(err, &held) || time.Now().After(deadline) {
			return nil, nil, err
		}
		if !told {
			r.observe(Event{Type: WaitingForLock, Message: held.Error()})
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

// take tries once to take the lock.
func (r *runner) take(ctx context.Context) (*coordinationv1.Lease, error) {
	client, id := r.request.Client, r.leaseID()
	var found coordinationv1.Lease
	err := client.GetInto(ctx, id, &found)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("lock of %s: %w", r.request.Deployment, err)
	}
	now := metav1.NewMicroTime(client.ServerNow())
	me, seconds := newIdentity(), int32(leaseDuration/time.Second)
	lease := &coordinationv1.Lease{TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"}}
	lease.Name, lease.Namespace = id.Name, id.Namespace
	lease.Labels = map[string]string{"app.kubernetes.io/managed-by": cluster.FieldManager}
	if err == nil {
		if held := heldBy(r.request.Deployment, &found, now.Time); held != nil {
			return nil, held
		}
		lease.ResourceVersion, lease.UID, lease.Spec.LeaseTransitions = found.ResourceVersion, found.UID, found.Spec.LeaseTransitions
	}
	lease.Spec.HolderIdentity, lease.Spec.AcquireTime, lease.Spec.RenewTime, lease.Spec.LeaseDurationSeconds = &me, &now, &now, &seconds
	if err == nil {
		err = client.Update(ctx, id, lease)
	} else {
		err = client.Create(ctx, id, lease)
		if inventory.IsNamespaceMissing(err) {
			if err := r.store.CreateNamespace(ctx); err != nil {
				return nil, err
			}
			err = client.Create(ctx, id, lease)
		}
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		// Somebody was faster; or it was us, and the answer was lost.
		var now coordinationv1.Lease
		if readErr := client.GetInto(ctx, id, &now); readErr == nil {
			if h := now.Spec.HolderIdentity; h != nil && *h == me {
				return &now, nil
			}
			if held := heldBy(r.request.Deployment, &now, client.ServerNow()); held != nil {
				return nil, held
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock of %s: %w", r.request.Deployment, err)
	}
	return lease, nil
}

// keep renews the lock until it is released or lost.
func (l *lock) keep(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(leaseRenewal)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		// A run that was asked to stop still writes its record, and holds the lock for that.
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRenewal)
		now := metav1.NewMicroTime(l.client.ServerNow())
		l.lease.Spec.RenewTime = &now
		err := l.client.Update(attempt, l.id, l.lease)
		cancel()
		switch {
		case err == nil:
			renewed = time.Now()
		case apierrors.IsConflict(err) && l.stillOurs(ctx):
			renewed = time.Now()
		case apierrors.IsConflict(err), apierrors.IsNotFound(err), time.Since(renewed) > leaseDuration-leaseRenewal:
			l.cancel(&LockLostError{Deployment: l.id.Name, Err: err})
			return
		}
	}
}

// stillOurs reads the Lease anew after a conflict, which also comes of an answer that was lost.
func (l *lock) stillOurs(ctx context.Context) bool {
	attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRenewal)
	defer cancel()
	var found coordinationv1.Lease
	if err := l.client.GetInto(attempt, l.id, &found); err != nil || found.Spec.HolderIdentity == nil || *found.Spec.HolderIdentity != *l.lease.Spec.HolderIdentity {
		return false
	}
	l.lease = &found
	return true
}

// release gives the lock back. That it cannot be told to the cluster harms nobody: it expires.
func (l *lock) release(ctx context.Context) {
	close(l.stop)
	<-l.done
	l.cancel(nil)
	ctx, cancel := detached(ctx, shortTimeout)
	defer cancel()
	_, _ = l.client.Delete(ctx, l.id, cluster.Preconditions{UID: l.lease.UID, ResourceVersion: l.lease.ResourceVersion})
}
