// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"k8s.io/apimachinery/pkg/util/validation"
)

// fleet returns the inventory of tenants with ten objects each, whose hashes pack as badly as real ones.
func fleet(tenants int) *Inventory {
	i := &Inventory{Deployment: "fleet", Namespace: "n", key: []byte("0123456789abcdef")}
	kinds := []string{"Namespace", "Secret", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "NetworkPolicy", "AlertmanagerConfig", "PrometheusRule", "ServiceMonitor"}
	for n := range tenants {
		name := fmt.Sprintf("tenant-%05d", n)
		for line, kind := range kinds {
			id := backend.ID{Version: "v1", Kind: kind, Namespace: name, Name: "on-call"}
			if kind == "Namespace" {
				id.Namespace, id.Name = "", name
			}
			sum := sha256.Sum256([]byte(name + kind))
			text := base64.RawURLEncoding.EncodeToString(sum[:])
			i.Members = append(i.Members, Member{
				ID: id, Stage: backend.StageFoundations, UID: fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
				Sent: text[:22], Owned: text[21:43], Position: score.Position{File: "platform/tenants.star", Line: 10 + line, Column: 5}, Score: "tenant " + name,
			})
		}
	}
	slices.SortFunc(i.Members, func(a, b Member) int { return a.ID.Compare(b.ID) })
	return i
}

// kept is what a cluster holds of an inventory.
type kept struct {
	head  []byte
	parts map[string][]byte
}

// store keeps i as a Store does, and returns how many parts it had to write.
func (k *kept) store(t testing.TB, i *Inventory) (written int) {
	t.Helper()
	head, parts, err := i.encode()
	if err != nil {
		t.Fatal(err)
	}
	next := map[string][]byte{}
	i.parts = nil
	for _, p := range parts {
		i.parts = append(i.parts, p.partRef)
		next[p.Name] = k.parts[p.Name]
		if p.packed != nil {
			next[p.Name] = p.packed
			written++
		}
		if size := len(next[p.Name]); size == 0 || size > MaxSize {
			t.Fatalf("part %s: got %d bytes, want at most %d", p.Name, size, MaxSize)
		}
	}
	k.head, k.parts = head, next
	return written
}

// load reads what is kept.
func (k *kept) load(key []byte) (*Inventory, error) {
	i := &Inventory{Deployment: "fleet", Namespace: "n", key: key}
	if err := i.decode(k.head); err != nil {
		return nil, err
	}
	var parts []record
	for _, ref := range i.parts {
		part, err := i.decodePart(ref, k.parts[ref.Name])
		if err != nil {
			return nil, &partError{ref.Name, err}
		}
		parts = append(parts, part)
	}
	if len(parts) > 0 {
		i.join(parts)
	}
	return i, nil
}

func TestPartsHoldTenThousandTenants(t *testing.T) {
	t.Parallel()
	i := fleet(10_000)
	i.Pending = []backend.ID{i.Members[17].ID, i.Members[60_000].ID, {Version: "v1", Kind: "Pod", Namespace: "elsewhere", Name: "x"}}
	i.Releases = []Release{{Namespace: "tenant-00017", Name: "stack", Revision: 3}, {Namespace: "tenant-09000", Name: "stack", Pending: true}}
	var cluster kept
	if written := cluster.store(t, i); written != len(i.parts) || written < 20 || written > len(i.Members)/minPart {
		t.Fatalf("got %d parts for %d objects", written, len(i.Members))
	}
	if len(cluster.head) > MaxSize/10 {
		t.Errorf("got a head of %d bytes for %d parts, want it far below %d", len(cluster.head), len(i.parts), MaxSize)
	}
	back, err := cluster.load(i.key)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(i.Pending, backend.ID.Compare)
	if !reflect.DeepEqual(back.Members, i.Members) || !reflect.DeepEqual(back.Pending, i.Pending) || !reflect.DeepEqual(back.Releases, i.Releases) {
		t.Fatal("what was read is not what was written")
	}
	if written := cluster.store(t, back); written != 0 {
		t.Fatalf("got %d parts written anew of a record that is the same", written)
	}
}

