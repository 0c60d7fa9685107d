// SPDX-License-Identifier: Apache-2.0

package cli

// This file carries a verb out on several clusters, side by side.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// clustersAtOnce bounds how many clusters are worked on at the same time: each holds the deployment's state.
const clustersAtOnce = 4

// severalClusters marks the verbs that take several, see addClustersFlags.
const severalClusters = "several clusters"

// targets returns the contexts that the call and the script name; one that is "" means whatever the other flags say. A
// script that lists clusters is not carried anywhere else; --context chooses among them, and --sandbox tries it out.
func (f *factory) targets() ([]string, error) {
	wanted := f.flags.contexts
	switch {
	case f.flags.sandbox || len(wanted)+len(f.listed) == 0:
		return []string{""}, nil
	case len(wanted) == 0:
		return f.listed, nil
	case len(f.listed) == 0:
		return wanted, nil
	}
	for _, name := range wanted {
		if slices.Contains(f.listed, name) {
			continue
		}
		fix := "add it to the list in deploy(clusters = [...])"
		if near := diag.Nearest(name, f.listed); near != "" {
			fix = fmt.Sprintf("did you mean --context %s?", near)
		}
		return nil, wrongCall("--context: got %q, want one of the script's clusters: %s; %s", name, strings.Join(f.listed, ", "), fix)
	}
	return wanted, nil
}

// target returns the one context of a verb that works with one cluster.
func (f *factory) target() (string, error) {
	if f.section != nil {
		return f.flags.context, nil
	}
	all, err := f.targets()
	if err != nil {
		return "", err
	}
	if len(all) > 1 {
		return "", wrongCall("cluster: got %d, want one: choose it with --context (%s)", len(all), strings.Join(all, ", "))
	}
	return all[0], nil
}

