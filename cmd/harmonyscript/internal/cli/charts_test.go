// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func TestParseChart(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	folder, err := filepath.Abs("charts/stack")
	if err != nil {
		t.Fatal(err)
	}
	for source, test := range map[string]struct {
		want    score.HelmChart
		problem string
	}{
		"charts/stack":                          {want: score.HelmChart{Path: folder}},
		"/charts/stack-1.2.3.tgz":               {want: score.HelmChart{Path: "/charts/stack-1.2.3.tgz"}},
		"oci://host:5000/a/stack:88.5.3":        {want: score.HelmChart{Repository: "oci://host:5000/a/stack", Version: "88.5.3"}},
		"oci://host/stack:1.2.3-rc.1@" + digest: {want: score.HelmChart{Repository: "oci://host/stack", Version: "1.2.3-rc.1", Digest: digest}},
		"https://host:8080/charts@88.5.3":       {want: score.HelmChart{Repository: "https://host:8080/charts", Version: "88.5.3"}},
		"oci://host:5000/stack":                 {problem: "want the chart's version"},
		"https://host:8080/charts":              {problem: "want the chart's version"},
		"https://host/charts@latest":            {problem: "want the chart's version"},
		"https://user:geheim@host/charts@1.2.3": {problem: "without a user and a password"},
		"oci://host/stack:1.2.3@sha256:12":      {problem: "64 hexadecimal digits"},
		"ftp://host/charts@1.2.3":               {problem: "want a path, oci://, https:// or http://"},
	} {
		got, problem := parseChart(source)
		switch {
		case test.problem != "":
			if !strings.Contains(problem, test.problem) {
				t.Errorf("%s: got problem %q, want %q", source, problem, test.problem)
			}
		case problem != "" || got.Repository != test.want.Repository || got.Path != test.want.Path || got.Version != test.want.Version || got.Digest != test.want.Digest:
			t.Errorf("%s: got %+v, %q; want %+v", source, got, problem, test.want)
		}
	}
	if got := cluster.WithoutUser("https://user:geheim@host/charts@1.2.3"); strings.Contains(got, "geheim") {
		t.Errorf("got %s, want no password", got)
	}
}
