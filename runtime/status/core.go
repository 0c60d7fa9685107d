// SPDX-License-Identifier: Apache-2.0

// This file judges the built-in kinds that kstatus says too little about.

package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// judgeNamespace tells Active from Terminating, and what holds up a deletion.
func judgeNamespace(obj *unstructured.Unstructured) Condition {
	switch phase := textField(obj.Object, "status", "phase"); phase {
	case "Active":
		return Condition{State: Ready}
	case "Terminating":
		verdict := Condition{State: Terminating, Reason: "Terminating", Message: "the namespace is being deleted"}
		var held []string
		for _, c := range conditionsOf(obj) {
			// All of a namespace's conditions say what is wrong, or what remains, when they are True.
			if c.Status == "True" && c.Message != "" {
				held = append(held, c.Message)
			}
		}
		if len(held) > 0 {
			verdict.Message += ": " + strings.Join(held, "; ")
		}
		return verdict
	case "":
		// The API server sets the phase on creation; an aggregated or very old one may not.
		return Condition{State: InProgress, Reason: "NotReported", Message: "the namespace has no phase yet"}
	default:
		return Condition{State: Unknown, Reason: "UnknownPhase", Message: fmt.Sprintf("got the phase %q, want Active or Terminating", phase)}
	}
}

// waitingForGood are the reasons of waiting containers that do not pass by themselves soon.
var waitingForGood = map[string]bool{
	"CrashLoopBackOff": true, "ImagePullBackOff": true, "ErrImagePull": true, "InvalidImageName": true,
	"ErrImageNeverPull": true, "CreateContainerConfigError": true, "CreateContainerError": true, "RunContainerError": true,
}

// judgePod is kstatus' view without its clock (it calls a pod failed that was unschedulable for 15 seconds,
// which in a cluster that adds nodes is no failure), with the containers' reasons.
func judgePod(obj *unstructured.Unstructured) Condition {
	pod := readPod(obj)
	switch pod.Phase {
	case "Succeeded":
		return Condition{State: Ready, Reason: "Succeeded"}
	case "Failed":
		return Condition{State: Failed, Reason: firstOf(textField(obj.Object, "status", "reason"), "Failed"), Message: firstOf(textField(obj.Object, "status", "message"), containerMessage(pod), "the pod failed")}
	}
	conditions := conditionsOf(obj)
	if c, found := findCondition(conditions, "Ready"); found && c.Status == "True" {
		return Condition{State: Ready, Since: c.LastTransition}
	}
	for _, container := range pod.Containers {
		if container.State == "waiting" && waitingForGood[container.Reason] {
			return Condition{State: Failed, Reason: container.Reason, Message: container.describe()}
		}
	}
	for _, name := range []string{"PodScheduled", "Initialized", "ContainersReady", "Ready"} {
		if c, found := findCondition(conditions, name); found && c.Status == "False" {
			return Condition{State: InProgress, Reason: firstOf(c.Reason, name), Message: firstOf(c.Message, containerMessage(pod)), Since: c.LastTransition}
		}
	}
	return Condition{State: InProgress, Reason: firstOf(pod.Phase, "Pending"), Message: firstOf(containerMessage(pod), "the pod is not ready")}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
