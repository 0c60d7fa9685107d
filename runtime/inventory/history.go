// SPDX-License-Identifier: Apache-2.0

// This file keeps the last runs of a deployment: who ran what, when, how it ended and what it changed.
//
// The run that is under way, or was the last, is part of the record, because it is written together with it. Those before
// it have a data key of their own in the parent Secret, which is written when a run begins. They are kept byte by byte, so
// that what a later harmonyscript wrote into them is not lost.

package inventory

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

const (
	// MaxRuns is how many runs an inventory remembers.
	MaxRuns = 20
	// MaxRunChanges is how many objects a run lists.
	MaxRunChanges = 50
	// maxCorrections is how many of the runs may be corrections of a watch, once there are more than fit: a fight with
	// another controller must not push out what people did.
	maxCorrections = MaxRuns / 2

	historyKey     = "history"
	historyVersion = 1
	// maxHistory bounds the packed history, in bytes; what is older than fits is forgotten.
	maxHistory = 64 << 10
	// maxHistoryContent bounds what a history unpacks to.
	maxHistoryContent = 16 << 20
)

// The verbs of Run.
const (
	VerbApply   = "apply"
	VerbDestroy = "destroy"
	// VerbWatch is a correction that `apply --watch` made.
	VerbWatch = "watch"
)

