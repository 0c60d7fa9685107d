// SPDX-License-Identifier: Apache-2.0

// This file turns objects and releases into what a plan file keeps of them, and back.

package plan

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// ApprovedOrigin is where the script makes something.
type ApprovedOrigin struct {
	At score.Position `json:"at,omitzero"`
	// CalledFrom are the calls that led there, innermost first.
	CalledFrom []score.Position `json:"calledFrom,omitempty"`
}

// ApprovedObject is an object as it is sent, but for the values of secrets and the membership label.
type ApprovedObject struct {
	ID       backend.ID      `json:"id"`
	Stage    backend.Stage   `json:"stage"`
	Score    string          `json:"score,omitempty"`
	Manifest json.RawMessage `json:"manifest"`
	// Secrets are references to the values of a Secret, by key.
	Secrets map[string]ApprovedSecret `json:"secrets,omitempty"`
	ApprovedOrigin
}

// ApprovedSecret is a reference to a secret.
type ApprovedSecret struct {
	// Source is "env", "file", "cluster" or "generated".
	Source string `json:"source"`
	// Name and Key are those of score.Secret.
	Name string `json:"name"`
	Key  string `json:"key,omitempty"`
	ApprovedOrigin
}

// ApprovedRelease is a Helm release as the script wants it.
type ApprovedRelease struct {
	Namespace   string          `json:"namespace"`
	Name        string          `json:"name"`
	Chart       *ApprovedChart  `json:"chart,omitempty"`
	Values      json.RawMessage `json:"values,omitempty"`
	Definitions bool            `json:"definitions,omitempty"`
	Score       string          `json:"score,omitempty"`
	ApprovedOrigin
}

func keepOrigin(o score.Origin) ApprovedOrigin {
	return ApprovedOrigin{At: o.Position(), CalledFrom: o.Callers()}
}

func (o ApprovedOrigin) origin() score.Origin {
	if !o.At.IsValid() {
		return score.Origin{}
	}
	return score.NewOrigin(&score.CallSite{Position: o.At}, o.CalledFrom)
}

// secretSources are the names of the sources in plan files.
func secretSources() map[score.SecretSource]string {
	return map[score.SecretSource]string{
		score.SecretFromEnvironment: "env", score.SecretFromFile: "file", score.SecretFromCluster: "cluster", score.SecretGenerated: "generated",
	}
}

// KeepObjects returns what a plan file keeps of objects.
func KeepObjects(objects []backend.Object) []ApprovedObject {
	sources := secretSources()
	kept := make([]ApprovedObject, len(objects))
	for n, o := range objects {
		kept[n] = ApprovedObject{ID: o.ID, Stage: o.Stage, Score: o.Score, Manifest: o.Manifest, ApprovedOrigin: keepOrigin(o.Origin)}
		for key, secret := range o.Secrets {
			if kept[n].Secrets == nil {
				kept[n].Secrets = map[string]ApprovedSecret{}
			}
			kept[n].Secrets[key] = ApprovedSecret{Source: sources[secret.Source], Name: secret.Name, Key: secret.Key, ApprovedOrigin: keepOrigin(secret.Origin)}
		}
	}
	return kept
}

// BackendObjects returns the objects of the plan, as KeepObjects got them.
func (a *Approved) BackendObjects() ([]backend.Object, error) {
	sources := map[string]score.SecretSource{}
	for source, name := range secretSources() {
		sources[name] = source
	}
	objects := make([]backend.Object, len(a.Objects))
	for n, kept := range a.Objects {
		manifest, err := compact(kept.Manifest)
		if err != nil || kept.ID.Kind == "" || kept.ID.Name == "" || kept.ID.Version == "" {
			return nil, fmt.Errorf("object %d: got no manifest, version, kind or name, want all four", n)
		}
		objects[n] = backend.Object{ID: kept.ID, Stage: kept.Stage, Score: kept.Score, Manifest: manifest, Origin: kept.origin()}
		for key, secret := range kept.Secrets {
			source, known := sources[secret.Source]
			if !known {
				return nil, fmt.Errorf("%s: got a secret from %q, want env, file, cluster or generated", kept.ID, secret.Source)
			}
			if objects[n].Secrets == nil {
				objects[n].Secrets = map[string]score.Secret{}
			}
			objects[n].Secrets[key] = score.Secret{Origin: secret.origin(), Source: source, Name: secret.Name, Key: secret.Key}
		}
	}
	return objects, nil
}

// KeepReleases returns what a plan file keeps of releases.
func KeepReleases(releases []backend.Release) []ApprovedRelease {
	var kept []ApprovedRelease
	for _, r := range releases {
		k := ApprovedRelease{Namespace: r.Namespace, Name: r.Name, Values: r.Values, Definitions: r.Definitions, Score: r.Score, ApprovedOrigin: keepOrigin(r.Origin)}
		k.Chart = KeepChart(r.Chart)
		kept = append(kept, k)
	}
	return kept
}

// BackendReleases returns the releases of the plan, as KeepReleases got them.
func (a *Approved) BackendReleases() ([]backend.Release, error) {
	var releases []backend.Release
	for _, kept := range a.Releases {
		if kept.Namespace == "" || kept.Name == "" {
			return nil, fmt.Errorf("release: got no namespace or name, want both")
		}
		values, err := compact(kept.Values)
		if err != nil {
			return nil, fmt.Errorf("release %s/%s: values: %w", kept.Namespace, kept.Name, err)
		}
		r := backend.Release{Namespace: kept.Namespace, Name: kept.Name, Values: values, Definitions: kept.Definitions, Score: kept.Score, Origin: kept.origin()}
		r.Chart = kept.Chart.Chart()
		r.Chart.Origin = r.Origin
		releases = append(releases, r)
	}
	return releases, nil
}

// ApprovedChart is the source of a chart, see score.HelmChart.
type ApprovedChart struct {
	Repository string `json:"repository,omitempty"`
	Name       string `json:"name,omitempty"`
	Version    string `json:"version,omitempty"`
	Path       string `json:"path,omitempty"`
	Digest     string `json:"digest,omitempty"`
}

// KeepChart returns what a plan file keeps of the source of a chart, or nil for the default one.
func KeepChart(c score.HelmChart) *ApprovedChart {
	kept := ApprovedChart{Repository: c.Repository, Name: c.Name, Version: c.Version, Path: c.Path, Digest: c.Digest}
	if kept == (ApprovedChart{}) {
		return nil
	}
	return &kept
}

// Chart returns the source of a chart, as KeepChart got it.
func (c *ApprovedChart) Chart() score.HelmChart {
	if c == nil {
		return score.HelmChart{}
	}
	return score.HelmChart{Repository: c.Repository, Name: c.Name, Version: c.Version, Path: c.Path, Digest: c.Digest}
}

// compact takes the white space out of JSON that was stored for people to read. Other bytes it leaves as they are, and so
// gives back what was stored.
func compact(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
