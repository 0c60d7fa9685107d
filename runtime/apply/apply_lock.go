// SPDX-License-Identifier: Apache-2.0

// This file keeps two runs of one deployment from being at work at the same time, with a Lease.

package apply

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
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

// identity names a process that holds a lock.
type identity struct {
	host    string
	process int
	// machine tells machines and containers of the same host name apart, and one boot from the next.
	machine string
}

func newIdentity() string {
	var unique [4]byte
	_, _ = rand.Read(unique[:])
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return strings.Join([]string{host, strconv.Itoa(os.Getpid()), machineID(), hex.EncodeToString(unique[:])}, "/")
}

func parseIdentity(text string) identity {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return identity{host: text}
	}
	process, _ := strconv.Atoi(parts[1])
	return identity{host: parts[0], process: process, machine: parts[2]}
}

// isDead reports whether the process ran on this machine and is no more. When in doubt it lives.
func (i identity) isDead() bool {
	if i.process <= 0 || i.machine == "" || i.machine != machineID() {
		return false
	}
	process, err := os.FindProcess(i.process)
	if err != nil {
		return false
	}
	return errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// machineID identifies this machine since its boot, and the process numbers that are seen from here; "" when it cannot be told.
func machineID() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	processes, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(boot, processes...))
	return hex.EncodeToString(sum[:6])
}

// LockedError tells that another run is at work on the deployment.
type LockedError struct {
	Deployment string
	// Host and Process of the holder, where it told them.
	Host    string
	Process int
	// Since is when it began, Expires when the lock ends unless the holder renews it.
	Since, Expires time.Time
}

// Error tells who, and since when.
func (e *LockedError) Error() string {
	who := e.Host
	if e.Process > 0 {
		who = fmt.Sprintf("process %d on %s", e.Process, e.Host)
	}
	text := fmt.Sprintf("deployment %s: another run is at work: %s", e.Deployment, who)
	if !e.Since.IsZero() {
		text += ", since " + e.Since.UTC().Format(time.RFC3339)
	}
	return text
}

// Diagnostic says how long it can take.
func (e *LockedError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "deployment-locked", Summary: e.Error(),
		Fix: fmt.Sprintf("wait until it is done; if that process is dead, its lock ends by itself at %s", e.Expires.UTC().Format(time.RFC3339)),
	}
}

// LockLostError tells that another run took the lock over while this one was at work.
type LockLostError struct {
	Deployment string
	Err        error
}

// Error tells what happened.
func (e *LockLostError) Error() string {
	return fmt.Sprintf("deployment %s: the lock was lost in the middle of the run: %s", e.Deployment, e.Err)
}

// Unwrap returns the reason.
func (e *LockLostError) Unwrap() error { return e.Err }

// Diagnostic says what to do.
func (e *LockLostError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Error, Code: "lock-lost", Summary: e.Error(), Fix: "see which other run is at work, then run the same command again"}
}
