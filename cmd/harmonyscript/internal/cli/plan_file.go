// SPDX-License-Identifier: Apache-2.0

package cli

// This file stores plans in files, see plan.Approved.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/version"
)

// keeper collects the plans of all clusters.
type keeper struct {
	mutex    sync.Mutex
	clusters []plan.ApprovedCluster
}

// add keeps the plan of one cluster; nil is none.
func (k *keeper) add(name string, approved *plan.ApprovedCluster) {
	if approved == nil {
		return
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	approved.Context = name
	k.clusters = append(k.clusters, *approved)
}

// scriptToPlan loads what is to be planned. A removal needs the deployment's name alone.
func (f *factory) scriptToPlan(ctx context.Context, options planOptions, arguments []string) (*deployment.Loaded, error) {
	if !options.destroy {
		return f.loadForClusters(ctx, arguments[0])
	}
	name, sources, err := f.deploymentName(ctx, "plan --destroy", arguments)
	if err != nil {
		return nil, err
	}
	loaded := &deployment.Loaded{Result: host.Result{Sources: sources}}
	loaded.Deployment.Name, loaded.Deployment.Clusters = name, f.listed
	if len(arguments) > 0 {
		loaded.Entry = arguments[0]
	}
	return loaded, nil
}

// keepPlan writes the plan file when every cluster has a plan that can be carried out; err is how the verb ended.
func (f *factory) keepPlan(options planOptions, script *deployment.Loaded, keep *keeper, err error) error {
	targets, problem := f.targets()
	if problem != nil {
		return problem
	}
	if len(keep.clusters) < len(targets) {
		fmt.Fprintf(f.streams.Err, "no plan file was written: there is something wrong with the plan\n")
		return err
	}
	slices.SortFunc(keep.clusters, func(a, b plan.ApprovedCluster) int {
		return slices.Index(targets, a.Context) - slices.Index(targets, b.Context)
	})
	approved := &plan.Approved{
		Harmonyscript: version.String(), Created: time.Now().UTC().Truncate(time.Second), Deployment: script.Deployment.Name, Destroy: options.destroy,
		Script:  plan.ApprovedScript{Path: script.Entry, Files: sumsOf(script), Hash: script.Digest(), APIVersions: script.APIVersions()},
		Objects: plan.KeepObjects(script.Objects), Releases: plan.KeepReleases(script.Releases), Requires: script.Requires, Clusters: keep.clusters,
		Options: plan.ApprovedOptions{InventoryNamespace: f.flags.inventoryNamespace, DeleteNamespaces: options.deleteNamespaces, TakeOwnership: options.takeOwnership},
	}
	if options.overlap != nil {
		approved.Options.Overlap = options.overlap.String()
	}
	var wrong error
	if approved.Script.Parameters, wrong = f.parameters(); wrong != nil {
		return wrong
	}
	chart, wrong := f.defaultChart()
	if wrong != nil {
		return wrong
	}
	approved.Options.Chart = plan.KeepChart(chart)
	content, wrong := approved.Encode()
	if wrong == nil {
		wrong = writeFile(options.out, content)
	}
	if wrong != nil {
		return fmt.Errorf("plan: --out %s: %w", options.out, wrong)
	}
	if !f.json() {
		fmt.Fprintf(f.streams.Out, "stored in %s; `harmonyscript apply --plan %s` carries out exactly this plan\n", options.out, options.out)
	}
	return err
}

// sumsOf returns the sums of the files that a script was made from.
func sumsOf(script *deployment.Loaded) map[string]string {
	sums := map[string]string{}
	for _, name := range script.Files {
		if text, ok := script.Sources(name); ok {
			sums[name] = sumOf(text)
		}
	}
	return sums
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// writeFile replaces a file as a whole; it is readable for its owner alone.
func writeFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // it is not there any more when all went well
	if _, err := file.Write(content); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// firstError returns the summary of the first error.
func firstError(list diag.List) string {
	for _, d := range list {
		if d.Severity == diag.Error {
			return d.Summary
		}
	}
	return ""
}

// sourcesOf returns the files that a plan was made from, as far as they are still the same here: they are only shown.
func sourcesOf(script plan.ApprovedScript) diag.Sources {
	return func(name string) (string, bool) {
		want, known := script.Files[name]
		if !known || strings.HasPrefix(name, "@") {
			return "", false
		}
		content, err := os.ReadFile(name)
		return string(content), err == nil && sumOf(string(content)) == want
	}
}
