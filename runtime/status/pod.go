// SPDX-License-Identifier: Apache-2.0

// This file reads pods and their containers.

package status

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Pod is a pod below an object.
type Pod struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Condition
	// Phase is "Pending", "Running", "Succeeded", "Failed" or "Unknown".
	Phase string `json:"phase,omitempty"`
	// Node is empty while the pod is not scheduled.
	Node string `json:"node,omitempty"`
	// Ready is whether the pod's Ready condition is True.
	Ready bool `json:"ready"`
	// Restarts of all containers together.
	Restarts   int64       `json:"restarts"`
	Created    time.Time   `json:"created,omitzero"`
	Containers []Container `json:"containers,omitempty"`
	// Events are the pod's recent warnings, newest first.
	Events []Event `json:"events,omitempty"`

	uid string
}

// Container is one container of a pod.
type Container struct {
	Name string `json:"name"`
	// Init is true for an init container (a sidecar is one that stays running).
	Init bool `json:"init,omitempty"`
	// State is "waiting", "running" or "terminated"; empty while the kubelet has not reported.
	State string `json:"state,omitempty"`
	// Reason and Message explain waiting or terminated: "CrashLoopBackOff".
	Reason   string `json:"reason,omitempty"`
	Message  string `json:"message,omitempty"`
	Ready    bool   `json:"ready"`
	Restarts int64  `json:"restarts"`
	// ExitCode and LastReason are of the last time that the container ended, when it restarted or is terminated.
	ExitCode   int64  `json:"exitCode,omitempty"`
	LastReason string `json:"lastReason,omitempty"`
}

// describe returns the container's trouble in one line.
func (c Container) describe() string {
	text := fmt.Sprintf("container %s is %s", c.Name, firstOf(c.State, "not reported yet"))
	if c.Reason != "" {
		text += " (" + c.Reason + ")"
	}
	if c.Restarts > 0 {
		text += fmt.Sprintf(", restarted %d times", c.Restarts)
		if c.LastReason != "" || c.ExitCode != 0 {
			text += fmt.Sprintf(", last ended with %s and exit code %d", firstOf(c.LastReason, "no reason"), c.ExitCode)
		}
	}
	if c.Message != "" {
		text += ": " + strings.TrimSpace(c.Message)
	}
	return text
}

func readPod(obj *unstructured.Unstructured) Pod {
	pod := Pod{
		Namespace: textField(obj.Object, "metadata", "namespace"),
		Name:      textField(obj.Object, "metadata", "name"),
		Phase:     textField(obj.Object, "status", "phase"),
		Node:      textField(obj.Object, "spec", "nodeName"),
		Created:   timeField(obj.Object, "metadata", "creationTimestamp"),
		uid:       textField(obj.Object, "metadata", "uid"),
	}
	if c, found := findCondition(conditionsOf(obj), "Ready"); found {
		pod.Ready = c.Status == "True"
	}
	pod.Containers = readContainers(obj, "initContainerStatuses", true)
	pod.Containers = append(pod.Containers, readContainers(obj, "containerStatuses", false)...)
	for _, c := range pod.Containers {
		pod.Restarts += c.Restarts
	}
	return pod
}

func readContainers(obj *unstructured.Unstructured, list string, init bool) []Container {
	var containers []Container
	for _, m := range mapsField(obj.Object, "status", list) {
		c := Container{Name: textField(m, "name"), Init: init, Ready: boolField(m, "ready")}
		c.Restarts, _ = intField(m, "restartCount")
		for _, state := range []string{"waiting", "running", "terminated"} {
			if _, ok := field(m, "state", state).(map[string]any); ok {
				c.State = state
				c.Reason, c.Message = textField(m, "state", state, "reason"), textField(m, "state", state, "message")
			}
		}
		c.LastReason = textField(m, "lastState", "terminated", "reason")
		c.ExitCode, _ = intField(m, "lastState", "terminated", "exitCode")
		if c.State == "terminated" {
			c.ExitCode, _ = intField(m, "state", "terminated", "exitCode")
		}
		containers = append(containers, c)
	}
	return containers
}

// containerMessage describes the first container that is not as it should be.
func containerMessage(pod Pod) string {
	for _, c := range pod.Containers {
		finished := c.Init && c.State == "terminated" && c.ExitCode == 0
		if !c.Ready && !finished {
			return c.describe()
		}
	}
	return ""
}
