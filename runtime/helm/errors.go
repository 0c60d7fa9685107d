// SPDX-License-Identifier: Apache-2.0

// This file holds the errors of releases in a cluster.

package helm

import (
	"context"
	"errors"
	"fmt"

	apiserver "github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

var errIncomplete = errors.New("it has no chart or no status")

// DamagedError tells that a stored revision cannot be read.
type DamagedError struct {
	Namespace, Secret string
	Err               error
}

// Error names the Secret.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("secret %s/%s: it cannot be read as a revision of a release: %v", e.Namespace, e.Secret, e.Err)
}

// Unwrap returns the reason.
func (e *DamagedError) Unwrap() error { return e.Err }

// Diagnostic says what to do.
func (e *DamagedError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "release-damaged", Summary: oneLine(e.Error()),
		Fix: fmt.Sprintf("delete it, so that the revision before it counts: kubectl delete secret --namespace %s %s", e.Namespace, e.Secret),
	}
}

// FailedError tells that an operation on a release failed, and what became of the release.
type FailedError struct {
	// Release is its key, Operation "install", "upgrade" or "uninstall".
	Release, Operation string
	// After says what state the release was left in; Restored tells that this is the one that it was in before.
	After    string
	Restored bool
	// Unstored tells that all of it was carried out, and that only this could not be stored.
	Unstored bool
	Err      error
}

// Error tells the reason, then the state.
func (e *FailedError) Error() string {
	text := fmt.Sprintf("release %s: %s failed: %s", e.Release, e.Operation, oneLine(e.Err.Error()))
	if e.After != "" {
		text += "; " + e.After
	}
	return text
}

// Unwrap returns the reason.
func (e *FailedError) Unwrap() error { return e.Err }

// Diagnostic tells the reason and what is left.
func (e *FailedError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "release-failed", Summary: fmt.Sprintf("release %s: %s failed: %s", e.Release, e.Operation, oneLine(e.Err.Error())),
		Detail: e.After, Fix: "correct what the reason names, then run the same command again",
	}
	var known apiserver.Diagnoser
	switch {
	case errors.Is(e.Err, context.Canceled):
		d.Code, d.Fix = "interrupted", "run the same command again; it goes on from here"
	case errors.As(e.Err, &known):
		// Nothing is to be corrected: it is about the way to the API server.
		d.Code, d.Fix = known.Diagnostic().Code, known.Diagnostic().Fix
	case apiserver.IsUncertain(e.Err):
		d.Fix = "run the same command again when the API server is less busy"
	case kindMissing(e.Err):
		d.Code = "release-kind-missing"
		d.Fix = "install the custom resource definitions that the chart's objects need, such as those of prometheus-operator"
	}
	return d
}
