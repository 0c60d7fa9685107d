// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The values are those that kubectl apply --applyset puts on the same parents.
func TestApplySetID(t *testing.T) {
	if got, want := ApplySetID("test", "default"), "applyset-6o8HvWRelAdA5AaGpfBxt6jCWO3V6NmDG09EauFK3DQ-v1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := Selector("test", "default"), "applyset.kubernetes.io/part-of=applyset-6o8HvWRelAdA5AaGpfBxt6jCWO3V6NmDG09EauFK3DQ-v1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func member(n int) Member {
	return Member{
		ID:    backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: fmt.Sprintf("ns-%d", n%7), Name: fmt.Sprintf("map-%d", n)},
		Stage: backend.StageFoundations, UID: fmt.Sprintf("uid-%d", n), Sent: "s", Owned: "o", Position: score.Position{File: "a.star", Line: n + 1, Column: 2}, Score: "tenant",
	}
}

func TestEncodeAndDecode(t *testing.T) {
	i := &Inventory{Deployment: "d", Namespace: "n", Run: &Run{Started: time.Unix(5, 0).UTC(), State: "done", By: "x"}}
	for n := range 50 {
		i.Members = append(i.Members, member(49-n))
	}
	i.Pending = []backend.ID{member(3).ID, member(1).ID, member(3).ID}
	packed := encoded(t, i)
	var back Inventory
	if err := back.decode(packed); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Members, i.Members) || !reflect.DeepEqual(back.Run, i.Run) || len(back.Pending) != 2 {
		t.Fatalf("got %+v, want %+v", back, i)
	}
	if again := encoded(t, &back); !bytes.Equal(again, packed) {
		t.Fatal("the same record gives other bytes")
	}
}

// encoded returns the record of an inventory that needs no parts.
func encoded(t testing.TB, i *Inventory) []byte {
	t.Helper()
	packed, parts, err := i.encode()
	if err != nil || len(parts) > 0 {
		t.Fatalf("got %d parts, %v, want a record in one piece", len(parts), err)
	}
	return packed
}

