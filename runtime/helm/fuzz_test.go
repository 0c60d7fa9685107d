// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"encoding/base64"
	"testing"
)

// FuzzUnpack reads what anybody may have written into the Secret of a release.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(`{"name":"a","info":{"status":"deployed"},"chart":{"metadata":{"name":"c"}},"manifest":"---\nkind: X"}`))))
	f.Add([]byte("H4sIAAAAAAAA"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		release, err := unpack(packed)
		if err != nil {
			return
		}
		// Whatever was read can be told and looked into without a panic.
		_ = describe(Status(release.Info.Status), release)
		_ = chartOf(release)
		_, _ = parseManifest(release.Manifest, "monitoring", "stack")
	})
}

// FuzzManifest reads what templates may give.
func FuzzManifest(f *testing.F) {
	f.Add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: XList\nitems: [{apiVersion: v1, kind: A, metadata: {name: b, namespace: null}}]\n")
	f.Add("metadata: []\nkind: A\napiVersion: v1")
	f.Add("items: {}\nkind: List")
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := parseManifest(text, "monitoring", "stack")
		if err != nil {
			return
		}
		for _, o := range objects {
			if o.ID.Name == "" || o.ID.Kind == "" {
				t.Errorf("%q: got %+v", text, o.ID)
			}
		}
		// What was read is written and read again to the same.
		written, err := manifestOf(objects, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseManifest(written, "monitoring", "stack")
		if err != nil || len(again) != len(objects) {
			t.Fatalf("%q: got %d objects, then %d: %v", text, len(objects), len(again), err)
		}
	})
}

// FuzzReadable cuts the errors of templates down.
func FuzzReadable(f *testing.F) {
	f.Add(`execution error at (stack/templates/a.yaml:3:4): set x`)
	f.Add(`template: stack/templates/a.yaml:1:2: executing "stack/templates/a.yaml" at <include "x" .>: error calling include: nil`)
	f.Fuzz(func(t *testing.T, text string) {
		if got := readable(&damagedError{text}); len(got) > 2*len(text)+2 {
			t.Errorf("%q: got %q", text, got)
		}
	})
}
