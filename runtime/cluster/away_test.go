// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// refused is what a connection to a port that nobody listens at ends with.
func refused() error { return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED} }

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// breakable is a client whose requests fail with what broken returns, unless that is nil. It has been answered once.
func breakable(t *testing.T, o Options, broken func(*http.Request) error) *Client {
	t.Helper()
	var armed atomic.Bool
	o.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			if armed.Load() {
				if err := broken(r); err != nil {
					return nil, err
				}
			}
			return next.RoundTrip(r)
		})
	}
	client := serveWith(t, o, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			answer(w, http.StatusCreated, map[string]string{"got": string(body)})
			return
		}
		answer(w, http.StatusCreated, applied)
	})
	if _, err := client.Resource(t.Context(), KindOf(podTemplateID)); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	return client
}

// TestAwayIsTold has a server refuse connections until somebody is told: requests of the engine and of libraries go on when it is
// back, and that is told, too.
func TestAwayIsTold(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(context.Context, *Client) error{
		"the engine": func(ctx context.Context, c *Client) error {
			_, err := c.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{})
			return err
		},
		"a library": func(ctx context.Context, c *Client) error {
			library, err := rest.HTTPClientFor(c.RESTConfig())
			if err != nil {
				return err
			}
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Host()+"/x", strings.NewReader("whole"))
			if err != nil {
				return err
			}
			response, err := library.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), "whole") {
				return errors.Join(err, errors.New("got "+string(body)))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told, back atomic.Int32
			client := breakable(t, Options{Away: func(a Away) { t.Errorf("the context's listener takes its place, got %s", a) }}, func(*http.Request) error {
				if told.Load() > 0 {
					return nil
				}
				return refused()
			})
			began := time.Now()
			err := send(WithAway(t.Context(), func(a Away) {
				if a.Back {
					back.Add(1)
					return
				}
				if text := a.String(); !strings.Contains(text, client.Host()+": it does not answer (connection refused); trying again until ") || a.Until.Before(began.Add(time.Minute)) {
					t.Errorf("got %q, until %s", text, a.Until)
				}
				told.Add(1)
			}), client)
			if err != nil || told.Load() != 1 || back.Load() != 1 || client.IsAway() {
				t.Errorf("got %v, told %d times, %d times that it is back, away=%t", err, told.Load(), back.Load(), client.IsAway())
			}
		})
	}
}

// wasAway has a server be away for as long as one that restarts: its next answer is the first since.
func wasAway(client *Client) {
	client.noteLost(time.Now(), refused())
	client.outage.since = client.outage.since.Add(-restarts)
}

// TestRightsAfterRestart has a server that was away refuse somebody whose rights it has not read yet: it is asked again. A refusal at
// any other time stands.
func TestRightsAfterRestart(t *testing.T) {
	t.Parallel()
	denied := func(w http.ResponseWriter, code int, message string) {
		answer(w, code, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Message: message})
	}
	const noRight = `podtemplates "a" is forbidden: User "jane" cannot patch resource "podtemplates" in API group "" in the namespace "ns"`
	for _, c := range []struct {
		name, message string
		code          int
		away, again   bool
	}{
		{"no right", noRight, 403, true, true},
		{"not known", "Unauthorized", 401, true, true},
		{"a quota", `podtemplates "a" is forbidden: exceeded quota: q`, 403, true, false},
		{"no right, and it was not away", noRight, 403, false, false},
		{"its caches are not filled", `podtemplates "a" is forbidden: not yet ready to handle request`, 403, true, true},
		{"its caches are not filled, and it was not away", `podtemplates "a" is forbidden: not yet ready to handle request`, 403, false, true},
	} {
		for _, library := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, library=%t", c.name, library), func(t *testing.T) {
				t.Parallel()
				var tries atomic.Int32
				client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					if tries.Add(1) <= 2 {
						denied(w, c.code, c.message)
						return
					}
					answer(w, http.StatusCreated, applied)
				})
				if _, err := client.Resource(t.Context(), KindOf(podTemplateID)); err != nil {
					t.Fatal(err)
				}
				if c.away {
					wasAway(client)
				}
				if library {
					sender, err := rest.HTTPClientFor(client.RESTConfig())
					if err != nil {
						t.Fatal(err)
					}
					response, err := sender.Post(client.Host()+"/x", contentJSON, strings.NewReader("{}"))
					if err != nil {
						t.Fatal(err)
					}
					defer response.Body.Close()
					body, err := io.ReadAll(response.Body)
					if again := response.StatusCode == http.StatusCreated; err != nil || again != c.again || !again && !strings.Contains(string(body), "is forbidden") {
						t.Errorf("got %d %s, %v", response.StatusCode, body, err)
					}
					return
				}
				_, err := client.Apply(t.Context(), podTemplateID, []byte(`{}`), ApplyOptions{})
				if (err == nil) != c.again {
					t.Errorf("got %v after %d tries, want again=%t", err, tries.Load(), c.again)
				}
			})
		}
	}
}

