// SPDX-License-Identifier: Apache-2.0

// This file downloads charts from HTTP repositories, which list them in an index.yaml.

package helm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

// headerTimeout bounds how long a repository that took a request may say nothing.
const headerTimeout = 30 * time.Second

// maxIndex bounds an index.yaml. That of a repository with ten thousand charts has some 20 MB.
const maxIndex = 128 << 20

// fetchHTTP downloads a chart that a repository lists.
func (s *ChartStore) fetchHTTP(ctx context.Context, from source) (archive, *problem) {
	if u, err := url.Parse(from.repository); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return archive{}, &problem{
			code: "chart-not-found", argument: "repository", summary: "chart at " + from.String() + ": got an address that is none of a repository, want oci://… or https://…",
			fix: `write it as in "` + DefaultRepository + `"; a chart in a folder is named with path`,
		}
	}
	access, err := accessTo(from.repository)
	if err != nil {
		return archive{}, unreachable(from, err)
	}
	body, err := access.get(ctx, from.repository+"/index.yaml", maxIndex)
	if err != nil {
		return archive{}, httpProblem(from, err, "there is no index.yaml: this is no repository of charts")
	}
	var index repo.IndexFile
	if err := yaml.Unmarshal(body, &index); err != nil || index.APIVersion == "" {
		return archive{}, &problem{
			code: "chart-damaged", argument: "repository", summary: "repository " + withoutCredentials(from.repository) + ": its index.yaml is not one of Helm",
			fix: "check the address; the repository's owner makes the index with `helm repo index`",
		}
	}
	version, failed := pick(index, from)
	if failed != nil {
		return archive{}, failed
	}
	if registry.IsOCI(version.URLs[0]) {
		// Repositories that moved to a registry keep their index and point there, tag included.
		reference, _, _ := strings.Cut(strings.TrimPrefix(version.URLs[0], "oci://"), "@")
		return s.fetchOCI(ctx, from, "oci://"+strings.TrimSuffix(reference, ":"+strings.ReplaceAll(from.version, "+", "_")))
	}
	address, err := repo.ResolveReferenceURL(from.repository, version.URLs[0])
	if err != nil {
		return archive{}, &problem{code: "chart-damaged", argument: "repository", summary: "chart at " + from.String() + ": the address in its index cannot be read"}
	}
	data, err := access.get(ctx, address, maxArchive)
	if err != nil {
		return archive{}, httpProblem(from, err, "the index lists the chart, but its archive is gone")
	}
	digest := digestOf(data)
	if listed := "sha256:" + strings.TrimPrefix(version.Digest, "sha256:"); version.Digest != "" && listed != digest {
		return archive{}, &problem{
			code: "chart-damaged", argument: "repository", summary: fmt.Sprintf("chart at %s: its archive has digest %s, and its index says %s", from, digest, listed),
			fix: "try again later; if it stays so, tell the repository's owner",
		}
	}
	return archive{data: data, record: record{Digest: digest}}, nil
}

// pick finds the chart in an index.
func pick(index repo.IndexFile, from source) (*repo.ChartVersion, *problem) {
	var names, versions []string
	for name := range index.Entries {
		names = append(names, name)
	}
	if _, ok := index.Entries[from.name]; !ok {
		p := notFound(from, "the repository has no chart of this name")
		p.argument = "name"
		p.suggest(from.name, names)
		return nil, p
	}
	for _, version := range index.Entries[from.name] {
		switch {
		case version == nil || version.Metadata == nil || len(version.URLs) == 0:
		case version.Version == from.version:
			return version, nil
		default:
			versions = append(versions, version.Version)
		}
	}
	p := notFound(from, "the repository has the chart, but not in this version")
	slices.SortFunc(versions, newestFirst)
	if len(versions) > 0 {
		p.fix = "name one that it has: " + strings.Join(versions[:min(len(versions), 5)], ", ")
	}
	return nil, p
}

func newestFirst(a, b string) int {
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	if errX != nil || errY != nil {
		return strings.Compare(b, a)
	}
	return y.Compare(x)
}

// access is how a repository is talked to.
type access struct {
	client             *http.Client
	base               *url.URL
	username, password string
	everywhere         bool
}

// accessTo finds the credentials of a repository: those in its address, else those that `helm repo add` stored.
func accessTo(repository string) (*access, error) {
	base, err := url.Parse(repository)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	transport = transport.Clone()
	transport.ResponseHeaderTimeout = headerTimeout
	a := &access{client: &http.Client{Transport: transport}, base: base}
	if base.User != nil {
		a.username = base.User.Username()
		a.password, _ = base.User.Password()
	}
	file, err := repo.LoadFile(cli.New().RepositoryConfig)
	if err != nil {
		// Nobody has to have added a repository.
		return a, nil //nolint:nilerr // an absent or foreign file means that there are no stored credentials
	}
	for _, stored := range file.Repositories {
		if strings.TrimSuffix(stored.URL, "/") != repository {
			continue
		}
		if a.username == "" {
			a.username, a.password = stored.Username, stored.Password
		}
		a.everywhere = stored.PassCredentialsAll
		transport.TLSClientConfig, err = tlsConfig(stored)
		return a, err
	}
	return a, nil
}

func tlsConfig(stored *repo.Entry) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: stored.InsecureSkipTLSverify} //nolint:gosec // the user told Helm so
	if stored.CAFile != "" {
		authority, err := os.ReadFile(stored.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authority) {
			return nil, fmt.Errorf("%s: got no certificate in it", stored.CAFile)
		}
	}
	if stored.CertFile != "" && stored.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(stored.CertFile, stored.KeyFile)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// statusError is an answer other than 200.
type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code))
}

// get downloads what is at address, of at most limit bytes.
func (a *access) get(ctx context.Context, address string, limit int64) ([]byte, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	// Only where the credentials belong; archives often are elsewhere.
	ours := a.everywhere || target.Scheme == a.base.Scheme && target.Host == a.base.Host
	target.User = nil
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "harmonyscript")
	if ours && a.username != "" {
		request.SetBasicAuth(a.username, a.password)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &statusError{response.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		return nil, fmt.Errorf("got more than %d MiB", limit>>20)
	}
	return body, err
}

func httpProblem(from source, err error, missing string) *problem {
	var status *statusError
	if !errors.As(err, &status) {
		return unreachable(from, err)
	}
	switch {
	case status.code == http.StatusNotFound || status.code == http.StatusGone:
		return notFound(from, missing)
	case refused(status.code):
		return unauthorized(from, status.Error(), "helm repo add NAME "+withoutCredentials(from.repository)+" --username USER --password-stdin")
	}
	return unreachable(from, err)
}
