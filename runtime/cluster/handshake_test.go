// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestOneHandshake begins many requests at once on a client that has no connection yet.
func TestOneHandshake(t *testing.T) {
	t.Parallel()
	const requests = 16
	var connections atomic.Int32
	var together sync.WaitGroup
	together.Add(requests)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// None is answered before all have come: sharing a connection, they do not wait for each other.
		together.Done()
		together.Wait()
		if r.ProtoMajor != 2 {
			t.Errorf("got %s, want HTTP/2", r.Proto)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: newOneHandshake(server.Client().Transport)}
	var group errgroup.Group
	for range requests {
		group.Go(func() error { return fetch(context.Background(), client, server.URL) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

// TestOneHandshakeFails has the request that goes ahead fail, or hang until the others' time is over.
func TestOneHandshakeFails(t *testing.T) {
	t.Parallel()
	began, release, refused := make(chan struct{}), make(chan struct{}), errors.New("refused")
	var sent atomic.Int32
	h := newOneHandshake(transport(func(*http.Request) (*http.Response, error) {
		if sent.Add(1) == 1 {
			close(began)
			<-release
		}
		return nil, refused
	}))
	send := func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.org", http.NoBody)
		if err != nil {
			return err
		}
		answer, err := h.RoundTrip(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		return err
	}
	var group errgroup.Group
	group.Go(func() error { return send(context.Background()) })
	<-began
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := send(short); !errors.Is(err, context.DeadlineExceeded) || sent.Load() != 1 {
		t.Errorf("got %v after %d requests, want the end of the time after 1", err, sent.Load())
	}
	group.Go(func() error { return send(context.Background()) })
	close(release)
	if err := group.Wait(); !errors.Is(err, refused) || sent.Load() != 2 {
		t.Errorf("got %v after %d requests, want the refusal after 2", err, sent.Load())
	}
}

func fetch(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
