// SPDX-License-Identifier: Apache-2.0

// This file stores inventories that are too large for one Secret.

package apply_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fill gives an inventory count members whose hashes come of seed, and pack as badly as real ones.
func fill(inv *inventory.Inventory, count int, seed string) {
	inv.Members = nil
	for n := range count {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, n))
		text := base64.RawURLEncoding.EncodeToString(sum[:])
		inv.Members = append(inv.Members, inventory.Member{
			ID:  backend.ID{Version: "v1", Kind: "ConfigMap", Namespace: fmt.Sprintf("tenant-%05d", n/10), Name: fmt.Sprintf("map-%d", n%10)},
			UID: fmt.Sprintf("%x", sum[16:]), Sent: text[:22], Owned: text[21:43], Score: seed,
		})
	}
}

// recordSecrets returns the Secrets that keep the inventory, parent and parts, by name.
func (w *world) recordSecrets() map[string]corev1.Secret {
	w.t.Helper()
	list, err := w.client.List(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, inventory.DefaultNamespace, "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]corev1.Secret{}
	for _, item := range list {
		if name := item.GetName(); name == w.name || strings.HasPrefix(name, w.name+".") {
			var secret corev1.Secret
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &secret); err != nil {
				w.t.Fatal(err)
			}
			found[name] = secret
		}
	}
	return found
}

// stored reads the inventory with a client that nothing happens to.
func (w *world) stored() *inventory.Inventory {
	w.t.Helper()
	inv, err := inventory.NewStore(connect(w.t, cluster.Options{Kubeconfig: kubeconfig(w.t)}), "").Load(context.Background(), w.name)
	if err != nil {
		w.t.Fatal(err)
	}
	return inv
}

func (w *world) save(store *inventory.Store, inv *inventory.Inventory) {
	w.t.Helper()
	if err := store.Save(context.Background(), inv); err != nil {
		w.t.Fatal(err)
	}
}

func TestInventoryOfManyObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	store := inventory.NewStore(w.client, "")
	inv := w.inventory()
	fill(inv, 30_000, "first")
	w.save(store, inv)
	total := 0
	secrets := w.recordSecrets()
	for name, secret := range secrets {
		size := 0
		for _, content := range secret.Data {
			size += len(content)
		}
		if total += size; size > inventory.MaxSize {
			t.Errorf("%s: got %d bytes, want %d or less", name, size, inventory.MaxSize)
		}
		if _, member := secret.Labels[inventory.MemberLabel]; member {
			t.Errorf("%s says that it is a member", name)
		}
	}
	if total < inventory.MaxSize || len(secrets) < 3 {
		t.Fatalf("got %d bytes in %d Secrets, want more than one holds", total, len(secrets))
	}
	back := w.stored()
	if !reflect.DeepEqual(back.Members, inv.Members) {
		t.Fatal("what was read is not what was written")
	}
	// One object that differs is one part.
	w.counter.reset()
	w.save(store, inv)
	if writes := w.counter.writes(); len(writes) != 0 {
		t.Fatalf("the same record: got writes %v", writes)
	}
	inv.Members[12_345].Sent = "other"
	w.save(store, inv)
	if got, writes := methods(w.counter.writes()), w.counter.writes(); got != "POST PUT DELETE" {
		t.Fatalf("one object differs: got %s, want a part, the parent, and the part before:\n%s", got, strings.Join(writes, "\n"))
	}
	if got := len(w.recordSecrets()); got != len(secrets) {
		t.Errorf("got %d Secrets, want %d as before", got, len(secrets))
	}
	// Parts that are gone are told, all of them, and nothing is taken for gone with them.
	var gone []string
	for name := range w.recordSecrets() {
		if name != w.name && len(gone) < 2 {
			if _, err := w.client.Delete(ctx, idOf("v1", "Secret", inventory.DefaultNamespace, name), cluster.Preconditions{}); err != nil {
				t.Fatal(err)
			}
			gone = append(gone, name)
		}
	}
	_, err := store.Load(ctx, w.name)
	damaged := mustErr[*inventory.DamagedError](t, err)
	for _, name := range gone {
		if d := damaged.Diagnostic(); d.Code != "inventory-damaged" || !strings.Contains(d.Summary, "part "+name+": it does not exist") {
			t.Fatalf("got %+v, want %s told", d, name)
		}
	}
	if err := store.Delete(ctx, inv); err != nil {
		t.Fatal(err)
	}
	if left := w.recordSecrets(); len(left) > 0 {
		t.Fatalf("got %d Secrets left of an inventory that was deleted", len(left))
	}
}

