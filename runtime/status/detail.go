// SPDX-License-Identifier: Apache-2.0

// This file puts an object's trouble into words.

package status

import (
	"fmt"
	"strings"
)

// Detail returns what is wrong with the object as plain lines without colours, for the detail of a
// diagnostic: the verdict, conditions that are not True, what it owns and its pods when they are not ready,
// and recent warnings. Nothing that is as it should be is mentioned; "" means there is nothing to tell.
func (o Object) Detail() string {
	var lines []string
	o.detail(&lines, "")
	lines = append(lines, o.Problems...)
	return strings.Join(lines, "\n")
}

func (o Object) detail(lines *[]string, indent string) {
	add := func(format string, arguments ...any) {
		// Continued lines of a controller's message keep the indentation.
		text := strings.ReplaceAll(fmt.Sprintf(format, arguments...), "\n", "\n"+indent+"  ")
		*lines = append(*lines, indent+text)
	}
	troubled := o.State != Ready
	if troubled {
		add("%s is %s", o.ID, o.Condition)
	}
	for _, c := range o.Conditions {
		if condition := told(InProgress, c); c.Status != "True" && c.Status != "" && !strings.Contains(o.Message, condition.Message) && !negative(c) {
			add("%s", condition.Message)
		}
	}
	if troubled {
		for _, e := range o.Events {
			if e.Message != "" && strings.Contains(o.Message, e.Message) {
				continue
			}
			add("event %s", e)
		}
	}
	for _, owned := range o.Owned {
		owned.detail(lines, indent)
	}
	for _, pod := range o.Pods {
		if pod.State == Ready {
			continue
		}
		add("pod %s is %s", pod.Name, pod.Condition)
		for _, c := range pod.Containers {
			finished := c.Init && c.State == "terminated" && c.ExitCode == 0
			if text := c.describe(); !c.Ready && !finished && !strings.Contains(pod.Message, text) {
				add("  %s", text)
			}
		}
		for _, e := range pod.Events {
			add("  event %s", e)
		}
	}
}

// negative reports whether a condition that is False says that all is well, as those of kstatus' convention,
// of namespaces and of volume claims do.
func negative(c ObjectCondition) bool {
	switch c.Type {
	case "Stalled", "Reconciling", "ReplicaFailure", "NonStructuralSchema", "Terminating", "KubernetesAPIApprovalPolicyConformant":
		return c.Status == "False"
	}
	return c.Status == "False" && (strings.HasPrefix(c.Type, "Namespace") || strings.HasSuffix(c.Type, "Pressure"))
}

// String returns "Reason: message (seen n times)".
func (e Event) String() string {
	text := e.Reason
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" (seen %d times)", e.Count)
	}
	return text
}
