// SPDX-License-Identifier: Apache-2.0

// This file holds what an API version can and cannot express.

package backend

import (
	"maps"
	"slices"
)

// Feature names something that a script can ask for and that not every version can express: a constructor
// ("static_targets"), an argument ("monitoring_stack.shards") or a mode ("tenant_monitoring.shared").
type Feature string

// The features that versions differ in. Alert channels and their fields are not listed here: a Sender knows
// its dialect and reports what it lacks.
const (
	FeatureServiceMonitor   Feature = "service_monitor"
	FeaturePodMonitor       Feature = "pod_monitor"
	FeatureStaticTargets    Feature = "static_targets"
	FeatureHTTPDiscovery    Feature = "http_sd"
	FeatureDNSDiscovery     Feature = "dns_sd"
	FeatureProbe            Feature = "probe"
	FeatureShards           Feature = "monitoring_stack.shards"
	FeatureReplicas         Feature = "monitoring_stack.replicas"
	FeatureStorage          Feature = "monitoring_stack.storage"
	FeatureRemoteWrite      Feature = "monitoring_stack.remote_write"
	FeatureExternalLabels   Feature = "monitoring_stack.external_labels"
	FeatureResources        Feature = "monitoring_stack.resources"
	FeatureTenantDedicated  Feature = "tenant_monitoring.dedicated"
	FeatureTenantShared     Feature = "tenant_monitoring.shared"
	FeatureRuleKeepFiring   Feature = "alert_rule.keep_firing_for"
	FeatureRuleGroupLimit   Feature = "alert_rule_group.limit"
	FeatureHonorLabelsProbe Feature = "probe.honor_labels"
	// FeatureHelmValues stands for helm_chart too. A version without it leaves both alone instead of refusing them.
	FeatureHelmValues Feature = "monitoring_stack.helm_values"
)

// Capabilities is one row of the capability table: which features a version supports. A feature that is not
// listed is not supported.
type Capabilities struct {
	supported    map[Feature]bool
	reasons      map[Feature]string
	reservations map[Feature]Reservation
}

// Reservation says where a version does other than the argument of a feature says.
type Reservation struct {
	// Except is the value of the argument for which it does as it is told.
	Except int
	// Reason says what it does otherwise, in a sentence for the user.
	Reason string
}

// NewCapabilities returns a row that supports the given features and says why not for those in missing.
func NewCapabilities(supported []Feature, missing map[Feature]string) Capabilities {
	row := Capabilities{supported: make(map[Feature]bool, len(supported)), reasons: maps.Clone(missing)}
	for _, f := range supported {
		row.supported[f] = true
	}
	return row
}

// Reserving returns the row with reservations about some of the features that it supports.
func (c Capabilities) Reserving(reservations map[Feature]Reservation) Capabilities {
	c.reservations = maps.Clone(reservations)
	return c
}

// Reservation returns the reservation about a feature, if there is one.
func (c Capabilities) Reservation(f Feature) (r Reservation, exists bool) {
	r, exists = c.reservations[f]
	return r, exists
}

// Supports reports whether the version can express f.
func (c Capabilities) Supports(f Feature) bool { return c.supported[f] }

// Reason says why f is not supported, in a sentence for the user, or "".
func (c Capabilities) Reason(f Feature) string { return c.reasons[f] }

// Features lists what is supported, sorted.
func (c Capabilities) Features() []Feature { return slices.Sorted(maps.Keys(c.supported)) }
