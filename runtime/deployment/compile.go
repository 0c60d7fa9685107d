// SPDX-License-Identifier: Apache-2.0

// This file turns checked scores into objects and releases.

package deployment

import (
	"bytes"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// compile fills in what the deployment wants to exist, unless some of it is wanted twice.
func (l *Loaded) compile(registry *backend.Registry, streaming bool) (diag.List, error) {
	releases, duplicates, err := CompileReleases(l.Deployment, registry)
	if err != nil {
		return nil, err
	}
	var (
		objects  []backend.Object
		streamed *stream
		problems diag.List
	)
	// What charts make is held against the objects of the scores, so with releases these are kept.
	if streaming && len(releases) == 0 {
		streamed, problems, err = newStream(l.Deployment, registry)
	} else {
		objects, problems, err = Compile(l.Deployment, registry)
	}
	if err != nil {
		return nil, err
	}
	if problems = append(problems, duplicates...); problems.HasErrors() {
		return problems, nil
	}
	l.Objects, l.streamed, l.Releases, l.Requires = objects, streamed, releases, requires(l.Deployment, registry)
	return problems, nil
}

// Compile turns every score of the deployment into objects, on all cores. What several scores want alike,
// such as the namespace that two stacks share, is there once; two different wishes for one object are a
// diagnostic. The error is for scores that check would have refused.
func Compile(d score.Deployment, registry *backend.Registry) ([]backend.Object, diag.List, error) {
	var (
		merged   []backend.Object
		first    = map[backend.ID]int{}
		problems diag.List
	)
	err := ordered(len(d.Scores), compiler(d, registry), func(_ int, objects []backend.Object) error {
		for _, o := range objects {
			at, exists := first[o.ID]
			switch {
			case !exists:
				first[o.ID] = len(merged)
				merged = append(merged, o)
			case !bytes.Equal(merged[at].Manifest, o.Manifest):
				problems = append(problems, duplicate(merged[at], o))
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return merged, problems, nil
}

// compiler returns what compiles the score of a number.
func compiler(d score.Deployment, registry *backend.Registry) func(i int) ([]backend.Object, error) {
	return func(i int) ([]backend.Object, error) {
		objects, err := registry.Compile(d.Scores[i])
		if err != nil {
			return nil, fmt.Errorf("compile: %w", err)
		}
		return objects, nil
	}
}

// CompileReleases returns the Helm releases that the scores of the deployment want. Two scores that want a release of one
// name in one namespace are a diagnostic. The error is for scores that check would have refused.
func CompileReleases(d score.Deployment, registry *backend.Registry) ([]backend.Release, diag.List, error) {
	var (
		all      []backend.Release
		first    = map[string]int{}
		problems diag.List
	)
	err := ordered(len(d.Scores), func(i int) ([]backend.Release, error) {
		releases, err := registry.CompileReleases(d.Scores[i])
		if err != nil {
			return nil, fmt.Errorf("compile releases: %w", err)
		}
		return releases, nil
	}, func(_ int, releases []backend.Release) error {
		for _, r := range releases {
			at, twice := first[r.Key()]
			if !twice {
				first[r.Key()] = len(all)
				all = append(all, r)
				continue
			}
			problems = append(problems, diag.Diagnostic{
				Severity: diag.Error, Code: "duplicate-release", Position: r.Origin.Position(),
				Summary: fmt.Sprintf("%s: got Helm release %q, which %s makes too, want one owner", r.Score, r.Key(), all[at].Score),
				Fix:     "give one of the two another name or namespace",
				Related: append(madeFirst(all[at].Origin), diag.Callers(r.Origin)...),
			})
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return all, problems, nil
}

// madeFirst points at the first of two things that should be one, unless Go code made it.
func madeFirst(origin score.Origin) []diag.Related {
	if !origin.Position().IsValid() {
		return nil
	}
	return []diag.Related{{Position: origin.Position(), Message: "made here first"}}
}

func duplicate(a, b backend.Object) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "duplicate-object", Position: b.Origin.Position(),
		Summary: fmt.Sprintf("%s: got %s, which %s makes too but differently, want one owner", b.Score, b.ID, a.Score),
		Fix:     "give one of the two another name or namespace",
		Related: append(madeFirst(a.Origin), diag.Callers(b.Origin)...),
	}
}

func requires(d score.Deployment, registry *backend.Registry) []backend.CRD {
	var all []backend.CRD
	seen := map[score.APIVersion]bool{}
	for _, s := range d.Scores {
		versioned, ok := s.(score.Versioned)
		if !ok || seen[versioned.MonitoringAPIVersion()] {
			continue
		}
		seen[versioned.MonitoringAPIVersion()] = true
		if b, ok := registry.Backend(versioned.MonitoringAPIVersion()); ok {
			all = append(all, b.Requires()...)
		}
	}
	return all
}
