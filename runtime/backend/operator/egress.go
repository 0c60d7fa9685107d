// SPDX-License-Identifier: Apache-2.0

// This file finds the addresses in a script that the servers of an isolated tenant have to reach.

package operator

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// destination is where a server has to get to. Exactly one of namespace and port is set.
type destination struct {
	// namespace of a service in the cluster. Its port is left open: a policy sees the port of the pod, which the
	// script does not know.
	namespace string
	// port of a host elsewhere, at address if it is known.
	port    int
	address netip.Addr
}

// scrapeEgress lets Prometheus reach the addresses that the script gives it. Those that it discovers are not known here.
func (s Scope) scrapeEgress() []*egress {
	var found []destination
	for _, target := range s.ScrapeTargets {
		switch t := target.(type) {
		case score.StaticTargets:
			for _, address := range t.Targets {
				found = appendDestination(found, t.Scheme, address)
			}
		case score.HTTPDiscovery:
			found = appendFields(appendURL(found, t.URL), t.Discovery)
		case score.DNSDiscovery:
			for _, name := range t.Names {
				if t.Port > 0 {
					found = appendDestination(found, t.Scheme, name+":"+strconv.Itoa(t.Port))
				}
			}
		case score.Probe:
			found = appendDestination(found, t.Scheme, t.Prober)
		}
		found = appendFields(found, score.EndpointOf(target).HTTP)
	}
	for _, write := range s.RemoteWrite {
		found = appendURL(found, write.URL)
	}
	return rulesFor(found)
}

// channelEgress lets Alertmanager reach the addresses that channels name in the open.
func (s Scope) channelEgress() []*egress {
	var found []destination
	for _, channel := range s.AlertChannels {
		found = appendFields(found, channel.Receiver.Fields)
	}
	return rulesFor(found)
}

func appendFields(found []destination, fields []score.Field) []destination {
	for _, f := range fields {
		switch value := f.Value.(type) {
		case string:
			if f.Format == score.FormatAddress {
				found = appendDestination(found, "", value)
			} else {
				found = appendURL(found, value)
			}
		case []score.Field:
			found = appendFields(found, value)
		case score.Block:
			found = appendFields(found, value.Fields)
		case []score.Block:
			for _, b := range value {
				found = appendFields(found, b.Fields)
			}
		}
	}
	return found
}

// appendURL adds the host of a URL; other text adds nothing.
func appendURL(found []destination, text string) []destination {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return found
	}
	return appendDestination(found, u.Scheme, u.Host)
}

// appendDestination adds the destination of "host:port" or "host", unless it is in the server's own namespace.
func appendDestination(found []destination, scheme, hostPort string) []destination {
	u, err := url.Parse("//" + hostPort)
	if err != nil || u.Hostname() == "" {
		return found
	}
	port := 80
	if strings.EqualFold(scheme, "https") {
		port = 443
	}
	if given, err := strconv.ParseUint(u.Port(), 10, 16); err == nil && given > 0 {
		port = int(given)
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return append(found, destination{port: port, address: address.Unmap().WithZone("")})
	}
	labels := strings.Split(host, ".")
	switch {
	case len(labels) == 1:
		return found
	case len(labels) >= 3 && labels[2] == "svc":
		return append(found, destination{namespace: labels[1]})
	case len(labels) >= 4 && labels[3] == "svc":
		// pod.service.namespace.svc
		return append(found, destination{namespace: labels[2]})
	default:
		return append(found, destination{port: port})
	}
}

// rulesFor returns one rule for each destination, sorted, so that the order of the script does not matter.
func rulesFor(found []destination) []*egress {
	slices.SortFunc(found, func(a, b destination) int {
		return strings.Compare(a.key(), b.key())
	})
	var rules []*egress
	for _, d := range slices.Compact(found) {
		rule := networkingv1ac.NetworkPolicyEgressRule()
		if d.namespace != "" {
			rules = append(rules, rule.WithTo(tenant.Namespaces(d.namespace)))
			continue
		}
		rule.WithPorts(tenant.Port(corev1.ProtocolTCP, int32(d.port)))
		if d.address.IsValid() {
			rule.WithTo(tenant.CIDR(netip.PrefixFrom(d.address, d.address.BitLen()).String()))
		}
		rules = append(rules, rule)
	}
	return rules
}

func (d destination) key() string {
	return d.namespace + "/" + d.address.String() + "/" + strconv.Itoa(d.port)
}
