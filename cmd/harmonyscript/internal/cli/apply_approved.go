// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds `apply --plan`.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/version"
)

// decidedByPlan are the flags that a plan file has settled.
func decidedByPlan() []string {
	return []string{"set", "name", "delete-namespaces", "take-ownership", "helm-chart", "inventory-namespace", "overlap"}
}

// runApproved carries out a plan file.
func runApproved(c *cobra.Command, f *factory, options applyOptions, arguments []string) error {
	for _, name := range decidedByPlan() {
		if c.Flags().Changed(name) {
			return wrongCall("%s: got --%s together with --plan, want it in the plan: give it to `harmonyscript plan --out`", c.CommandPath(), name)
		}
	}
	ctx := c.Context()
	approved, err := readPlan(options.planFile)
	var problems diag.List
	if errors.As(err, &problems) {
		return f.reportDiagnostics(problems, nil)
	}
	if err != nil {
		return err
	}
	script, err := approvedScript(approved, options.planFile)
	if err != nil {
		return err
	}
	if len(arguments) > 0 {
		if err := f.compareScript(ctx, approved, script, arguments[0]); err != nil {
			return err
		}
	}
	f.flags.inventoryNamespace = approved.Options.InventoryNamespace
	options.deleteNamespaces, options.takeOwnership = approved.Options.DeleteNamespaces, approved.Options.TakeOwnership
	if approved.Options.Overlap != "" {
		overlap, err := time.ParseDuration(approved.Options.Overlap)
		if err != nil {
			return fmt.Errorf("plan file %s: overlap: %w", options.planFile, err)
		}
		options.overlap = &overlap
	}
	f.chart = cmp.Or(approved.Options.Chart, &plan.ApprovedChart{})
	// Which cluster it is tells its identity, not its name.
	f.listed = nil
	if len(f.flags.contexts) == 0 && !f.flags.sandbox {
		f.flags.contexts = approved.Contexts()
	}
	return f.eachCluster(ctx, clusterWork{run: func(ctx context.Context, f *factory) error {
		return applyApproved(ctx, f, options, script, approved)
	}})
}

// readPlan reads a plan file. A diag.List tells what is wrong with its content.
func readPlan(path string) (*plan.Approved, error) {
	content, err := os.ReadFile(path)
	var reason *fs.PathError
	if errors.As(err, &reason) {
		return nil, wrongCall("apply: --plan %s: %w", path, reason.Err)
	}
	if err != nil {
		return nil, wrongCall("apply: --plan %s: %w", path, err)
	}
	return plan.DecodeApproved(path, version.String(), content)
}

// approvedScript returns what the script was when the plan was made.
func approvedScript(approved *plan.Approved, path string) (*deployment.Loaded, error) {
	objects, err := approved.BackendObjects()
	if err != nil {
		return nil, fmt.Errorf("plan file %s: %w", path, err)
	}
	releases, err := approved.BackendReleases()
	if err != nil {
		return nil, fmt.Errorf("plan file %s: %w", path, err)
	}
	folder, err := filepath.Abs(filepath.Dir(filepath.FromSlash(approved.Script.Path)))
	if err != nil {
		return nil, fmt.Errorf("plan file %s: %w", path, err)
	}
	script := &deployment.Loaded{
		Result:  host.Result{Entry: approved.Script.Path, Folder: folder, Sources: sourcesOf(approved.Script)},
		Objects: objects, Releases: releases, Requires: approved.Requires, ResolveSecret: onceEach(host.SecretResolver(folder)),
	}
	script.Deployment.Name = approved.Deployment
	return script, nil
}

// compareScript refuses a script that does not give what the plan holds. Files of it are read from its own folder then.
func (f *factory) compareScript(ctx context.Context, approved *plan.Approved, script *deployment.Loaded, path string) error {
	for name, value := range approved.Script.Parameters {
		f.flags.set = append(f.flags.set, name+"="+value)
	}
	f.flags.name = approved.Deployment
	now, err := f.load(ctx, path, false)
	if err != nil {
		return err
	}
	script.Folder, script.Sources, script.ResolveSecret = now.Folder, now.Sources, onceEach(now.ResolveSecret)
	objects, releases := now.Objects, now.Releases
	if approved.Destroy {
		objects, releases = nil, nil
	}
	lines := append(differingObjects(approved.Objects, plan.KeepObjects(objects)), differingReleases(approved.Releases, plan.KeepReleases(releases))...)
	if len(lines) == 0 {
		return nil
	}
	return f.failure(ctx, diag.List{{
		Severity: diag.Error, Code: "plan-stale", Summary: fmt.Sprintf("the plan is stale: %s declares something else now", path),
		Detail: strings.Join(lines, "\n"), Fix: "plan again, and have the new plan approved; or leave the script out to apply what was approved",
	}}, now.Sources)
}

