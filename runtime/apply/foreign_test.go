// SPDX-License-Identifier: Apache-2.0

// This file does to the cluster what others do.

package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"k8s.io/client-go/rest"
)

// edit changes a live ConfigMap as another manager would: anew where somebody else wrote it in between, a controller that removes what is
// in a namespace for one.
func (w *world) edit(namespace, name string, change func(map[string]any)) {
	w.t.Helper()
	for {
		live := w.get("v1", "ConfigMap", namespace, name)
		change(live.Object)
		status, answer := foreignStatus(w.t, w.client, http.MethodPut, "/api/v1/namespaces/"+namespace+"/configmaps/"+name+"?fieldManager=kubectl-edit", live.Object)
		if status < 300 {
			return
		}
		if status != http.StatusConflict {
			w.t.Fatalf("edit of %s/%s: %d: %v", namespace, name, status, answer["message"])
		}
	}
}

// foreign sends a request that is not the engine's.
func foreign(t testing.TB, client *cluster.Client, method, path string, content any) map[string]any {
	t.Helper()
	status, answer := foreignStatus(t, client, method, path, content)
	if status >= 300 {
		t.Fatalf("%s %s: %d: %v", method, path, status, answer["message"])
	}
	return answer
}

func foreignStatus(t testing.TB, client *cluster.Client, method, path string, content any) (int, map[string]any) {
	t.Helper()
	config := client.RESTConfig()
	config.UserAgent = "foreign"
	http1, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, client.Host()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	answer, err := http1.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		t.Fatalf("%s %s: %d: %q", method, path, answer.StatusCode, raw)
	}
	return answer.StatusCode, decoded
}

// await asks until something is so.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(eventually); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", eventually, what)
		}
	}
}

// awaitRights waits until the API server grants what roles of a moment ago grant to a client: it learns of them as every other client
// learns of changes, a moment after it has stored them.
func awaitRights(t testing.TB, client *cluster.Client, rights ...cluster.Access) {
	t.Helper()
	for _, right := range rights {
		await(t, fmt.Sprintf("the right to %+v", right), func() bool {
			allowed, err := client.May(context.Background(), right)
			if err != nil {
				t.Fatal(err)
			}
			return allowed
		})
	}
}

// awaitQuota waits until a quota of a moment ago keeps an object of a namespace from being made: its controller has to count first, and
// the API server to learn of that.
func awaitQuota(t testing.TB, client *cluster.Client, path string, refused map[string]any) {
	t.Helper()
	await(t, "the quota to be in force", func() bool {
		_, answer := foreignStatus(t, client, http.MethodPost, path+"?dryRun=All", refused)
		return strings.Contains(fmt.Sprint(answer["message"]), "exceeded quota")
	})
}
