// SPDX-License-Identifier: Apache-2.0

// This file holds the two hashes by which an object is known to be as it was left.

package inventory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hashLength is how many bytes of a SHA-256 are kept: what is compared was made by one author, who does not look
// for collisions, and ten thousand records have to fit into one Secret.
const hashLength = 16

// SentHash returns the hash of what is sent for an object: its manifest, its membership label and, for a Secret, the
// resolved values. It is keyed with the deployment's own random key, so that nobody who sees it can try values.
func (i *Inventory) SentHash(manifest []byte, secrets map[string]string) string {
	h := hmac.New(sha256.New, i.key)
	// Each part is preceded by its length, so that no two different inputs run together into the same bytes.
	writePart(h, []byte(i.ApplySetID()))
	writePart(h, manifest)
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		writePart(h, []byte(name))
		writePart(h, []byte(secrets[name]))
	}
	return encodeHash(h)
}

// OwnedHash returns the hash of the set of fields that manager owns through server-side apply, or "" when it owns none.
// A foreign change or removal of one of them takes it out of the set, and nothing but an apply by manager brings it
// back; a foreign field beside them leaves the set as it is.
func OwnedHash(managed []metav1.ManagedFieldsEntry, manager string) string {
	entry := OwnedEntry(managed, manager)
	if entry == nil || entry.FieldsV1 == nil {
		return ""
	}
	h := sha256.New()
	writePart(h, []byte(entry.APIVersion))
	writePart(h, entry.FieldsV1.GetRawBytes())
	return encodeHash(h)
}

// OwnedEntry returns the entry of what manager owns through server-side apply, or nil.
func OwnedEntry(managed []metav1.ManagedFieldsEntry, manager string) *metav1.ManagedFieldsEntry {
	for n := range managed {
		if e := &managed[n]; e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" {
			return e
		}
	}
	return nil
}

func writePart(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	h.Write(length[:])
	h.Write(part)
}

func encodeHash(h hash.Hash) string {
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:hashLength])
}
