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
	// leaseMargin is how long before its end a lock that could not be renewed holds nothing together any more.
	leaseMargin = 2 * time.Second
	// leaseRetry is how soon after a renewal that failed the next one is tried.
	leaseRetry = time.Second
	// lockPoll is how often a run that waits for the lock looks.
	lockPoll = 500 * time.Millisecond
)

// lockTimes are those that a lock is kept by.
type lockTimes struct {
	// renewal is how long after a renewal the next one is, retry how long after one that failed.
	renewal, retry time.Duration
	// held is for how long after a renewal the lock is ours for certain.
	held time.Duration
}

func usualTimes() lockTimes { return lockTimes{leaseRenewal, leaseRetry, leaseDuration - leaseMargin} }

// lock is the held Lease of a deployment.
type lock struct {
	client *cluster.Client
	id     backend.ID
	lease  *coordinationv1.Lease
	times  lockTimes
	gate   gate
	// tell is told what becomes of the lock.
	tell   func(Event)
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
	duration := time.Duration(*spec.LeaseDurationSeconds) * time.Second
	held := &LockedError{Deployment: deployment, Host: holder.host, Process: holder.process, Expires: expires, duration: duration, version: lease.ResourceVersion}
	if spec.RenewTime.After(now.Add(max(duration, time.Minute))) {
		// The clock of whoever wrote that was wrong.
		held.Expires = time.Time{}
	}
	if spec.AcquireTime != nil {
		held.Since = spec.AcquireTime.Time
	}
	return held
}

// acquire takes the lock and keeps it. The context that it returns ends, with a *LockLostError as its cause, when the
// lock is lost. When it was free a moment ago, it is not looked at again before it is taken.
func (r *runner) acquire(ctx context.Context, free bool) (context.Context, *lock, error) {
	deadline := time.Now().Add(r.request.LockWait)
	told := false
	// unchanged is the lock that is waited for, since the time at which it was seen first. One that nobody renews while we
	// look on is dead, whatever the time that is written in it.
	unchanged, since, dead := "", time.Time{}, ""
	for {
		lease, err := r.take(ctx, dead, free)
		taken := free && apierrors.IsAlreadyExists(err)
		free = false
		if taken {
			// By somebody who is dead already.
			continue
		}
		var held *LockedError
		if err == nil {
			runCtx, cancel := context.WithCancelCause(ctx)
			l := &lock{client: r.request.Client, id: r.leaseID(), lease: lease, times: usualTimes(), tell: r.observe, cancel: cancel, stop: make(chan struct{}), done: make(chan struct{})}
			go l.keep(ctx)
			return cluster.WithGate(runCtx, l.gate.pass), l, nil
		}
		if !errors.As(err, &held) || time.Now().After(deadline) {
			return nil, nil, err
		}
		if !told {
			r.observe(Event{Type: WaitingForLock, Message: held.Error()})
			told = true
		}
		switch {
		case held.version != unchanged:
			unchanged, since = held.version, time.Now()
		case time.Since(since) > held.duration:
			dead = held.version
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

// take tries once to take the lock, without a look at it first when it is thought to be free. The version of it that is known to be
// dead, if any, holds nobody back.
func (r *runner) take(ctx context.Context, dead string, free bool) (*coordinationv1.Lease, error) {
	client, id := r.request.Client, r.leaseID()
	var found coordinationv1.Lease
	exists := false
	if !free {
		err := client.GetInto(ctx, id, &found)
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("lock of %s: %w", r.request.Deployment, err)
		}
		exists = err == nil
	}
	now := metav1.NewMicroTime(client.ServerNow())
	me, seconds := newIdentity(), int32(leaseDuration/time.Second)
	lease := &coordinationv1.Lease{TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"}}
	lease.Name, lease.Namespace = id.Name, id.Namespace
	lease.Labels = map[string]string{"app.kubernetes.io/managed-by": cluster.FieldManager}
	if exists {
		if held := heldBy(r.request.Deployment, &found, now.Time); held != nil && held.version != dead {
			return nil, held
		}
		lease.ResourceVersion, lease.UID, lease.Spec.LeaseTransitions = found.ResourceVersion, found.UID, found.Spec.LeaseTransitions
	}
	lease.Spec.HolderIdentity, lease.Spec.AcquireTime, lease.Spec.RenewTime, lease.Spec.LeaseDurationSeconds = &me, &now, &now, &seconds
	var err error
	if exists {
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

// keep renews the lock until it is released or lost. While the API server is away nobody else can be told that the lock is
// ours. So before it expires writes are held back, until it is renewed: had anybody taken it meanwhile, that would fail.
func (l *lock) keep(ctx context.Context) {
	defer close(l.done)
	defer l.gate.open()
	renewed, wait := time.Now(), l.times.renewal
	for {
		timer := time.NewTimer(wait)
		select {
		case <-l.stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		limit := l.times.renewal
		if !l.gate.isShut() {
			limit = min(limit, max(l.times.held-time.Since(renewed), l.times.retry))
		}
		// A run that was asked to stop still writes its record, and holds the lock for that.
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		err := l.renew(attempt)
		cancel()
		age := time.Since(renewed)
		switch {
		case err == nil:
			renewed, wait = time.Now(), l.times.renewal
			l.gate.open()
		case l.isLost(age, err):
			lost := &LockLostError{Deployment: l.id.Name, After: age, Err: err}
			l.cancel(lost)
			l.tell(Event{Type: LockLost, Message: lost.Error()})
			return
		default:
			// The server may be restarting.
			wait = l.times.retry
			if age >= l.times.held && l.gate.shut() {
				l.tell(Event{Type: WaitingForLock, Message: fmt.Sprintf("deployment %s: the lock has not been renewed for %s; nothing is written until it is", l.id.Name, age.Round(time.Second))})
			}
		}
	}
}

// isLost reports whether a renewal that failed with err means that the lock is lost; age is how long ago the last good one was.
func (l *lock) isLost(age time.Duration, err error) bool {
	switch {
	case errors.Is(err, errTaken), apierrors.IsNotFound(err):
		return true
	case age < l.times.held:
		return false
	}
	return cluster.IsDefinite(err) || age >= l.times.renewal+l.client.AwayFor()
}

// errTaken tells that the lock is another run's.
var errTaken = errors.New("another run has it")

// renew writes the time into the Lease. The error is errTaken, or one that apierrors.IsNotFound knows, when the lock is lost for
// sure; after any other it may be ours still.
func (l *lock) renew(ctx context.Context) error {
	now := metav1.NewMicroTime(l.client.ServerNow())
	l.lease.Spec.RenewTime = &now
	err := l.client.Update(ctx, l.id, l.lease)
	if !apierrors.IsConflict(err) {
		return err
	}
	// A conflict also comes of a write of ours whose answer was lost.
	var found coordinationv1.Lease
	if err := l.client.GetInto(ctx, l.id, &found); err != nil {
		return err
	}
	if holder := found.Spec.HolderIdentity; holder == nil || *holder != *l.lease.Spec.HolderIdentity {
		return errTaken
	}
	l.lease = &found
	return nil
}

// release gives the lock back, and tries so for as long as limit. That it cannot be told to the cluster harms nobody: it
// expires.
func (l *lock) release(ctx context.Context, limit time.Duration) {
	close(l.stop)
	<-l.done
	l.cancel(nil)
	ctx, cancel := lastWords(ctx, limit)
	defer cancel()
	_, _ = l.client.Delete(ctx, l.id, cluster.Preconditions{UID: l.lease.UID, ResourceVersion: l.lease.ResourceVersion})
}
