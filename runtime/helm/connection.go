// SPDX-License-Identifier: Apache-2.0

// This file gives Helm its connection to the API server.

package helm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// connection is one way to the API server for all releases. Helm makes a client for each object; with one transport
// below them they share their TCP connections, and what was learned about the server's kinds.
type connection struct {
	host      string
	transport http.RoundTripper
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
}

func newConnection(config *rest.Config) (*connection, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("address of the API server: got %q: %w", config.Host, err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("connection to the API server: %w", err)
	}
	c := &connection{host: base.String(), transport: transport}
	client, err := discovery.NewDiscoveryClientForConfig(c.config(context.Background()))
	if err != nil {
		return nil, fmt.Errorf("connection to the API server: %w", err)
	}
	c.discovery = memory.NewMemCacheClient(client)
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(c.discovery)
	return c, nil
}

// config returns a configuration whose requests end with ctx. Helm's own calls know no context.
func (c *connection) config(ctx context.Context) *rest.Config {
	return &rest.Config{Host: c.host, Transport: &bound{ctx, c.transport}, QPS: -1, WarningHandler: rest.NoWarnings{}}
}

// bound is a round tripper whose requests end with a context besides their own.
type bound struct {
	ctx  context.Context //nolint:containedctx // it stands in for the context that Helm's calls lack
	next http.RoundTripper
}

func (b *bound) RoundTrip(request *http.Request) (*http.Response, error) {
	if b.ctx.Done() == nil {
		return b.next.RoundTrip(request)
	}
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(&carrier{request.Context(), b.ctx})
	stop := context.AfterFunc(b.ctx, cancel)
	response, err := b.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		if b.ctx.Err() != nil && request.Context().Err() == nil {
			err = b.ctx.Err()
		}
		return nil, err
	}
	response.Body = &boundBody{response.Body, func() { stop(); cancel() }}
	return response, nil
}

// carrier is a context with the values of another one, where it has none itself: they say who is told of an API server that is
// away, and whether writes may be sent.
type carrier struct {
	context.Context                 //nolint:containedctx // see bound
	values          context.Context //nolint:containedctx // see bound
}

// Value returns the value of either.
func (c *carrier) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.values.Value(key)
}

type boundBody struct {
	io.ReadCloser
	release func()
}

func (b *boundBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}

// getter is Helm's view of the connection during one operation.
type getter struct {
	*connection
	ctx       context.Context //nolint:containedctx // see bound
	namespace string
}

// ToRESTConfig returns the connection's configuration.
func (g *getter) ToRESTConfig() (*rest.Config, error) { return g.config(g.ctx), nil }

// ToDiscoveryClient returns the shared knowledge about the server.
func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery, nil
}

// ToRESTMapper returns the shared mapping of kinds.
func (g *getter) ToRESTMapper() (meta.RESTMapper, error) { return g.mapper, nil }

// ToRawKubeConfigLoader only tells the namespace; there is no file behind it.
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: g.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}

func (c *connection) typed(ctx context.Context) (kubernetes.Interface, error) {
	return kubernetes.NewForConfig(c.config(ctx))
}

func (c *connection) metadata(ctx context.Context) (metadata.Interface, error) {
	return metadata.NewForConfig(c.config(ctx))
}

// kindMissing reports whether err says that the server does not know a kind.
func kindMissing(err error) bool {
	var missing *meta.NoKindMatchError
	return errors.As(err, &missing) || meta.IsNoMatchError(err)
}
