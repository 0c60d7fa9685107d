// SPDX-License-Identifier: Apache-2.0

// This file compiles a tenant's ResourceQuota and LimitRange.

package tenant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Defaults of the LimitRange that a quota on cpu or memory makes necessary. They never go beyond a quarter of the
// quota, so that a small quota still has room for the pods of a monitoring stack.
const (
	defaultCPULimit      = "500m"
	defaultMemoryLimit   = "512Mi"
	defaultCPURequest    = "50m"
	defaultMemoryRequest = "128Mi"
	quotaShare           = 4
)

func resourceQuota(t score.Tenant) (*corev1ac.ResourceQuotaApplyConfiguration, error) {
	hard, err := quantities("quota", t.Quota)
	if err != nil {
		return nil, err
	}
	return corev1ac.ResourceQuota("tenant", t.Name).WithLabels(Labels(t)).
		WithSpec(corev1ac.ResourceQuotaSpec().WithHard(hard)), nil
}

// limitRange returns the tenant's own limits, or those that its quota makes necessary, or nil.
func limitRange(t score.Tenant) (*corev1ac.LimitRangeApplyConfiguration, error) {
	limits := t.Limits
	if limits.IsZero() {
		var err error
		if limits, err = limitsForQuota(t.Quota); err != nil {
			return nil, err
		}
	}
	if limits.IsZero() {
		return nil, nil
	}
	item := corev1ac.LimitRangeItem().WithType(corev1.LimitTypeContainer)
	for _, part := range []struct {
		name   string
		values map[string]string
		set    func(corev1.ResourceList) *corev1ac.LimitRangeItemApplyConfiguration
	}{
		{"limits.default", limits.Default, item.WithDefault},
		{"limits.default_request", limits.DefaultRequest, item.WithDefaultRequest},
		{"limits.max", limits.Max, item.WithMax},
		{"limits.min", limits.Min, item.WithMin},
	} {
		if len(part.values) == 0 {
			continue
		}
		list, err := quantities(part.name, part.values)
		if err != nil {
			return nil, err
		}
		part.set(list)
	}
	return corev1ac.LimitRange("tenant", t.Name).WithLabels(Labels(t)).
		WithSpec(corev1ac.LimitRangeSpec().WithLimits(item)), nil
}

// limitsForQuota returns defaults for what the quota counts: under a quota on limits.cpu the API server refuses
// every container without a cpu limit, the operators' sidecars too.
func limitsForQuota(quota map[string]string) (score.Limits, error) {
	limits := score.Limits{Default: map[string]string{}, DefaultRequest: map[string]string{}}
	for _, r := range []struct{ name, limit, request string }{
		{"cpu", defaultCPULimit, defaultCPURequest},
		{"memory", defaultMemoryLimit, defaultMemoryRequest},
	} {
		if hard, ok := quota["limits."+r.name]; ok {
			value, err := share("limits."+r.name, hard, r.limit)
			if err != nil {
				return score.Limits{}, err
			}
			limits.Default[r.name] = value
		}
		// "cpu" in a quota is another name of "requests.cpu".
		for _, key := range []string{"requests." + r.name, r.name} {
			hard, ok := quota[key]
			if !ok {
				continue
			}
			value, err := share(key, hard, r.request)
			if err != nil {
				return score.Limits{}, err
			}
			limits.DefaultRequest[r.name] = value
		}
		// A container with a limit and no request would request its whole limit, and a default request above the
		// default limit is refused.
		if limit, limited := limits.Default[r.name]; limited {
			if request := cmp.Or(limits.DefaultRequest[r.name], r.request); atMost(request, limit) {
				limits.DefaultRequest[r.name] = request
			} else {
				limits.DefaultRequest[r.name] = limit
			}
		}
	}
	return limits, nil
}

// share returns want, or the quota's share for one container if that is less.
func share(key, hard, want string) (string, error) {
	total, err := resource.ParseQuantity(hard)
	if err != nil {
		return "", fmt.Errorf("quota %q: got %q, want a quantity: %w", key, hard, err)
	}
	part := resource.NewMilliQuantity(total.MilliValue()/quotaShare, total.Format)
	if total.CmpInt64(1000) > 0 {
		// Thousandths of a large quantity do not fit into 64 bits.
		part = resource.NewQuantity(total.Value()/quotaShare, total.Format)
	}
	if part.Cmp(resource.MustParse(want)) < 0 {
		return part.String(), nil
	}
	return want, nil
}

// atMost reports whether quantity a is not above b; both are well-formed here.
func atMost(a, b string) bool {
	x, errX := resource.ParseQuantity(a)
	y, errY := resource.ParseQuantity(b)
	return errX == nil && errY == nil && x.Cmp(y) <= 0
}

func quantities(what string, values map[string]string) (corev1.ResourceList, error) {
	list := make(corev1.ResourceList, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		quantity, err := resource.ParseQuantity(values[name])
		if err != nil {
			return nil, fmt.Errorf("%s %q: got %q, want a quantity: %w", what, name, values[name], err)
		}
		list[corev1.ResourceName(name)] = quantity
	}
	return list, nil
}
