// SPDX-License-Identifier: Apache-2.0

// This file splits a record that is too large for one Secret into parts, each in a Secret of its own, and joins them again.
//
// The parent names its parts, with a hash of each. A part is never changed: what differs is stored as a new part of a new
// name, and the parent, in the one write that counts, names that instead. So a run that is killed between any two writes
// leaves the record as it was or as it was to be, and parts that nobody names, which are removed later.

package inventory

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"golang.org/x/sync/errgroup"
)

const (
	// partedRecordVersion is the version of records that have parts. Other records keep theirs.
	partedRecordVersion = 3
	// A part ends after the first entry, beyond minPart, whose key says so, one in partEvery, or after maxPart entries.
	// As keys alone decide, a member that comes, goes or differs changes its own part and leaves the others as they are.
	minPart   = 256
	partEvery = 1024
	maxPart   = 4096
	// maxParts bounds how many parts a record may have: the parent, which names them, has to stay below MaxSize too.
	maxParts = 10_000
	// pendingInHead is up to how many pending objects the parent lists itself. The intent of a small change is one write of the
	// parent then, and no part is written only to be replaced when the run has ended.
	pendingInHead = 256
)

// partRef is how the parent names a part.
type partRef struct {
	Name string `json:"name"`
	// Sum is the keyed hash of what the part holds.
	Sum string `json:"sum"`
}

// part is a part with what it holds, packed; packed is nil when it is stored already.
type part struct {
	partRef
	packed []byte
}

// entry is all that a record has of one object, or one release.
type entry struct {
	place   string
	id      backend.ID
	member  *Member
	pending bool
	release *Release
}

// place puts what belongs to a namespace side by side, the Namespace itself included, so that whatever happens to one tenant
// happens to one part.
func place(id backend.ID) string {
	if id.Namespace == "" && id.Group == "" && id.Kind == "Namespace" {
		return id.Name
	}
	return id.Namespace
}

func (e *entry) compare(other *entry) int {
	return cmp.Or(strings.Compare(e.place, other.place), e.id.Compare(other.id))
}

// entries returns what the record has by object, in the order of places.
func (r *record) entries() []entry {
	list := make([]entry, 0, len(r.Members)+len(r.Pending)+len(r.Releases))
	for n := range r.Members {
		list = append(list, entry{place: place(r.Members[n].ID), id: r.Members[n].ID, member: &r.Members[n]})
	}
	for _, id := range r.Pending {
		list = append(list, entry{place: place(id), id: id, pending: true})
	}
	for n := range r.Releases {
		release := &r.Releases[n]
		list = append(list, entry{place: release.Namespace, id: backend.ID{Name: release.Name}, release: release})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.compare(&b) })
	// An object that is a member and pending is one entry, so that it cannot fall into two parts.
	joined := list[:0]
	for _, e := range list {
		if last := len(joined) - 1; last >= 0 && joined[last].compare(&e) == 0 && e.pending && joined[last].member != nil {
			joined[last].pending = true
			continue
		}
		joined = append(joined, e)
	}
	return joined
}

// endsPart reports whether the key of an entry makes it the last of its part.
func (e *entry) endsPart() bool {
	h := fnv.New64a()
	for _, text := range []string{e.place, e.id.Group, e.id.Kind, e.id.Name} {
		_, _ = h.Write([]byte(text))
		_, _ = h.Write([]byte{0})
	}
	sum := h.Sum64()
	// The low bits of this hash hardly differ between names that are alike.
	return (sum^sum>>29^sum>>47)%partEvery == 0
}

// split returns the groups of entries that become parts.
func split(entries []entry) [][]entry {
	var groups [][]entry
	begin := 0
	for n := range entries {
		if size := n + 1 - begin; size >= minPart && entries[n].endsPart() || size >= maxPart {
			groups, begin = append(groups, entries[begin:n+1]), n+1
		}
	}
	if begin < len(entries) {
		groups = append(groups, entries[begin:])
	}
	return groups
}

