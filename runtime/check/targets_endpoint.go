// SPDX-License-Identifier: Apache-2.0

// This file checks how targets are scraped.

package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// endpoint checks how a target is scraped.
func (c *checker) endpoint(who string, e score.Endpoint, origin score.Origin) {
	interval, intervalGiven := c.duration(who, e.Interval, origin, "interval", false)
	timeout, timeoutGiven := c.duration(who, e.ScrapeTimeout, origin, "scrape_timeout", false)
	if timeoutGiven && e.Interval == "" {
		interval, intervalGiven = c.parseDuration(defaultScrapeInterval).value, true
	}
	if timeoutGiven && intervalGiven && timeout > interval {
		shownInterval := fmt.Sprintf("the interval %q", e.Interval)
		if e.Interval == "" {
			shownInterval = fmt.Sprintf("the default interval %q", defaultScrapeInterval)
		}
		c.report(problem{
			code: "timeout-exceeds-interval", origin: origin, argument: "scrape_timeout", value: e.ScrapeTimeout,
			summary: fmt.Sprintf("%s: got scrape_timeout %q, want at most %s", who, e.ScrapeTimeout, shownInterval),
			fix:     "make the timeout shorter, or the interval longer",
		})
	}
	if e.Scheme != "" && e.Scheme != "http" && e.Scheme != "https" {
		c.report(problem{
			code: "invalid-scheme", origin: origin, argument: "scheme", value: e.Scheme,
			summary: fmt.Sprintf("%s: scheme: got %s, want \"http\" or \"https\"", who, shown(e.Scheme)),
		})
	}
	if e.Path != "" && (!strings.HasPrefix(e.Path, "/") || strings.ContainsAny(e.Path, " \t\n\r")) {
		p := problem{
			code: "invalid-path", origin: origin, argument: "path", value: e.Path,
			summary: fmt.Sprintf("%s: path: got %s, want a path that begins with a slash, without white space", who, shown(e.Path)),
		}
		if clean := strings.TrimSpace(e.Path); !strings.ContainsAny(clean, " \t\n\r:") {
			p.fix = fmt.Sprintf("write %q", "/"+strings.TrimPrefix(clean, "/"))
		}
		c.report(p)
	}
	c.limitsOf(who, e.Limits, origin)
	c.protocols(who, e, origin)
	c.settings(who, "", e.HTTP, origin)
	c.loginNames(who, e.HTTP, origin)
	for i, r := range e.Relabelings {
		c.relabeling(who+": "+element("relabelings", i), r, origin, element("relabelings", i), false)
	}
	for i, r := range e.MetricRelabelings {
		c.relabeling(who+": "+element("metric_relabelings", i), r, origin, element("metric_relabelings", i), true)
	}
}

// byteSize is what the resources take.
var byteSize = regexp.MustCompile(`^(0|([0-9]*[.])?[0-9]+([KMGTEP]i?)?B)$`)

// limitsOf checks the limits of one scrape.
func (c *checker) limitsOf(who string, l score.ScrapeLimits, origin score.Origin) {
	for _, limit := range []struct {
		argument string
		value    int64
	}{
		{"sample_limit", l.Samples},
		{"target_limit", l.Targets},
		{"label_limit", l.Labels},
		{"label_name_length_limit", l.LabelNameLength},
		{"label_value_length_limit", l.LabelValueLength},
		{"keep_dropped_targets", l.KeptDropped},
	} {
		if limit.value < 0 {
			c.report(problem{
				code: "out-of-range", origin: origin, argument: limit.argument,
				summary: fmt.Sprintf("%s: %s: got %d, want 0 (no limit) or more", who, limit.argument, limit.value),
			})
		}
	}
	if l.BodySize != "" && !byteSize.MatchString(l.BodySize) {
		p := problem{
			code: "invalid-quantity", origin: origin, argument: "body_size_limit", value: l.BodySize,
			summary: fmt.Sprintf("%s: body_size_limit: got %s, want a size such as \"10MB\" or \"512KiB\"", who, shown(l.BodySize)),
		}
		if respelled := strings.TrimSpace(l.BodySize) + "B"; byteSize.MatchString(respelled) {
			p.fix = fmt.Sprintf("write %q", respelled)
		}
		c.report(p)
	}
}

