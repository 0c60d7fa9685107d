// SPDX-License-Identifier: Apache-2.0

// This file spoils answers, lets credentials expire, and keeps silent.

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// packed is what an API server that speaks protobuf answers.
func packed(t *testing.T, object interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	raw, err := object.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	wrapped := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}, Raw: raw}
	content, err := wrapped.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("k8s\x00"), content...)
}

// TestUnreadableAnswerIsAskedForAgain has something on the way spoil answers without breaking the connection.
func TestUnreadableAnswerIsAskedForAgain(t *testing.T) {
	object, err := json.Marshal(applied)
	if err != nil {
		t.Fatal(err)
	}
	binary := packed(t, &applied)
	for _, c := range []struct {
		name, contentType string
		content           []byte
	}{
		{"half of a JSON text", contentJSON, object[:len(object)/2]},
		{"nothing at all", contentJSON, nil},
		{"half of a protobuf message", contentProtobuf, binary[:len(binary)/2]},
		{"a page for people", "text/html", []byte("<html>log in first</html>")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, times := range []int32{2, 99} {
				var tries atomic.Int32
				client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					if tries.Add(1) <= times {
						w.Header().Set("Content-Type", c.contentType)
						_, _ = w.Write(c.content)
						return
					}
					answer(w, http.StatusCreated, applied)
				})
				got, err := client.Apply(context.Background(), podTemplateID, []byte(`{}`), ApplyOptions{})
				if times == 2 && (err != nil || got.Attempts != 3 || got.Metadata.UID != "u") {
					t.Errorf("got %+v, %v, want the third try to do", got, err)
				}
				if times == 99 {
					list := Diagnostics(err)
					if len(list) != 1 || list[0].Code != "answer-unreadable" || tries.Load() != internalAttempts || IsDefinite(err) || IsUnreachable(err) {
						t.Errorf("got %v (%+v) after %d tries, want answer-unreadable after %d", err, list, tries.Load(), internalAttempts)
					}
				}
			}
		})
	}
}

// serveTokens starts an API server that takes one token, and returns a client whose kubeconfig has the given user.
func serveTokens(t *testing.T, valid *atomic.Value, user string) (*Client, *atomic.Int32) {
	t.Helper()
	var refused atomic.Int32
	// Credentials are only sent to a server that proves who it is, or need not.
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+valid.Load().(string) {
			refused.Add(1)
			refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized)
			return
		}
		answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a, user: %s}], clusters: [{name: a, cluster: {server: %q, insecure-skip-tls-verify: true}}]}", user, server.URL)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := Connect(Options{Kubeconfig: path, RetryFor: patience})
	if err != nil {
		t.Fatal(err)
	}
	return client, &refused
}

// TestRenewedTokens lets a token expire whose successor is there already: it has to be used, without a word to the user.
func TestRenewedTokens(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"file", "command"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "token")
			put := func(token string) {
				if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put("one")
			user := fmt.Sprintf("{tokenFile: %q}", file)
			if kind == "command" {
				script := fmt.Sprintf(`printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%%s"}}' "$(cat %s)"`, file)
				user = fmt.Sprintf("{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, %q]}}", script)
			}
			var valid atomic.Value
			valid.Store("one")
			client, refused := serveTokens(t, &valid, user)
			if err := client.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			put("two")
			valid.Store("two")
			if err := client.Check(t.Context()); err != nil {
				t.Fatalf("the new token was not used: %v", err)
			}
			if refused.Load() != 1 {
				t.Errorf("refused %d times, want once", refused.Load())
			}
			valid.Store("three")
			if err := client.Check(t.Context()); !IsUnauthorized(err) {
				t.Fatalf("got %v, want unauthorized", err)
			}
		})
	}
}

// TestCredentialsCommandFails tells a command that gives no credentials from a server that does not answer.
func TestCredentialsCommandFails(t *testing.T) {
	t.Parallel()
	var valid atomic.Value
	valid.Store("one")
	client, _ := serveTokens(t, &valid, `{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, "exit 7"]}}`)
	err := client.Check(t.Context())
	list := Diagnostics(err)
	if len(list) != 1 || list[0].Code != "cluster-unauthorized" || !strings.Contains(list[0].Summary+list[0].Detail, "exit code 7") || IsUnreachable(err) {
		t.Errorf("got %+v, want cluster-unauthorized with the command's exit code", list)
	}
}

// TestSilenceIsNotForEver has a server take requests and not answer: the request is sent once more on a connection of its
// own, and then given up, however small the time for trying again.
func TestSilenceIsNotForEver(t *testing.T) {
	t.Parallel()
	for _, silent := range []int32{1, 99} {
		t.Run(fmt.Sprint(silent), func(t *testing.T) {
			t.Parallel()
			var tries, sent atomic.Int32
			over := make(chan struct{})
			// What is given up may have been sent and not have arrived yet.
			count := func(next http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					return next.RoundTrip(r)
				})
			}
			client := serveWith(t, Options{RetryFor: patience, Wrap: count}, func(w http.ResponseWriter, r *http.Request) {
				if tries.Add(1) <= silent {
					select {
					case <-r.Context().Done():
					case <-over:
					}
					return
				}
				answer(w, http.StatusOK, applied)
			})
			t.Cleanup(func() { close(over) })
			if _, err := client.Resource(t.Context(), KindOf(podTemplateID)); err != nil {
				t.Fatal(err)
			}
			// A second try that is to do has more time than a busy machine needs.
			limit := 500 * time.Millisecond
			if silent == 1 {
				limit = 4 * time.Second
			}
			client.awayFor, client.readTimeout, client.writeTimeout = time.Millisecond, limit, limit
			_, read := client.GetMetadata(t.Context(), podTemplateID)
			if silent == 1 && read != nil {
				t.Errorf("read: got %v, want the second try to do", read)
			}
			if silent == 99 && (!IsUnreachable(read) || !errors.Is(read, errAttemptTimeout)) {
				t.Errorf("read: got %v, want the server lost", read)
			}
			tries.Store(0)
			sent.Store(0)
			_, write := client.Apply(t.Context(), podTemplateID, []byte(`{}`), ApplyOptions{})
			if silent == 1 && write != nil {
				t.Errorf("write: got %v, want the second try to do", write)
			}
			if silent == 99 && (!IsUnreachable(write) || sent.Load() != 2) {
				t.Errorf("write: got %v after %d tries, want the server lost after 2", write, sent.Load())
			}
		})
	}
}
