// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `status`.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/status"
)

func newStatusCommand(f *factory) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use:   "status SCRIPT | status --name DEPLOYMENT",
		Short: "Show how what a script deployed is doing",
		Long: `Reads back every object of the deployment and shows it as a tree: scores, objects, pods, with age, the line of the
script, recent warnings, and the conditions and containers that are not as they should be. What others changed since
the last apply is marked; plan shows what it was. A last run that failed, was interrupted or was killed is told. Nothing
is written. The exit code is 4 when something is not ready, or when such a run left nothing.

With more than three scores, one that is ready takes a line; with more than twenty, all that are ready take one line
together. --all shows everything of all, with every condition and container.`,
		Args: atMost(1, "at most one script"),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runStatus(c.Context(), f, all, arguments)
		},
	}
	command.Flags().BoolVar(&all, "all", false, "show everything, also of what is ready")
	f.addScriptFlags(command)
	f.addClustersFlags(command)
	f.addOutputFlags(command)
	return command
}

func runStatus(ctx context.Context, f *factory, all bool, arguments []string) error {
	name, sources, err := f.deploymentName(ctx, "status", arguments)
	if err != nil {
		return err
	}
	return f.eachCluster(ctx, clusterWork{blocks: true, done: "ready", run: func(ctx context.Context, f *factory) error {
		return showStatus(ctx, f, name, sources, all)
	}})
}

// showStatus shows how a deployment is doing in one cluster.
func showStatus(ctx context.Context, f *factory, name string, sources diag.Sources, all bool) error {
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
		writeTree(f.streams.Out, *tree, treeStyle{colors: f.outPalette(), width: f.streams.width(), all: all})
	}
	if err == nil && !tree.ready() {
		return exitWith(exitNotReady)
	}
	return err
}

// deployed is how a deployment is doing: its objects, and the Helm releases that made some of them.
type deployed struct {
	*status.Tree
	Releases []releaseStatus `json:"releases,omitempty"`
	// LastRun says how the last run ended, unless it did all that it meant to.
	LastRun string `json:"lastRun,omitempty"`
}

// judgeLastRun notes a last run that did not come to a good end: what lives may work and not be all that was meant. What such a run
// left nothing of does not work.
func (d *deployed) judgeLastRun(record *inventory.Inventory) {
	run := record.Run
	if run == nil || run.State == string(apply.Done) || run.State == string(apply.NotReady) {
		return
	}
	end := "has not ended: it is at work, or was killed"
	if run.State != "" {
		end = "ended " + run.State
	}
	d.LastRun = fmt.Sprintf("its last run, %s at %s, %s; harmonyscript history tells more", cmp.Or(run.Verb, "apply"), run.Started.Format(time.RFC3339), end)
	if len(record.Members)+len(record.Releases) == 0 {
		d.Condition = status.Condition{State: status.NotFound, Reason: "NothingDeployed", Message: d.LastRun}
	}
}

// ready reports whether all of it works.
func (d *deployed) ready() bool {
	return d.State == status.Ready && !slices.ContainsFunc(d.Releases, func(r releaseStatus) bool { return r.State != status.Ready })
}

// releaseStatus is how a Helm release is doing.
type releaseStatus struct {
	// Release is its key: "namespace/name".
	Release string `json:"release"`
	Score   string `json:"score,omitempty"`
	// State and Message are the judgement, as those of objects.
	State   status.State `json:"state"`
	Message string       `json:"message,omitempty"`
	// Status is Helm's own word: "deployed", "pending-upgrade".
	Status   helm.Status    `json:"status,omitempty"`
	Revision int            `json:"revision,omitempty"`
	Chart    *helm.Chart    `json:"chart,omitempty"`
	Updated  time.Time      `json:"updated,omitzero"`
	Position score.Position `json:"position,omitzero"`
}

// judgeRelease says how a release is doing. state is nil when the cluster has none of its name.
func judgeRelease(record inventory.Release, state *helm.State, ours string) releaseStatus {
	r := releaseStatus{Release: record.Key(), Score: record.Score, Position: record.Position, State: status.Ready}
	if state == nil {
		r.State, r.Message = status.NotFound, "others removed it; apply installs it again"
		return r
	}
	r.Status, r.Revision, r.Chart, r.Updated = state.Status, state.Revision, &state.Chart, state.Updated
	switch {
	case state.Owner != ours:
		r.State, r.Message = status.Failed, "it was replaced by a release that is not this deployment's"
	case state.Operation.Busy():
		r.State, r.Message = status.InProgress, fmt.Sprintf("it is %s: %s, and it has not ended; apply leaves it alone until then", state.Status, state.Operation)
	case state.Status.Pending() && state.Operation != nil && state.Operation.Others:
		r.State, r.Message = status.Failed, fmt.Sprintf("it is %s: %s, and its process seems to be dead; apply recovers it", state.Status, state.Operation)
	case state.Status.Pending():
		r.State, r.Message = status.Failed, fmt.Sprintf("it is %s: an operation of Helm is under way, or its process was killed; apply recovers it", state.Status)
	case state.Status != helm.Deployed:
		r.State, r.Message = status.Failed, fmt.Sprintf("its last revision is %s: %s; apply tries again", state.Status, state.Description)
	case record.Revision != 0 && record.Revision != state.Revision:
		r.Message = fmt.Sprintf("others brought it from revision %d to %d; plan shows what is different", record.Revision, state.Revision)
	}
	return r
}

// readStatus returns the tree of a deployment, or nil when the cluster has no such deployment.
func readStatus(ctx context.Context, client *cluster.Client, name, namespace string) (*deployed, error) {
	record, err := inventory.NewStore(client, namespace).Load(ctx, name)
	if err != nil || !record.Exists() {
		return nil, err
	}
	request := status.Request{Deployment: name, LabelSelector: inventory.Selector(name, namespace)}
	for _, m := range record.Members {
		request.Items = append(request.Items, status.Item{ID: m.ID, Score: m.Score, Position: m.Position, Foreign: m.Release != "", Drift: func(live *unstructured.Unstructured) *status.Drift {
			d := plan.Foreign(m, live, record.ApplySetID())
			if d == nil {
				return nil
			}
			return &status.Drift{Kind: string(d.Kind), Manager: d.Manager, Time: d.Time}
		}})
	}
	reader := status.Reader{Client: client}
	tree, err := reader.Read(ctx, request)
	if err != nil {
		return nil, err
	}
	found := &deployed{Tree: &tree}
	found.judgeLastRun(record)
	if len(record.Releases) == 0 {
		return found, nil
	}
	manager, err := helm.NewManager(client.RESTConfig(), client.ServerNow)
	if err != nil {
		return nil, err
	}
	for _, release := range record.Releases {
		state, err := manager.State(ctx, release.Namespace, release.Name)
		if err != nil {
			return nil, err
		}
		judged := judgeRelease(release, state, record.ApplySetID())
		judged.Message = tree.Redact(judged.Message)
		found.Releases = append(found.Releases, judged)
	}
	return found, nil
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
