// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `status`.

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

func newStatusCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "status SCRIPT | status --name DEPLOYMENT",
		Short: "Show how what a script deployed is doing",
		Long: `Reads back every object of the deployment and shows it as a tree: scores, objects, pods, with conditions and
recent warnings. Nothing is written. The exit code is 4 when something is not ready.`,
		Args: atMost(1, "at most one script"),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runStatus(c.Context(), f, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClusterFlags(command)
	f.addOutputFlags(command)
	return command
}

func runStatus(ctx context.Context, f *factory, arguments []string) error {
	name, sources, err := f.deploymentName(ctx, "status", arguments)
	if err != nil {
		return err
	}
	client, err := f.connect(ctx)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	tree, err := readStatus(ctx, client, name, f.flags.inventoryNamespace)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	if tree == nil {
		return fmt.Errorf("status: got no deployment %q on %s, want one that has been applied", name, client.Host())
	}
	if f.json() {
		err = f.printJSON(tree)
	} else {
		writeTree(f.streams.Out, *tree, f.outPalette())
	}
	if err == nil && tree.State != status.Ready {
		return exitWith(exitNotReady)
	}
	return err
}

// readStatus returns the tree of a deployment, or nil when the cluster has no such deployment.
func readStatus(ctx context.Context, client *cluster.Client, name, namespace string) (*status.Tree, error) {
	record, err := inventory.NewStore(client, namespace).Load(ctx, name)
	if err != nil || !record.Exists() {
		return nil, err
	}
	request := status.Request{Deployment: name, LabelSelector: inventory.Selector(name, namespace)}
	for _, m := range record.Members {
		request.Items = append(request.Items, status.Item{ID: m.ID, Score: m.Score, Position: m.Position})
	}
	reader := status.Reader{Client: client}
	tree, err := reader.Read(ctx, request)
	return &tree, err
}

func (p palette) state(s status.State, text string) string {
	switch s {
	case status.Ready:
		return p.green(text)
	case status.InProgress, status.Unknown:
		return p.yellow(text)
	default:
		return p.red(text)
	}
}

// writeTree prints the tree: every object of a score, and below those that are not ready what is known of why.
func writeTree(w io.Writer, tree status.Tree, colors palette) {
	fmt.Fprintf(w, "deployment %q: %s\n", tree.Deployment, colors.state(tree.State, string(tree.State)))
	for _, s := range tree.Scores {
		fmt.Fprintf(w, "\n%s: %s\n", colors.bold(s.Title), colors.state(s.State, string(s.State)))
		for i, o := range s.Objects {
			writeObject(w, o, "", i == len(s.Objects)-1, tree.ReadAt, colors)
		}
	}
	for _, problem := range tree.Problems {
		fmt.Fprintf(w, "%s %s\n", colors.yellow("could not read:"), problem)
	}
}

// branch returns the lead of a line in the tree and of the lines below it.
func branch(lead string, last bool) (own, below string) {
	if last {
		return lead + "└─ ", lead + "   "
	}
	return lead + "├─ ", lead + "│  "
}

func writeObject(w io.Writer, o status.Object, lead string, last bool, now time.Time, colors palette) {
	own, below := branch(lead, last)
	fmt.Fprintf(w, "%s%s  %s%s%s\n", own, o.ID, colors.state(o.State, conditionText(o.Condition)), age(o.Created, now), place(o.Position, colors))
	if o.State != status.Ready {
		for _, c := range o.Conditions {
			if c.Status != "True" {
				fmt.Fprintf(w, "%s  %s=%s %s\n", below, c.Type, c.Status, oneLine(c.Reason, c.Message))
			}
		}
	}
	for _, e := range o.Events {
		fmt.Fprintf(w, "%s  %s %s\n", below, colors.yellow("warning"), oneLine(e.Reason, e.Message))
	}
	children := len(o.Owned) + len(o.Pods)
	for i, child := range o.Owned {
		writeObject(w, child, below, i == children-1, now, colors)
	}
	for i, pod := range o.Pods {
		writePod(w, pod, below, len(o.Owned)+i == children-1, now, colors)
	}
}

func writePod(w io.Writer, pod status.Pod, lead string, last bool, now time.Time, colors palette) {
	own, below := branch(lead, last)
	fmt.Fprintf(w, "%sPod %s  %s%s\n", own, pod.Name, colors.state(pod.State, conditionText(pod.Condition)), age(pod.Created, now))
	for _, e := range pod.Events {
		fmt.Fprintf(w, "%s  %s %s\n", below, colors.yellow("warning"), oneLine(e.Reason, e.Message))
	}
}

func conditionText(c status.Condition) string {
	if c.State == status.Ready || c.Message == "" {
		return string(c.State)
	}
	return string(c.State) + ": " + oneLine(c.Reason, c.Message)
}

func oneLine(reason, message string) string {
	message = strings.Join(strings.Fields(message), " ")
	switch {
	case reason == "":
		return message
	case message == "":
		return reason
	default:
		return reason + ": " + message
	}
}

// age returns how old something is in the largest unit that says enough, the way kubectl does.
func age(created, now time.Time) string {
	if created.IsZero() {
		return ""
	}
	d := max(now.Sub(created), 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("  %ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("  %dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("  %dh", int(d.Hours()))
	default:
		return fmt.Sprintf("  %dd", int(d.Hours()/24))
	}
}

func place(p score.Position, colors palette) string {
	if !p.IsValid() {
		return ""
	}
	return "  " + colors.faint(p.String())
}
