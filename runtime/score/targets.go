// SPDX-License-Identifier: Apache-2.0

// This file holds scrape targets.

package score

// ScrapeTarget says what Prometheus scrapes: a ServiceMonitor, PodMonitor, StaticTargets or Probe.
type ScrapeTarget interface {
	// Kind returns the constructor's name: "service_monitor", "pod_monitor", "static_targets", "probe".
	Kind() string
	// TargetName is unique among the stack's targets of the same kind.
	TargetName() string
	// Source tells where the script made the target.
	Source() Origin
}

// Endpoint says how a target is scraped. Empty strings mean Prometheus' defaults.
type Endpoint struct {
	// Path of the metrics, by default "/metrics".
	Path string
	// Scheme is "http" (the default) or "https".
	Scheme string
	// Interval is the time between two scrapes.
	Interval string
	// ScrapeTimeout is the time after which a scrape has failed; not longer than Interval.
	ScrapeTimeout string
	// HonorLabels keeps a label of the scraped series that clashes with one of the target.
	HonorLabels bool
}

// ServiceMonitor scrapes the pods behind the services that bear the given labels, in the stack's namespace.
type ServiceMonitor struct {
	Origin Origin
	Name   string
	// MatchLabels choose the services.
	MatchLabels map[string]string
	// Port is the NAME of the service's port.
	Port string
	Endpoint
}

// PodMonitor scrapes the pods that bear the given labels, in the stack's namespace.
type PodMonitor struct {
	Origin Origin
	Name   string
	// MatchLabels choose the pods.
	MatchLabels map[string]string
	// Port is the NAME of the container's port.
	Port string
	Endpoint
}

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

// Kind returns "probe".
func (Probe) Kind() string { return "probe" }

// TargetName returns the probe's name.
func (t Probe) TargetName() string { return t.Name }

// Source tells where the script made the probe.
func (t Probe) Source() Origin { return t.Origin }
