// SPDX-License-Identifier: Apache-2.0

// This file turns the record into the bytes of the parent Secret and back.

package inventory

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

const (
	recordKey  = "inventory"
	hashingKey = "hash-key"
	// recordVersion is the version of the record's own format.
	recordVersion = 1
	// MaxSize is the most that a Secret's data may take, in bytes.
	MaxSize = 1 << 20
	// forecastFrom is how many objects always fit.
	forecastFrom = 2000
	// maxRecord bounds what a record unpacks to: a Secret cannot hold one that is honestly longer.
	maxRecord = 256 << 20
)

// record is the stored form.
type record struct {
	Version int          `json:"version"`
	Members []Member     `json:"members,omitempty"`
	Pending []backend.ID `json:"pending,omitempty"`
	Run     *Run         `json:"run,omitempty"`
}

// encode returns the record of i, packed; equal records give equal bytes.
func (i *Inventory) encode() ([]byte, error) {
	slices.SortFunc(i.Members, func(a, b Member) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(i.Pending, backend.ID.Compare)
	i.Pending = slices.Compact(i.Pending)
	content, err := json.Marshal(record{Version: recordVersion, Members: i.Members, Pending: i.Pending, Run: i.Run})
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(content); err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", i.Deployment, err)
	}
	return packed.Bytes(), nil
}

// errNewer tells that a later harmonyscript wrote the record.
var errNewer = errors.New("a later version of harmonyscript wrote it")

// decode reads what encode wrote.
func (i *Inventory) decode(packed []byte) error {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("got %d bytes that are no gzip: %w", len(packed), err)
	}
	content, err := io.ReadAll(io.LimitReader(reader, maxRecord+1))
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	if len(content) > maxRecord {
		return fmt.Errorf("got a record of more than %d bytes", maxRecord)
	}
	var stored record
	if err := json.Unmarshal(content, &stored); err != nil {
		return fmt.Errorf("reading the record: %w", err)
	}
	if stored.Version > recordVersion {
		return fmt.Errorf("got record version %d, want %d or less: %w", stored.Version, recordVersion, errNewer)
	}
	if stored.Version < 1 {
		return fmt.Errorf("got record version %d, want %d", stored.Version, recordVersion)
	}
	for _, m := range stored.Members {
		if m.ID.Kind == "" || m.ID.Name == "" || m.ID.Version == "" {
			return fmt.Errorf("got a member without version, kind or name: %+v", m.ID)
		}
	}
	for _, id := range stored.Pending {
		if id.Kind == "" || id.Name == "" || id.Version == "" {
			return fmt.Errorf("got a pending object without version, kind or name: %+v", id)
		}
	}
	i.Members, i.Pending, i.Run = stored.Members, stored.Pending, stored.Run
	return nil
}

// Forecast reports, with a *TooLargeError, whether the inventory would be too large if every member and every pending object
// had a record of its own. It is asked before a run writes anything: afterwards there is no way back.
func (i *Inventory) Forecast() error {
	if len(i.Members)+len(i.Pending) < forecastFrom {
		return nil
	}
	members := i.Index()
	full := Inventory{Deployment: i.Deployment, Namespace: i.Namespace, Run: i.Run, Members: slices.Clone(i.Members), Pending: slices.Clone(i.Pending)}
	for _, id := range i.Pending {
		if members[KeyOf(id)] == nil {
			// Identities and hashes do not pack: what stands for them must not either.
			full.Members = append(full.Members, Member{ID: id, UID: rand.Text(), Sent: rand.Text()[:22], Owned: rand.Text()[:22]})
		}
	}
	packed, err := full.encode()
	if err != nil {
		return err
	}
	if size := len(packed) + len(i.key); size > MaxSize {
		return &TooLargeError{Deployment: i.Deployment, Size: size, Objects: len(full.Members)}
	}
	return nil
}
