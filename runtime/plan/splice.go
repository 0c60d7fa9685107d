// SPDX-License-Identifier: Apache-2.0

// This file puts the membership label into a manifest without decoding it: of thousands of objects that are sent, all but
// Secrets differ from what was compiled in that label alone.

package plan

import (
	"bytes"

	"github.com/harmonyscript/harmonyscript/runtime/inventory"
)

// splice returns the manifest with the membership label among its labels. ok is false for whatever is not written as backends
// write it, so that compose has to take it apart.
func splice(manifest []byte, applySet string) (body []byte, ok bool) {
	metadata, ok := member(manifest, 0, "metadata")
	if !ok {
		return nil, false
	}
	insert := func(at int, before, after string) ([]byte, bool) {
		added := before + `"` + inventory.MemberLabel + `":"` + applySet + `"` + after
		body := make([]byte, 0, len(manifest)+len(added))
		body = append(body, manifest[:at]...)
		body = append(body, added...)
		return append(body, manifest[at:]...), true
	}
	labels, ok := member(manifest, metadata, "labels")
	if !ok {
		// An object without a name has no metadata to put anything into; one with a name has a comma to put before it.
		if metadata+1 >= len(manifest) || manifest[metadata] != '{' || manifest[metadata+1] != '"' {
			return nil, false
		}
		return insert(metadata+1, `"labels":{`, `},`)
	}
	if labels+1 >= len(manifest) || manifest[labels] != '{' {
		return nil, false
	}
	switch manifest[labels+1] {
	case '}':
		return insert(labels+1, "", "")
	case '"':
		if _, has := member(manifest, labels, inventory.MemberLabel); has {
			return nil, false
		}
		return insert(labels+1, "", ",")
	}
	return nil, false
}

// member returns where the value of a key begins in the object that begins at from. It knows JSON without white space, as
// encoding/json writes it.
func member(text []byte, from int, key string) (at int, ok bool) {
	if from >= len(text) || text[from] != '{' {
		return 0, false
	}
	for at = from + 1; at < len(text) && text[at] == '"'; {
		end := skipString(text, at)
		if end < 0 || end >= len(text) || text[end] != ':' {
			return 0, false
		}
		if string(text[at+1:end-1]) == key {
			return end + 1, true
		}
		if at = skipValue(text, end+1); at < 0 || at >= len(text) || text[at] != ',' {
			return 0, false
		}
		at++
	}
	return 0, false
}

// skipString returns where the string that begins at from ends, or -1.
func skipString(text []byte, from int) int {
	for at := from + 1; at < len(text); at++ {
		next := bytes.IndexAny(text[at:], `"\`)
		if next < 0 {
			return -1
		}
		if at += next; text[at] == '"' {
			return at + 1
		}
		at++
	}
	return -1
}

// skipValue returns where the value that begins at from ends, or -1.
func skipValue(text []byte, from int) int {
	depth := 0
	for at := from; at < len(text); {
		switch text[at] {
		case '"':
			if at = skipString(text, at); at < 0 {
				return -1
			}
		case '{', '[':
			depth++
			at++
			continue
		case '}', ']':
			if depth == 0 {
				return at
			}
			depth--
			at++
		case ',':
			if depth == 0 {
				return at
			}
			at++
			continue
		default:
			// A number, a word, a colon.
			at++
			continue
		}
		if depth == 0 {
			return at
		}
	}
	return -1
}
