// SPDX-License-Identifier: Apache-2.0

// This file names the holder of a lock, finds out whether it still lives, and tells of it.

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

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

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
	// Since is when it began, Expires when the lock ends unless the holder renews it; zero when the holder's clock was wrong.
	Since, Expires time.Time

	// duration is how long the lock outlives its last renewal, version that of the Lease.
	duration time.Duration
	version  string
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
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "deployment-locked", Summary: e.Error(),
		Fix: "wait until it is done, with --lock-timeout 1m for example; if that process is dead, its lock ends by itself",
	}
	if e.Expires.IsZero() {
		d.Fix += " when it has not been renewed during such a wait"
	} else {
		d.Fix += " at " + e.Expires.UTC().Format(time.RFC3339)
	}
	return d
}

// LockLostError tells that another run took the lock over while this one was at work, or may have: it could not be renewed.
type LockLostError struct {
	Deployment string
	// After is how long before it had been renewed last.
	After time.Duration
	Err   error
}

// Error tells what happened.
func (e *LockLostError) Error() string {
	switch {
	case cluster.IsUnreachable(e.Err):
		return fmt.Sprintf("deployment %s: the lock could not be renewed: %s", e.Deployment, e.Err)
	case e.unanswered():
		return fmt.Sprintf("deployment %s: the lock could not be renewed: the API server did not answer for %s", e.Deployment, e.After.Round(time.Second))
	}
	return fmt.Sprintf("deployment %s: the lock was lost in the middle of the run: %s", e.Deployment, e.Err)
}

// unanswered reports whether the lock ran out while the API server kept silent.
func (e *LockLostError) unanswered() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

// Unwrap returns the reason.
func (e *LockLostError) Unwrap() error { return e.Err }

// Diagnostic says what to do.
func (e *LockLostError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: "lock-lost", Summary: e.Error(), Fix: "see which other run is at work, then run the same command again"}
	if cluster.IsUnreachable(e.Err) || e.unanswered() {
		d.Fix = "run the same command again when the API server answers; what was done is kept"
	}
	return d
}
