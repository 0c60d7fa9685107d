// SPDX-License-Identifier: Apache-2.0

// This file holds the dialect of observability-operator's fork of the resource.

package alertmanagerconfig

import (
	"reflect"

	"github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1alpha1"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// RHOBS returns the dialect of the AlertmanagerConfig in monitoring.rhobs, which V3_RHOB uses. The fork follows
// prometheus-operator at some distance: what it does not have yet is reported because its own types are read.
func RHOBS(api score.APIVersion) Dialect {
	lost := lost()
	lost["telegram"] = []string{"disable_notifications"} // v0.89.0-rhobs1 writes false whatever the resource says
	return Dialect{
		API:       api,
		Group:     "monitoring.rhobs",
		Version:   v1alpha1.Version,
		Receiver:  reflect.TypeFor[v1alpha1.Receiver](),
		Raw:       reflect.TypeFor[rawReceiverRHOBS](),
		Irregular: Irregular(),
		Lost:      lost,
	}
}
