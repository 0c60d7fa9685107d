// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// checkClusters checks a deployment of one tenant that lists clusters. In the script each stands at its own place.
func checkClusters(t testing.TB, clusters []string) diag.List {
	t.Helper()
	s := &script{t: t}
	var quoted, arguments []string
	for n, name := range clusters {
		quoted = append(quoted, fmt.Sprintf("%q", name))
		arguments = append(arguments, fmt.Sprintf("clusters[%d]", n), quoted[n])
	}
	list := "[" + strings.Join(quoted, ", ") + "]"
	origin := s.call("deploy(clusters = "+list+")", append(arguments, "clusters", list)...)
	return check.Deployment(score.Deployment{
		Name: "demo", Position: score.Position{File: scriptName}, Scores: []score.Score{score.Tenant{Name: "blue"}}, Clusters: clusters, ClustersOrigin: origin,
	}, nil)
}

func TestClusters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		clusters []string
		want     []want
	}{
		{"none listed", nil, nil},
		{"two", []string{"eu-1", "us-1"}, nil},
		{"an empty list", []string{}, []want{{"1:19", "invalid-cluster", "got an empty list"}}},
		{"no name", []string{"eu-1", " "}, []want{{"1:28", "invalid-cluster", `got " "`}}},
		{"twice", []string{"eu-1", "us-1", "eu-1"}, []want{{"1:20", "invalid-cluster", "twice, at 1 and 3"}}},
	} {
		got := checkClusters(t, c.clusters)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %d problems", c.name, got, len(c.want))
			continue
		}
		for n, w := range c.want {
			place := fmt.Sprintf("%d:%d", got[n].Position.Line, got[n].Position.Column)
			if place != w.position || got[n].Code != w.code || !strings.Contains(got[n].Summary, w.part) {
				t.Errorf("%s: got %s %s %q, want %+v", c.name, place, got[n].Code, got[n].Summary, w)
			}
		}
	}
}
