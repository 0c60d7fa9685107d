// SPDX-License-Identifier: Apache-2.0

// This file describes what is ours of the Prometheus and the Alertmanager that observability-operator generates.
//
// observability-operator sends them with server-side apply and owns the fields that it sends. A MonitoringStack cannot
// confine a tenant: it has no word for the namespace label that the operator enforces on series, rules and alerts, and
// a rewrite of our own rules would leave out those that others put into the namespace. So the fields that V2_CRD uses for
// that are applied to the generated resource, where observability-operator leaves them alone, and the operator's own code
// does the enforcing in all versions. The same holds for the addresses that links in notifications point to.
//
// It makes no difference who is first. A resource that we make lacks the label by which the operator recognises its
// own, and so stays without effect until observability-operator has added the rest.

package rhob

import (
	"maps"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1ac "github.com/prometheus-operator/prometheus-operator/pkg/client/applyconfiguration/monitoring/v1"
	obov1 "github.com/rhobs/obo-prometheus-operator/pkg/apis/monitoring/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/operator"
)

func addOverlays(b *backend.Builder, s operator.Scope) {
	// The label of what manages an object is observability-operator's here; the operator selects by it.
	labels := maps.Clone(s.Labels)
	delete(labels, backend.LabelManagedBy)
	version := obov1.SchemeGroupVersion.String()
	b.Add(monitoringv1ac.Prometheus(s.Resource, s.Namespace).WithAPIVersion(version).WithLabels(labels).
		WithSpec(s.ConfinedPrometheus().WithExternalURL(s.Address(s.Prometheus))), s.Origin)
	alertmanager := monitoringv1ac.AlertmanagerSpec().WithExternalURL(s.Address(s.Alertmanager)).WithSecrets(s.AlertmanagerSecrets...)
	if !s.Confined {
		// A stack that stands alone has alerts about other namespaces and without one, such as Watchdog. The resource's
		// default hides them from its configuration. A tenant's alerts all bear its namespace, whatever the default is.
		alertmanager.WithAlertmanagerConfigMatcherStrategy(monitoringv1ac.AlertmanagerConfigMatcherStrategy().
			WithType(monitoringv1.AlertmanagerConfigMatcherStrategyType(obov1.NoneConfigMatcherStrategyType)))
	}
	b.Add(monitoringv1ac.Alertmanager(s.Resource, s.Namespace).WithAPIVersion(version).WithLabels(labels).WithSpec(alertmanager), s.Origin)
}