// checkTargets finds out, before anything is done, that the kubeconfig has all contexts and that they are different clusters.
func (f *factory) checkTargets(targets []string) error {
	servers, err := cluster.Servers(f.flags.kubeconfig)
	if err != nil {
		return err
	}
	known := slices.Sorted(maps.Keys(servers))
	var problems diag.List
	first := map[string]string{}
	for _, name := range targets {
		server, ok := servers[name]
		switch before := first[server]; {
		case !ok:
			problems = append(problems, (&cluster.ContextError{Name: name, Known: known}).Diagnostic())
		case before != "" && server != "":
			problems = append(problems, diag.Diagnostic{
				Severity: diag.Error, Code: "cluster-twice", Summary: fmt.Sprintf("contexts %q and %q are the same cluster, %s", before, name, server),
				Fix: "name one of the two",
			})
		default:
			first[server] = name
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// clusterWork is a verb that is carried out on each of several clusters.
type clusterWork struct {
	// blocks tells that what it prints is read as a whole, cluster by cluster, not line by line as it goes on.
	blocks bool
	// run does it on the cluster that f.connect connects to.
	run func(ctx context.Context, f *factory) error
	// done is the word for its success.
	done string
}

// eachCluster carries a verb out on every target: with one as if there were no others, else side by side. A cluster that
// fails does not stop the others; the error has the worst exit code.
func (f *factory) eachCluster(ctx context.Context, work clusterWork) error {
	targets, err := f.targets()
	if err != nil {
		return err
	}
	if len(targets) == 1 {
		f.flags.context = targets[0]
		return work.run(ctx, f)
	}
	if err := f.checkTargets(targets); err != nil {
		return f.failure(ctx, err, nil)
	}
	fl := newFleet(f, targets, work.blocks)
	var group errgroup.Group
	group.SetLimit(clustersAtOnce)
	for _, s := range fl.sections {
		group.Go(func() error {
			fl.carryOut(ctx, s, work)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the sections
	fl.close()
	return fl.report(f, work)
}

// carryOut does the work on one cluster.
func (fl *fleet) carryOut(ctx context.Context, s *section, work clusterWork) {
	defer s.end()
	defer recoverBug(s.factory.streams, &s.code)
	if ctx.Err() != nil {
		s.code, s.reason = exitInterrupted, "not begun"
		return
	}
	err := work.run(ctx, s.factory)
	if err == nil {
		return
	}
	s.code = exitCode(err)
	var exit *exitError
	if !errors.As(err, &exit) && ctx.Err() != nil {
		s.code = exitInterrupted
		return
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(s.factory.streams.Err, "%s: %s\n", s.factory.errPalette().red("error"), text)
		s.note("", text)
	}
}

// exitOrder is from the best exit code to the worst: of several clusters the worst counts.
func exitOrder() []int {
	return []int{exitDone, exitChanges, exitNotReady, exitFailed, exitWrong, exitInterrupted}
}

// clusterResult is how the verb ended on one cluster.
type clusterResult struct {
	Context string `json:"context"`
	// State is a word: "done", "failed", "not ready", "interrupted".
	State string `json:"state"`
	// ExitCode is the one that the verb would have had with this cluster alone.
	ExitCode int `json:"exitCode"`
	// Reason is the first thing that went wrong, in a line.
	Reason string `json:"reason,omitempty"`
}

// report sums up and returns the error with the exit code.
func (fl *fleet) report(f *factory, work clusterWork) error {
	worst := 0
	order := exitOrder()
	var results []clusterResult
	for _, s := range fl.sections {
		r := clusterResult{Context: s.context, State: s.state, ExitCode: s.code, Reason: s.reason}
		if r.State == "" {
			r.State = codeWord(s.code, work.done)
		}
		r.Reason = strings.TrimPrefix(r.Reason, r.State+": ")
		results = append(results, r)
		if slices.Index(order, s.code) > slices.Index(order, worst) || !slices.Contains(order, s.code) {
			worst = s.code
		}
	}
	if f.json() {
		if err := f.printJSON(struct {
			Type     string          `json:"type"`
			Clusters []clusterResult `json:"clusters"`
		}{"clusters", results}); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(f.streams.Out, summaryOf(results))
	}
	if worst == exitDone {
		return nil
	}
	return exitWith(worst)
}

func codeWord(code int, done string) string {
	switch code {
	case exitDone:
		return cmp.Or(done, "done")
	case exitChanges:
		return "with changes"
	case exitNotReady:
		return "not ready"
	case exitInterrupted:
		return "interrupted"
	default:
		return "failed"
	}
}

// summaryOf returns "3 clusters: 2 done, 1 failed (eu-2: the API server cannot be reached)".
func summaryOf(results []clusterResult) string {
	var states []string
	of := map[string][]string{}
	count := map[string]int{}
	for _, r := range results {
		if count[r.State]++; count[r.State] == 1 {
			states = append(states, r.State)
		}
		switch {
		case r.Reason != "":
			of[r.State] = append(of[r.State], r.Context+": "+r.Reason)
		case r.ExitCode != exitDone && r.ExitCode != exitChanges:
			of[r.State] = append(of[r.State], r.Context)
		}
	}
	parts := make([]string, len(states))
	for n, state := range states {
		parts[n] = fmt.Sprintf("%d %s", count[state], state)
		if who := of[state]; len(who) > 0 {
			parts[n] += " (" + strings.Join(who, "; ") + ")"
		}
	}
	return fmt.Sprintf("%s: %s", plural(len(results), "cluster"), strings.Join(parts, ", "))
}

// onceEach returns resolve with what it found remembered: of several clusters each gets the same value.
func onceEach(resolve func(context.Context, score.Secret) (string, error)) func(context.Context, score.Secret) (string, error) {
	if resolve == nil {
		return nil
	}
	type reference struct {
		source    score.SecretSource
		name, key string
	}
	var mutex sync.Mutex
	values := map[reference]string{}
	return func(ctx context.Context, s score.Secret) (string, error) {
		mutex.Lock()
		defer mutex.Unlock()
		ref := reference{s.Source, s.Name, s.Key}
		if value, known := values[ref]; known {
			return value, nil
		}
		value, err := resolve(ctx, s)
		if err == nil {
			values[ref] = value
		}
		return value, err
	}
}
