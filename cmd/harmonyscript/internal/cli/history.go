// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `history`.

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

func newHistoryCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "history SCRIPT [RUN] | history --name DEPLOYMENT [RUN]",
		Short: "Show the last runs: who, when, from which script, and what changed",
		Long: fmt.Sprintf(`Lists the last runs that changed something, newest first: when, by whom (as the API server knows them), from
which script, how it ended and what it changed. With RUN, a number of the list or the beginning of a script's hash, it
shows that run in full.

The inventory of the deployment keeps the last %d runs, each with up to %d objects. A run that found nothing to do writes
nothing to the cluster, and so is not among them. A run that was killed is shown as "did not end". What destroy
removes entirely takes its history along. Of parameters only the names are kept, and whether a value changed.`, inventory.MaxRuns, inventory.MaxRunChanges),
		Example: `  harmonyscript history monitoring.star
  harmonyscript history --name monitoring 7`,
		Args: atMost(2, "a script and a run"),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runHistory(c.Context(), f, arguments)
		},
	}
	f.addScriptFlags(command)
	f.addClustersFlags(command)
	f.addOutputFlags(command)
	return command
}

// runName is what names a run: its number, or the beginning of the hash of its script.
var runName = regexp.MustCompile(`^([0-9]{1,9}|(sha256:)?[0-9a-f]{4,64})$`)

// splitRun separates the run from the script.
func splitRun(arguments []string) (script []string, run string, err error) {
	if len(arguments) == 0 {
		return nil, "", nil
	}
	last := arguments[len(arguments)-1]
	switch {
	case runName.MatchString(last) && !isThere(last):
		return arguments[:len(arguments)-1], last, nil
	case len(arguments) == 2:
		return nil, "", wrongCall("history: got run %q, want a number of the list, or the beginning of a script's hash", last)
	}
	return arguments, "", nil
}

// isThere reports whether a file can be looked at.
func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// history is what is known of the runs of a deployment.
type history struct {
	Deployment string `json:"deployment"`
	Cluster    string `json:"cluster"`
	// Runs are newest first.
	Runs []pastRun `json:"runs"`
	// Problem tells why there is no more.
	Problem string `json:"problem,omitempty"`
}

// pastRun is a run with what became of it in words.
type pastRun struct {
	inventory.Run
	// Ended says how: the run's state, or "running" or "did not end" when it has none.
	Ended string `json:"ended"`
	// Changed are the parameters that were set, or set otherwise, or no longer set, compared with the run before, by name.
	Changed map[string]string `json:"parameterChanges,omitempty"`
}

func runHistory(ctx context.Context, f *factory, arguments []string) error {
	arguments, wanted, err := splitRun(arguments)
	if err != nil {
		return err
	}
	name, sources, err := f.deploymentName(ctx, "history", arguments)
	if err != nil {
		return err
	}
	return f.eachCluster(ctx, clusterWork{blocks: true, done: "shown", run: func(ctx context.Context, f *factory) error {
		return showHistory(ctx, f, name, wanted, sources)
	}})
}

// showHistory shows the runs of a deployment in one cluster, or one of them.
func showHistory(ctx context.Context, f *factory, name, wanted string, sources diag.Sources) error {
	client, err := f.connect(ctx)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	found, err := readHistory(ctx, client, name, f.flags.inventoryNamespace)
	if err != nil {
		return f.failure(ctx, err, sources)
	}
	if found == nil {
		return fmt.Errorf("history: got no deployment %q on %s, want one that has been applied", name, client.Host())
	}
	if wanted != "" {
		return f.showRun(found, wanted, sources)
	}
	if f.json() {
		return f.printJSON(found)
	}
	writeHistory(f.streams.Out, found, treeStyle{colors: f.outPalette(), width: f.streams.width()})
	return nil
}

// readHistory returns the runs of a deployment, or nil when the cluster has no such deployment.
func readHistory(ctx context.Context, client *cluster.Client, name, namespace string) (*history, error) {
	record, err := inventory.NewStore(client, namespace).Load(ctx, name)
	if err != nil || !record.Exists() {
		return nil, err
	}
	found := &history{Deployment: name, Cluster: client.Host(), Runs: []pastRun{}}
	runs, err := record.Runs()
	if err != nil {
		found.Problem = err.Error()
	}
	for n, r := range runs {
		past := pastRun{Run: r, Ended: r.State}
		if n+1 < len(runs) {
			past.Changed = parameterChanges(r.Parameters, runs[n+1].Parameters)
		}
		if past.Ended == "" {
			past.Ended = "did not end"
			if n == 0 {
				holder, err := apply.Holder(ctx, client, name, namespace)
				if err != nil {
					return nil, err
				}
				if holder != nil {
					past.Ended = "running"
				}
			}
		}
		found.Runs = append(found.Runs, past)
	}
	return found, nil
}

// parameterChanges says by name what is different from the run before.
func parameterChanges(now, before []inventory.RunParameter) map[string]string {
	changes, former := map[string]string{}, map[string]string{}
	for _, p := range before {
		former[p.Name] = p.Hash
	}
	for _, p := range now {
		switch hash, known := former[p.Name]; {
		case !known:
			changes[p.Name] = "new"
		case hash != p.Hash:
			changes[p.Name] = "changed"
		}
		delete(former, p.Name)
	}
	for name := range former {
		changes[name] = "no longer set"
	}
	return changes
}

// find returns the run that text names: by its number, or the newest of a script whose hash begins so.
func (h *history) find(text string) *pastRun {
	number, err := strconv.Atoi(text)
	for n := range h.Runs {
		if r := &h.Runs[n]; err == nil && r.FirstNumber() <= number && number <= r.Number {
			return r
		}
	}
	text = strings.TrimPrefix(text, "sha256:")
	for n := range h.Runs {
		if r := &h.Runs[n]; len(text) >= 4 && strings.HasPrefix(strings.TrimPrefix(r.ScriptHash, "sha256:"), text) {
			return r
		}
	}
	return nil
}

func (f *factory) showRun(h *history, wanted string, _ diag.Sources) error {
	r := h.find(wanted)
	if r == nil {
		if len(h.Runs) == 0 {
			return fmt.Errorf("history: got run %s, but deployment %q has none on record", wanted, h.Deployment)
		}
		first, last := h.Runs[len(h.Runs)-1].FirstNumber(), h.Runs[0].Number
		if first == last {
			return fmt.Errorf("history: got run %s, want %d, the only one on record, or the beginning of its script's hash", wanted, last)
		}
		return fmt.Errorf("history: got run %s, want one from %d to %d, or the beginning of the hash of their scripts", wanted, first, last)
	}
	if f.json() {
		return f.printJSON(r)
	}
	writeRun(f.streams.Out, h, r, treeStyle{colors: f.outPalette(), width: f.streams.width()})
	return nil
}
