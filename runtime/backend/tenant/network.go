// SPDX-License-Identifier: Apache-2.0

// This file compiles the network policies of an isolated tenant. NetworkPolicies add up: the first refuses
// everything, each of the others lets one kind of traffic through.

package tenant

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type policy = networkingv1ac.NetworkPolicyApplyConfiguration

// networkPolicies returns the policies of an isolated tenant in a fixed order.
func networkPolicies(t score.Tenant) []*policy {
	newPolicy := func(name string, types ...networkingv1.PolicyType) (*policy, *networkingv1ac.NetworkPolicySpecApplyConfiguration) {
		spec := networkingv1ac.NetworkPolicySpec().WithPodSelector(metav1ac.LabelSelector()).WithPolicyTypes(types...)
		return networkingv1ac.NetworkPolicy("tenant-"+name, t.Name).WithLabels(Labels(t)).WithSpec(spec), spec
	}
	const in, out = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress

	deny, _ := newPolicy("deny-all", in, out)

	inside, spec := newPolicy("allow-namespace", in, out)
	spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(AllPods())).
		WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithTo(AllPods()))

	dns, spec := newPolicy("allow-dns", out)
	spec.WithEgress(DNSEgress())

	policies := []*policy{deny, inside, dns}
	if len(t.Network.IngressNamespaces) > 0 {
		ingress, spec := newPolicy("allow-ingress", in)
		spec.WithIngress(networkingv1ac.NetworkPolicyIngressRule().WithFrom(Namespaces(t.Network.IngressNamespaces...)))
		policies = append(policies, ingress)
	}
	var destinations []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	if len(t.Network.EgressNamespaces) > 0 {
		destinations = append(destinations, Namespaces(t.Network.EgressNamespaces...))
	}
	for _, cidr := range t.Network.EgressCIDRs {
		destinations = append(destinations, CIDR(cidr))
	}
	if len(destinations) > 0 {
		egress, spec := newPolicy("allow-egress", out)
		spec.WithEgress(networkingv1ac.NetworkPolicyEgressRule().WithTo(destinations...))
		policies = append(policies, egress)
	}
	return policies
}

// AllPods is every pod of the policy's own namespace.
func AllPods() *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector())
}

// Pods are the pods of the policy's own namespace that bear the labels.
func Pods(labels map[string]string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(labels))
}

// Namespaces are all pods of the named namespaces.
func Namespaces(names ...string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	selector := metav1ac.LabelSelector()
	if len(names) == 1 {
		selector.WithMatchLabels(map[string]string{backend.LabelNamespaceName: names[0]})
	} else {
		selector.WithMatchExpressions(metav1ac.LabelSelectorRequirement().
			WithKey(backend.LabelNamespaceName).WithOperator("In").WithValues(names...))
	}
	return networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(selector)
}

// CIDR is a block of addresses but for the blocks in except.
func CIDR(cidr string, except ...string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr).WithExcept(except...))
}

// Port is one port of a policy.
func Port(protocol corev1.Protocol, port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(port))
}

// DNSEgress lets pods ask the cluster's DNS: the servers of Kubernetes and OpenShift (whose pods listen on 5353)
// and the node-local cache, which has a link-local address. It names them because "port 53 anywhere" would let
// everything out that knows how to use that port.
func DNSEgress() *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	const port, openShiftPort = 53, 5353
	return networkingv1ac.NetworkPolicyEgressRule().
		WithTo(Namespaces("kube-system", "openshift-dns"), CIDR("169.254.0.0/16", "169.254.169.254/32")).
		WithPorts(Port(corev1.ProtocolUDP, port), Port(corev1.ProtocolTCP, port),
			Port(corev1.ProtocolUDP, openShiftPort), Port(corev1.ProtocolTCP, openShiftPort))
}
