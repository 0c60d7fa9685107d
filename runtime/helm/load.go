// SPDX-License-Identifier: Apache-2.0

// This file reads charts from archives and folders.

package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
)

// maxDepth bounds how deep folders of a chart are read, which may be linked in a circle.
const maxDepth = 32

// loadedChart is a chart in memory. It is shared by all releases and never changed.
type loadedChart struct {
	chart    *chart.Chart
	facts    Chart
	from     source
	warnings []problem

	// definitions and known are the same for every release.
	definitions func() ([]backend.Object, error)
	known       func() *knownValues

	// sizes are the packed sizes of the chart with certain dependencies switched on.
	sizes struct {
		sync.Mutex
		of map[string]int
	}
}

func newLoadedChart(c *chart.Chart, from source, digest string) (*loadedChart, *problem) {
	l := &loadedChart{chart: c, from: from}
	l.facts = Chart{Name: c.Name(), Version: c.Metadata.Version, AppVersion: c.AppVersion(), Digest: digest, Source: withoutCredentials(from.repository)}
	if from.path != "" {
		l.facts.Source = from.path
	}
	if failed := l.examine(); failed != nil {
		return nil, failed
	}
	l.definitions = sync.OnceValues(func() ([]backend.Object, error) { return definitions(c) })
	l.known = sync.OnceValue(func() *knownValues { return valuesOf(c) })
	return l, nil
}

// title names the chart with its version.
func (l *loadedChart) title() string { return "chart " + l.facts.Name + " " + l.facts.Version }

// examine refuses what no release can be made of, whatever its values.
func (l *loadedChart) examine() *problem {
	metadata := l.chart.Metadata
	if metadata.Type == "library" {
		return &problem{
			code: "chart-unsuitable", argument: "name", summary: l.title() + " is a library for other charts; nothing can be installed from it",
			fix: "name kube-prometheus-stack or a chart made from it",
		}
	}
	if l.from.version != "" && metadata.Version != l.from.version {
		return &problem{
			code: "chart-not-found", argument: "version", summary: fmt.Sprintf("chart at %s: got version %s, want %s", l.from, metadata.Version, l.from.version),
			fix: "name the version that the chart has, or another chart",
		}
	}
	present := map[string]bool{}
	for _, dependency := range l.chart.Dependencies() {
		present[dependency.Name()] = true
	}
	var missing []string
	for _, dependency := range metadata.Dependencies {
		if dependency != nil && !present[dependency.Name] {
			missing = append(missing, dependency.Name+" "+dependency.Version)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	p := &problem{
		code: "chart-dependency-missing", argument: "path", summary: l.title() + ": its folder charts/ lacks " + strings.Join(missing, ", "),
		fix: "run `helm dependency build " + l.from.path + "`, which needs the network once",
	}
	if l.from.path == "" {
		p.argument, p.fix = "repository", "use a chart that was packed with its dependencies, as `helm package --dependency-update` does"
	}
	return p
}

// loadArchive reads a packed chart.
func loadArchive(data []byte, from source, digest string) (*loadedChart, *problem) {
	c, err := loader.LoadArchive(bytes.NewReader(data))
	if err != nil {
		return nil, damagedChart(from, err)
	}
	return newLoadedChart(c, from, digest)
}

func damagedChart(from source, err error) *problem {
	p := &problem{
		code: "chart-damaged", argument: "repository", summary: "chart at " + from.String() + ": it cannot be read as a chart: " + oneLine(err.Error()),
		fix: "pack it again with `helm package`, or download it again",
	}
	if from.path != "" {
		p.argument = "path"
	}
	return p
}

// local returns the chart at the source's path, read again when its files have changed.
func (e *entry) local(from source) (*loadedChart, *problem) {
	info, err := os.Stat(from.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p := notFound(from, "there is no such folder or file")
		p.fix = "check the path; it starts at the folder of the script"
		return nil, p
	case err != nil:
		return nil, damagedChart(from, err)
	}
	tree, err := listTree(from.path, info)
	if err != nil {
		return nil, damagedChart(from, err)
	}
	fingerprint := tree.fingerprint()
	if e.loaded != nil && e.fingerprint == fingerprint {
		return e.loaded, nil
	}
	var loaded *loadedChart
	var failed *problem
	if info.IsDir() {
		loaded, failed = tree.load(from)
	} else {
		var data []byte
		if data, err = readLimited(from.path, info, maxArchive); err != nil {
			return nil, damagedChart(from, err)
		}
		loaded, failed = loadArchive(data, from, digestOf(data))
	}
	if failed != nil {
		return nil, failed
	}
	if from.digest != "" && from.digest != loaded.facts.Digest {
		return nil, digestChanged(from, loaded.facts.Digest)
	}
	e.loaded, e.fingerprint = loaded, fingerprint
	return loaded, nil
}

func readLimited(path string, info fs.FileInfo, limit int64) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", filepath.Base(path))
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d MiB, want at most %d", filepath.Base(path), info.Size()>>20, limit>>20)
	}
	return os.ReadFile(path)
}

// tree is the files of a local chart, in a fixed order. Helm's own reader of folders tells about links on standard error.
type tree struct {
	files []treeFile
}

type treeFile struct {
	// name is relative to the chart, with slashes.
	name, path string
	info       fs.FileInfo
}

func listTree(path string, info fs.FileInfo) (*tree, error) {
	t := &tree{}
	if !info.IsDir() {
		t.files = []treeFile{{filepath.Base(path), path, info}}
		return t, nil
	}
	rules := ignore.Empty()
	if parsed, err := ignore.ParseFile(filepath.Join(path, ignore.HelmIgnore)); err == nil {
		rules = parsed
	}
	rules.AddDefaults()
	return t, t.list(path, "", rules, 0)
}

func (t *tree) list(folder, prefix string, rules *ignore.Rules, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s is more than %d folders deep", prefix, maxDepth)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, path := prefix+entry.Name(), filepath.Join(folder, entry.Name())
		// What a link points to counts: charts in one repository share templates so.
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		switch {
		case rules.Ignore(name, info):
		case info.IsDir():
			if err := t.list(path, name+"/", rules, depth+1); err != nil {
				return err
			}
		default:
			t.files = append(t.files, treeFile{name, path, info})
		}
	}
	return nil
}

// fingerprint changes when a file is written, without reading any.
func (t *tree) fingerprint() string {
	var b bytes.Buffer
	for _, f := range t.files {
		fmt.Fprintf(&b, "%s\x00%d\x00%d\x00", f.name, f.info.Size(), f.info.ModTime().UnixNano())
	}
	return digestOf(b.Bytes())
}

func (t *tree) load(from source) (*loadedChart, *problem) {
	var buffered []*loader.BufferedFile
	var contents bytes.Buffer
	for _, f := range t.files {
		data, err := readLimited(f.path, f.info, loader.MaxDecompressedFileSize)
		if err != nil {
			return nil, damagedChart(from, err)
		}
		fmt.Fprintf(&contents, "%s\x00%d\x00", f.name, len(data))
		contents.Write(data)
		buffered = append(buffered, &loader.BufferedFile{Name: f.name, Data: bytes.TrimPrefix(data, []byte("\ufeff"))})
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, damagedChart(from, err)
	}
	return newLoadedChart(c, from, digestOf(contents.Bytes()))
}
