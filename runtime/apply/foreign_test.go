// SPDX-License-Identifier: Apache-2.0

// This file does to the cluster what others do.

package apply_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"k8s.io/client-go/rest"
)

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
