// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long what comes at last may take, on a machine that also builds something else.
const patience = 3 * time.Minute

func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Client{server: server.URL, http: server.Client()}
}

func answer(writer http.ResponseWriter, code int, body string) {
	writer.WriteHeader(code)
	_, _ = io.WriteString(writer, body)
}

func TestAwait(t *testing.T) {
	refused := &StatusError{Method: "POST", Path: "/x", Code: http.StatusUnprocessableEntity, Message: "wrong"}
	tests := map[string]struct {
		answers   []error
		limit     time.Duration
		wantCalls int32
		wantError error
	}{
		"at once":                   {[]error{nil}, patience, 1, nil},
		"after a while":             {[]error{errors.New("no"), &StatusError{Code: 403}, &StatusError{Code: 404}, &StatusError{Code: 503}, nil}, patience, 5, nil},
		"not when it is of no use":  {[]error{errors.New("no"), refused, nil}, patience, 2, refused},
		"never, until time is over": {[]error{errors.New("no")}, 300 * time.Millisecond, 0, context.DeadlineExceeded},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			defer cancel()
			var calls atomic.Int32
			err := Await(ctx, "it", func(context.Context) error {
				call := int(calls.Add(1))
				return test.answers[min(call, len(test.answers))-1]
			})
			if !errors.Is(err, test.wantError) {
				t.Errorf("got %v, want %v", err, test.wantError)
			}
			if test.wantCalls != 0 && calls.Load() != test.wantCalls {
				t.Errorf("got %d calls, want %d", calls.Load(), test.wantCalls)
			}
		})
	}
}

func TestAwaitTellsWhatWasAwaitedAndWhyItEnded(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("etcd ended")
	var calls atomic.Int32
	err := Await(ctx, "the moon", func(context.Context) error {
		if calls.Add(1) == 2 {
			cancel(cause)
		}
		return errors.New("it is day")
	})
	for _, want := range []string{"the moon", "etcd ended", "it is day"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if !errors.Is(err, cause) {
		t.Errorf("got %v, want it to wrap %v", err, cause)
	}
}

func TestCreate(t *testing.T) {
	tests := map[string]struct {
		code     int
		body     string
		wantCode int
		wantText string
	}{
		"created":        {201, `{}`, 0, ""},
		"there already":  {409, `{"message":"it exists"}`, 0, ""},
		"refused":        {422, `{"kind":"Status","message":"spec.x: wrong"}`, 422, "spec.x: wrong"},
		"not JSON":       {502, `bad gateway`, 502, "bad gateway"},
		"a huge message": {500, strings.Repeat("x", 5000), 500, strings.Repeat("x", 500)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(writer http.ResponseWriter, request *http.Request) {
				body, _ := io.ReadAll(request.Body)
				if request.Method != http.MethodPost || request.URL.Path != "/things" || string(body) != "a: b" || request.Header.Get("Content-Type") != "application/yaml" {
					t.Errorf("got %s %s %q %v", request.Method, request.URL, body, request.Header)
				}
				answer(writer, test.code, test.body)
			})
			err := client.Create(t.Context(), "/things", []byte("a: b"), nil)
			var status *StatusError
			if test.wantCode == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &status) || status.Code != test.wantCode || status.Message != test.wantText {
				t.Errorf("got %v, want status %d and %q", err, test.wantCode, test.wantText)
			}
		})
	}
}

func TestCreateTellsTheServerWhatItSends(t *testing.T) {
	for object, want := range map[string]string{`{"a": "b"}`: "application/json", "a: b\n": "application/yaml", "---\na: b\n": "application/yaml"} {
		client := serve(t, func(_ http.ResponseWriter, request *http.Request) {
			if got := request.Header.Get("Content-Type"); got != want {
				t.Errorf("%s: got %s, want %s", object, got, want)
			}
		})
		if err := client.Create(t.Context(), "/things", []byte(object), nil); err != nil {
			t.Error(err)
		}
	}
}

