// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/internal/faultproxy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const answer = `{"kind":"Namespace","metadata":{"name":"a"}}`

// upstream starts a server that counts what gets to it, and returns a kubeconfig for it.
func upstream(t *testing.T) (path string, reached *atomic.Int32) {
	t.Helper()
	reached = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("the proxy's token got through to the server")
		}
		if r.URL.Query().Get("watch") != "" {
			fmt.Fprintln(w, "event")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	path = filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a}], clusters: [{name: a, cluster: {server: %q}}]}", server.URL)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, reached
}

func clientOf(t *testing.T, kubeconfig string) (*http.Client, string) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, config.Host
}

// get returns the status and the body of one request, and what went wrong with it. It is a PATCH, which the client's library
// does not send twice by itself.
func get(t *testing.T, client *http.Client, url string) (status int, body, protocol string, header http.Header, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", "", nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), response.Proto, response.Header, err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	killed := 0
	closed := make(chan struct{})
	close(closed)
	for _, c := range []struct {
		name    string
		fault   faultproxy.Fault
		reaches int32
		status  int
		body    string
		broken  bool
	}{
		{"reset", faultproxy.Reset, 0, 0, "", true},
		{"answer lost", faultproxy.LoseAnswer, 1, 0, "", true},
		{"killed", faultproxy.Then(func() { killed++ }), 1, 0, "", true},
		{"cut", faultproxy.Cut, 1, 200, answer[:len(answer)/2], true},
		{"halved", faultproxy.Halve, 1, 200, answer[:len(answer)/2], false},
		{"silent", faultproxy.Silence(closed), 0, 0, "", true},
		{"held", faultproxy.HoldAnswer(closed), 1, 200, answer, false},
		{"slow", faultproxy.Slow(time.Millisecond), 1, 200, answer, false},
		{"before", faultproxy.Before(func() { killed++ }), 1, 200, answer, false},
		{"429", faultproxy.Status(429, "7"), 0, 429, "TooManyRequests", false},
		{"page", faultproxy.Page(502), 0, 502, "<h1>Bad Gateway</h1>", false},
		{"late", faultproxy.LateStatus(504), 1, 504, "Timeout", false},
	} {
		for _, http1 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s http1=%t", c.name, http1), func(t *testing.T) {
				kubeconfig, reached := upstream(t)
				p := faultproxy.Start(t, kubeconfig, faultproxy.Options{HTTP1: http1})
				client, url := clientOf(t, p.Kubeconfig(nil))
				p.On(faultproxy.Numbered(2), c.fault)
				if status, body, protocol, _, err := get(t, client, url+"/one"); err != nil || status != 200 || body != answer || (protocol == "HTTP/1.1") != http1 {
					t.Fatalf("without a fault: got %d %q over %s, %v", status, body, protocol, err)
				}
				status, body, _, header, err := get(t, client, url+"/two")
				if (err != nil) != c.broken {
					t.Errorf("got %v, want broken=%t", err, c.broken)
				}
				// A reset may overtake what was answered before it.
				if c.name == "cut" {
					if len(body) > len(c.body) {
						t.Errorf("got %q, want half of the answer at most", body)
					}
				} else if status != c.status || !strings.Contains(body, c.body) {
					t.Errorf("got %d %q, want %d %q", status, body, c.status, c.body)
				}
				if c.name == "429" && header.Get("Retry-After") != "7" {
					t.Errorf("got Retry-After %q, want 7", header.Get("Retry-After"))
				}
				if n := reached.Load(); n != 1+c.reaches {
					t.Errorf("%d requests reached the server, want %d", n, 1+c.reaches)
				}
				if status, body, _, _, err := get(t, client, url+"/three"); err != nil || status != 200 || body != answer {
					t.Errorf("after the fault: got %d %q, %v", status, body, err)
				}
				if n := p.Count(faultproxy.Writes); n != 3 {
					t.Errorf("counted %d requests, want 3", n)
				}
			})
		}
	}
	if killed != 4 {
		t.Errorf("called %d times, want 4", killed)
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	kubeconfig, _ := upstream(t)
	p := faultproxy.Start(t, kubeconfig, faultproxy.Options{})
	client, url := clientOf(t, p.Kubeconfig(nil))
	if _, _, _, _, err := get(t, client, url); err != nil {
		t.Fatal(err)
	}
	p.Down()
	if _, _, _, _, err := get(t, client, url); err == nil {
		t.Fatal("a proxy that is down answered")
	}
	p.Up()
	if _, _, _, _, err := get(t, client, url); err != nil {
		t.Fatal(err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	kubeconfig, _ := upstream(t)
	p := faultproxy.Start(t, kubeconfig, faultproxy.Options{})
	first, url := clientOf(t, p.Kubeconfig(nil))
	second, _ := clientOf(t, p.Kubeconfig(func(user *clientcmdapi.AuthInfo) { user.Token = "second" }))
	for _, c := range []struct {
		accepted      []string
		first, second int
	}{{[]string{"first"}, 200, 401}, {[]string{"second"}, 401, 200}, {[]string{"first", "second"}, 200, 200}, {nil, 401, 401}} {
		p.Accept(c.accepted...)
		one, _, _, _, _ := get(t, first, url)
		two, _, _, _, _ := get(t, second, url)
		if one != c.first || two != c.second {
			t.Errorf("accepting %v: got %d and %d, want %d and %d", c.accepted, one, two, c.first, c.second)
		}
	}
}

func TestSkew(t *testing.T) {
	t.Parallel()
	kubeconfig, _ := upstream(t)
	p := faultproxy.Start(t, kubeconfig, faultproxy.Options{})
	client, url := clientOf(t, p.Kubeconfig(nil))
	p.Skew(time.Hour)
	_, body, _, header, err := get(t, client, url)
	if err != nil || body != answer {
		t.Fatalf("got %q, %v", body, err)
	}
	date, err := http.ParseTime(header.Get("Date"))
	if ahead := time.Until(date); err != nil || ahead < 59*time.Minute || ahead > 61*time.Minute {
		t.Errorf("got %s ahead, %v, want an hour", ahead, err)
	}
}

// TestWatchesGetThrough reads an event while the stream goes on, and then loses the stream.
func TestWatchesGetThrough(t *testing.T) {
	t.Parallel()
	kubeconfig, _ := upstream(t)
	p := faultproxy.Start(t, kubeconfig, faultproxy.Options{})
	client, url := clientOf(t, p.Kubeconfig(nil))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/pods?watch=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "event\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	if n := p.Count(faultproxy.Watches); n != 1 {
		t.Errorf("counted %d watches, want 1", n)
	}
	p.Down()
	if _, err := lines.ReadString('\n'); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a broken stream", err)
	}
}

