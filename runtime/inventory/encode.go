// SPDX-License-Identifier: Apache-2.0

// This file turns the record into the bytes of the parent Secret and back.

package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

const (
	recordKey  = "inventory"
	hashingKey = "hash-key"
	// recordVersion is the version of the record's own format. Without releases the first is written, which every
	// harmonyscript reads; one that knows no releases must not take their objects for its own.
	recordVersion      = 2
	plainRecordVersion = 1
	// MaxSize is the most that a Secret's data may take, in bytes.
	MaxSize = 1 << 20
	// splitFrom is how many objects make a record that is split without trying whether it fits into one Secret.
	splitFrom = 8192
	// maxRecord bounds what a record unpacks to: a Secret cannot hold one that is honestly longer.
	maxRecord = 256 << 20
)

// record is the stored form.
type record struct {
	Version  int          `json:"version"`
	Members  []Member     `json:"members,omitempty"`
	Pending  []backend.ID `json:"pending,omitempty"`
	Releases []Release    `json:"releases,omitempty"`
	// Run is a Run; it is kept as it was read.
	Run json.RawMessage `json:"run,omitempty"`
	// Parts hold the members, pending objects and releases of a record that has parts.
	Parts []partRef `json:"parts,omitempty"`
}

// encode returns the record of i, packed, and its parts when it has to be split; equal records give equal bytes.
func (i *Inventory) encode() ([]byte, []part, error) {
	run, err := i.encodeRun()
	if err != nil {
		return nil, nil, err
	}
	i.Pending = slices.Clone(i.Pending)
	full := record{Members: i.Members, Pending: i.Pending, Releases: i.Releases, Run: run}
	full.sort()
	i.Pending = full.Pending
	full.Version = plainRecordVersion
	if len(i.Releases) > 0 || slices.ContainsFunc(i.Members, func(m Member) bool { return m.Release != "" }) {
		full.Version = recordVersion
	}
	if len(full.Members)+len(full.Pending) >= splitFrom {
		return i.encodeParts(full)
	}
	content, err := i.marshal(full)
	if err != nil {
		return nil, nil, err
	}
	packed, err := i.pack(content)
	if err == nil && len(packed)+len(i.key) > MaxSize {
		return i.encodeParts(full)
	}
	return packed, nil, err
}

// encodeRun returns the last run, byte by byte as it was read when it is the same.
func (i *Inventory) encodeRun() (json.RawMessage, error) {
	if i.Run == i.past.read {
		return i.past.current, nil
	}
	if i.Run == nil {
		return nil, nil
	}
	content, err := json.Marshal(i.Run)
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	return content, nil
}

// decodeRun reads what encodeRun returned.
func (i *Inventory) decodeRun(content json.RawMessage) error {
	i.Run = nil
	if len(content) == 0 || string(content) == "null" {
		return nil
	}
	i.Run = &Run{}
	if err := json.Unmarshal(content, i.Run); err != nil {
		return fmt.Errorf("reading the last run: %w", err)
	}
	i.past.current, i.past.read = content, i.Run
	return nil
}

// sort brings everything into the order in which it is stored, pending objects each once.
func (r *record) sort() {
	slices.SortFunc(r.Members, func(a, b Member) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(r.Pending, backend.ID.Compare)
	r.Pending = slices.Compact(r.Pending)
	slices.SortFunc(r.Releases, func(a, b Release) int { return strings.Compare(a.Key(), b.Key()) })
}

func (i *Inventory) marshal(r record) ([]byte, error) {
	content, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	return content, nil
}

func (i *Inventory) pack(content []byte) ([]byte, error) {
	packed, err := zip(content)
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	return packed, nil
}

// errNewer tells that a later harmonyscript wrote the record.
var errNewer = errors.New("a later version of harmonyscript wrote it")

// decode reads what encode wrote. What is in the parts of a record that has some is still to be read.
func (i *Inventory) decode(packed []byte) error {
	content, err := unzip(packed, maxRecord)
	if err != nil {
		return err
	}
	var stored record
	if err := json.Unmarshal(content, &stored); err != nil {
		return fmt.Errorf("reading the record: %w", err)
	}
	if stored.Version > partedRecordVersion {
		return fmt.Errorf("got record version %d, want %d or less: %w", stored.Version, partedRecordVersion, errNewer)
	}
	if stored.Version < 1 {
		return fmt.Errorf("got record version %d, want %d", stored.Version, recordVersion)
	}
	if err := stored.check(); err != nil {
		return err
	}
	i.Members, i.Pending, i.Releases, i.parts = stored.Members, stored.Pending, stored.Releases, stored.Parts
	return i.decodeRun(stored.Run)
}

// check refuses what encode never writes, and reads what earlier versions wrote as they meant it.
func (r *record) check() error {
	for n, m := range r.Members {
		if m.Stage == backend.StageReleases && m.Release == "" {
			// That number stood for resources before there were releases.
			r.Members[n].Stage = backend.StageResources
		}
		if m.ID.Kind == "" || m.ID.Name == "" || m.ID.Version == "" {
			return fmt.Errorf("got a member without version, kind or name: %+v", m.ID)
		}
	}
	for _, id := range r.Pending {
		if id.Kind == "" || id.Name == "" || id.Version == "" {
			return fmt.Errorf("got a pending object without version, kind or name: %+v", id)
		}
	}
	for _, release := range r.Releases {
		if release.Name == "" || release.Namespace == "" {
			return fmt.Errorf("got a release without name or namespace: %+v", release)
		}
	}
	if parted := len(r.Parts) > 0; parted && (r.Version != partedRecordVersion || len(r.Members)+len(r.Releases) > 0) {
		return fmt.Errorf("got %d parts in a record of version %d that has members of its own", len(r.Parts), r.Version)
	}
	for _, p := range r.Parts {
		if p.Name == "" || p.Sum == "" {
			return fmt.Errorf("got a part without name or sum: %+v", p)
		}
	}
	return nil
}

// maxObjects is how many objects an inventory always has room for, however long their names are.
const maxObjects = maxParts * minPart

// Forecast reports, with a *TooLargeError, whether the inventory would be too large if every member and every pending object
// had a record of its own. It is asked before a run writes anything: afterwards there is no way back.
func (i *Inventory) Forecast() error {
	if objects := len(i.Members) + len(i.Pending); objects > maxObjects {
		return &TooLargeError{Deployment: i.Deployment, Objects: objects}
	}
	return nil
}