// encodeParts returns the packed head of a record, which names its parts, and the parts. Those that are stored already keep
// their names. A few pending objects are in the head; many are in the parts, beside the members that they are to become.
func (i *Inventory) encodeParts(full record) (head []byte, parts []part, err error) {
	known := make(map[string]string, len(i.parts))
	for _, p := range i.parts {
		known[p.Sum] = p.Name
	}
	var inHead []backend.ID
	if len(full.Pending) <= pendingInHead {
		inHead, full.Pending = full.Pending, nil
	}
	groups := split(full.entries())
	encoded := make([][]part, len(groups))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for n, group := range groups {
		work.Go(func() (err error) {
			encoded[n], err = i.appendParts(nil, group, known)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	parts = slices.Concat(encoded...)
	full.Version, full.Members, full.Pending, full.Releases = partedRecordVersion, nil, inHead, nil
	full.Parts = make([]partRef, len(parts))
	for n := range parts {
		full.Parts[n] = parts[n].partRef
	}
	content, err := i.marshal(full)
	if err != nil {
		return nil, nil, err
	}
	head, err = i.pack(content)
	return head, parts, err
}

// appendParts appends the part that holds entries, or several when they do not fit into one.
func (i *Inventory) appendParts(parts []part, entries []entry, known map[string]string) ([]part, error) {
	held := record{Version: partedRecordVersion, Members: make([]Member, 0, len(entries))}
	for _, e := range entries {
		if e.member != nil {
			held.Members = append(held.Members, *e.member)
		}
		if e.pending {
			held.Pending = append(held.Pending, e.id)
		}
		if e.release != nil {
			held.Releases = append(held.Releases, *e.release)
		}
	}
	content, err := i.marshal(held)
	if err != nil {
		return nil, err
	}
	ref := partRef{Sum: i.partSum(content)}
	if ref.Name = known[ref.Sum]; ref.Name != "" {
		return append(parts, part{partRef: ref}), nil
	}
	packed, err := i.pack(content)
	if err != nil {
		return nil, err
	}
	if len(packed) <= MaxSize {
		ref.Name = i.newPartName()
		return append(parts, part{ref, packed}), nil
	}
	if len(entries) == 1 {
		return nil, &TooLargeError{Deployment: i.Deployment, Size: len(packed), Objects: 1}
	}
	if parts, err = i.appendParts(parts, entries[:len(entries)/2], known); err != nil {
		return nil, err
	}
	return i.appendParts(parts, entries[len(entries)/2:], known)
}

// partSum returns the hash by which a part is known to be the one that is meant. It is keyed, so that nobody without the
// parent can make another that passes for it.
func (i *Inventory) partSum(content []byte) string {
	h := hmac.New(sha256.New, i.key)
	writePart(h, []byte(i.ApplySetID()))
	writePart(h, content)
	return encodeHash(h)
}

// newPartName returns a name that no part has ever had: whoever removes old parts cannot mean a new one.
func (i *Inventory) newPartName() string {
	const suffix = ".part-"
	random := strings.ToLower(rand.Text())
	base := i.Deployment[:min(len(i.Deployment), 253-len(suffix)-len(random))]
	return strings.TrimRight(base, ".-") + suffix + random
}

// partError says which part cannot be read, and why.
type partError struct {
	name string
	err  error
}

func (e *partError) Error() string { return fmt.Sprintf("part %s: %s", e.name, e.err) }

func (e *partError) Unwrap() error { return e.err }

var errOtherPart = errors.New("its content is not what the inventory says")

// damagedParts are the parts of a record that cannot be read, in its order.
type damagedParts []*partError

// Error names the first of them, and why each cannot be read.
func (e damagedParts) Error() string {
	const most = 5
	var words []string
	for _, part := range e[:min(most, len(e))] {
		words = append(words, part.Error())
	}
	if more := len(e) - most; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, "; ")
}

// Unwrap returns why each cannot be read.
func (e damagedParts) Unwrap() []error {
	errs := make([]error, len(e))
	for n, part := range e {
		errs[n] = part
	}
	return errs
}

// decodePart returns what a part holds.
func (i *Inventory) decodePart(ref partRef, packed []byte) (record, error) {
	content, err := unzip(packed, maxRecord)
	if err != nil {
		return record{}, err
	}
	if !hmac.Equal([]byte(i.partSum(content)), []byte(ref.Sum)) {
		return record{}, errOtherPart
	}
	var held record
	if err := json.Unmarshal(content, &held); err != nil {
		return record{}, fmt.Errorf("reading the record: %w", err)
	}
	if held.Version != partedRecordVersion || len(held.Parts) > 0 {
		return record{}, fmt.Errorf("got record version %d with %d parts, want version %d with none", held.Version, len(held.Parts), partedRecordVersion)
	}
	if err := held.check(); err != nil {
		return record{}, err
	}
	return held, nil
}

// join takes in what the parts hold, beside what the parent itself told.
func (i *Inventory) join(parts []record) {
	var whole record
	members := 0
	for _, held := range parts {
		members += len(held.Members)
	}
	whole.Members = make([]Member, 0, members)
	for _, held := range parts {
		whole.Members = append(whole.Members, held.Members...)
		whole.Pending = append(whole.Pending, held.Pending...)
		whole.Releases = append(whole.Releases, held.Releases...)
	}
	whole.Pending = append(whole.Pending, i.Pending...)
	whole.sort()
	i.Members, i.Pending, i.Releases = whole.Members, whole.Pending, whole.Releases
}