func TestChoices(t *testing.T) {
	request := func(method, target string, n int) *faultproxy.Request {
		return &faultproxy.Request{Request: httptest.NewRequest(method, target, nil), Number: n}
	}
	for _, c := range []struct {
		name    string
		choice  faultproxy.Choice
		request *faultproxy.Request
		want    bool
	}{
		{"a dry run writes nothing", faultproxy.Writes, request("PATCH", "/api/v1/namespaces/a?dryRun=All", 1), false},
		{"a patch writes", faultproxy.Writes, request("PATCH", "/api/v1/namespaces/a?force=true", 1), true},
		{"a question of rights writes nothing", faultproxy.Writes, request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 1), false},
		{"who one is", faultproxy.Reviews, request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", 1), true},
		{"a get reads", faultproxy.Reads, request("GET", "/api/v1/namespaces/a", 1), true},
		{"one object", faultproxy.Of("secrets"), request("GET", "/api/v1/namespaces/a/secrets/b", 1), true},
		{"all objects", faultproxy.Of("secrets"), request("GET", "/api/v1/secrets", 1), true},
		{"another resource", faultproxy.Of("secrets"), request("GET", "/api/v1/namespaces/a/secretstores/b", 1), false},
		{"under", faultproxy.Under("/apis/apps"), request("GET", "/apis/apps/v1", 1), true},
		{"from", faultproxy.From(3), request("GET", "/", 2), false},
		{"all", faultproxy.All(faultproxy.Method("GET"), faultproxy.Numbered(2)), request("GET", "/", 2), true},
	} {
		if got := c.choice(c.request); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
	for name, choice := range map[string]faultproxy.Choice{
		"++--": faultproxy.First(2, faultproxy.Any), "--++": faultproxy.After(2, faultproxy.Any), "---+": faultproxy.Behind(faultproxy.Every(9, faultproxy.After(2, faultproxy.Any))), "+-+-": faultproxy.Every(2, faultproxy.Any),
	} {
		picked := ""
		for n := range 4 {
			sign := "-"
			if choice(request("GET", "/", n+1)) {
				sign = "+"
			}
			picked += sign
		}
		if picked != name {
			t.Errorf("got %s, want %s", picked, name)
		}
	}
}
