// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// TestConcurrentRuns runs scripts at the same time on one host: nothing may be shared that changes.
func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	h := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files(), Parameters: map[string]string{"n": "3"}})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			text := fmt.Sprintf(`
load("@stdlib//alerts/general.star", "watchdog")
s = monitoring_stack(V2_CRD, alert_rules = [watchdog()])
deploy([tenant_monitoring("t%d-%%d" %% n, s.replace(replicas = n + 1)) for n in range(param("n", 1))], name = "d%d")
`, i, i)
			result, problems := h.RunSource(context.Background(), fmt.Sprintf("s%d.star", i), text)
			if len(problems) > 0 || len(result.Deployment.Scores) != 3 || result.Deployment.Name != fmt.Sprintf("d%d", i) {
				t.Errorf("%d: got %+v, %v", i, result.Deployment, problems)
				return
			}
			if got, want := result.Deployment.Scores[2].Title(), fmt.Sprintf(`tenant_monitoring "t%d-2"`, i); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, made := range result.Globals {
				_ = made.String()
			}
		})
	}
	group.Wait()
}
