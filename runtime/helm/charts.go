// SPDX-License-Identifier: Apache-2.0

// This file finds charts: which one a release means, and where it is taken from.

package helm

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/registry"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// The chart that is used where a script names none.
const (
	DefaultRepository = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack"
	DefaultName       = "kube-prometheus-stack"
	DefaultVersion    = "88.5.3"
)

// ChartOptions say where charts come from.
type ChartOptions struct {
	// Cache is the folder of downloaded charts; empty means harmonyscript/charts in the user's cache folder.
	Cache string
	// Folder is the script's: relative paths of charts start there. Empty means the working directory.
	Folder string
	// Default takes the place of the default chart: a mirror, or a file where there is no network. Its zero value means
	// DefaultRepository in DefaultVersion.
	Default score.HelmChart
	// PlainHTTP speaks HTTP without TLS to OCI registries on a loopback address. Others are always spoken to with TLS.
	PlainHTTP bool
	// Offline forbids downloads: charts come from files and the cache alone.
	Offline bool
}

// ChartStore finds charts in registries, repositories and files, and renders releases with them. What was downloaded
// is kept in a cache folder that several processes may share. It is safe for concurrent use.
type ChartStore struct {
	options ChartOptions
	mutex   sync.Mutex
	entries map[string]*entry
}

var _ Charts = (*ChartStore)(nil)

// entry is one chart that was asked for. Its mutex keeps two renderings from downloading it at once.
type entry struct {
	mutex  sync.Mutex
	loaded *loadedChart
	// fingerprint tells whether the files of a local chart are still the same.
	fingerprint string
}

// NewCharts returns a store. It touches neither disk nor network before the first Render.
func NewCharts(o ChartOptions) *ChartStore {
	return &ChartStore{options: o, entries: map[string]*entry{}}
}

// source is where a chart comes from. Either path is set or repository.
type source struct {
	repository, name, version string
	path                      string
	digest                    string
}

// source tells what a release means by its chart.
func (s *ChartStore) source(chart score.HelmChart) source {
	version, digest := chart.Version, chart.Digest
	if chart.Repository == "" && chart.Path == "" {
		chart = s.options.Default
		if chart.Repository == "" && chart.Path == "" {
			chart.Repository = DefaultRepository
			chart.Version = cmp.Or(chart.Version, DefaultVersion)
		}
		// A script that only says which version it wants means that one of the default chart.
		if version != "" && version != chart.Version {
			chart.Version, chart.Digest = version, ""
		}
		chart.Digest = cmp.Or(digest, chart.Digest)
	}
	found := source{repository: strings.TrimSuffix(chart.Repository, "/"), version: chart.Version, digest: chart.Digest, path: chart.Path}
	if found.path != "" && !filepath.IsAbs(found.path) {
		found.path = filepath.Join(s.options.Folder, found.path)
	}
	if found.repository != "" && !registry.IsOCI(found.repository) {
		found.name = cmp.Or(chart.Name, DefaultName)
	}
	return found
}

// String returns the source for people, without credentials.
func (s source) String() string {
	if s.path != "" {
		return s.path
	}
	text := withoutCredentials(s.repository)
	if s.name != "" {
		text += ", chart " + s.name
	}
	if s.version != "" {
		text += ", version " + s.version
	}
	return text
}

// withoutCredentials drops the user and password of an address, and its query, which may hold a token.
func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		// What cannot be read cannot be cleaned either, but a user and password end at the last @.
		if at := strings.LastIndex(address, "@"); at >= 0 {
			return address[at+1:]
		}
		return address
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// loopback reports whether host, with or without a port, is this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// find returns the chart that a release means.
func (s *ChartStore) find(ctx context.Context, release backend.Release) (*loadedChart, *problem) {
	from := s.source(release.Chart)
	s.mutex.Lock()
	e := s.entries[from.key()]
	if e == nil {
		e = &entry{}
		s.entries[from.key()] = e
	}
	s.mutex.Unlock()
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if from.path != "" {
		return e.local(from)
	}
	if e.loaded != nil {
		return e.loaded, nil
	}
	loaded, failed := s.remote(ctx, from)
	if failed != nil {
		return nil, failed
	}
	e.loaded = loaded
	return loaded, nil
}

// key is what two sources have in common that mean the same chart.
func (s source) key() string {
	return strings.Join([]string{s.path, s.repository, s.name, s.version, s.digest}, "\x00")
}

// remote returns a chart from the cache, else from its registry or repository.
func (s *ChartStore) remote(ctx context.Context, from source) (*loadedChart, *problem) {
	if from.version == "" {
		return nil, &problem{
			code: "chart-not-found", argument: "version", summary: "chart at " + from.String() + ": got no version, want an exact one",
			fix: `name the version, as in version = "` + DefaultVersion + `"`,
		}
	}
	c := s.cache()
	if archive, ok := c.get(from); ok {
		if loaded, failed := loadArchive(archive.data, from, archive.record.Digest); failed == nil {
			return loaded, nil
		}
		// An entry that was damaged before it was written is as bad as one that was damaged after.
	}
	if s.options.Offline {
		return nil, &problem{
			code: "chart-unreachable", argument: "repository", summary: "chart at " + from.String() + ": it is not in the cache, and downloads are switched off",
			detail: "the cache is " + c.folder, fix: "run once with downloads, or name a chart in a folder or a .tgz archive with path",
		}
	}
	archive, failed := s.fetch(ctx, from)
	if failed != nil {
		return nil, failed
	}
	if from.digest != "" && from.digest != archive.record.Digest && from.digest != archive.record.Manifest {
		return nil, digestChanged(from, archive.record.Digest)
	}
	loaded, failed := loadArchive(archive.data, from, archive.record.Digest)
	if failed != nil {
		return nil, failed
	}
	if err := c.put(from, archive); err != nil {
		loaded.warnings = append(loaded.warnings, problem{
			code: "chart-cache-unusable", warning: true, summary: "the cache of charts cannot be written, so that each run downloads them: " + plainError(err),
			fix: "make the folder writable, or point $XDG_CACHE_HOME to one that is",
		})
	}
	return loaded, nil
}

func digestChanged(from source, got string) *problem {
	return &problem{
		code: "chart-digest-changed", argument: "digest",
		summary: "chart at " + from.String() + ": got digest " + got + ", want " + from.digest,
		detail:  "somebody published something else under the same version, or it is not the chart that the script means",
		fix:     "find out which of the two is right before you go on; then correct digest",
	}
}

func (s *ChartStore) cache() cache {
	folder := s.options.Cache
	if folder == "" {
		if base, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(base, "harmonyscript", "charts")
		}
	}
	return cache{folder: folder}
}