// protocols checks the formats that Prometheus asks for.
func (c *checker) protocols(who string, e score.Endpoint, origin score.Origin) {
	seen := map[string]bool{}
	for i, protocol := range e.ScrapeProtocols {
		p := problem{code: "invalid-scrape-protocol", origin: origin, argument: element("scrape_protocols", i), value: protocol}
		switch {
		case !slices.Contains(score.ScrapeProtocols(), protocol):
			p.summary = fmt.Sprintf("%s: scrape_protocols: got %s, want one of %s", who, shown(protocol), quoteList(score.ScrapeProtocols(), "or"))
			if near := diag.Nearest(protocol, score.ScrapeProtocols()); near != "" {
				p.fix = fmt.Sprintf("write %q", near)
			}
		case seen[protocol]:
			p.summary, p.fix = fmt.Sprintf("%s: scrape_protocols: got %s twice, want it once", who, shown(protocol)), "remove one"
		default:
			seen[protocol] = true
			continue
		}
		c.report(p)
	}
}

// namespaces checks where a monitor looks.
func (c *checker) namespaces(who string, names []string, origin score.Origin) {
	for i, name := range names {
		if name == score.AllNamespaces {
			if len(names) > 1 {
				c.report(problem{
					code: "conflicting-settings", origin: origin, argument: element("namespaces", i), value: name,
					summary: fmt.Sprintf("%s: namespaces: got %q beside others, want it alone: it is every namespace", who, name), fix: "leave the others out",
				})
			}
			continue
		}
		c.dnsLabel(who, "namespace", name, origin, element("namespaces", i))
	}
}

// copiedLabels checks labels of Kubernetes objects that are copied to series.
func (c *checker) copiedLabels(who string, labels []string, origin score.Origin, argument string) {
	for i, label := range labels {
		if len(validation.IsQualifiedName(label)) > 0 {
			c.report(problem{
				code: "invalid-kubernetes-label", origin: origin, argument: element(argument, i), value: label,
				summary: fmt.Sprintf("%s: %s: got the label %s, want a Kubernetes label key such as \"app\" or \"example.com/team\"", who, argument, shown(label)),
			})
		}
	}
}

// dnsDiscovery checks what is looked up.
func (c *checker) dnsDiscovery(who string, t score.DNSDiscovery) {
	c.duration(who, t.RefreshInterval, t.Origin, "refresh_interval", false)
	c.addresses(who, t.Names, "names", t.Origin, func(who, name string, origin score.Origin, argument string) {
		if host, port, found := strings.Cut(name, ":"); found && validHost(host) && validPort(port) {
			c.report(problem{
				code: "invalid-address", origin: origin, argument: argument, value: name,
				summary: fmt.Sprintf("%s: got %s, want a DNS name without a port", who, shown(name)),
				fix:     fmt.Sprintf("write %q, and port = %s with another type than SRV", host, port),
			})
			return
		}
		if !validHost(name) {
			c.report(problem{
				code: "invalid-address", origin: origin, argument: argument, value: name,
				summary: fmt.Sprintf("%s: got %s, want a DNS name", who, shown(name)),
			})
		}
	})
	ports := t.Type == "" || t.Type == "SRV"
	switch {
	case t.Port < 0 || t.Port > 65535:
		c.report(problem{code: "out-of-range", origin: t.Origin, argument: "port", summary: fmt.Sprintf("%s: port: got %d, want 1 to 65535", who, t.Port)})
	case !ports && t.Port == 0:
		c.conflict(t.Origin, "type", fmt.Sprintf("%s: got records of type %s without a port, want both: only SRV records have one", who, t.Type), "add port = 9100")
	case ports && t.Port != 0:
		c.conflict(t.Origin, "port", who+": got a port with SRV records, which bring ports of their own", `leave the port out, or write type = "A"`)
	}
}

// validLabelName reports whether Prometheus takes name for a label.
func validLabelName(name string) bool { return model.UTF8Validation.IsValidLabelName(name) }
