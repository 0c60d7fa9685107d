// SPDX-License-Identifier: Apache-2.0

// This file says which script a deployment came of, for the record of runs.

package deployment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Digest returns a hash over the text of every file that was read: "sha256:…". It is the same wherever the script's folder
// lies and whatever the script is called, and changes with any character of it and of what it loaded. Without a script it
// is "".
func (l *Loaded) Digest() string {
	if len(l.Files) == 0 {
		return ""
	}
	folder, _ := filepath.Split(l.Entry)
	h := sha256.New()
	part := func(text string) {
		// Each part is preceded by its length, so that no two different scripts run together into the same bytes.
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(text)))
		h.Write(length[:])
		h.Write([]byte(text))
	}
	add := func(label, file string) {
		text, _ := l.Sources(file)
		part(label)
		part(text)
	}
	add("", l.Entry)
	for _, file := range l.Files {
		if file != l.Entry {
			add(filepath.ToSlash(strings.TrimPrefix(file, folder)), file)
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// APIVersions returns the versions of the monitoring API that the scores use, sorted, each once: "V2_CRD".
func (l *Loaded) APIVersions() []string {
	var versions []string
	for _, s := range l.Deployment.Scores {
		if versioned, ok := s.(score.Versioned); ok {
			versions = append(versions, versioned.MonitoringAPIVersion().String())
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}
