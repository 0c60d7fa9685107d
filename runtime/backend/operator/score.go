// SPDX-License-Identifier: Apache-2.0

// This file finds the stack in a score.

package operator

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// ScopeOf returns the Scope of a monitoring_stack or tenant_monitoring, as NewScope makes it, for a version with the given
// capabilities. Other scores, and tenants that share a stack, are errors. What a tenant is made of is added
// to b, which may be nil.
func ScopeOf(b *backend.Builder, s score.Score, capabilities backend.Capabilities) (Scope, error) {
	switch s := s.(type) {
	case score.MonitoringStack:
		return NewScope(s, nil), nil
	case score.TenantMonitoring:
		if s.Mode == score.TenantShared {
			return Scope{}, fmt.Errorf("%s: got mode %q, want %q: %s", s.Title(), s.Mode, score.TenantDedicated, capabilities.Reason(backend.FeatureTenantShared))
		}
		if b != nil {
			b.Append(tenant.Objects(s.Tenant, s.Title(), s.Origin))
		}
		return NewScope(s.ScopedStack(), &s.Tenant), nil
	default:
		return Scope{}, fmt.Errorf("%s: got a score of kind %q, want a monitoring_stack or tenant_monitoring", s.Title(), s.Kind())
	}
}