// Whatever happens to one tenant is written with one part, and nothing else is.
func TestPartsThatDidNotChangeStay(t *testing.T) {
	t.Parallel()
	i := fleet(2000)
	var cluster kept
	all := cluster.store(t, i)
	if all < 8 {
		t.Fatalf("got %d parts, want more to tell apart", all)
	}
	i.Members[4711].Sent, i.Members[4711].Position.Line = "changed", 1_000_000
	if written := cluster.store(t, i); written != 1 {
		t.Errorf("a changed object: got %d parts written, want 1", written)
	}
	for n := range pendingInHead {
		i.Pending = append(i.Pending, i.Members[7*n].ID)
	}
	if written := cluster.store(t, i); written != 0 {
		t.Errorf("a few pending objects: got %d parts written, want none", written)
	}
	back, err := cluster.load(i.key)
	if err != nil || !reflect.DeepEqual(back.Pending, i.Pending) || !reflect.DeepEqual(back.Members, i.Members) {
		t.Errorf("got %v, want the pending objects that the parent lists", err)
	}
	i.Pending = append(i.Pending, i.Members[1].ID)
	if written := cluster.store(t, i); written == 0 {
		t.Error("many pending objects: got no part written, want them beside the members")
	}
	i.Pending = nil
	cluster.store(t, i)
	whole := slices.Clone(i.Members)
	for _, tenant := range []string{"tenant-00000", "tenant-00777", "tenant-01999"} {
		i.Members = slices.DeleteFunc(slices.Clone(whole), func(m Member) bool { return place(m.ID) == tenant })
		if got := len(whole) - len(i.Members); got != 10 {
			t.Fatalf("%s: got %d objects removed, want 10", tenant, got)
		}
		if written := cluster.store(t, i); written > 2 {
			t.Errorf("%s removed: got %d parts written, want its own and at most the next", tenant, written)
		}
		i.Members = slices.Clone(whole)
		if written := cluster.store(t, i); written > 2 {
			t.Errorf("%s made again: got %d parts written", tenant, written)
		}
	}
}

// What is intended and what is recorded afterwards fall into the same parts.
func TestPartsOfAnIntent(t *testing.T) {
	t.Parallel()
	i := fleet(1500)
	intent := &Inventory{Deployment: i.Deployment, Namespace: i.Namespace, key: i.key}
	for _, m := range i.Members {
		intent.Pending = append(intent.Pending, m.ID)
	}
	keys := func(r record) (ends []backend.ID) {
		for _, group := range split(r.entries()) {
			ends = append(ends, group[len(group)-1].id)
		}
		return ends
	}
	a, b := keys(record{Pending: intent.Pending}), keys(record{Members: i.Members})
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("got parts that end at %v, want %v", a, b)
	}
	if both := keys(record{Members: i.Members, Pending: intent.Pending}); !reflect.DeepEqual(both, b) {
		t.Fatalf("members that are pending: got parts that end at %v, want %v", both, b)
	}
	var cluster kept
	cluster.store(t, intent)
	back, err := cluster.load(i.key)
	if err != nil || len(back.Pending) != len(i.Members) || len(back.Members) != 0 {
		t.Fatalf("got %v", err)
	}
}

// Only a record that has parts has the version that earlier harmonyscripts refuse.
func TestPartsOnlyWhenNeeded(t *testing.T) {
	t.Parallel()
	version := func(i *Inventory) string {
		head, _, err := i.encode()
		if err != nil {
			t.Fatal(err)
		}
		content, err := gunzip(head)
		if err != nil {
			t.Fatal(err)
		}
		return content[:strings.IndexByte(content, ',')]
	}
	i := fleet(splitFrom / 10)
	if got := version(i); got != `{"version":1` {
		t.Errorf("%d objects: got %s, want version 1", len(i.Members), got)
	}
	i = fleet(splitFrom/10 + 1)
	if got := version(i); got != `{"version":3` {
		t.Errorf("%d objects: got %s, want version 3", len(i.Members), got)
	}
	i.Members = i.Members[:100]
	if got := version(i); got != `{"version":1` {
		t.Errorf("shrunk: got %s, want version 1", got)
	}
}

