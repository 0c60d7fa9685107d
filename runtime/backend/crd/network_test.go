// SPDX-License-Identifier: Apache-2.0

package crd_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/harmonyscript/harmonyscript/internal/samples"
	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// policies returns the network policies of compiled objects by name.
func policies(t *testing.T, objects []backend.Object) map[string]networkingv1.NetworkPolicySpec {
	t.Helper()
	found := map[string]networkingv1.NetworkPolicySpec{}
	for _, o := range objects {
		if o.ID.Kind != "NetworkPolicy" {
			continue
		}
		var policy networkingv1.NetworkPolicy
		if err := json.Unmarshal(o.Manifest, &policy); err != nil {
			t.Fatal(err)
		}
		found[o.ID.Name] = policy.Spec
	}
	return found
}

// describe returns each egress rule as "peers:ports".
func describe(rules []networkingv1.NetworkPolicyEgressRule) []string {
	var lines []string
	for _, rule := range rules {
		var peers, ports []string
		for _, peer := range rule.To {
			switch {
			case peer.IPBlock != nil:
				peers = append(peers, peer.IPBlock.CIDR)
			case peer.NamespaceSelector != nil && len(peer.NamespaceSelector.MatchLabels) == 1:
				peers = append(peers, "namespace "+peer.NamespaceSelector.MatchLabels[backend.LabelNamespaceName])
			default:
				peers = append(peers, "pods")
			}
		}
		for _, port := range rule.Ports {
			ports = append(ports, port.Port.String())
		}
		lines = append(lines, strings.Join(peers, ",")+":"+strings.Join(ports, ","))
	}
	return lines
}

// TestEgress expects an isolated tenant's servers to reach what the script names, whatever way it spells it.
func TestEgress(t *testing.T) {
	for address, want := range map[string]string{
		"10.1.2.3:9100":                       "10.1.2.3/32:9100",
		"10.1.2.3":                            "10.1.2.3/32:80",
		"[2001:db8::7]:9100":                  "2001:db8::7/128:9100",
		"[::ffff:10.1.2.3]:1":                 "10.1.2.3/32:1",
		"db.example.org:9187":                 ":9187",
		"db.example.org.:9187":                ":9187",
		"cache.data.svc:9121":                 "namespace data:",
		"cache.data.svc.cluster.local:9121":   "namespace data:",
		"cache-0.cache.data.svc.cluster:9121": "namespace data:",
		"here:8080":                           "",
		"db.example.org:99999":                ":80",
		":9100":                               "",
		"%zz":                                 "",
		"":                                    "",
	} {
		s := samples.IsolatedTenant(score.V2CRD)
		s.Stack.RemoteWrite, s.Stack.AlertChannels = nil, nil
		s.Stack.ScrapeTargets = []score.ScrapeTarget{score.StaticTargets{Name: "x", Targets: []string{address}}}
		rules := describe(policies(t, compile(t, s))["main-prometheus"].Egress)
		const standing = 3 // DNS, the namespace, the API server
		if got := strings.Join(rules[standing:], " "); got != want {
			t.Errorf("%q: got rules %q, want %q", address, got, want)
		}
	}
	s := samples.IsolatedTenant(score.V2CRD)
	s.Stack.AlertChannels = []score.AlertChannel{samples.Webhook("http://hooks.tools.svc:8080/x"), samples.Webhook("no address"), samples.Discord()}
	s.Stack.AlertChannels[1].Name = "other"
	rules := describe(policies(t, compile(t, s))["main-alertmanager"].Egress)
	if want := "namespace tools:"; rules[len(rules)-1] != want || len(rules) != 4 {
		t.Errorf("got rules %q, want %q last and nothing for text that is no address", rules, want)
	}
}

// TestNetworkOfOpenStacks expects a stack outside an isolated tenant to be reachable on its web ports and free to
// reach anything, with the mesh closed all the same.
func TestNetworkOfOpenStacks(t *testing.T) {
	for _, sample := range []score.Score{samples.FullStack(score.V2CRD), samples.NamedTenant(score.V2CRD)} {
		found := policies(t, compile(t, sample))
		if len(found) != 2 {
			t.Errorf("%s: got %d policies, want one for each server", sample.Title(), len(found))
		}
		for name, spec := range found {
			if slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress) || len(spec.Egress) > 0 {
				t.Errorf("%s: %s limits egress", sample.Title(), name)
			}
			for _, rule := range spec.Ingress {
				for _, port := range rule.Ports {
					open := len(rule.From) == 0
					if web := port.Port.IntValue() == 9090 || port.Port.IntValue() == 9093; open != web {
						t.Errorf("%s: %s: port %s is open to all: %v", sample.Title(), name, port.Port, open)
					}
				}
			}
		}
	}
	mesh := map[string]bool{}
	for _, rule := range policies(t, compile(t, samples.FullStack(score.V2CRD)))["main-alertmanager"].Ingress {
		for _, port := range rule.Ports {
			if port.Port.IntValue() == 9094 {
				mesh[fmt.Sprint(*port.Protocol, rule.From[0].PodSelector.MatchLabels["alertmanager"])] = true
			}
		}
	}
	if !mesh[string(corev1.ProtocolTCP)+"main"] || !mesh[string(corev1.ProtocolUDP)+"main"] {
		t.Errorf("got mesh %v, want TCP and UDP from the stack's own Alertmanagers", mesh)
	}
}