// TestKindsAfterRestart has a server that was away not serve a kind that it will: it is asked again. At any other time the kind is
// missing.
func TestKindsAfterRestart(t *testing.T) {
	t.Parallel()
	kind := schema.GroupVersionKind{Group: "monitoring.coreos.com", Version: "v1", Kind: "Prometheus"}
	for _, away := range []bool{true, false} {
		for _, library := range []bool{false, true} {
			t.Run(fmt.Sprintf("away=%t, library=%t", away, library), func(t *testing.T) {
				t.Parallel()
				var tries atomic.Int32
				client := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if tries.Add(1) <= 2 {
						http.NotFound(w, r)
						return
					}
					answer(w, http.StatusOK, metav1.APIResourceList{GroupVersion: "monitoring.coreos.com/v1", APIResources: []metav1.APIResource{{Name: "prometheuses", Kind: "Prometheus", Namespaced: true}}})
				})
				if away {
					wasAway(client)
				}
				var missing bool
				if library {
					sender, err := discovery.NewDiscoveryClientForConfig(client.RESTConfig())
					if err != nil {
						t.Fatal(err)
					}
					_, err = sender.ServerResourcesForGroupVersion(kind.GroupVersion().String())
					missing = apierrors.IsNotFound(err)
					if err != nil && !missing {
						t.Fatal(err)
					}
				} else {
					_, err := client.Resource(t.Context(), kind)
					missing = IsKindMissing(err)
					if err != nil && !missing {
						t.Fatal(err)
					}
				}
				if missing == away {
					t.Errorf("got missing=%t after %d tries", missing, tries.Load())
				}
			})
		}
	}
}

// TestObjectsAfterRestart asks a server that was away for an object that is not there: that is an answer, and not waited for.
func TestObjectsAfterRestart(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound)
	})
	wasAway(client)
	if _, err := client.GetMetadata(t.Context(), backend.ID{Version: "v1", Kind: "Namespace", Name: "a"}); !apierrors.IsNotFound(err) || tries.Load() != 1 {
		t.Errorf("got %v after %d tries, want that it is not found after one", err, tries.Load())
	}
}

// TestAwayForGood tells a write that was never sent from one of which nothing is known.
func TestAwayForGood(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset by peer")
	for name, c := range map[string]struct {
		errors    []error
		uncertain bool
	}{
		"refused":                    {[]error{refused()}, false},
		"reset":                      {[]error{reset}, true},
		"reset, then refused":        {[]error{reset, refused()}, true},
		"an address that is unknown": {[]error{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "x"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			client := breakable(t, Options{AwayFor: time.Millisecond}, func(*http.Request) error {
				return c.errors[min(int(tries.Add(1)), len(c.errors))-1]
			})
			_, err := client.Apply(t.Context(), podTemplateID, []byte(`{}`), ApplyOptions{})
			if !IsUnreachable(err) || IsUncertain(err) != c.uncertain || tries.Load() != 2 {
				t.Errorf("got %v after %d tries, uncertain=%t, want it lost after 2 and uncertain=%t", err, tries.Load(), IsUncertain(err), c.uncertain)
			}
		})
	}
}

// TestCutOff ends the context of a write that is waiting to be sent again.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, sent := range []bool{true, false} {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("enough")
		client := breakable(t, Options{}, func(*http.Request) error {
			cancel(reason)
			if sent {
				return io.ErrUnexpectedEOF
			}
			return refused()
		})
		_, err := client.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{})
		if !errors.Is(err, reason) || IsUncertain(err) != sent {
			t.Errorf("sent=%t: got %v, uncertain=%t", sent, err, IsUncertain(err))
		}
	}
}

func TestIsUncertain(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]bool{400: false, 401: false, 403: false, 408: true, 409: false, 422: false, 429: false, 500: true, 502: true, 503: true, 504: true} {
		if got := IsUncertain(refusal(code, 0)); got != want {
			t.Errorf("%d: got %t, want %t", code, got, want)
		}
	}
}

// TestGate holds writes back, and no reads.
func TestGate(t *testing.T) {
	t.Parallel()
	var writes atomic.Int32
	client := breakable(t, Options{}, func(r *http.Request) error {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		return nil
	})
	shut := errors.New("shut")
	ctx := WithGate(t.Context(), func(context.Context) error { return shut })
	if _, err := client.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{}); !errors.Is(err, shut) || writes.Load() != 0 {
		t.Errorf("got %v and %d writes, want none", err, writes.Load())
	}
	if _, err := client.GetMetadata(ctx, podTemplateID); err != nil {
		t.Errorf("read: got %v", err)
	}
	if _, err := client.Apply(WithGate(ctx, nil), podTemplateID, []byte(`{}`), ApplyOptions{}); err != nil || writes.Load() != 1 {
		t.Errorf("no gate: got %v and %d writes, want one", err, writes.Load())
	}
}