// methods returns the methods of requests, one after the other.
func methods(lines []string) string {
	var list []string
	for _, line := range lines {
		list = append(list, line[:strings.IndexByte(line, ' ')])
	}
	return strings.Join(list, " ")
}

var errKilled = errors.New("killed")

// A process that is killed after any of its writes leaves the record as it was, or as it was to be. What it leaves behind beside
// that is removed by the next that stores parts, and by destroy.
func TestKilledBetweenParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := inventory.NewStore(w.client, "")
	sizes := map[string]int{"small": 100, "a": 9000, "b": 9000}
	undisturbed := map[string]int{}
	kills := 0
	for _, change := range [][2]string{{"small", "a"}, {"a", "b"}, {"b", "small"}} {
		from, to := change[0], change[1]
		for point := 1; ; point++ {
			inv := w.stored()
			// Only who stores something else, and has parts before or after, looks for those that others left.
			if from == "small" {
				fill(inv, sizes["b"], "between")
			} else {
				fill(inv, sizes["small"], "between")
			}
			w.save(store, inv)
			fill(inv, sizes[from], from)
			w.save(store, inv)
			got := len(w.recordSecrets())
			if undisturbed[from] == 0 {
				undisturbed[from] = got
			}
			if got != undisturbed[from] {
				t.Fatalf("%s: got %d Secrets after a record was stored undisturbed, want %d", from, got, undisturbed[from])
			}
			if w.saveAndDie(point, to, sizes[to]) < point {
				break
			}
			kills++
			after, want := w.stored(), &inventory.Inventory{}
			seed := after.Members[0].Score
			if seed != from && seed != to {
				t.Fatalf("%s to %s, killed after write %d: got %s", from, to, point, seed)
			}
			if fill(want, sizes[seed], seed); !reflect.DeepEqual(after.Members, want.Members) {
				t.Fatalf("%s to %s, killed after write %d: got a record of %d members that is neither", from, to, point, len(after.Members))
			}
		}
	}
	t.Logf("%d kills", kills)
	if kills < 20 {
		t.Fatalf("got %d kills, want one after each write", kills)
	}
	w.saveAndDie(3, "a", sizes["a"])
	if _, err := apply.Destroy(context.Background(), w.request()); err != nil {
		t.Fatal(err)
	}
	if left := w.recordSecrets(); len(left) > 0 {
		t.Fatalf("got %d Secrets left after destroy", len(left))
	}
}

// saveAndDie stores another record through a client that reaches nobody any more after its write of number point, and returns how
// many it tried.
func (w *world) saveAndDie(point int, seed string, size int) (writes int) {
	w.t.Helper()
	var tried atomic.Int32
	client := connect(w.t, cluster.Options{Kubeconfig: kubeconfig(w.t), AwayFor: 1, Wrap: func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return next.RoundTrip(r)
			}
			n := int(tried.Add(1))
			if n > point {
				return nil, errKilled
			}
			answer, err := next.RoundTrip(r)
			if n == point && err == nil {
				// The request has arrived, and nobody lives to read the answer.
				_ = answer.Body.Close()
				return nil, errKilled
			}
			return answer, err
		})
	}})
	store := inventory.NewStore(client, "")
	inv, err := store.Load(context.Background(), w.name)
	if err != nil {
		w.t.Fatal(err)
	}
	fill(inv, size, seed)
	_ = store.Save(context.Background(), inv)
	return int(tried.Load())
}

// Whoever reads while another run replaces what is read gets what was or what is.
func TestReadWhilePartsAreReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := inventory.NewStore(w.client, "")
	inv := w.inventory()
	fill(inv, 9000, "before")
	w.save(store, inv)
	var once sync.Once
	reader := &counter{before: func(r *http.Request) error {
		if strings.Contains(r.URL.Path, ".part-") {
			// The reader has the parent, and none of its parts.
			once.Do(func() {
				fill(inv, 9000, "after")
				w.save(store, inv)
			})
		}
		return nil
	}}
	client := connect(t, cluster.Options{Kubeconfig: kubeconfig(t), Wrap: reader.wrap})
	back, err := inventory.NewStore(client, "").Load(context.Background(), w.name)
	if err != nil || !reflect.DeepEqual(back.Members, inv.Members) {
		t.Fatalf("got %v, want what was written meanwhile", err)
	}
}
