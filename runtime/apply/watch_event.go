// SPDX-License-Identifier: Apache-2.0

// This file holds what a watch tells besides what its runs tell.

package apply

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

const (
	// Watching tells that a watch begins to follow Total objects.
	Watching EventType = "watching"
	// Drifted tells that others changed or removed ID; Manager says who, where that is known, Message what.
	Drifted EventType = "drift"
	// Fighting tells that somebody, Manager where that is known, changes ID again and again; it is left so until RetryAt.
	Fighting EventType = "fight"
	// Retrying tells that a run of a watch did not do what it should; the next one begins at RetryAt. Diagnostic tells why.
	Retrying EventType = "retrying"
	// Reloaded tells that the script was changed, and that what it declares now is applied.
	Reloaded EventType = "reloaded"
	// ReloadFailed tells that the script was changed and cannot be applied; what was loaded before stays in force. There is
	// one event per diagnostic.
	ReloadFailed EventType = "reload-failed"
	// WatchLimited tells that some kind may not be watched, and is looked at with every resync only.
	WatchLimited EventType = "watch-limited"
)

// SupersededError tells that a watch ended because somebody else deployed something else, or removed the deployment.
type SupersededError struct {
	Deployment string
	// Run is the other run; nil when the deployment is gone.
	Run *inventory.Run
}

// Error says what was done by whom.
func (e *SupersededError) Error() string {
	switch {
	case e.Run == nil:
		return fmt.Sprintf("deployment %q was removed by others", e.Deployment)
	case e.Run.Verb == inventory.VerbDestroy:
		return fmt.Sprintf("deployment %q was destroyed%s", e.Deployment, by(e.Run))
	default:
		return fmt.Sprintf("deployment %q was applied from another script, or with other parameters,%s", e.Deployment, by(e.Run))
	}
}

func by(run *inventory.Run) string {
	text := ""
	if run.User != "" {
		text = " by " + run.User
	}
	if run.By != "" {
		text += fmt.Sprintf(" (%s)", run.By)
	}
	return text
}

// Diagnostic says what to do.
func (e *SupersededError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "watch-superseded", Summary: "the watch ends: " + e.Error(), Detail: "what they did is left as it is",
		Fix: "start the watch again with the script that is to be in force",
	}
	if e.Run != nil && e.Run.Script != "" {
		d.Detail += fmt.Sprintf("; it came of %s", e.Run.Script)
	}
	return d
}
