// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"fmt"
	"testing"

	"github.com/harmonyscript/harmonyscript/runtime/check"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// BenchmarkThousandTenants checks a thousand tenants that share one stack, and that each have one of their own
// with equal rules.
func BenchmarkThousandTenants(b *testing.B) {
	for _, shared := range []bool{true, false} {
		b.Run(fmt.Sprintf("shared=%v", shared), func(b *testing.B) {
			s := &script{t: b}
			stack := good(s)
			var scores []score.Score
			for i := range 1000 {
				if !shared {
					stack = good(&script{t: b})
				}
				scores = append(scores, score.TenantMonitoring{
					Origin: stack.Origin, Stack: stack, Mode: score.TenantDedicated,
					Tenant: score.Tenant{Origin: stack.Origin, Name: fmt.Sprintf("team-%d", i), Quota: map[string]string{"pods": "50", "requests.memory": "8Gi"}, Admins: []string{"group:a"}},
				})
			}
			r := registry(b, version{version: score.V2CRD})
			b.ReportAllocs()
			for b.Loop() {
				if list := check.Deployment(score.Deployment{Scores: scores}, r); len(list) > 0 {
					b.Fatal(list)
				}
			}
		})
	}
}