// differingObjects returns a line for each object that is not the same in both.
func differingObjects(then, now []plan.ApprovedObject) []string {
	content := func(list []plan.ApprovedObject) map[string]string {
		all := map[string]string{}
		for _, o := range list {
			manifest, err := json.Marshal(o.Manifest) // without the indentation of a file
			if err != nil {
				manifest = o.Manifest
			}
			text := string(manifest) + o.Score
			for _, key := range slices.Sorted(maps.Keys(o.Secrets)) {
				s := o.Secrets[key]
				text += "\n" + strings.Join([]string{key, s.Source, s.Name, s.Key}, "\n")
			}
			all[o.ID.String()+" ("+o.ID.APIVersion()+")"] = text
		}
		return all
	}
	return differing(content(then), content(now))
}

func differingReleases(then, now []plan.ApprovedRelease) []string {
	content := func(list []plan.ApprovedRelease) map[string]string {
		all := map[string]string{}
		for _, r := range list {
			r.ApprovedOrigin = plan.ApprovedOrigin{}
			text, err := json.Marshal(r)
			if err == nil {
				all["Helm release "+backend.Release{Namespace: r.Namespace, Name: r.Name}.Key()] = string(text)
			}
		}
		return all
	}
	return differing(content(then), content(now))
}

// differing names what is not the same in both.
func differing(then, now map[string]string) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(then)) {
		switch after, there := now[name]; {
		case !there:
			lines = append(lines, name+": approved; now: not declared")
		case after != then[name]:
			lines = append(lines, name+": declared differently")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, there := then[name]; !there {
			lines = append(lines, name+": approved: nothing; now: declared")
		}
	}
	return lines
}

// applyApproved carries out the plan that the file has for the cluster.
func applyApproved(ctx context.Context, f *factory, options applyOptions, script *deployment.Loaded, approved *plan.Approved) error {
	client, err := f.connect(ctx)
	if err != nil {
		return f.failure(ctx, err, script.Sources)
	}
	if options.approved, err = planOf(ctx, client, approved); err != nil {
		return f.failure(ctx, err, script.Sources)
	}
	p, err := f.prepareFor(ctx, script, client)
	if err != nil {
		return err
	}
	view := newProgress(f, script.Objects)
	run := apply.Run
	if approved.Destroy {
		run = apply.Destroy
	}
	request := f.applyRequest(p, options, view)
	request.Cause = apply.Cause{
		Version: version.String(), Script: approved.Script.Path, ScriptHash: approved.Script.Hash, APIVersions: approved.Script.APIVersions,
		Parameters: approved.Script.Parameters,
	}
	outcome, err := run(ctx, request)
	view.close()
	return f.finish(ctx, outcome, err, script.Sources)
}

// planOf returns the plan for the cluster that answers.
func planOf(ctx context.Context, client *cluster.Client, approved *plan.Approved) (*plan.ApprovedCluster, error) {
	identity, err := client.Identity(ctx)
	if err != nil {
		return nil, err
	}
	for n := range approved.Clusters {
		if approved.Clusters[n].Cluster.Is(identity) {
			return &approved.Clusters[n], nil
		}
	}
	if len(approved.Clusters) == 1 {
		return nil, approved.Clusters[0].CheckCluster(identity)
	}
	var known []string
	for _, c := range approved.Clusters {
		known = append(known, strings.TrimSpace(cmp.Or(c.Context, "-")+" "+c.Cluster.String()))
	}
	return nil, diag.List{{
		Severity: diag.Error, Code: "plan-other-cluster", Summary: fmt.Sprintf("the plan is for other clusters: got %s", identity),
		Detail: "it is for\n" + strings.Join(known, "\n"), Fix: "name one of the plan's clusters with --context, or plan for this one",
	}}
}
