// SPDX-License-Identifier: Apache-2.0

// This file holds scrape targets.

package score

// ScrapeTarget says what Prometheus scrapes: a ServiceMonitor, PodMonitor, StaticTargets, HTTPDiscovery, DNSDiscovery
// or Probe.
type ScrapeTarget interface {
	// Kind returns the constructor's name: "service_monitor", "pod_monitor", "static_targets", "http_sd",
	// "dns_sd", "probe".
	Kind() string
	// TargetName is unique among the stack's targets of the same kind.
	TargetName() string
	// Source tells where the script made the target.
	Source() Origin
}

// ServiceMonitor scrapes the pods behind the services that bear the given labels.
type ServiceMonitor struct {
	Origin Origin
	Name   string
	// MatchLabels choose the services.
	MatchLabels map[string]string
	// Namespaces are those where services are looked for; none means the stack's own, AllNamespaces all of them. A
	// tenant's targets are in the tenant's namespace only.
	Namespaces []string
	// Port is the NAME of the service's port.
	Port string
	// TargetLabels and PodTargetLabels are labels of the service and of the pod that are copied to the series.
	TargetLabels, PodTargetLabels []string
	Endpoint
}

// PodMonitor scrapes the pods that bear the given labels.
type PodMonitor struct {
	Origin Origin
	Name   string
	// MatchLabels choose the pods.
	MatchLabels map[string]string
	// Namespaces are those where pods are looked for, as in ServiceMonitor.
	Namespaces []string
	// Port is the NAME of the container's port.
	Port string
	// PodTargetLabels are labels of the pod that are copied to the series.
	PodTargetLabels []string
	Endpoint
}

// AllNamespaces stands for every namespace of the cluster in the Namespaces of a monitor.
const AllNamespaces = "*"

// StaticTargets scrapes a fixed list of addresses.
type StaticTargets struct {
	Origin Origin
	Name   string
	// Targets are "host:port" addresses.
	Targets []string
	// Labels are added to every series scraped from them.
	Labels map[string]string
	Endpoint
}

// HTTPDiscovery scrapes the addresses that an HTTP endpoint lists as JSON.
type HTTPDiscovery struct {
	Origin Origin
	Name   string
	// URL of the list.
	URL string
	// RefreshInterval is the time between two readings of the list; empty means Prometheus' default.
	RefreshInterval string
	// Discovery are the settings of http_config for reading the list; those in Endpoint.HTTP are for scraping.
	Discovery []Field
	Endpoint
}

// DNSDiscovery scrapes the addresses that DNS names resolve to.
type DNSDiscovery struct {
	Origin Origin
	Name   string
	// Names are what is looked up.
	Names []string
	// Type of the records: "SRV" (the default), "A", "AAAA", "MX" or "NS".
	Type string
	// Port that is scraped; 0 with SRV records, which bring ports of their own.
	Port int
	// RefreshInterval is the time between two lookups; empty means Prometheus' default.
	RefreshInterval string
	Endpoint
}

// Probe asks a prober such as the blackbox exporter to look at addresses.
type Probe struct {
	Origin Origin
	Name   string
	// Prober is the prober's "host:port" address.
	Prober string
	// Module is the prober's module, such as "http_2xx".
	Module string
	// Targets are what is probed, usually URLs.
	Targets []string
	// Labels are added to every series.
	Labels map[string]string
	// Path on the prober is "/probe" by default.
	Endpoint
}

var (
	_ ScrapeTarget = ServiceMonitor{}
	_ ScrapeTarget = PodMonitor{}
	_ ScrapeTarget = StaticTargets{}
	_ ScrapeTarget = HTTPDiscovery{}
	_ ScrapeTarget = DNSDiscovery{}
	_ ScrapeTarget = Probe{}
)

// Kind returns "service_monitor".
func (ServiceMonitor) Kind() string { return "service_monitor" }

// TargetName returns the monitor's name.
func (t ServiceMonitor) TargetName() string { return t.Name }

// Source tells where the script made the monitor.
func (t ServiceMonitor) Source() Origin { return t.Origin }

// Kind returns "pod_monitor".
func (PodMonitor) Kind() string { return "pod_monitor" }

// TargetName returns the monitor's name.
func (t PodMonitor) TargetName() string { return t.Name }

// Source tells where the script made the monitor.
func (t PodMonitor) Source() Origin { return t.Origin }

// Kind returns "static_targets".
func (StaticTargets) Kind() string { return "static_targets" }

// TargetName returns the list's name.
func (t StaticTargets) TargetName() string { return t.Name }

// Source tells where the script made the list.
func (t StaticTargets) Source() Origin { return t.Origin }

// Kind returns "http_sd".
func (HTTPDiscovery) Kind() string { return "http_sd" }

// TargetName returns the discovery's name.
func (t HTTPDiscovery) TargetName() string { return t.Name }

// Source tells where the script made the discovery.
func (t HTTPDiscovery) Source() Origin { return t.Origin }

// Kind returns "dns_sd".
func (DNSDiscovery) Kind() string { return "dns_sd" }

// TargetName returns the discovery's name.
func (t DNSDiscovery) TargetName() string { return t.Name }

// Source tells where the script made the discovery.
func (t DNSDiscovery) Source() Origin { return t.Origin }

// Kind returns "probe".
func (Probe) Kind() string { return "probe" }

// TargetName returns the probe's name.
func (t Probe) TargetName() string { return t.Name }

// Source tells where the script made the probe.
func (t Probe) Source() Origin { return t.Origin }
