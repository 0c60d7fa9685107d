// SPDX-License-Identifier: Apache-2.0

// This file reckons how large a release gets in its Secret.

package helm

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
)

const (
	// MaxReleaseSize is what a Secret holds: 1 MiB.
	MaxReleaseSize = 1 << 20
	// LargeReleaseSize is where warnings begin: 80 % of it.
	LargeReleaseSize = MaxReleaseSize * 8 / 10
	// reserve is left for what Helm writes into a release later: its status and the times of its hooks.
	reserve = 8 << 10
)

// sizeOf returns how many bytes the release takes in its Secret, packed as Helm's driver does.
func sizeOf(release *helmrelease.Release) (int, error) {
	var count counter
	encoder := base64.NewEncoder(base64.StdEncoding, &count)
	packer, err := gzip.NewWriterLevel(encoder, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if err := json.NewEncoder(packer).Encode(release); err != nil {
		return 0, err
	}
	if err := packer.Close(); err != nil {
		return 0, err
	}
	if err := encoder.Close(); err != nil {
		return 0, err
	}
	return int(count), nil
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)

// TooLargeError tells that a release does not fit into its Secret. Nothing was changed.
type TooLargeError struct {
	// Release is its key, Size the bytes that it would take.
	Release string
	Size    int
}

// Error tells the sizes.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("release %s: got %d KiB packed, want at most %d: Helm stores it in one Secret", e.Release, e.Size>>10, (MaxReleaseSize-reserve)>>10)
}

// Diagnostic says what takes the space.
func (e *TooLargeError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "release-too-large", Summary: e.Error(), Detail: "a release holds its chart, with all templates and dashboards, its values and its manifests",
		Fix: "switch off what you do not need in helm_values, such as grafana.defaultDashboardsEnabled, or use V2_CRD, which has no such limit",
	}
}

// checkSize tells at the plan what would fail at the apply.
func (l *loadedChart) checkSize(rendered *Rendered, made *templated, values map[string]any) *problem {
	manifest, err := manifestOf(rendered.Objects, nil)
	if err != nil {
		return l.invalid(err.Error())
	}
	release := rendered.Release
	stored := &helmrelease.Release{
		Name: release.Name, Namespace: release.Namespace, Config: values, Manifest: manifest, Hooks: made.hooks, Version: 1,
		Info: &helmrelease.Info{Status: helmrelease.StatusDeployed},
	}
	// Packing the chart takes longer than rendering it, and is the same for all releases that have the same dependencies
	// switched on. Packed apart, the parts are rather larger than together.
	size, err := sizeOf(stored)
	if err == nil && size+l.chartSize(made.chart) < LargeReleaseSize {
		return nil
	}
	stored.Chart = made.chart
	if size, err = sizeOf(stored); err != nil {
		return l.invalid(err.Error())
	}
	if size < LargeReleaseSize {
		return nil
	}
	d := (&TooLargeError{Release: release.Key(), Size: size}).Diagnostic()
	p := &problem{code: d.Code, summary: d.Summary, detail: d.Detail, fix: d.Fix}
	if size <= MaxReleaseSize-reserve {
		p.code, p.warning = "release-large", true
		p.summary = fmt.Sprintf("release %s takes %d of the %d KiB that fit into its Secret", release.Key(), size>>10, (MaxReleaseSize-reserve)>>10)
	}
	return p
}

// chartSize returns how much of a release its chart takes.
func (l *loadedChart) chartSize(c *chart.Chart) int {
	var names []string
	for _, dependency := range c.Dependencies() {
		names = append(names, dependency.Name())
	}
	key := strings.Join(names, ",")
	l.sizes.Lock()
	defer l.sizes.Unlock()
	if size, ok := l.sizes.of[key]; ok {
		return size
	}
	size, err := sizeOf(&helmrelease.Release{Chart: c})
	if err != nil {
		// Then the whole is packed, which tells the reason.
		return MaxReleaseSize
	}
	if l.sizes.of == nil {
		l.sizes.of = map[string]int{}
	}
	l.sizes.of[key] = size
	return size
}
