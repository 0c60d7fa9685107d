// SPDX-License-Identifier: Apache-2.0

// This file holds the versions of the monitoring API.

package score

import "fmt"

// APIVersion is a version of the monitoring API that a stack can be deployed through. Versions are ordered.
type APIVersion int

const (
	// V1Helm is a release of the kube-prometheus-stack chart.
	V1Helm APIVersion = iota + 1
	// V2CRD is prometheus-operator's resources in monitoring.coreos.com.
	V2CRD
	// V3RHOB is the observability operator's MonitoringStack in monitoring.rhobs.
	V3RHOB
)

// APIVersions lists the versions in their order.
func APIVersions() []APIVersion { return []APIVersion{V1Helm, V2CRD, V3RHOB} }

// String returns the name that scripts use: "V1_HELM", "V2_CRD" or "V3_RHOB".
func (v APIVersion) String() string {
	switch v {
	case V1Helm:
		return "V1_HELM"
	case V2CRD:
		return "V2_CRD"
	case V3RHOB:
		return "V3_RHOB"
	default:
		return fmt.Sprintf("APIVersion(%d)", int(v))
	}
}
