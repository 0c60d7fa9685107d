// SPDX-License-Identifier: Apache-2.0

// This file holds the verdict on an object and how verdicts of several objects become one.

package status

import (
	"fmt"
	"strings"
	"time"
)

// State is how an object is doing.
type State string

const (
	// Ready means that the object is as its specification wants it, and working.
	Ready State = "Ready"
	// InProgress means that its controller is at work, or has not begun.
	InProgress State = "InProgress"
	// Failed means that the object's controller reports an error for the current specification, or that
	// nothing will happen without a change. Controllers try again, so it may pass by itself.
	Failed State = "Failed"
	// Terminating means that the object is being deleted.
	Terminating State = "Terminating"
	// NotFound means that there is no such object.
	NotFound State = "NotFound"
	// Unknown means that the state could not be read.
	Unknown State = "Unknown"
)

// Condition is the verdict on an object.
type Condition struct {
	State State `json:"state"`
	// Reason is one CamelCase word, where possible the one that the controller gives: "NoPodReady", "Paused".
	Reason string `json:"reason,omitempty"`
	// Message explains it to people, in one or more lines.
	Message string `json:"message,omitempty"`
	// Since is when the object came to this state by the cluster's clock; zero when the object does not tell.
	Since time.Time `json:"since,omitzero"`
}

// String returns "State (Reason): Message" without the parts that are empty.
func (c Condition) String() string {
	text := string(c.State)
	if c.Reason != "" {
		text += " (" + c.Reason + ")"
	}
	if c.Message != "" {
		text += ": " + c.Message
	}
	return text
}

// severity orders states from what needs attention least to most.
func (s State) severity() int {
	switch s {
	case Ready:
		return 0
	case InProgress:
		return 1
	case Unknown:
		return 2
	case Terminating:
		return 3
	case NotFound:
		return 4
	default:
		return 5
	}
}

// named is a condition with the name of what it is about, for summaries.
type named struct {
	name string
	Condition
}

// combine returns one condition for several things: the worst state, with a message that counts the ready
// ones and tells about the first of the worst. Nothing at all is Ready.
func combine(what string, parts []named) Condition {
	if len(parts) == 0 {
		return Condition{State: Ready}
	}
	worst, ready := parts[0], 0
	for _, part := range parts {
		if part.State == Ready {
			ready++
		}
		if part.State.severity() > worst.State.severity() {
			worst = part
		}
	}
	message := fmt.Sprintf("%d of %d %s ready", ready, len(parts), what)
	if worst.State == Ready {
		return Condition{State: Ready, Message: message}
	}
	first, _, _ := strings.Cut(worst.Message, "\n")
	detail := worst.name
	if first != "" {
		detail += ": " + first
	}
	return Condition{State: worst.State, Reason: worst.Reason, Message: message + "; " + detail, Since: worst.Since}
}
