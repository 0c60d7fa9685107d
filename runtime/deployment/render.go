// SPDX-License-Identifier: Apache-2.0

// This file finds out what charts make of the releases of a deployment.

package deployment

import (
	"bytes"
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
)

// Render returns what the charts make of the deployment's releases for a cluster, in the order of the releases, and all
// problems with it, sorted: of the charts, and of objects that two releases, or a release and the deployment itself, both
// make. When the problems have errors the releases are nil. Without releases charts may be nil.
//
// Custom resource definitions that several charts bring alike are in the first one's Definitions only.
func Render(ctx context.Context, loaded *Loaded, charts helm.Charts, target helm.Target) ([]*helm.Rendered, diag.List) {
	var (
		rendered = make([]*helm.Rendered, len(loaded.Releases))
		found    = make([]diag.List, len(loaded.Releases))
		group    errgroup.Group
	)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, release := range loaded.Releases {
		group.Go(func() error {
			rendered[i], found[i] = charts.Render(ctx, release, target)
			return nil
		})
	}
	_ = group.Wait() // problems are in the lists
	var problems diag.List
	for _, list := range found {
		problems = append(problems, list...)
	}
	if !problems.HasErrors() {
		problems = append(problems, makers(loaded.Objects).together(rendered)...)
	}
	if problems.HasErrors() {
		return nil, problems.Sorted()
	}
	return rendered, problems.Sorted()
}

// made is an object with its maker in words.
type made struct {
	object backend.Object
	maker  string
}

// madeBy has all objects of a deployment by what identifies them in a cluster.
type madeBy map[backend.ID]made

// identity leaves out the API version: an object is the same through each.
func identity(id backend.ID) backend.ID {
	id.Version = ""
	return id
}

func makers(objects []backend.Object) madeBy {
	all := make(madeBy, len(objects))
	for _, o := range objects {
		all[identity(o.ID)] = made{o, o.Score}
	}
	return all
}

// together adds the objects of releases and reports those that something else makes, too. It takes definitions that are
// there already out of the releases, as new slices: what a chart made may be remembered by whoever rendered it.
func (m madeBy) together(rendered []*helm.Rendered) diag.List {
	var problems diag.List
	for i, r := range rendered {
		for _, o := range r.Objects {
			if before, twice := m[identity(o.ID)]; twice {
				problems = append(problems, collision(r, o, before))
				continue
			}
			m[identity(o.ID)] = made{o, fmt.Sprintf("Helm release %q", r.Release.Key())}
		}
		var definitions []backend.Object
		for _, o := range r.Definitions {
			before, twice := m[identity(o.ID)]
			switch {
			case !twice:
				m[identity(o.ID)] = made{o, fmt.Sprintf("Helm release %q", r.Release.Key())}
				definitions = append(definitions, o)
			case !bytes.Equal(before.object.Manifest, o.Manifest):
				problems = append(problems, collision(r, o, before))
			}
		}
		if len(definitions) != len(r.Definitions) {
			reduced := *r
			reduced.Definitions = definitions
			rendered[i] = &reduced
		}
	}
	return problems
}

func collision(r *helm.Rendered, o backend.Object, before made) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "duplicate-object", Position: r.Release.Origin.Position(),
		Summary: fmt.Sprintf("%s: got %s from chart %s %s, which %s makes too, want one owner", r.Release.Score, o.ID, r.Chart.Name, r.Chart.Version, before.maker),
		Fix:     "turn it off in the chart with helm_values, or give one of the two another name or namespace",
		Related: append(madeFirst(before.object.Origin), diag.Callers(r.Release.Origin)...),
	}
}
