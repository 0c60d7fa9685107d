// SPDX-License-Identifier: Apache-2.0

// This file waits for quotas that were changed. The API server enforces what stands in a quota's status, and it is the quota's
// controller that copies it there: objects that are sent at once would be refused by the limits of before, or, where the quota
// is new, because there are none yet.

package apply

import (
	"context"
	"reflect"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/plan"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// quotaWithin is how long a quota is waited for that was changed or made.
	quotaWithin = 15 * time.Second
	// quotaSeenWithin is how long the API server may take to see what it has stored itself.
	quotaSeenWithin = 2 * time.Second
)

func isQuota(id backend.ID) bool { return id.Group == "" && id.Kind == "ResourceQuota" }

// awaitQuotas waits until the quotas among items that this run has changed are enforced as they are now. One that is not in time
// is left to what it does to the objects that follow.
func (r *runner) awaitQuotas(ctx context.Context, items []*plan.Item) {
	var changed []*plan.Item
	for _, i := range items {
		if isQuota(i.Object.ID) && r.statusOf(i.Key()) == Updated {
			changed = append(changed, i)
		}
	}
	r.mutex.Lock()
	for _, i := range changed {
		r.quotas[i.Object.ID.Namespace] = true
	}
	r.mutex.Unlock()
	deadline := time.Now().Add(quotaWithin)
	forEach(r.parallel, changed, func(i *plan.Item) {
		for time.Now().Before(deadline) {
			if live, err := r.request.Client.Get(ctx, i.Object.ID); err == nil && isEnforced(live) || !pause(ctx, 100*time.Millisecond) {
				return
			}
		}
	})
}

// isEnforced reports whether the limits of a quota are those that its controller has put into force.
func isEnforced(quota *unstructured.Unstructured) bool {
	wanted, _, _ := unstructured.NestedMap(quota.Object, "spec", "hard")
	enforced, _, _ := unstructured.NestedMap(quota.Object, "status", "hard")
	return len(wanted) == 0 || reflect.DeepEqual(wanted, enforced)
}

// awaitsQuota reports whether a refusal may come of a quota's limits of before, because this run has changed the quota a moment ago,
// or comes of a quota that has none yet, whoever has made it.
func (r *runner) awaitsQuota(err error, namespace string, sent time.Time) bool {
	if cluster.IsQuotaUnknown(err) {
		return time.Since(sent) < quotaWithin
	}
	r.mutex.Lock()
	changed := r.quotas[namespace]
	r.mutex.Unlock()
	return changed && cluster.IsQuotaExceeded(err) && time.Since(sent) < quotaSeenWithin
}
