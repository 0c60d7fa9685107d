// SPDX-License-Identifier: Apache-2.0

// This file downloads charts from OCI registries.

package helm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// maxArchive bounds a download. The default chart has 0.6 MB.
const maxArchive = 64 << 20

// fetch downloads a chart.
func (s *ChartStore) fetch(ctx context.Context, from source) (archive, *problem) {
	if registry.IsOCI(from.repository) {
		return s.fetchOCI(ctx, from, from.repository)
	}
	return s.fetchHTTP(ctx, from)
}

// fetchOCI downloads the chart that reference, an OCI address without a tag, has under the source's version.
func (s *ChartStore) fetchOCI(ctx context.Context, from source, reference string) (archive, *problem) {
	// Tags have no plus sign; Helm writes an underscore instead.
	tag := strings.ReplaceAll(from.version, "+", "_")
	found, err := s.pull(ctx, strings.TrimPrefix(reference, registry.OCIScheme+"://"), tag)
	if err == nil {
		return found, nil
	}
	var answer *errcode.ErrorResponse
	var damaged *damagedError
	switch {
	case errors.As(err, &damaged):
		return archive{}, &problem{
			code: "chart-damaged", argument: "repository", summary: "chart at " + from.String() + ": " + damaged.Error(),
			fix: "publish the chart again with `helm push`, or name another one",
		}
	case errors.Is(err, errdef.ErrNotFound):
		return archive{}, notFound(from, "the registry has no such chart or no such version")
	case errors.Is(err, errdef.ErrInvalidReference):
		return archive{}, &problem{
			code: "chart-not-found", argument: "repository", summary: "chart at " + from.String() + ": this is no address of a chart in a registry",
			fix: `write it without a tag, as in "` + DefaultRepository + `"`,
		}
	case errors.Is(err, auth.ErrBasicCredentialNotFound), errors.As(err, &answer) && refused(answer.StatusCode):
		return archive{}, unauthorized(from, "the registry does not let us read it; some registries say so of charts that do not exist", "helm registry login "+hostOf(reference))
	}
	return archive{}, unreachable(from, err)
}

// pull resolves the tag and reads the layer that holds the chart.
func (s *ChartStore) pull(ctx context.Context, name, tag string) (archive, error) {
	repository, err := remote.NewRepository(name)
	if err != nil {
		return archive{}, err
	}
	repository.PlainHTTP = s.options.PlainHTTP && loopback(repository.Reference.Registry)
	client, err := registryClient()
	if err != nil {
		return archive{}, err
	}
	repository.Client = client
	descriptor, body, err := oras.FetchBytes(ctx, repository, tag, oras.FetchBytesOptions{})
	if err != nil {
		return archive{}, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(body, &manifest); err != nil {
		return archive{}, &damagedError{"its manifest is no JSON"}
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != registry.ChartLayerMediaType && layer.MediaType != registry.LegacyChartLayerMediaType {
			continue
		}
		if layer.Size > maxArchive {
			return archive{}, &damagedError{"it is larger than 64 MiB"}
		}
		data, err := content.FetchAll(ctx, repository, layer)
		if errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrTrailingData) {
			return archive{}, &damagedError{"what the registry sent does not have the digest that it announced"}
		}
		return archive{data: data, record: record{Digest: layer.Digest.String(), Manifest: descriptor.Digest.String()}}, err
	}
	return archive{}, &damagedError{"what is stored there is no Helm chart"}
}

// registryClient uses the credentials of `helm registry login`, then those of `docker login`, as Helm does.
func registryClient() (*auth.Client, error) {
	options := credentials.StoreOptions{DetectDefaultNativeStore: true}
	var store credentials.Store
	store, err := credentials.NewStore(cli.New().RegistryConfig, options)
	if err != nil {
		return nil, err
	}
	if docker, err := credentials.NewStoreFromDocker(options); err == nil {
		store = credentials.NewStoreWithFallbacks(store, docker)
	}
	client := &auth.Client{Client: &http.Client{Transport: retry.NewTransport(nil)}, Cache: auth.NewCache(), Credential: credentials.Credential(store)}
	client.SetUserAgent("harmonyscript")
	return client, nil
}

// damagedError tells that something was found that is not what it should be.
type damagedError struct{ text string }

func (e *damagedError) Error() string { return e.text }

func refused(code int) bool { return code == http.StatusUnauthorized || code == http.StatusForbidden }

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return "HOST"
}
