// SPDX-License-Identifier: Apache-2.0

// This file keeps secret values out of everything that is told.

package cluster

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

// redacted stands where a secret value was.
const redacted = "[secret]"

// minRedacted is the length from which on a value is looked for. Shorter ones would take every second word with
// them, and thereby tell themselves.
const minRedacted = 4

// Redactor removes known secret values from texts. It is safe for concurrent use.
type Redactor struct {
	mutex    sync.RWMutex
	values   map[string]bool
	replacer *strings.Replacer
}

// Add makes value unspeakable, in the spellings in which an API server may repeat it too: as base64, quoted, line by
// line, in a URL.
func (r *Redactor) Add(value string) {
	spellings := []string{
		value, strings.TrimSpace(value), base64.StdEncoding.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value)),
		url.QueryEscape(value), url.PathEscape(value),
	}
	if quoted, err := json.Marshal(value); err == nil {
		spellings = append(spellings, string(quoted[1:len(quoted)-1]))
	}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= 8 {
			spellings = append(spellings, line)
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.values == nil {
		r.values = map[string]bool{}
	}
	for _, s := range spellings {
		if len(s) >= minRedacted {
			r.values[s] = true
		}
	}
	r.replacer = nil
}

// Text returns text without the values.
func (r *Redactor) Text(text string) string {
	if text == "" {
		return text
	}
	r.mutex.RLock()
	replacer, none := r.replacer, len(r.values) == 0
	r.mutex.RUnlock()
	if none {
		return text
	}
	if replacer == nil {
		replacer = r.build()
	}
	return replacer.Replace(text)
}

// build makes the replacer, longest value first, so that no part of one stays because another is inside it.
func (r *Redactor) build() *strings.Replacer {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	longestFirst := func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) }
	pairs := make([]string, 0, 2*len(r.values))
	for _, value := range slices.SortedFunc(maps.Keys(r.values), longestFirst) {
		pairs = append(pairs, value, redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r.replacer
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
