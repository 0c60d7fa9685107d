// SPDX-License-Identifier: Apache-2.0

// This file checks the clusters that a script lists.

package check

import (
	"fmt"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// clusters reports names of clusters that can be none, and those that are there twice. Whether a kubeconfig has them is
// found out when one is read.
func (c *checker) clusters(d score.Deployment) {
	if d.Clusters != nil && len(d.Clusters) == 0 {
		c.report(problem{
			code: "invalid-cluster", origin: d.ClustersOrigin, argument: "clusters", summary: "deploy: clusters: got an empty list, want the name of a kubeconfig context",
			fix: "leave clusters out to deploy to the current context, or to those that --context names",
		})
	}
	first := map[string]int{}
	for n, name := range d.Clusters {
		argument := fmt.Sprintf("clusters[%d]", n)
		before, twice := first[name]
		switch {
		case strings.TrimSpace(name) == "":
			c.report(problem{code: "invalid-cluster", origin: d.ClustersOrigin, argument: argument, summary: fmt.Sprintf("deploy: clusters: got %q, want the name of a kubeconfig context", name)})
		case twice:
			c.report(problem{
				code: "invalid-cluster", origin: d.ClustersOrigin, argument: argument,
				summary: fmt.Sprintf("deploy: clusters: got %q twice, at %d and %d, want each cluster once", name, before+1, n+1), fix: "take one of the two out",
			})
		default:
			first[name] = n
		}
	}
}