func noise(length int) string {
	random := make([]byte, length)
	_, _ = rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)[:length]
}

// Objects that pack badly make smaller parts; what cannot be split any more is refused.
func TestPartsOfLongNames(t *testing.T) {
	t.Parallel()
	i := fleet(300)
	for n := range i.Members {
		i.Members[n].Score = noise(4000)
	}
	var cluster kept
	cluster.store(t, i)
	back, err := cluster.load(i.key)
	if err != nil || !reflect.DeepEqual(back.Members, i.Members) {
		t.Fatalf("got %v, want what was written", err)
	}
	i.Members[5].Score = noise(2 * MaxSize)
	_, _, err = i.encode()
	var large *TooLargeError
	if !errors.As(err, &large) || large.Objects != 1 || large.Size <= MaxSize {
		t.Fatalf("got %v, want a *TooLargeError about one object", err)
	}
}

func TestPartNames(t *testing.T) {
	t.Parallel()
	for _, deployment := range []string{"a", "platform.eu-west", strings.Repeat("a", 253), strings.Repeat("a", 219) + "." + strings.Repeat("b", 33)} {
		i := &Inventory{Deployment: deployment}
		name := i.newPartName()
		if faults := validation.IsDNS1123Subdomain(name); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
		if i.newPartName() == name {
			t.Errorf("%s: a name came twice", deployment)
		}
	}
}

func TestDamagedParts(t *testing.T) {
	t.Parallel()
	i := fleet(1000)
	var cluster kept
	cluster.store(t, i)
	refs := i.parts
	earlier := cluster.parts[refs[1].Name]
	i.Members = slices.Clone(i.Members)
	for n := range i.Members {
		i.Members[n].Sent = "later"
	}
	cluster.store(t, i)
	second := i.parts[1].Name
	for name, packed := range map[string][]byte{
		"missing": nil, "empty": {}, "cut": cluster.parts[second][:100], "no gzip": []byte("hello"), "another part": cluster.parts[i.parts[0].Name],
		"an earlier state of it": earlier, "made by somebody else": pack(t, `{"version":3}`),
	} {
		damaged := kept{head: cluster.head, parts: map[string][]byte{}}
		for part, content := range cluster.parts {
			damaged.parts[part] = content
		}
		damaged.parts[second] = packed
		_, err := damaged.load(i.key)
		var of *partError
		if !errors.As(err, &of) || of.name != second {
			t.Errorf("%s: got %v, want an error about %s", name, err, second)
		}
	}
	if _, err := cluster.load([]byte("another key of 16")); err == nil {
		t.Error("parts were read with the key of another inventory")
	}
}

func FuzzDecodePart(f *testing.F) {
	i := fleet(1000)
	var cluster kept
	cluster.store(f, i)
	ref := i.parts[0]
	good := cluster.parts[ref.Name]
	want, err := i.decodePart(ref, good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, byte(1), []byte(`{"version":3}`))
	f.Add(len(good)/2, byte(0x80), []byte(nil))
	f.Add(-1, byte(0), []byte(`{"version":3,"members":[{"id":{"version":"v1","kind":"Pod","name":"x"},"stage":3,"uid":"u"}]}`))
	f.Fuzz(func(t *testing.T, at int, flip byte, content []byte) {
		damaged := slices.Clone(good)
		if at >= 0 {
			damaged[at%len(damaged)] ^= flip
		} else {
			damaged = pack(t, string(content))
		}
		got, err := i.decodePart(ref, damaged)
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("byte %d: another record was read", at)
		}
		if err != nil && len(got.Members)+len(got.Pending) > 0 {
			t.Fatalf("byte %d: got %d members besides the error %v", at, len(got.Members), err)
		}
		// What bears the right sum but is no record of ours is an error too, and never a panic.
		ref := partRef{Name: "x", Sum: i.partSum(content)}
		_, _ = i.decodePart(ref, pack(t, string(content)))
	})
}
