// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// TestDefinitionsSwitchedOff expects the definitions of a dependency to go with it: on a cluster where somebody else
// has them, the values say so.
func TestDefinitionsSwitchedOff(t *testing.T) {
	t.Parallel()
	path, err := filepath.Abs("../../testdata/charts/kube-prometheus-stack")
	if err != nil {
		t.Fatal(err)
	}
	charts := NewCharts(ChartOptions{})
	for _, test := range []struct{ enabled, want bool }{{true, true}, {false, false}, {true, true}} {
		release := releaseOf(t, score.HelmChart{Path: path}, map[string]any{"crds": map[string]any{"enabled": test.enabled}})
		release.Definitions = true
		rendered, problems := charts.Render(context.Background(), release, Target{})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		if got := len(rendered.Definitions) > 0; got != test.want {
			t.Errorf("crds.enabled = %t: got %d definitions, want some: %t", test.enabled, len(rendered.Definitions), test.want)
		}
	}
}
