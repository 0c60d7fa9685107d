// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/inventory"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	corev1 "k8s.io/api/core/v1"
)

// vault resolves secrets out of a map.
type vault map[string]string

func (v vault) resolve(_ context.Context, s score.Secret) (string, error) {
	if value, ok := v[s.Name]; ok {
		return value, nil
	}
	return "", errors.New("it is not in the vault")
}

func (w *world) secret(line int, namespace, name string, keys map[string]string) {
	o := w.add(line, "tenant", object("v1", "Secret", namespace, name, nil))
	o.Secrets = map[string]score.Secret{}
	for key, variable := range keys {
		o.Secrets[key] = score.Secret{Source: score.SecretFromEnvironment, Name: variable, Origin: at(line + 100)}
	}
}

func (w *world) planWith(v vault) *plan.Plan {
	w.t.Helper()
	p, err := plan.Compute(context.Background(), plan.Request{Client: w.client, Deployment: w.name, Objects: w.objects, ResolveSecret: v.resolve})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestSecretsAreAppliedAndNeverTold(t *testing.T) {
	t.Parallel()
	const first, second = "https://discord.example/api/webhooks/MARKER-ONE", "MARKER-TWO \"quoted\"\nline two is longer"
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.secret(2, ns, "hook", map[string]string{"url": "HOOK"})
	var told strings.Builder
	tell := func(value any) {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&told, "%s\n%+v\n", encoded, value)
	}
	run := func(v vault) *apply.Outcome {
		tell(w.planWith(v))
		o := w.run(func(r *apply.Request) {
			r.ResolveSecret = v.resolve
			r.Observe = func(e apply.Event) { tell(e) }
		})
		tell(o)
		return o
	}
	mustBe(t, run(vault{"HOOK": first}), apply.Done, map[apply.Status]int{apply.Created: 2})
	var live corev1.Secret
	read := func() {
		if err := w.client.GetInto(context.Background(), idOf("v1", "Secret", ns, "hook"), &live); err != nil {
			t.Fatal(err)
		}
	}
	if read(); string(live.Data["url"]) != first {
		t.Fatalf("got %q in the cluster", live.Data["url"])
	}
	mustBe(t, run(vault{"HOOK": first}), apply.Done, map[apply.Status]int{apply.Unchanged: 2})
	s := step(t, w.planWith(vault{"HOOK": second}), "Secret", "hook")
	if s.Action != plan.Update || len(s.Changes) != 1 || s.Changes[0] != (plan.Change{Path: ".data.url", Secret: true}) {
		t.Fatalf("plan of a changed secret: got %+v", s)
	}
	mustBe(t, run(vault{"HOOK": second}), apply.Done, map[apply.Status]int{apply.Unchanged: 1, apply.Updated: 1})
	if read(); string(live.Data["url"]) != second {
		t.Fatalf("got %q in the cluster", live.Data["url"])
	}

	// A server that repeats the value in its refusal: as a label of another object, and as a key's value.
	w.add(5, "other", object("v1", "ConfigMap", ns, "leaky", map[string]any{"metadata": map[string]any{"name": "leaky", "namespace": ns, "labels": map[string]any{"a": second}}}))
	w.add(6, "other", object("v1", "Secret", ns, "leaky", map[string]any{"type": "kubernetes.io/tls", "data": map[string]any{"tls.crt": base64.StdEncoding.EncodeToString([]byte(second))}}))
	o := run(vault{"HOOK": second})
	mustBe(t, o, apply.Failed, map[apply.Status]int{apply.Unchanged: 2, apply.ObjectFailed: 2})
	mustHave(t, o.Diagnostics, "object-invalid", "metadata.labels", 5)
	tell(o.Diagnostics.Render(nil, diag.Style{}))

	var parent corev1.Secret
	if err := w.client.GetInto(context.Background(), idOf("v1", "Secret", inventory.DefaultNamespace, w.name), &parent); err != nil {
		t.Fatal(err)
	}
	tell(w.inventory())
	tell(parent.Annotations)
	for _, marker := range []string{"MARKER-ONE", "MARKER-TWO", "line two is longer", base64.StdEncoding.EncodeToString([]byte(first)), base64.StdEncoding.EncodeToString([]byte(second))} {
		if at := strings.Index(told.String(), marker); at >= 0 {
			t.Fatalf("%q was told: %s", marker, told.String()[max(0, at-300):at+60])
		}
	}
}

func TestMissingSecretsBeforeAnyWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.secret(2, ns, "one", map[string]string{"url": "NOWHERE"})
	w.secret(3, ns, "two", map[string]string{"url": "KNOWN", "token": "NOR_HERE"})
	w.counter.reset()
	request := w.request()
	request.ResolveSecret = vault{"KNOWN": "value"}.resolve
	_, err := apply.Run(context.Background(), request)
	list := mustErr[diag.List](t, err)
	mustHave(t, list, "secret-missing", `secret(env = "NOWHERE"): it is not in the vault`, 102)
	mustHave(t, list, "secret-missing", "export NOR_HERE=", 103)
	if len(list) != 2 {
		t.Fatalf("got %v, want both and nothing else", list)
	}
	if writes := w.counter.writes(); len(writes) > 0 {
		t.Fatalf("wrote before all secrets were known: %v", writes)
	}
	p := w.planWith(vault{"KNOWN": "value"})
	mustHave(t, p.Diagnostics, "secret-missing", "NOWHERE", 102)
	if s := step(t, p, "Secret", "one"); s.Action != plan.Create {
		t.Fatalf("plan without the secret: got %+v", s)
	}
}

// The hashes of two deployments with the same Secret must differ, and so must those of two values: nobody who reads
// inventories can compare or guess.
func TestSecretHashesAreKeyed(t *testing.T) {
	t.Parallel()
	client := newWorld(t).client
	sent := func(value string) string {
		inv, err := inventory.NewStore(client, "").Load(context.Background(), "hashes-of-none")
		if err != nil {
			t.Fatal(err)
		}
		return inv.SentHash([]byte("{}"), map[string]string{"url": value})
	}
	if a, b := sent("value"), sent("value"); a == b || a == "" {
		t.Fatalf("got the hashes %q and %q", a, b)
	}
}