// A definition counts as served only when it can be discovered and listed; and one that exists already is awaited as well.
func TestDefinitions(t *testing.T) {
	const created = `{"spec":{"group":"g.example","names":{"plural":"things"},"versions":[{"name":"v1","served":true},{"name":"v0","served":false}]}}`
	for name, exists := range map[string]bool{"new": false, "there already": true} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "thing.yaml"), []byte("metadata:\n  name: things.g.example\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var discoveries, lists atomic.Int32
			client := serve(t, func(writer http.ResponseWriter, request *http.Request) {
				switch path := request.Method + " " + request.URL.Path; path {
				case "POST " + definitionsPath:
					if exists {
						answer(writer, http.StatusConflict, `{}`)
						return
					}
					answer(writer, http.StatusCreated, created)
				case "GET " + definitionsPath + "/things.g.example":
					answer(writer, http.StatusOK, created)
				case "GET /apis/g.example/v1":
					if discoveries.Add(1) < 3 {
						answer(writer, http.StatusOK, `{"resources":[{"name":"others"}]}`)
						return
					}
					answer(writer, http.StatusOK, `{"resources":[{"name":"others"},{"name":"things"}]}`)
				case "GET /apis/g.example/v1/things":
					if lists.Add(1) < 2 {
						answer(writer, http.StatusNotFound, `{}`)
						return
					}
					answer(writer, http.StatusOK, `{}`)
				default:
					t.Errorf("got %s", path)
				}
			})
			count, err := client.Definitions(t.Context(), folder)
			if err != nil || count != 1 {
				t.Fatalf("got %d, %v, want 1", count, err)
			}
			if discoveries.Load() < 4 || lists.Load() != 2 {
				t.Errorf("got %d discoveries and %d lists, want 4 and 2", discoveries.Load(), lists.Load())
			}
		})
	}
}

func TestDefinitionsOfAnEmptyFolder(t *testing.T) {
	client := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("got a request") })
	if _, err := client.Definitions(t.Context(), t.TempDir()); err == nil {
		t.Error("got no error")
	}
}

func TestNodesDifferInTheirHostname(t *testing.T) {
	type object struct {
		Metadata struct {
			Name   string            `json:"name"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	}
	hostnames := map[string]bool{}
	client := serve(t, func(writer http.ResponseWriter, request *http.Request) {
		var node object
		if err := json.NewDecoder(request.Body).Decode(&node); err != nil {
			t.Error(err)
		}
		hostnames[node.Metadata.Labels["kubernetes.io/hostname"]] = true
		answer(writer, http.StatusCreated, `{}`)
	})
	names, err := client.Nodes(t.Context(), 3)
	if err != nil || len(names) != 3 || len(hostnames) != 3 {
		t.Errorf("got %v with hostnames %v, %v, want three different ones", names, hostnames, err)
	}
}

// A server that is too busy for one request is asked again; one that does not take the object is not.
func TestEnsure(t *testing.T) {
	var requests atomic.Int32
	client := serve(t, func(writer http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) < 3 {
			answer(writer, http.StatusGatewayTimeout, `{"message":"busy"}`)
			return
		}
		answer(writer, http.StatusCreated, `{}`)
	})
	if _, err := client.Nodes(t.Context(), 1); err != nil || requests.Load() != 3 {
		t.Errorf("got %v after %d requests, want the third to do", err, requests.Load())
	}
	client = serve(t, func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, http.StatusUnprocessableEntity, `{"message":"wrong"}`)
	})
	if _, err := client.Nodes(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "wrong") {
		t.Errorf("got %v, want what the server does not take", err)
	}
}

func TestAwaitNodes(t *testing.T) {
	ready := `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`
	tests := map[string]struct {
		items string
		want  bool
	}{
		"all":         {ready + "," + ready, true},
		"too few":     {ready, false},
		"not ready":   {ready + `,{"status":{"conditions":[{"type":"Ready","status":"False"}]}}`, false},
		"tainted":     {ready + `,{"spec":{"taints":[{"key":"node.kubernetes.io/not-ready"}]},"status":{"conditions":[{"type":"Ready","status":"True"}]}}`, false},
		"nothing yet": {ready + `,{}`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(writer http.ResponseWriter, _ *http.Request) {
				answer(writer, http.StatusOK, `{"items":[`+test.items+`]}`)
			})
			limit := 200 * time.Millisecond
			if test.want {
				limit = patience
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if err := client.AwaitNodes(ctx, 2); (err == nil) != test.want {
				t.Errorf("got %v, want ready: %t", err, test.want)
			}
		})
	}
}
