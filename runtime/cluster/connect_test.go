// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const twoContexts = `apiVersion: v1
kind: Config
current-context: %s
clusters:
- {name: c, cluster: {server: "%s"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: production, context: {cluster: c, user: u}}
- {name: staging, context: {cluster: c, user: u}}
`

func writeConfig(t *testing.T, current, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, fmt.Appendf(nil, twoContexts, current, server), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustDiagnose(t *testing.T, err error, code, text string) {
	t.Helper()
	list := Diagnostics(err)
	if len(list) != 1 || list[0].Code != code || !strings.Contains(list[0].Summary+"\n"+list[0].Detail+"\n"+list[0].Fix, text) {
		t.Fatalf("got %+v for %v, want %s with %q", list, err, code, text)
	}
}

func TestConnect(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, err := Connect(Options{})
	mustDiagnose(t, err, "kubeconfig-missing", "--sandbox")
	_, err = Connect(Options{Kubeconfig: "/no/such/file"})
	mustDiagnose(t, err, "kubeconfig-missing", "/no/such/file")

	path := writeConfig(t, "staging", "https://127.0.0.1:1")
	_, err = Connect(Options{Kubeconfig: path, Context: "prodution"})
	mustDiagnose(t, err, "context-unknown", "did you mean --context production?")
	_, err = Connect(Options{Kubeconfig: writeConfig(t, `""`, "https://127.0.0.1:1")})
	mustDiagnose(t, err, "context-unknown", "production, staging")
	client, err := Connect(Options{Kubeconfig: path})
	if err != nil || client.ContextName() != "staging" || client.Host() != "https://127.0.0.1:1" {
		t.Fatalf("got %+v, %v", client, err)
	}

	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Connect(Options{Kubeconfig: path})
	mustDiagnose(t, err, "kubeconfig-invalid", path)
	mustDiagnose(t, errors.New("x"), "engine-failed", "x")
}

func TestUnreachable(t *testing.T) {
	server := serveTLS(t)
	for name, c := range map[string]struct {
		host    string
		timeout time.Duration
		text    string
	}{
		// A port of one's own that was closed may be another program's by now.
		"nothing there": {"http://127.0.0.1:1", 0, "connection refused"},
		// However slow the resolver is.
		"unknown host": {"https://no-such-host.invalid:6443", time.Second, ""},
		"too far away": {server, time.Nanosecond, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := NewClient(&rest.Config{Host: c.host}, Options{ConnectTimeout: c.timeout})
			if err != nil {
				t.Fatal(err)
			}
			err = client.Check(context.Background())
			if !IsUnreachable(err) {
				t.Fatalf("got %v, want that it cannot be reached", err)
			}
			mustDiagnose(t, err, "cluster-unreachable", c.host)
			mustDiagnose(t, err, "cluster-unreachable", c.text)
		})
	}
}

// TestTooFarAwayForAWhile has connections time out to a server that has answered: it is waited for, by requests of the engine and of
// libraries.
func TestTooFarAwayForAWhile(t *testing.T) {
	for _, library := range []bool{false, true} {
		var tries atomic.Int32
		client := breakable(t, Options{}, func(*http.Request) error {
			if tries.Add(1) > 1 {
				return nil
			}
			_, err := (&net.Dialer{Timeout: time.Nanosecond}).Dial("tcp", "127.0.0.1:1")
			return err
		})
		if !library {
			if _, err := client.Apply(t.Context(), podTemplateID, []byte(`{}`), ApplyOptions{}); err != nil || tries.Load() != 2 {
				t.Errorf("got %v after %d tries, want the second to do", err, tries.Load())
			}
			continue
		}
		sender, err := rest.HTTPClientFor(client.RESTConfig())
		if err != nil {
			t.Fatal(err)
		}
		response, err := sender.Post(client.Host()+"/x", contentJSON, strings.NewReader("{}"))
		if err != nil || tries.Load() != 2 {
			t.Fatalf("library: got %v after %d tries, want the second to do", err, tries.Load())
		}
		_ = response.Body.Close()
	}
}

// A server that accepts connections and never says a word must not be waited for longer than asked.
func TestSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := NewClient(&rest.Config{Host: "https://" + listener.Addr().String()}, Options{ConnectTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := client.Check(ctx); err == nil || time.Since(begun) > 10*time.Second {
		t.Fatalf("got %v after %s", err, time.Since(begun))
	}
}

func TestUnauthorized(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, metav1.StatusReasonUnauthorized) })
	err := client.Check(context.Background())
	if !IsUnauthorized(err) {
		t.Fatalf("got %v", err)
	}
	mustDiagnose(t, err, "cluster-unauthorized", "log in")
}

func TestCertificateOfAnother(t *testing.T) {
	server := serveTLS(t)
	client, err := NewClient(&rest.Config{Host: server}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustDiagnose(t, client.Check(context.Background()), "cluster-unreachable", "certificate")
}
