// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"reflect"
	"testing"
)

var manifests = []string{
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`,
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{},"name":"a"}}`,
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"a":"b"},"name":"a"}}`,
	`{"apiVersion":"v1","data":{"metadata":"{\"labels\":{","x":"\\"},"kind":"ConfigMap","metadata":{"annotations":{"labels":"}"},"labels":{"\"":"{","a\\":"b"},"name":"a"},"spec":[[{"metadata":{"labels":{}}}],1.5e3,true,null,""]}`,
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"applyset.kubernetes.io/part-of":"other"},"name":"a"}}`,
	`{"metadata":{"name":"a","labels":{"x":"y"}},"apiVersion":"v1","kind":"ConfigMap"}`,
}

// Whatever splice answers is what taking the manifest apart gives, and it answers for all that backends compile.
func TestSplice(t *testing.T) {
	t.Parallel()
	for n, manifest := range manifests {
		same(t, []byte(manifest))
		if _, ok := splice([]byte(manifest), "applyset-x-v1"); ok == (n == 4) {
			t.Errorf("%s: got spliced=%t", manifest, ok)
		}
	}
}

// same fails the test unless both ways give the same object.
func same(t *testing.T, manifest []byte) {
	t.Helper()
	body, ok := splice(manifest, "applyset-x-v1")
	if !ok {
		return
	}
	slow, err := takeApart(manifest, "applyset-x-v1", nil)
	if err != nil {
		t.Fatalf("%s: spliced to %s, want %v", manifest, body, err)
	}
	var got, want any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: spliced to %s: %v", manifest, body, err)
	}
	if err := json.Unmarshal(slow, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: spliced to %s, want %s", manifest, body, slow)
	}
}

func FuzzSplice(f *testing.F) {
	for _, manifest := range manifests {
		f.Add([]byte(manifest))
	}
	f.Fuzz(func(t *testing.T, manifest []byte) {
		var content map[string]any
		if json.Unmarshal(manifest, &content) != nil {
			// Whatever it is, it must not hang or panic.
			splice(manifest, "applyset-x-v1")
			return
		}
		// What a backend gives is what encoding/json wrote of a map.
		canonical, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		same(t, canonical)
	})
}

func BenchmarkCompose(b *testing.B) {
	manifest := []byte(manifests[3])
	for b.Loop() {
		if _, err := compose(manifest, "applyset-x-v1", nil); err != nil {
			b.Fatal(err)
		}
	}
}
