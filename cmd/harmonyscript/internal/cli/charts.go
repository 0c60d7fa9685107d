// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds what verbs need of Helm charts: where they come from, and what they make for which cluster.

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/deployment"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/helm"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// chartVariable is the environment variable behind --helm-chart.
const chartVariable = "HARMONYSCRIPT_HELM_CHART"

// addChartFlags adds what concerns the charts of V1_HELM.
func (f *factory) addChartFlags(c *cobra.Command) {
	c.Flags().StringVar(&f.flags.helmChart, "helm-chart", "",
		"chart of stacks whose script names none: a folder, a .tgz, oci://HOST/PATH:VERSION or https://HOST/PATH@VERSION (default: $"+chartVariable+", else kube-prometheus-stack from its publisher)")
}

// defaultChart returns the chart that --helm-chart or the environment names; zero when none does.
func (f *factory) defaultChart() (score.HelmChart, error) {
	if f.chart != nil {
		return f.chart.Chart(), nil
	}
	source, who := f.flags.helmChart, "--helm-chart"
	if source == "" {
		source, _ = f.streams.Environment(chartVariable)
		who = chartVariable
	}
	if source == "" {
		return score.HelmChart{}, nil
	}
	chart, problem := parseChart(source)
	if problem == "" && chart.Path != "" {
		if _, err := os.Stat(chart.Path); err != nil {
			problem = "want a folder or a .tgz that is there"
		}
	}
	if problem != "" {
		return score.HelmChart{}, wrongCall("%s: got %q, %s", who, cluster.WithoutUser(source), problem)
	}
	return chart, nil
}

var (
	chartVersion = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)
	chartDigest  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// parseChart reads the source of a chart: a path, or an address with the version behind it, and behind that the digest if
// it is to be compared. problem says what is wanted instead.
func parseChart(source string) (chart score.HelmChart, problem string) {
	scheme, rest, address := strings.Cut(source, "://")
	if !address {
		path, err := filepath.Abs(source)
		if err != nil {
			return chart, "want the path of a chart: " + err.Error()
		}
		// A path in a script begins at the script's folder, one on the command line where the command runs.
		return score.HelmChart{Path: path}, ""
	}
	separators := map[string]string{"oci": ":", "http": "@", "https": "@"}
	separator, known := separators[scheme]
	if !known {
		return chart, "want a path, oci://, https:// or http://"
	}
	if before, digest, found := strings.Cut(rest, "@sha256:"); found {
		rest, chart.Digest = before, "sha256:"+digest
		if !chartDigest.MatchString(chart.Digest) {
			return chart, "want a digest of sha256: and 64 hexadecimal digits"
		}
	}
	cut := strings.LastIndex(rest, separator)
	if cut < 0 || !chartVersion.MatchString(rest[cut+1:]) {
		return chart, "want the chart's version behind it, such as " + scheme + "://charts.example.org/charts" + separator + "88.5.3"
	}
	chart.Repository, chart.Version = scheme+"://"+rest[:cut], rest[cut+1:]
	if cluster.WithoutUser(chart.Repository) != chart.Repository {
		return chart, "want it without a user and a password: log in with `helm registry login`"
	}
	return chart, ""
}

// render returns what the charts make of a script's releases, for the cluster of client or, when it is nil, for one as
// --kube-version says. Problems are at the script's lines. The error is that of a call that is wrong, or the cluster's.
func (f *factory) render(ctx context.Context, loaded *deployment.Loaded, client *cluster.Client) ([]*helm.Rendered, diag.List, error) {
	if len(loaded.Releases) == 0 {
		return nil, nil, nil
	}
	target := helm.Target{KubernetesVersion: f.flags.kubeVersion}
	if client != nil {
		offers, err := client.Offers(ctx)
		if err != nil {
			return nil, nil, err
		}
		target = helm.Target{KubernetesVersion: offers.KubernetesVersion, APIVersions: withRequired(offers.APIVersions, loaded.Requires)}
	}
	chart, err := f.defaultChart()
	if err != nil {
		return nil, nil, err
	}
	charts := helm.NewCharts(helm.ChartOptions{Folder: loaded.Folder, Default: chart, PlainHTTP: true})
	rendered, problems := deployment.Render(ctx, loaded, charts, target)
	if ctx.Err() != nil {
		return nil, nil, exitWith(exitInterrupted)
	}
	return rendered, problems, nil
}

// withRequired adds what has to be there when a release is carried out: a stack that brings its operator along makes the
// same objects before and after that.
func withRequired(offered []string, required []backend.CRD) []string {
	all := slices.Clone(offered)
	for _, r := range required {
		version := r.Group + "/" + r.Version
		all = append(all, version, version+"/"+r.Kind)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
