// SPDX-License-Identifier: Apache-2.0

// This file holds monitoring stacks.

package score

import "fmt"

// Defaults of a MonitoringStack. They are the same in every version of the monitoring API, so that moving a
// script between versions changes nothing that the script does not say.
const (
	DefaultStackName      = "monitoring"
	DefaultStackNamespace = "monitoring"
	DefaultRetention      = "10d"
	DefaultReplicas       = 1
	DefaultShards         = 1
)

// MonitoringStack declares a Prometheus and an Alertmanager with their channels, targets and rules.
type MonitoringStack struct {
	Origin     Origin
	APIVersion APIVersion
	// Namespace is where everything is made. Inside a TenantMonitoring the tenant's namespace takes its place.
	Namespace string
	// Name is the name of the Prometheus and Alertmanager resources.
	Name          string
	AlertChannels []AlertChannel
	ScrapeTargets []ScrapeTarget
	AlertRules    []RuleGroup
	// Route decides which alert goes to which channel; nil lets each channel have every alert that its matchers let
	// through. With a route a channel still takes only what its own matchers let through; what it does not take goes
	// nowhere else instead.
	Route        *Route
	InhibitRules []InhibitRule
	// MuteTimes are those that the route and its children may name.
	MuteTimes []MuteTime
	// Retention is how long samples are kept, as a duration.
	Retention string
	// Storage is the size of each Prometheus' volume, as a quantity; empty means storage that ends with the pod.
	Storage string
	// Replicas of Prometheus and of Alertmanager.
	Replicas int
	// Shards among which Prometheus spreads its targets.
	Shards      int
	RemoteWrite []RemoteWrite
	// ExternalLabels are added to everything that leaves this Prometheus.
	ExternalLabels map[string]string
	// Resources of the Prometheus container.
	Resources Resources
	// HelmChart is where V1_HELM gets its chart; nil means the default chart.
	HelmChart *HelmChart
	// HelmValues are merged over the values that V1_HELM gives the chart, as `helm --values` would: maps are merged, other
	// values replaced, nil removes a key. They hold nil, bool, int64, float64, string, []any and map[string]any.
	HelmValues map[string]any
}

// Resources are a container's compute resources, by resource name ("cpu", "memory"), as quantities.
type Resources struct {
	Requests map[string]string
	Limits   map[string]string
}

// RemoteWrite sends samples to another system.
type RemoteWrite struct {
	Origin Origin
	// URL of the remote write endpoint.
	URL string
	// Name tells several apart in Prometheus' own metrics; may be empty.
	Name string
	// BearerToken is sent as the Authorization header; its zero value means none.
	BearerToken Secret
	// Username and Password are for basic authentication; their zero values mean none.
	Username Secret
	Password Secret
}

// Kind returns "monitoring_stack".
func (MonitoringStack) Kind() string { return "monitoring_stack" }

// Title names the stack by its namespace and name.
func (s MonitoringStack) Title() string {
	return fmt.Sprintf("monitoring_stack %q", s.Namespace+"/"+s.Name)
}

// Source tells where the script made the stack.
func (s MonitoringStack) Source() Origin { return s.Origin }

// MonitoringAPIVersion returns the version that the script chose.
func (s MonitoringStack) MonitoringAPIVersion() APIVersion { return s.APIVersion }
