// SPDX-License-Identifier: Apache-2.0

// This file holds the records of Helm releases, and secrets that are made up once.

package inventory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// generatedLength is how many characters a generated secret has: 192 bits.
const generatedLength = 32

// Release is one Helm release of a deployment, as the last run left it. Its objects are Members that name it.
type Release struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Chart is the one that was deployed.
	Chart Chart `json:"chart,omitzero"`
	// Rendered is the hash of what was deployed, see RenderedHash; empty when the outcome of the last write is not known.
	Rendered string `json:"rendered,omitempty"`
	// Revision is the number that Helm gave it.
	Revision int `json:"revision,omitempty"`
	// Score is the title of the score that it belongs to, Position where the script makes it.
	Score    string         `json:"score,omitempty"`
	Position score.Position `json:"at,omitzero"`
	// Pending tells that a run intended to touch it and has not brought that to an end.
	Pending bool `json:"pending,omitempty"`
}

// Chart identifies the chart of a release.
type Chart struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	// Digest of the chart: "sha256:…".
	Digest string `json:"digest,omitempty"`
}

// Key identifies the release in a cluster: "namespace/name".
func (r Release) Key() string { return r.Namespace + "/" + r.Name }

// ReleaseIndex returns the releases by key.
func (i *Inventory) ReleaseIndex() map[string]*Release {
	index := make(map[string]*Release, len(i.Releases))
	for n := range i.Releases {
		index[i.Releases[n].Key()] = &i.Releases[n]
	}
	return index
}

// HasPendingReleases reports whether a run left a release behind without bringing it to an end.
func (i *Inventory) HasPendingReleases() bool {
	return slices.ContainsFunc(i.Releases, func(r Release) bool { return r.Pending })
}

// RenderedHash returns the hash of all that makes a release what it is. Like SentHash it is keyed, since what a chart
// renders may contain secrets.
func (i *Inventory) RenderedHash(parts ...[]byte) string {
	h := hmac.New(sha256.New, i.key)
	writePart(h, []byte(i.ApplySetID()))
	for _, part := range parts {
		writePart(h, part)
	}
	return encodeHash(h)
}

// Generated returns the value of a secret that nobody chose, for a key of the Secret "namespace/name": the same as long as
// the inventory exists, and unknown to whoever cannot read it. It is 32 characters of the alphabet of URLs.
func (i *Inventory) Generated(secret, key string) string {
	h := hmac.New(sha256.New, i.key)
	h.Write([]byte("generated/" + secret + "/" + key))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:generatedLength]
}
