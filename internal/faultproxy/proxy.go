// SPDX-License-Identifier: Apache-2.0

// Package faultproxy stands between a client and a real API server, on loopback, for tests: it counts the requests, and
// does to those that a test chooses what networks, load balancers and servers do to them on a bad day.
//
// A proxy speaks TLS, with HTTP/2 unless it is told otherwise, and is whoever its upstream kubeconfig says; clients of
// the proxy need a bearer token of its kubeconfigs only (see Proxy.Kubeconfig). Impersonation passes through.
package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Options say what a proxy is like.
type Options struct {
	// Server is the URL of the API server, where it is not the one of the kubeconfig.
	Server string
	// HTTP1 leaves out HTTP/2.
	HTTP1 bool
}

// Proxy is a running proxy. It is safe for concurrent use.
type Proxy struct {
	t           testing.TB
	address     string
	certificate tls.Certificate
	authority   []byte
	http1       bool
	forward     http.Handler

	mutex    sync.Mutex
	server   *http.Server
	rules    []*rule
	requests []*Request
	tokens   []string
	skew     time.Duration
}

type rule struct {
	choice Choice
	fault  Fault
}

// Start starts a proxy in front of the API server of a kubeconfig. It ends with the test.
func Start(t testing.TB, kubeconfig string, o Options) *Proxy {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if o.Server != "" {
		config.Host = o.Server
	}
	p := &Proxy{t: t, http1: o.HTTP1, tokens: []string{firstToken}}
	if p.forward, err = forwarder(config); err != nil {
		t.Fatal(err)
	}
	if p.certificate, p.authority, err = selfSigned(); err != nil {
		t.Fatal(err)
	}
	for attempt := 1; ; attempt++ {
		if err = p.listen(fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports))); err == nil {
			break
		}
		if attempt == 100 {
			t.Fatal(err)
		}
	}
	t.Cleanup(p.Down)
	return p
}

// Proxies have ports below those that systems give away and those of sandboxes, so that nobody takes one's port while it is down.
const firstPort, ports = 12000, 8000

// forwarder carries requests to the API server.
func forwarder(config *rest.Config) (http.Handler, error) {
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, err
	}
	secured, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	// A busy server is no fault of the proxy's.
	transport := &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true, TLSHandshakeTimeout: time.Minute, DisableCompression: true}
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			// The token is the proxy's own; upstream the proxy has credentials.
			r.Out.Header.Del("Authorization")
		},
		// A watch has to get through event by event.
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, _ error) {
			// What the server's end of the connection suffers, the client's end suffers too.
			reset(r.Context())
			panic(http.ErrAbortHandler)
		},
	}, nil
}

// URL returns the address of the proxy.
func (p *Proxy) URL() string { return "https://" + p.address }

type connectionKey struct{}

// listen starts a server.
func (p *Proxy) listen(address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	protocols := []string{"h2", "http/1.1"}
	server := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
	}
	if p.http1 {
		protocols = protocols[1:]
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{p.certificate}, NextProtos: protocols, MinVersion: tls.VersionTLS12}
	p.mutex.Lock()
	p.server, p.address = server, listener.Addr().String()
	p.mutex.Unlock()
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return nil
}

// Down refuses connections and ends those that there are, until Up.
func (p *Proxy) Down() {
	p.mutex.Lock()
	server := p.server
	p.mutex.Unlock()
	_ = server.Close()
}

// Up takes connections again, at the same address.
func (p *Proxy) Up() {
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := p.listen(p.address)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Error(err)
			return
		}
	}
}

// On does fault to the requests that choice picks, from now on. Of several rules the first that picks a request counts.
func (p *Proxy) On(choice Choice, fault Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.rules = append(p.rules, &rule{choice, fault})
}

// Heal takes all rules and the skew away, takes the tokens that are in force first, and forgets the requests so far.
func (p *Proxy) Heal() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.rules, p.requests, p.skew, p.tokens = nil, nil, 0, []string{firstToken}
}

// Skew shifts the time of day that answers tell.
func (p *Proxy) Skew(by time.Duration) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.skew = by
}

// Accept has the proxy take these bearer tokens and no others.
func (p *Proxy) Accept(tokens ...string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.tokens = tokens
}

// Requests returns the requests so far, in the order in which they came in.
func (p *Proxy) Requests() []*Request {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.requests)
}

// Count returns how many of the requests so far choice picks.
func (p *Proxy) Count(choice Choice) int {
	count := 0
	for _, r := range p.Requests() {
		if choice(r) {
			count++
		}
	}
	return count
}

// ServeHTTP takes one request in.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What is to be forwarded although the client is dead by then must be here already.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.mutex.Lock()
	request := &Request{Request: r, Number: len(p.requests) + 1, Came: time.Now()}
	p.requests = append(p.requests, request)
	var fault Fault
	if token := bearer(r); !slices.Contains(p.tokens, token) {
		fault = Status(http.StatusUnauthorized, "")
	}
	for _, rule := range p.rules {
		if fault == nil && rule.choice(request) {
			fault = rule.fault
		}
	}
	skew := p.skew
	p.mutex.Unlock()
	x := &Exchange{Request: request, proxy: p, writer: w, skew: skew}
	if fault == nil {
		fault = (*Exchange).Forward
	}
	fault(x)
}

// Exchange is one request and its answer, in the hands of a fault.
type Exchange struct {
	Request *Request
	proxy   *Proxy
	writer  http.ResponseWriter
	skew    time.Duration
}

// Forward carries the request to the server and the answer back.
func (x *Exchange) Forward() {
	if x.skew != 0 {
		x.relay(x.fetch())
		return
	}
	x.proxy.forward.ServeHTTP(x.writer, x.Request.Request)
}

// fetch has the server carry out the request, whatever becomes of the client meanwhile, and returns the answer.
func (x *Exchange) fetch() *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	x.proxy.forward.ServeHTTP(answer, x.Request.WithContext(context.WithoutCancel(x.Request.Context())))
	return answer
}

func (x *Exchange) relay(answer *httptest.ResponseRecorder) {
	header := x.writer.Header()
	for name, values := range answer.Header() {
		header[name] = values
	}
	if x.skew != 0 {
		header.Set("Date", time.Now().Add(x.skew).UTC().Format(http.TimeFormat))
	}
	x.writer.WriteHeader(answer.Code)
	_, _ = x.writer.Write(answer.Body.Bytes())
}

// reset breaks the connection that a request came over, and with it all others that are under way there.
func reset(ctx context.Context) {
	connection, ok := ctx.Value(connectionKey{}).(net.Conn)
	if !ok {
		return
	}
	var secured *tls.Conn
	if s, ok := connection.(*tls.Conn); ok {
		secured, connection = s, s.NetConn()
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		// The other side gets a reset instead of an orderly end.
		_ = tcp.SetLinger(0)
	}
	if err := connection.Close(); err != nil && !errors.Is(err, net.ErrClosed) && secured != nil {
		_ = secured.Close()
	}
}