func pack(t testing.TB, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		packed []byte
		want   string
	}{
		"nothing":              {nil, "no gzip"},
		"no gzip":              {[]byte("hello"), "no gzip"},
		"cut":                  {pack(t, `{"version":1}`)[:20], "unpacking"},
		"no JSON":              {pack(t, "{"), "reading the record"},
		"no version":           {pack(t, "{}"), "version 0"},
		"later version":        {pack(t, `{"version":4}`), "later version of harmonyscript"},
		"member without name":  {pack(t, `{"version":1,"members":[{"id":{"version":"v1","kind":"Pod"}}]}`), "without"},
		"parts without name":   {pack(t, `{"version":3,"parts":[{"sum":"x"}]}`), "without name"},
		"parts and members":    {pack(t, `{"version":3,"parts":[{"name":"x","sum":"x"}],"members":[{"id":{"version":"v1","kind":"Pod","name":"x"}}]}`), "members of its own"},
		"parts, old version":   {pack(t, `{"version":2,"parts":[{"name":"x","sum":"x"}]}`), "version 2"},
		"pending without kind": {pack(t, `{"version":1,"pending":[{"version":"v1","name":"x"}]}`), "without"},
	} {
		var i Inventory
		if err := i.decode(c.packed); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	var i Inventory
	err := &DamagedError{Err: i.decode(pack(t, `{"version":9}`))}
	if !errors.Is(err, errNewer) || !strings.Contains(err.Diagnostic().Fix, "later one") {
		t.Errorf("got %+v", err.Diagnostic())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"members":[{"id":{"version":"v1","kind":"Pod","name":"x"},"stage":3,"uid":"u"}]}`), true)
	f.Add([]byte(`{"version":1,"pending":[{"version":"v1","kind":"Pod","name":"x"}],"run":{"started":"2026-01-01T00:00:00Z"}}`), true)
	f.Add([]byte("junk"), false)
	f.Fuzz(func(t *testing.T, content []byte, packed bool) {
		if packed {
			content = pack(t, string(content))
		}
		var i Inventory
		if i.decode(content) != nil {
			return
		}
		again, parts, err := i.encode()
		if err != nil || len(parts) > 0 {
			t.Fatalf("got %d parts, %v", len(parts), err)
		}
		var back Inventory
		if err := back.decode(again); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}

func TestForecast(t *testing.T) {
	i := &Inventory{Deployment: "d", key: make([]byte, 32), Pending: make([]backend.ID, maxObjects)}
	if err := i.Forecast(); err != nil {
		t.Fatalf("%d objects: %v", maxObjects, err)
	}
	i.Members = make([]Member, 1)
	var large *TooLargeError
	if err := i.Forecast(); !errors.As(err, &large) || large.Objects != maxObjects+1 || large.Diagnostic().Code != "inventory-too-large" {
		t.Fatalf("%d objects: got %v", maxObjects+1, err)
	}
}

func TestSentHash(t *testing.T) {
	i := &Inventory{Deployment: "d", Namespace: "n", key: []byte("0123456789abcdef")}
	base := i.SentHash([]byte(`{"a":1}`), map[string]string{"k": "v"})
	other := &Inventory{Deployment: "d", Namespace: "n", key: []byte("fedcba9876543210")}
	elsewhere := &Inventory{Deployment: "e", Namespace: "n", key: i.key}
	for name, got := range map[string]string{
		"manifest":    i.SentHash([]byte(`{"a":2}`), map[string]string{"k": "v"}),
		"value":       i.SentHash([]byte(`{"a":1}`), map[string]string{"k": "w"}),
		"key":         i.SentHash([]byte(`{"a":1}`), map[string]string{"l": "v"}),
		"shifted":     i.SentHash([]byte(`{"a":1}`), map[string]string{"kv": ""}),
		"no secret":   i.SentHash([]byte(`{"a":1}`), nil),
		"hash key":    other.SentHash([]byte(`{"a":1}`), map[string]string{"k": "v"}),
		"other label": elsewhere.SentHash([]byte(`{"a":1}`), map[string]string{"k": "v"}),
	} {
		if got == base {
			t.Errorf("%s makes no difference", name)
		}
	}
	if again := i.SentHash([]byte(`{"a":1}`), map[string]string{"k": "v"}); again != base || len(base) != 22 {
		t.Errorf("got %q and %q", base, again)
	}
}

func TestOwnedHash(t *testing.T) {
	entry := func(manager string, operation metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: operation, Subresource: subresource, APIVersion: "v1", FieldsV1: metav1.NewFieldsV1(fields)}
	}
	ours := entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, "", `{"f:data":{"f:a":{}}}`)
	base := OwnedHash([]metav1.ManagedFieldsEntry{ours}, cluster.FieldManager)
	if base == "" {
		t.Fatal("got no hash")
	}
	beside := []metav1.ManagedFieldsEntry{entry("kubectl", "Update", "", `{"f:data":{"f:b":{}}}`), ours, entry(cluster.FieldManager, "Update", "", `{}`), entry(cluster.FieldManager, "Apply", "status", `{}`)}
	if got := OwnedHash(beside, cluster.FieldManager); got != base {
		t.Error("other managers and subresources make a difference")
	}
	lost := entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, "", `{"f:data":{}}`)
	if OwnedHash([]metav1.ManagedFieldsEntry{lost}, cluster.FieldManager) == base {
		t.Error("a lost field makes no difference")
	}
	for _, none := range [][]metav1.ManagedFieldsEntry{nil, {entry("kubectl", "Apply", "", "{}")}, {{Manager: cluster.FieldManager, Operation: "Apply"}}} {
		if got := OwnedHash(none, cluster.FieldManager); got != "" {
			t.Errorf("%v: got %q, want none", none, got)
		}
	}
}

func TestParentAnnotations(t *testing.T) {
	i := &Inventory{Deployment: "d", Namespace: "ns-1", Members: []Member{member(1), member(2)}, Pending: []backend.ID{{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "zone", Name: "x"}}}
	parent := i.parent(nil)
	if got := parent.Annotations[kindsAnnotation]; got != "ConfigMap,Deployment.apps" {
		t.Errorf("kinds: got %q", got)
	}
	if got := parent.Annotations[namespacesAnnotation]; got != "ns-2,zone" {
		t.Errorf("namespaces other than its own: got %q", got)
	}
	for n := range 20000 {
		i.Members = append(i.Members, Member{ID: backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: fmt.Sprintf("a-long-tenant-name-%d", n), Name: "x"}})
	}
	if _, listed := i.parent(nil).Annotations[namespacesAnnotation]; listed {
		t.Error("annotations beyond what the API server takes")
	}
	if err := i.read(&corev1.Secret{}); err == nil {
		t.Error("a Secret without annotations was taken for an inventory")
	}
}

func TestReleases(t *testing.T) {
	i := &Inventory{Deployment: "d", Namespace: "n", Releases: []Release{
		{Namespace: "b", Name: "x", Pending: true},
		{Namespace: "a", Name: "y", Chart: Chart{Name: "c", Version: "1.2.3", Digest: "sha256:0"}, Rendered: "h", Revision: 3, Score: "s", Position: score.Position{File: "a.star", Line: 1, Column: 1}},
	}}
	packed := encoded(t, i)
	var back Inventory
	if err := back.decode(packed); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Releases, i.Releases) || back.Releases[0].Key() != "a/y" || !back.HasPendingReleases() || back.ReleaseIndex()["a/y"].Revision != 3 {
		t.Fatalf("got %+v, want %+v", back.Releases, i.Releases)
	}
	// What knows no releases must not read it.
	content, err := gunzip(packed)
	if err != nil || !strings.Contains(content, `"version":2`) {
		t.Fatalf("got %s (%v), want record version 2", content, err)
	}
	if err := back.decode(pack(t, `{"version":2,"releases":[{"name":"x"}]}`)); err == nil {
		t.Fatal("a release without a namespace was read")
	}
	// A record from before there were releases: its resources had the number that releases have now.
	if err := back.decode(pack(t, `{"version":1,"members":[{"id":{"version":"v1","kind":"Pod","name":"x"},"stage":3,"uid":"u"}]}`)); err != nil {
		t.Fatal(err)
	}
	if len(back.Releases) != 0 || back.Members[0].Stage != backend.StageResources {
		t.Fatalf("got %+v", back)
	}
}

func gunzip(packed []byte) (string, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(reader)
	return string(content), err
}

func TestGeneratedAndRenderedHash(t *testing.T) {
	i, other := &Inventory{Deployment: "d", Namespace: "n"}, &Inventory{Deployment: "d", Namespace: "n"}
	if err := errors.Join(i.makeKey(), other.makeKey()); err != nil {
		t.Fatal(err)
	}
	value := i.Generated("ns/grafana", "password")
	if len(value) != 32 || strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Fatalf("got %q, want 32 characters of the alphabet of URLs", value)
	}
	if again := i.Generated("ns/grafana", "password"); again != value {
		t.Fatalf("got %q and %q for one key", value, again)
	}
	for name, got := range map[string]string{
		"key": i.Generated("ns/grafana", "user"), "name": i.Generated("ns/other", "password"),
		"namespace": i.Generated("sn/grafana", "password"), "deployment": other.Generated("ns/grafana", "password"),
	} {
		if got == value {
			t.Errorf("another %s gives the same value", name)
		}
	}
	hash := i.RenderedHash([]byte("ab"), []byte("c"))
	if hash == i.RenderedHash([]byte("a"), []byte("bc")) || hash == other.RenderedHash([]byte("ab"), []byte("c")) || hash != i.RenderedHash([]byte("ab"), []byte("c")) {
		t.Error("the hash of a release does not tell apart what it should, or tells apart what is equal")
	}
}
