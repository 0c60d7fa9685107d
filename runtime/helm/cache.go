// SPDX-License-Identifier: Apache-2.0

// This file keeps downloaded charts: archives named by their digest, and for each source a record of the digest that it
// had. Files are written aside and renamed, so that several processes can share the folder.

package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

type cache struct {
	folder string
}

// archive is a packed chart with what is known about it.
type archive struct {
	data   []byte
	record record
}

// record tells which digest a source had.
type record struct {
	// Source is for people who look into the folder.
	Source string `json:"source"`
	// Digest of the archive.
	Digest string `json:"digest"`
	// Manifest is the digest of the OCI manifest, which `helm pull` prints; empty for other sources.
	Manifest string `json:"manifest,omitempty"`
}

var errNoCache = errors.New("this user has no cache folder")

// digestOf returns the digest of data as registries write it.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (c cache) archivePath(digest string) string {
	return filepath.Join(c.folder, "archives", strings.ReplaceAll(digest, ":", "-")+".tgz")
}

func (c cache) recordPath(from source) string {
	name := strings.TrimPrefix(digestOf([]byte(from.repository+"\x00"+from.name+"\x00"+from.version)), "sha256:")
	return filepath.Join(c.folder, "sources", name+".json")
}

// get returns the archive of a source. Whatever is missing, damaged or of another digest than the source wants counts as
// not there.
func (c cache) get(from source) (archive, bool) {
	if c.folder == "" {
		return archive{}, false
	}
	content, err := os.ReadFile(c.recordPath(from))
	if err != nil {
		return archive{}, false
	}
	found := archive{}
	if json.Unmarshal(content, &found.record) != nil || !isDigest(found.record.Digest) {
		return archive{}, false
	}
	if from.digest != "" && from.digest != found.record.Digest && from.digest != found.record.Manifest {
		return archive{}, false
	}
	found.data, err = os.ReadFile(c.archivePath(found.record.Digest))
	if err != nil || digestOf(found.data) != found.record.Digest {
		return archive{}, false
	}
	return found, true
}

// put keeps an archive. The record comes last: it never names what is not there.
func (c cache) put(from source, a archive) error {
	if c.folder == "" {
		return errNoCache
	}
	a.record.Source = from.String()
	content, err := json.MarshalIndent(a.record, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(c.archivePath(a.record.Digest), a.data); err != nil {
		return err
	}
	return writeFile(c.recordPath(from), append(content, '\n'))
}

// isDigest reports whether text is a SHA-256 digest, so that nothing else becomes the name of a file.
func isDigest(text string) bool {
	sum, found := strings.CutPrefix(text, "sha256:")
	_, err := hex.DecodeString(sum)
	return found && err == nil && len(sum) == 2*sha256.Size
}

// writeFile replaces the file at path in one step.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	// After the rename there is nothing left to remove.
	defer os.Remove(file.Name())
	if _, err := file.Write(content); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
