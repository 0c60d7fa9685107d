// SPDX-License-Identifier: Apache-2.0

// This file turns kept plans into the bytes of plan files and back.

package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

const (
	// FormatVersion is the version of plan files. It grows when a field changes its meaning or goes away.
	FormatVersion = 1

	formatName = "harmonyscript-plan"
)

// envelope is what is around a plan in its file.
type envelope struct {
	Format        string `json:"format"`
	FormatVersion int    `json:"formatVersion"`
	// Digest is "sha256:" and the sum of Plan without white space. It finds what was damaged. It is no signature: who can
	// write the file can write a digest that fits.
	Digest string          `json:"digest"`
	Plan   json.RawMessage `json:"plan"`
}

// Encode returns the content of a plan file: JSON for people to read, with a digest.
func (a *Approved) Encode() ([]byte, error) {
	content, err := marshal(a)
	if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	packed, err := marshal(envelope{Format: formatName, FormatVersion: FormatVersion, Digest: digestOf(content), Plan: content})
	if err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, packed, "", " "); err != nil {
		return nil, fmt.Errorf("plan file: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// marshal is json.Marshal that leaves the bytes of manifests as they are.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// DecodeApproved reads the content of a plan file. name is what the file is called in diagnostics, version the running
// harmonyscript's. The error is a diag.List: the file is no plan, was cut short or changed, or another version made it.
func DecodeApproved(name, version string, content []byte) (*Approved, error) {
	refuse := func(code, fix, format string, arguments ...any) (*Approved, error) {
		return nil, diag.List{{
			Severity: diag.Error, Code: code, Summary: fmt.Sprintf("plan file %s: ", name) + fmt.Sprintf(format, arguments...),
			Fix: cmp.Or(fix, "make the plan again with `harmonyscript plan SCRIPT --out "+name+"`"),
		}}
	}
	const notAPlan = "name a file that `harmonyscript plan SCRIPT --out FILE` wrote"
	var outer envelope
	err := json.Unmarshal(content, &outer)
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(content)) == 0:
		return refuse("plan-file-invalid", notAPlan, "it is empty")
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(bytes.TrimRight(content, " \n"))), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("plan-file-damaged", "", "it ends in the middle, after %d bytes: it was cut short", len(content))
	case err != nil:
		return refuse("plan-file-invalid", notAPlan, "got no JSON of a plan: %s", err)
	case outer.Format != formatName:
		return refuse("plan-file-invalid", notAPlan, "got format %q, want %q", outer.Format, formatName)
	case outer.FormatVersion != FormatVersion:
		return refuse("plan-file-version", "", "got format version %d, want %d: another version of harmonyscript wrote it", outer.FormatVersion, FormatVersion)
	}
	inner, err := compact(outer.Plan)
	if err != nil {
		return refuse("plan-file-damaged", "", "%s", err)
	}
	if got := digestOf(inner); got != outer.Digest {
		return refuse("plan-file-damaged", "", "got digest %s, want %s: it was changed after it was written", got, cmp.Or(outer.Digest, "one"))
	}
	var a Approved
	decoder := json.NewDecoder(bytes.NewReader(inner))
	// Numbers of objects are compared as they were written.
	decoder.UseNumber()
	if err := decoder.Decode(&a); err != nil {
		return refuse("plan-file-damaged", "", "%s", err)
	}
	switch {
	case a.Harmonyscript != version:
		return refuse("plan-file-version", "make the plan again with this harmonyscript, or apply it with the other", "harmonyscript %s made it, and this is %s", a.Harmonyscript, version)
	case a.Deployment == "" || len(a.Clusters) == 0:
		return refuse("plan-file-damaged", "", "got no deployment or no cluster, want both")
	}
	return &a, nil
}
