// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

var podTemplateID = backend.ID{Version: "v1", Kind: "PodTemplate", Namespace: "ns", Name: "a"}

// patience is for how long requests are sent again that are to succeed in the end, on a machine that also builds something else.
const patience = 3 * time.Minute

// serve starts an API server that knows PodTemplates, a kind that has to be asked for and answers everything else with handle.
func serve(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	return serveWith(t, Options{RetryFor: patience, Version: "1.2.3"}, handle)
}

func serveWith(t *testing.T, o Options, handle http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1" {
			answer(w, http.StatusOK, metav1.APIResourceList{APIResources: []metav1.APIResource{
				{Name: "podtemplates", Kind: "PodTemplate", Namespaced: true}, {Name: "podtemplates/status", Kind: "Other", Namespaced: true},
			}})
			return
		}
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := NewClient(&rest.Config{Host: server.URL}, o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func answer(w http.ResponseWriter, code int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason) {
	answer(w, code, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code), Reason: reason, Message: "no"})
}

var applied = metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "ns", UID: "u"}}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name  string
		fail  func(w http.ResponseWriter)
		times int32
		ok    bool
		tries int32
	}{
		{"too many requests", func(w http.ResponseWriter) { refuse(w, 429, metav1.StatusReasonTooManyRequests) }, 2, true, 3},
		{"unavailable", func(w http.ResponseWriter) { refuse(w, 503, metav1.StatusReasonServiceUnavailable) }, 2, true, 3},
		{"gateway timeout", func(w http.ResponseWriter) { refuse(w, 504, metav1.StatusReasonTimeout) }, 1, true, 2},
		{"proxy page", func(w http.ResponseWriter) { w.WriteHeader(502); fmt.Fprint(w, "<html>bad gateway</html>") }, 1, true, 2},
		{"internal error, passing", func(w http.ResponseWriter) { refuse(w, 500, metav1.StatusReasonInternalError) }, 3, true, 4},
		{"internal error, lasting", func(w http.ResponseWriter) { refuse(w, 500, metav1.StatusReasonInternalError) }, 99, false, 4},
		{"connection cut", func(w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}, 2, true, 3},
		{"answer cut in half", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"metadata":`)
		}, 1, true, 2},
		{"forbidden", func(w http.ResponseWriter) { refuse(w, 403, metav1.StatusReasonForbidden) }, 99, false, 1},
		{"conflict", func(w http.ResponseWriter) { refuse(w, 409, metav1.StatusReasonConflict) }, 99, false, 1},
		{"invalid", func(w http.ResponseWriter) { refuse(w, 422, metav1.StatusReasonInvalid) }, 99, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if tries.Add(1) <= c.times {
					c.fail(w)
					return
				}
				answer(w, http.StatusCreated, applied)
			})
			got, err := client.Apply(context.Background(), podTemplateID, []byte(`{}`), ApplyOptions{})
			if (err == nil) != c.ok || tries.Load() != c.tries {
				t.Fatalf("got %v after %d tries, want ok=%t after %d", err, tries.Load(), c.ok, c.tries)
			}
			if c.ok && (!got.Created || got.Attempts != int(c.tries) || got.Metadata.UID != "u") {
				t.Fatalf("got %+v", got)
			}
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			refuse(w, 429, metav1.StatusReasonTooManyRequests)
			return
		}
		answer(w, http.StatusOK, applied)
	})
	begun := time.Now()
	if _, err := client.Apply(context.Background(), podTemplateID, []byte(`{}`), ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < time.Second {
		t.Fatalf("came back after %s, want a second or more", took)
	}
}

func TestRetryAfterBeyondTheBudgetGivesUpAtOnce(t *testing.T) {
	t.Parallel()
	client := serveWith(t, Options{RetryFor: 3 * time.Second}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		refuse(w, 503, metav1.StatusReasonServiceUnavailable)
	})
	begun := time.Now()
	_, err := client.GetMetadata(context.Background(), podTemplateID)
	if !apierrors.IsServiceUnavailable(err) || time.Since(begun) > 15*time.Second { // far from the 30 seconds that were asked for
		t.Fatalf("got %v after %s", err, time.Since(begun))
	}
}

func TestRetryAfterSeconds(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]int{"": 0, "7": 7, "-3": 0, "soon": 0, now.Add(90 * time.Second).Format(http.TimeFormat): 91, now.Add(-time.Hour).Format(http.TimeFormat): 0} {
		if got := retryAfterSeconds(header, now); got != want {
			t.Errorf("%q: got %d, want %d", header, got, want)
		}
	}
}

func TestCancelLetsAWriteFinishAndBeginsNoOther(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	var writes atomic.Int32
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if writes.Add(1) == 1 {
			cancel()
			time.Sleep(200 * time.Millisecond)
		}
		answer(w, http.StatusOK, applied)
	})
	if _, err := client.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{}); err != nil {
		t.Fatalf("the write in flight was cut off: %v", err)
	}
	if _, err := client.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want a second write refused", err)
	}
	if writes.Load() != 1 {
		t.Fatalf("got %d writes, want 1", writes.Load())
	}
}

// TestDeadlineEndsAWrite has a server that never answers: a deadline is kept to, whereas a cancelled write may go on for a while.
func TestDeadlineEndsAWrite(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	})
	t.Cleanup(func() { close(ended) })
	if _, err := client.GetMetadata(shortly(t), podTemplateID); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a read: got %v, want the deadline", err)
	}
	ctx := shortly(t)
	_, err := client.Apply(ctx, podTemplateID, []byte(`{}`), ApplyOptions{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a write: got %v, want the deadline", err)
	}
	if deadline, _ := ctx.Deadline(); time.Since(deadline) > graceAfterCancel/2 {
		t.Fatalf("the write went on for %s after its deadline", time.Since(deadline))
	}
}

// shortly returns a context whose deadline is near.
func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestCancelEndsAReadAndItsRetries(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.AfterFunc(50*time.Millisecond, cancel)
		refuse(w, 503, metav1.StatusReasonServiceUnavailable)
	})
	begun := time.Now()
	_, err := client.GetMetadata(ctx, podTemplateID)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v after %s, want the cancellation instead of the last refusal", err, time.Since(begun))
	}
}

func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("labelSelector") != "a=b" || q.Get("limit") == "" || !strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList") {
			t.Errorf("got %s with Accept %s", r.URL, r.Header.Get("Accept"))
		}
		list := metav1.PartialObjectMetadataList{}
		add := func(names ...string) {
			for _, n := range names {
				list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: n}})
			}
		}
		switch call := calls.Add(1); {
		case q.Get("continue") == "":
			add("a", "b")
			list.Continue = fmt.Sprintf("page-2-of-%d", call)
		case call == 2:
			// The server no longer has the state that the list began with.
			refuse(w, http.StatusGone, metav1.StatusReasonExpired)
			return
		default:
			add("c")
		}
		answer(w, http.StatusOK, list)
	})
	r, err := client.Resource(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: "PodTemplate"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = client.ListMetadata(context.Background(), r, "", "a=b", func(m *metav1.PartialObjectMetadata) { names = append(names, m.Name) }, func() { names = nil })
	if err != nil || strings.Join(names, "") != "abc" {
		t.Fatalf("got %v, %v, want a b c, each once", names, err)
	}
}

func TestKindMissing(t *testing.T) {
	t.Parallel()
	installed := atomic.Bool{}
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/apis/example.com/v1" && installed.Load() {
			answer(w, http.StatusOK, metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "things", Kind: "Thing"}}})
			return
		}
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound)
	})
	kind := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Thing"}
	if _, err := client.Resource(context.Background(), kind); !IsKindMissing(err) {
		t.Fatalf("got %v", err)
	}
	installed.Store(true)
	r, err := client.Resource(context.Background(), kind)
	if err != nil || r.Plural != "things" || r.path("", "x") != "/apis/example.com/v1/things/x" {
		t.Fatalf("after it was installed: got %+v, %v", r, err)
	}
	if _, err := client.Resource(context.Background(), schema.GroupVersionKind{Version: "v1", Kind: "Other"}); !IsKindMissing(err) {
		t.Fatalf("a subresource was taken for a kind: %v", err)
	}
	if _, err := client.GetMetadata(context.Background(), backend.ID{Version: "v1", Kind: "PodTemplate", Name: "x"}); err == nil {
		t.Fatal("an object of a namespaced kind without a namespace was asked for")
	}
}

func TestServerClock(t *testing.T) {
	for name, c := range map[string]struct {
		// date is what the header says, and begun when the request was, seen from now.
		date, begun time.Duration
		ahead       time.Duration
	}{
		"an hour ahead":             {time.Hour, 0, time.Hour},
		"an hour behind":            {-time.Hour, 0, -time.Hour},
		"the same":                  {0, 0, 0},
		"the same, said slowly":     {-9 * time.Second, -10 * time.Second, 0},
		"the same, answered late":   {0, -10 * time.Second, 0},
		"ahead, and answered late":  {time.Hour, -10 * time.Second, time.Hour},
		"behind, and answered late": {-time.Hour, -10 * time.Second, -time.Hour},
	} {
		var clock serverClock
		now := time.Now()
		clock.observe(http.Header{"Date": {now.Add(c.date).UTC().Format(http.TimeFormat)}}, now.Add(c.begun))
		if ahead := time.Until(clock.now()); (ahead-c.ahead).Abs() > time.Minute || c.ahead == 0 && clock.offset.Load() != 0 {
			t.Errorf("%s: got %s ahead, want %s", name, ahead, c.ahead)
		}
	}
}

func TestUserAgentAndManager(t *testing.T) {
	t.Parallel()
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.UserAgent() != "harmonyscript/1.2.3" || q.Get("fieldManager") != FieldManager || q.Get("force") != "false" || q.Get("dryRun") != "All" {
			t.Errorf("got user agent %s, query %s", r.UserAgent(), q)
		}
		answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "PodTemplate", "metadata": map[string]any{"name": "a"}})
	})
	if _, err := client.Apply(context.Background(), podTemplateID, []byte(`{}`), ApplyOptions{DryRun: true, Whole: true}); err != nil {
		t.Fatal(err)
	}
}
