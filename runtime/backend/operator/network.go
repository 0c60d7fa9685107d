// SPDX-License-Identifier: Apache-2.0

// This file makes the network policies of the two servers.

package operator

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/backend/tenant"
)

type (
	ingress = networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration
	egress  = networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration
)

// AddNetwork adds a policy for each server.
//
// In every stack the ports that nobody else needs are closed: the mesh to all but this stack's Alertmanagers, the
// configuration reloaders to all but the namespace. Where the tenant is isolated, the web ports too are open to
// its namespace only, and the servers reach no more than they need: DNS, the API server, what is in the namespace,
// and the addresses that the script names. Beyond these, Alertmanager reaches public addresses, because a
// channel's address is often a secret; a receiver on a private address outside the namespace has to be among
// the tenant's egress namespaces or CIDRs.
func (s Scope) AddNetwork(b *backend.Builder) {
	b.Add(s.policy(s.Prometheus.Name, s.Prometheus.Pods,
		[]*ingress{s.webIngress(s.Prometheus), reloaderIngress()},
		append([]*egress{apiServerEgress()}, s.scrapeEgress()...)), s.Origin)
	mesh := tenant.Pods(s.Alertmanager.Pods)
	meshPorts := []*networkingv1ac.NetworkPolicyPortApplyConfiguration{
		tenant.Port(corev1.ProtocolTCP, meshPort), tenant.Port(corev1.ProtocolUDP, meshPort),
	}
	b.Add(s.policy(s.Alertmanager.Name, s.Alertmanager.Pods,
		[]*ingress{
			s.webIngress(s.Alertmanager), reloaderIngress(),
			networkingv1ac.NetworkPolicyIngressRule().WithFrom(mesh).WithPorts(meshPorts...),
		},
		append([]*egress{publicEgress()}, s.channelEgress()...)), s.Origin)
}

// policy lets through what the rules say; egress is limited only where the tenant is isolated.
func (s Scope) policy(name string, pods map[string]string, in []*ingress, out []*egress) *networkingv1ac.NetworkPolicyApplyConfiguration {
	spec := networkingv1ac.NetworkPolicySpec().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(pods)).
		WithPolicyTypes(networkingv1.PolicyTypeIngress).WithIngress(in...)
	if s.Isolated {
		spec.WithPolicyTypes(networkingv1.PolicyTypeEgress).
			WithEgress(tenant.DNSEgress(), networkingv1ac.NetworkPolicyEgressRule().WithTo(tenant.AllPods())).
			WithEgress(out...)
	}
	return networkingv1ac.NetworkPolicy(name, s.Namespace).WithLabels(s.Labels).WithSpec(spec)
}

func (s Scope) webIngress(server Server) *ingress {
	rule := networkingv1ac.NetworkPolicyIngressRule().WithPorts(tenant.Port(corev1.ProtocolTCP, server.Port))
	for _, port := range server.Beside {
		rule.WithPorts(tenant.Port(corev1.ProtocolTCP, port))
	}
	if s.Isolated {
		rule.WithFrom(tenant.AllPods())
	}
	return rule
}

func reloaderIngress() *ingress {
	return networkingv1ac.NetworkPolicyIngressRule().WithFrom(tenant.AllPods()).WithPorts(tenant.Port(corev1.ProtocolTCP, reloaderPort))
}

// apiServerEgress lets Prometheus discover its targets. Where the API server is cannot be known here, so its two
// usual ports are open anywhere.
func apiServerEgress() *egress {
	const service, direct = 443, 6443
	return networkingv1ac.NetworkPolicyEgressRule().
		WithPorts(tenant.Port(corev1.ProtocolTCP, service), tenant.Port(corev1.ProtocolTCP, direct))
}

// publicEgress lets Alertmanager reach every address but those of private networks, link-local ones (cloud
// metadata services) and the local host.
func publicEgress() *egress {
	return networkingv1ac.NetworkPolicyEgressRule().WithTo(
		tenant.CIDR("0.0.0.0/0", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
		tenant.CIDR("::/0", "::1/128", "fc00::/7", "fe80::/10"),
	)
}
