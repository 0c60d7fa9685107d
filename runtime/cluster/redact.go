// SPDX-License-Identifier: Apache-2.0

// This file keeps secret values out of everything that is told.

package cluster

import (
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// redacted stands where a secret value was.
const redacted = "[secret]"

// minRedacted is the length from which on a value is looked for. Shorter ones would take every second word with
// them, and thereby tell themselves.
const minRedacted = 4

// LeastForeign is the length, in bytes, from which on what others put into a Secret, such as a chart, is a secret: a user name
// or a flag is none, and would take every second word of all texts along.
const LeastForeign = 8

// Redactor removes known secret values from texts. It is safe for concurrent use.
type Redactor struct {
	mutex sync.RWMutex
	// secrets are the values as they are; what is looked for is made of them when the first text comes, since most runs have
	// nothing to tell.
	secrets map[string]bool
	index   *index
}

// Add makes value unspeakable, in the spellings in which an API server, a webhook or a library may repeat it too, see
// spellings.
func (r *Redactor) Add(value string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.secrets == nil {
		r.secrets = map[string]bool{}
	}
	if !r.secrets[value] {
		r.secrets[value] = true
		r.index = nil
	}
}

// Text returns text without the values.
func (r *Redactor) Text(text string) string {
	if text == "" {
		return text
	}
	r.mutex.RLock()
	known, none := r.index, len(r.secrets) == 0
	r.mutex.RUnlock()
	if none {
		return text
	}
	if known == nil {
		known = r.build()
	}
	return known.replace(text, redacted)
}

// build makes the index of all spellings.
func (r *Redactor) build() *index {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.index == nil {
		var values []string
		for secret := range r.secrets {
			values = append(values, spellings(secret)...)
		}
		r.index = newIndex(values)
	}
	return r.index
}

// Diagnostic returns d without the values.
func (r *Redactor) Diagnostic(d diag.Diagnostic) diag.Diagnostic {
	d.Summary, d.Detail, d.Fix = r.Text(d.Summary), r.Text(d.Detail), r.Text(d.Fix)
	related := make([]diag.Related, len(d.Related))
	for i, other := range d.Related {
		related[i] = diag.Related{Position: other.Position, Message: r.Text(other.Message)}
	}
	d.Related = nil
	if len(related) > 0 {
		d.Related = related
	}
	return d
}

// Value returns a decoded JSON value without the values in its strings and keys.
func (r *Redactor) Value(value any) any {
	switch v := value.(type) {
	case string:
		return r.Text(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = r.Value(element)
		}
		return list
	case map[string]any:
		fields := make(map[string]any, len(v))
		for key, element := range v {
			fields[r.Text(key)] = r.Value(element)
		}
		return fields
	}
	return value
}
