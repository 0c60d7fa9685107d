// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

func printRunning(output io.Writer, current state.State, already bool) {
	if already {
		fmt.Fprintf(output, "the sandbox is already running (Kubernetes %s)\n", current.KubernetesVersion)
	} else {
		fmt.Fprintf(output, "the sandbox is running (Kubernetes %s), ready after %.1fs\n", current.KubernetesVersion, current.ReadyAt.Sub(current.StartedAt).Seconds())
	}
	fmt.Fprintf(output, "  kubeconfig  %s\n", current.Kubeconfig)
	fmt.Fprintf(output, "  server      %s\n", current.Server)
	printEnd(output, current)
	printSimulated(output, current)
}

func printEnd(output io.Writer, current state.State) {
	left := time.Until(current.EndsAt).Round(time.Minute)
	fmt.Fprintf(output, "  ends        %s (in %s)\n", current.EndsAt.Format(time.RFC3339), left)
}

func printSimulated(output io.Writer, current state.State) {
	fmt.Fprintf(output, "Its %d nodes are simulated: pods are scheduled and reported as ready, but nothing runs in them, and NetworkPolicies are not enforced.\n", len(current.NodeNames))
}

func printStatus(output io.Writer, current state.State) {
	if current.Phase == state.Running {
		fmt.Fprintf(output, "running (Kubernetes %s)\n", current.KubernetesVersion)
		fmt.Fprintf(output, "  kubeconfig  %s\n", current.Kubeconfig)
		fmt.Fprintf(output, "  server      %s\n", current.Server)
		printEnd(output, current)
	} else if current.Reason != "" {
		fmt.Fprintf(output, "%s: %s\n", current.Phase, current.Reason)
	} else {
		fmt.Fprintln(output, current.Phase)
	}
	if len(current.Components) > 0 {
		table := tabwriter.NewWriter(output, 0, 8, 2, ' ', 0)
		for _, component := range current.Components {
			condition := "ended"
			if component.Alive {
				condition = "running"
			}
			fmt.Fprintf(table, "  %s\t%s\tprocess %d\t%s\n", component.Name, condition, component.PID, component.Log)
		}
		_ = table.Flush()
	}
	printFailure(output, current.Failure)
	if current.Phase == state.Running {
		printSimulated(output, current)
	}
}

func printFailure(output io.Writer, failure *state.Failure) {
	if failure == nil {
		return
	}
	fmt.Fprintf(output, "%s: %s. The end of its log:\n", failure.Component, failure.Result)
	for _, line := range failure.LogTail {
		fmt.Fprintf(output, "    %s\n", line)
	}
}
