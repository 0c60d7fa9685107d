// SPDX-License-Identifier: Apache-2.0

// Package cluster talks to one Kubernetes API server: it finds the connection in a kubeconfig, maps kinds to
// paths, and sends raw requests with bounded retries. It is the only package of the engine that knows client-go.
//
// Requests carry bytes as they are: a server-side apply sends the manifest that a backend compiled, and gets back
// nothing but the object's metadata. Unless Options ask for one there is no client-side rate limit; the API server's
// own fairness decides, and its Retry-After is honoured.
package cluster

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
)

// FieldManager is the field manager of everything that harmonyscript applies.
const FieldManager = "harmonyscript"

// defaultConnectTimeout bounds how long an API server that does not answer is waited for.
const defaultConnectTimeout = 5 * time.Second

// Options say which cluster to talk to and how.
type Options struct {
	// Kubeconfig is the path of a kubeconfig file. Empty means $KUBECONFIG, then ~/.kube/config, then the
	// service account of the pod that this runs in.
	Kubeconfig string
	// Context of the kubeconfig; empty means its current one.
	Context string
	// Version of harmonyscript, for the user agent; empty means "dev".
	Version string
	// ConnectTimeout bounds the time for a TCP connection and its TLS handshake; 0 means 5 seconds.
	ConnectTimeout time.Duration
	// RetryFor bounds the time during which a request is sent again that the API server turns away; 0 means 30 seconds.
	RetryFor time.Duration
	// AwayFor is how long an API server that has answered and does not any more is waited for; 0 means RetryFor, and 2 minutes
	// if that is 0, too.
	AwayFor time.Duration
	// Away is told when the API server has been away for some seconds, and when it is back; nil means nobody is.
	Away func(Away)
	// QPS caps how many requests are sent per second, in bursts of what one second allows, those of clients that are made
	// of RESTConfig among them; 0 means no cap.
	QPS float64
	// ImpersonateUser acts as another user, with ImpersonateGroups; empty means oneself.
	ImpersonateUser   string
	ImpersonateGroups []string
	// Wrap puts a round tripper around the connection, to count, log or fault requests; nil means none.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Client sends requests to one API server. It is safe for concurrent use and keeps what it learned about the
// server's kinds.
type Client struct {
	config   *rest.Config
	context  string
	base     *url.URL
	http     *http.Client
	limiter  *limiter
	retryFor time.Duration
	awayFor  time.Duration
	away     *listener
	outage   outage
	// readTimeout and writeTimeout bound one attempt of a request.
	readTimeout, writeTimeout time.Duration
	// connected is set by the first answer of any kind: from then on a refused connection is a server that
	// restarts and is worth waiting for, before it is a wrong address and is told at once.
	connected atomic.Bool
	clock     serverClock
	kinds     struct {
		sync.Mutex
		versions map[string]*groupVersion
	}
}

// NewClient returns a client for the API server of config, which is copied. No request is sent.
func NewClient(config *rest.Config, o Options) (*Client, error) {
	config = rest.CopyConfig(config)
	// The API server decides how fast it can be asked; our requests are bounded by the number of workers, and by o.QPS.
	config.QPS = -1
	config.UserAgent = "harmonyscript/" + cmp.Or(o.Version, "dev")
	// Each request is bounded by its own context, and some of them wait on purpose.
	config.Timeout = 0
	connect := cmp.Or(o.ConnectTimeout, defaultConnectTimeout)
	if config.Dial == nil {
		config.Dial = (&net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}).DialContext
	}
	if o.ImpersonateUser != "" {
		config.Impersonate = rest.ImpersonationConfig{UserName: o.ImpersonateUser, Groups: o.ImpersonateGroups}
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, &ConfigError{Err: fmt.Errorf("address of the API server: got %q: %w", config.Host, err)}
	}
	if isLoopback(base.Hostname()) {
		// Packing a list costs more than carrying it when the wire is memory.
		config.DisableCompression = true
	}
	config.Wrap(newOneHandshake)
	if o.Wrap != nil {
		config.Wrap(o.Wrap)
	}
	if path := config.BearerTokenFile; path != "" {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &tokenFile{path: path, next: next} })
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, &ConfigError{Err: err}
	}
	c := &Client{
		config: config, context: o.Context, base: base, http: client, limiter: newLimiter(o.QPS), retryFor: cmp.Or(o.RetryFor, 30*time.Second),
		awayFor: cmp.Or(o.AwayFor, o.RetryFor, DefaultAwayFor), away: &listener{o.Away}, readTimeout: readTimeout, writeTimeout: writeTimeout,
	}
	// Others wait inside their transport, too, for a server that is away.
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &patient{c, next} })
	if c.limiter != nil {
		// Others wait inside their transport. Our own requests wait before the time of an attempt begins to run.
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return c.limiter.wrap(next) })
	}
	c.kinds.versions = map[string]*groupVersion{}
	return c, nil
}

// RESTConfig returns a copy of the connection's configuration, for libraries that make clients of their own.
func (c *Client) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Host returns the address of the API server, without a user and a password.
func (c *Client) Host() string { return strings.TrimSuffix(shownAddress(c.base), "/") }

// ContextName returns the name of the kubeconfig context, or "" when there is none.
func (c *Client) ContextName() string { return c.context }

// ServerNow returns the current time by the API server's clock, as far as its last answer told, so that times that
// several machines compare do not depend on their own clocks. It is exact to a second.
func (c *Client) ServerNow() time.Time { return c.clock.now() }

// serverClock follows the Date header of answers.
type serverClock struct {
	offset atomic.Int64
	known  atomic.Bool
	seen   atomic.Int64
}

// observe reads the header of an answer that has just come, to a request that was begun then.
func (s *serverClock) observe(header http.Header, begun time.Time) {
	came := time.Now()
	// The header has seconds; reading it on each of thousands of answers would tell nothing more.
	if last := s.seen.Load(); s.known.Load() && came.UnixNano()-last < int64(10*time.Second) {
		return
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	// The server wrote it at some time in that second, and between these two: where that can be, the clocks agree. A server or
	// a machine that is slow must not make them differ.
	offset := time.Duration(0)
	if least, most := date.Sub(came), date.Add(time.Second).Sub(begun); least > time.Second {
		offset = least
	} else if most < -time.Second {
		offset = most
	}
	s.offset.Store(int64(offset))
	s.seen.Store(came.UnixNano())
	s.known.Store(true)
}

func (s *serverClock) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
