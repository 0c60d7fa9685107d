// SPDX-License-Identifier: Apache-2.0

// This file watches over a deployment while the way to its API server breaks.

package apply_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/apply"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"k8s.io/client-go/tools/clientcmd"
)

// gate carries connections to a server, until it is shut: then they break, and no new ones come about.
type gate struct {
	listener net.Listener
	target   string
	mutex    sync.Mutex
	shut     bool
	open     map[net.Conn]bool
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{listener: listener, target: target, open: map[net.Conn]bool{}}
	t.Cleanup(func() { listener.Close(); g.close(true) })
	go func() {
		for {
			incoming, err := listener.Accept()
			if err != nil {
				return
			}
			go g.carry(incoming)
		}
	}()
	return g
}

func (g *gate) carry(incoming net.Conn) {
	defer incoming.Close()
	outgoing, err := net.Dial("tcp", g.target)
	if err != nil {
		return
	}
	defer outgoing.Close()
	g.mutex.Lock()
	if g.shut {
		g.mutex.Unlock()
		return
	}
	g.open[incoming] = true
	g.mutex.Unlock()
	go func() { _, _ = io.Copy(outgoing, incoming); outgoing.Close() }()
	_, _ = io.Copy(incoming, outgoing)
	g.mutex.Lock()
	delete(g.open, incoming)
	g.mutex.Unlock()
}

// close shuts the gate or opens it.
func (g *gate) close(shut bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.shut = shut
	if shut {
		for connection := range g.open {
			connection.Close()
		}
	}
}

// TestWatchSurvivesItsServer loses the API server for a while, says so, and corrects what happened meanwhile.
func TestWatchSurvivesItsServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig(t))
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	gate := newGate(t, server.Host)
	config.Host = "https://" + gate.listener.Addr().String()
	client, err := cluster.NewClient(config, cluster.Options{AwayFor: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	request := w.request()
	request.Client = client
	g := w.watch(request, apply.WatchOptions{Backoff: 50 * time.Millisecond})
	gate.close(true)
	g.await("that the server is lost", func(e apply.Event) bool { return e.Type == apply.Disconnected })
	w.edit(ns, "a", func(o map[string]any) { o["data"] = map[string]any{"ours": "2"} })
	gate.close(false)
	// The streams come back one after the other, so that these two come in any order.
	connected, corrected := false, false
	g.await("that the server is back and a corrected", func(e apply.Event) bool {
		connected = connected || e.Type == apply.Connected
		corrected = corrected || e.Type == apply.ObjectSettled && e.Status == apply.Updated
		return connected && corrected
	})
	if w.dataOf(ns, "a", "ours") != "1" {
		t.Error("what happened meanwhile was not corrected")
	}
	// It follows on as before.
	w.edit(ns, "a", func(o map[string]any) { o["data"] = map[string]any{"ours": "3"} })
	g.settled("a", apply.Updated)
	g.end()
	if g.err != nil {
		t.Error(g.err)
	}
}

// TestWatchThatExpires lists anew when the server has forgotten where a watch ended, and looks at times at what may not be watched.
func TestWatchThatExpires(t *testing.T) {
	t.Parallel()
	var forbidden atomic.Bool
	var expired atomic.Int32
	w := newWorld(t, func(o *cluster.Options) {
		inner := o.Wrap
		o.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				q := r.URL.Query()
				if q.Get("watch") != "true" || !strings.HasSuffix(r.URL.Path, "/configmaps") {
					return inner(next).RoundTrip(r)
				}
				answer := func(code int, body string) (*http.Response, error) {
					return &http.Response{
						StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r,
					}, nil
				}
				switch {
				case forbidden.Load():
					return answer(http.StatusForbidden, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"watch is forbidden"}`)
				case expired.Load() == 0:
					expired.Add(1)
					return answer(http.StatusGone, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}`)
				case expired.Load() == 1:
					expired.Add(1)
					return answer(http.StatusOK, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`)
				}
				return inner(next).RoundTrip(r)
			})
		}
	})
	ns := w.namespace(1, "tenant")
	w.configMap(2, "tenant", ns, "a", map[string]any{"ours": "1"})
	g := w.watch(w.request(), apply.WatchOptions{Backoff: 20 * time.Millisecond})
	w.edit(ns, "a", func(o map[string]any) { o["data"] = map[string]any{"ours": "2"} })
	g.settled("a", apply.Updated)
	// It may have been found by a list; then the watch begins after this.
	for expired.Load() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	foreign(t, w.client, http.MethodDelete, "/api/v1/namespaces/"+ns+"/configmaps/a", nil)
	g.settled("a", apply.Created)
	g.end()

	forbidden.Store(true)
	g = w.watch(w.request(), apply.WatchOptions{Resync: 200 * time.Millisecond})
	if e := g.await("that it may not watch", func(e apply.Event) bool { return e.Type == apply.WatchLimited }); !strings.Contains(e.Message, "ConfigMap in "+ns+" may not be watched") {
		t.Errorf("got %+v", e)
	}
	w.edit(ns, "a", func(o map[string]any) { o["data"] = map[string]any{"ours": "3"} })
	drift := g.await("drift", func(e apply.Event) bool { return e.Type == apply.Drifted })
	if drift.ID.Name != "a" || drift.Position.Line != 2 || drift.Message != "others changed fields of ours since the last apply" {
		t.Errorf("got %+v, want what the resync found", drift)
	}
	g.settled("a", apply.Updated)
	if w.dataOf(ns, "a", "ours") != "1" {
		t.Error("a resync did not correct what may not be watched")
	}
}