// Run tells of one run.
type Run struct {
	// Number counts the runs of a deployment that wrote anything, from 1; 0 for runs of a harmonyscript that did not count.
	Number int `json:"number,omitempty"`
	// Verb is one of the constants; "" when it is not known.
	Verb     string    `json:"verb,omitempty"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	// State is the outcome's: "done", "failed", "not-ready", "interrupted"; empty while the run goes on, and for ever
	// when it was killed.
	State string `json:"state,omitempty"`
	// By names the process: host and process number.
	By string `json:"by,omitempty"`
	// User is who the API server took the run for; "" when it did not tell.
	User string `json:"user,omitempty"`
	// Version is harmonyscript's.
	Version string `json:"version,omitempty"`
	// Script is the path of the script as it was given; "" when there was none.
	Script string `json:"script,omitempty"`
	// ScriptHash is a hash of the script and of all that it loaded, wherever they lie: "sha256:…".
	ScriptHash string `json:"scriptHash,omitempty"`
	// APIVersions are the versions of the monitoring API that the script used, sorted: "V2_CRD".
	APIVersions []string `json:"apiVersions,omitempty"`
	// Parameters are those that were set, sorted by name.
	Parameters []RunParameter `json:"parameters,omitempty"`
	// Planned counts the objects by what the run meant to do: "create", "update". It is known of a killed run, too.
	Planned map[string]int `json:"planned,omitempty"`
	// Counts are the objects by what became of them: "created", "unchanged"; nil while the run goes on.
	Counts map[string]int `json:"counts,omitempty"`
	// Changes are what became of objects and releases that did not stay as they were, failures first. There are at most
	// MaxRunChanges; MoreChanges counts the others.
	Changes     []RunChange `json:"changes,omitempty"`
	MoreChanges int         `json:"moreChanges,omitempty"`
	// Times is how many corrections in a row this is the last of, which all came to the same, see Inventory.Fold; 0 means 1.
	Times int `json:"times,omitempty"`
	// First is when the first of them began; the zero time when there is one alone.
	First time.Time `json:"first,omitzero"`
}

// RunParameter is a parameter that was set for a run.
type RunParameter struct {
	Name string `json:"name"`
	// Hash of the value, keyed with the deployment's own random key: it tells whether two runs had the same value and gives
	// nothing away.
	Hash string `json:"hash"`
}

// RunChange is what a run did to one object, or to one Helm release.
type RunChange struct {
	// Status is the outcome's: "created", "updated", "deleted", "failed".
	Status string `json:"status"`
	// ID is the object's; the zero value for a release.
	ID backend.ID `json:"id,omitzero"`
	// Release is the key of the release, Chart and Revision what it had afterwards.
	Release  string `json:"release,omitempty"`
	Chart    string `json:"chart,omitempty"`
	Revision int    `json:"revision,omitempty"`
	Score    string `json:"score,omitempty"`
	// Position is where the script made the object.
	Position score.Position `json:"at,omitzero"`
	// Reason says more, in a line.
	Reason string `json:"reason,omitempty"`
}

// SameCause reports whether two runs meant the same: the same script with the same parameters.
func (r *Run) SameCause(other *Run) bool {
	return r.ScriptHash == other.ScriptHash && slices.Equal(r.Parameters, other.Parameters)
}

// FirstNumber is the number of the first run that this stands for.
func (r *Run) FirstNumber() int { return r.Number - max(r.Times, 1) + 1 }

// repeats reports whether a correction came to the same as the one before it. What its reasons say may be another thing
// each time, such as how long something took.
func (r *Run) repeats(before *Run) bool {
	return r.Verb == VerbWatch && before.Verb == VerbWatch && r.State != "" && r.State == before.State &&
		r.Number == before.Number+1 && r.By == before.By && r.User == before.User && r.Version == before.Version && r.SameCause(before) &&
		len(r.Changes) > 0 && r.MoreChanges == before.MoreChanges && slices.EqualFunc(r.Changes, before.Changes, RunChange.same)
}

// same reports whether the same became of the same object or release.
func (c RunChange) same(other RunChange) bool {
	return c.Status == other.Status && c.ID == other.ID && c.Release == other.Release
}

// HistoryError tells that the earlier runs cannot be read. The record itself can.
type HistoryError struct{ Err error }

// Error tells what is wrong.
func (e *HistoryError) Error() string { return fmt.Sprintf("earlier runs cannot be read: %s", e.Err) }

// Unwrap returns what is wrong.
func (e *HistoryError) Unwrap() error { return e.Err }

// past are the runs before Inventory.Run.
type past struct {
	// runs are newest first, as they were stored.
	runs []json.RawMessage
	// stored is what was read, and problem why it could not be.
	stored  []byte
	problem error
	// current is what Inventory.Run was read from, to which read points then.
	current json.RawMessage
	read    *Run
}

// Runs returns the last runs, newest first: Run, and up to MaxRuns-1 before it. The error is a *HistoryError; then
// the result has Run alone.
func (i *Inventory) Runs() ([]Run, error) {
	var runs []Run
	if i.Run != nil {
		runs = append(runs, *i.Run)
	}
	if i.past.problem != nil {
		return runs, &HistoryError{Err: i.past.problem}
	}
	for _, raw := range i.past.runs {
		var r Run
		if err := json.Unmarshal(raw, &r); err != nil {
			return runs, &HistoryError{Err: err}
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// Begin makes run the current one and gives it its number. The former one goes into the history, ended or not.
func (i *Inventory) Begin(run *Run) error {
	run.Number = 1
	if i.Run != nil {
		run.Number = i.Run.Number + 1
		former := i.past.current
		if i.Run != i.past.read {
			var err error
			if former, err = json.Marshal(i.Run); err != nil {
				return fmt.Errorf("inventory of %s: %w", i.Deployment, err)
			}
		}
		i.past.runs = forget(slices.Insert(i.past.runs, 0, former))
		if i.past.problem != nil && !errors.Is(i.past.problem, errNewer) {
			// What cannot be read by anyone makes place.
			i.past.problem = nil
		}
	}
	i.Run = run
	return nil
}

// Fold makes the current run, which has ended, stand for the correction before it, too, when that came to the same: a
// correction that fails again and again, or that others undo again and again, is one run of the history with a count.
func (i *Inventory) Fold() {
	if i.Run == nil || i.past.problem != nil || len(i.past.runs) == 0 {
		return
	}
	var before Run
	if err := json.Unmarshal(i.past.runs[0], &before); err != nil || !i.Run.repeats(&before) {
		return
	}
	i.Run.Times, i.Run.First = max(before.Times, 1)+1, before.First
	if before.First.IsZero() {
		i.Run.First = before.Started
	}
	i.past.runs = slices.Delete(i.past.runs, 0, 1)
}

// forget drops what is more than the history keeps beside the current run.
func forget(runs []json.RawMessage) []json.RawMessage {
	for len(runs) > MaxRuns-1 {
		oldest, corrections := len(runs)-1, 0
		oldestCorrection := -1
		for n, raw := range runs {
			var r struct{ Verb string }
			if json.Unmarshal(raw, &r) == nil && r.Verb == VerbWatch {
				corrections++
				oldestCorrection = n
			}
		}
		if corrections > maxCorrections {
			oldest = oldestCorrection
		}
		runs = slices.Delete(runs, oldest, oldest+1)
	}
	return runs
}

// ParameterHashes returns the parameters that were set, without their values.
func (i *Inventory) ParameterHashes(values map[string]string) []RunParameter {
	var parameters []RunParameter
	for name, value := range values {
		h := hmac.New(sha256.New, i.key)
		writePart(h, []byte("parameter"))
		writePart(h, []byte(name))
		writePart(h, []byte(value))
		parameters = append(parameters, RunParameter{Name: name, Hash: encodeHash(h)})
	}
	slices.SortFunc(parameters, func(a, b RunParameter) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return parameters
}

// storedHistory is the stored form.
type storedHistory struct {
	Version int `json:"version"`
	// Runs are newest first.
	Runs []json.RawMessage `json:"runs"`
}

// encode returns the history, packed into no more than limit bytes; nil when there is none. Equal histories give equal
// bytes, and what could not be read is returned as it is.
func (p *past) encode(limit int) ([]byte, error) {
	if p.problem != nil {
		return p.stored, nil //nolint:nilerr // what cannot be read here is kept as it is
	}
	for runs := p.runs; len(runs) > 0; runs = runs[:len(runs)-1] {
		content, err := json.Marshal(storedHistory{Version: historyVersion, Runs: runs})
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		packed, err := zip(content)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		if len(packed) <= min(limit, maxHistory) {
			return packed, nil
		}
	}
	return nil, nil
}

// decode reads what encode wrote. A problem is kept for Runs: it must not stand in the way of a run.
func (p *past) decode(packed []byte) {
	p.stored, p.runs, p.problem = packed, nil, nil
	if len(packed) == 0 {
		return
	}
	p.problem = func() error {
		content, err := unzip(packed, maxHistoryContent)
		if err != nil {
			return err
		}
		var stored storedHistory
		if err := json.Unmarshal(content, &stored); err != nil {
			return fmt.Errorf("reading the history: %w", err)
		}
		if stored.Version > historyVersion {
			return fmt.Errorf("got history version %d, want %d or less: %w", stored.Version, historyVersion, errNewer)
		}
		if stored.Version < 1 {
			return fmt.Errorf("got history version %d, want %d", stored.Version, historyVersion)
		}
		for _, raw := range stored.Runs {
			var r Run
			if err := json.Unmarshal(raw, &r); err != nil {
				return fmt.Errorf("reading a run: %w", err)
			}
		}
		p.runs = stored.Runs
		return nil
	}()
}

// zip packs content; equal contents give equal bytes. Most of a record are hashes: searching longer takes five times as long and
// saves seven percent.
func zip(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// unzip reads what zip wrote, up to limit bytes.
func unzip(packed []byte, limit int64) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("got %d bytes that are no gzip: %w", len(packed), err)
	}
	content, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("got more than %d bytes", limit)
	}
	return content, nil
}
