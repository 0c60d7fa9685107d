// SPDX-License-Identifier: Apache-2.0

// This file holds the errors of the inventory.

package inventory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// ForeignError tells that something else has the name of the inventory.
type ForeignError struct {
	ID     backend.ID
	Reason string
}

// Error names the object and tells whose it is.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("inventory %s: it is not harmonyscript's: %s", e.ID, e.Reason)
}

// Diagnostic says how to go around it.
func (e *ForeignError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "inventory-foreign", Summary: e.Error(),
		Fix: "give the deployment another name with --name, or keep inventories in another namespace",
	}
}

// DamagedError tells that the inventory cannot be read.
type DamagedError struct {
	ID  backend.ID
	Err error
}

// Error names the object and what is wrong.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("inventory %s: cannot be read: %s", e.ID, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// Diagnostic says what to do.
func (e *DamagedError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "inventory-damaged", Summary: e.Error(),
		Fix: "restore the Secret from a backup; or delete it and apply again: objects of the script are adopted, others that bear its label stay",
	}
	if errors.Is(e.Err, errNewer) {
		d.Fix = "use the version of harmonyscript that deployed it, or a later one"
	}
	return d
}

// WriteError tells that the record could not be written.
type WriteError struct {
	Deployment string
	// ID is that of the Secret that holds the record.
	ID  backend.ID
	Err error
}

// Error names the deployment and the reason, in the API server's own words: they may repeat what is in the record.
func (e *WriteError) Error() string {
	return fmt.Sprintf("inventory of %s: %v", e.Deployment, e.Err)
}

// Unwrap returns the reason.
func (e *WriteError) Unwrap() error { return e.Err }

// Diagnostic tells the reason without the API server's own words: whoever refuses a record may quote it, and with it the key of
// the hashes of secret values.
func (e *WriteError) Diagnostic() diag.Diagnostic {
	d := cluster.Explain(e.Err, cluster.Subject{Verb: "update", ID: e.ID, Confidential: true})
	switch d.Code {
	case "admission-denied", "quota-exceeded", "namespace-terminating":
		d.Detail = strings.TrimSpace(d.Detail + fmt.Sprintf("\nit holds the record of deployment %s, without which nothing is changed", e.Deployment))
		d.Fix = fmt.Sprintf("see that Secrets can be written in namespace %s, or keep records in another with --inventory-namespace", e.ID.Namespace)
	}
	return d
}

// TooLargeError tells that an inventory has no room for what it is to hold.
type TooLargeError struct {
	Deployment string
	// Size is what cannot be split any further takes, in bytes; 0 when there are too many objects.
	Size int
	// Objects is how many that is about.
	Objects int
}

// Error tells the size or the number, and the limit.
func (e *TooLargeError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("inventory of %s: got %d objects, want %d or fewer", e.Deployment, e.Objects, maxObjects)
	}
	return fmt.Sprintf("inventory of %s: got %d bytes for %d objects in one Secret, want %d or less", e.Deployment, e.Size, e.Objects, MaxSize)
}

// Diagnostic says what to do.
func (e *TooLargeError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "inventory-too-large", Summary: e.Error(),
		Fix: "split the script into several deployments, each with a name of its own: deploy(..., name = \"...\")",
	}
}
