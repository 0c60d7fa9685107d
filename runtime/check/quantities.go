// SPDX-License-Identifier: Apache-2.0

// This file checks quantities and the resources that they are of.

package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Bounds of what the parser is given: it works with numbers of any size, and comparing two of a hundred
// million digits takes for ever.
const (
	maxQuantity = 64
	maxExponent = 24
)

var decimalExponent = regexp.MustCompile(`[eE][+-]?0*(\d+)$`)

// reasonable reports whether text is small enough to be parsed.
func reasonable(text string) bool {
	if len(text) > maxQuantity {
		return false
	}
	if !strings.ContainsAny(text, "eE") {
		return true
	}
	if match := decimalExponent.FindStringSubmatch(text); match != nil {
		exponent, err := strconv.Atoi(match[1])
		return err == nil && exponent <= maxExponent
	}
	return true
}

// containerResources are what a container can ask for.
var containerResources = []string{string(corev1.ResourceCPU), string(corev1.ResourceMemory), string(corev1.ResourceEphemeralStorage)}

// quotaResources are what a ResourceQuota can bound, besides objects ("count/…") and extended resources.
// The first ones are the examples that messages show.
var quotaResources = []string{
	string(corev1.ResourceRequestsCPU), string(corev1.ResourceRequestsMemory), string(corev1.ResourceLimitsCPU), string(corev1.ResourceLimitsMemory), string(corev1.ResourcePods),
	string(corev1.ResourceCPU), string(corev1.ResourceMemory), string(corev1.ResourceEphemeralStorage),
	string(corev1.ResourceRequestsStorage), string(corev1.ResourceRequestsEphemeralStorage), string(corev1.ResourceLimitsEphemeralStorage), string(corev1.ResourceQuotas), string(corev1.ResourceServices), string(corev1.ResourceReplicationControllers),
	string(corev1.ResourceSecrets), string(corev1.ResourceConfigMaps), string(corev1.ResourcePersistentVolumeClaims),
	string(corev1.ResourceServicesNodePorts), string(corev1.ResourceServicesLoadBalancers),
}

// quantity parses a quantity and reports one that is none, or is negative, or zero where that is not allowed.
func (c *checker) quantity(who, text string, origin score.Origin, argument string, zeroAllowed bool) (resource.Quantity, bool) {
	p := problem{code: "invalid-quantity", origin: origin, argument: argument, value: text}
	if reasonable(text) {
		q, err := resource.ParseQuantity(text)
		switch {
		case err != nil:
		case q.Sign() < 0:
			p.summary = fmt.Sprintf("%s: got %s, want no negative quantity", who, shown(text))
			c.report(p)
			return q, false
		case q.Sign() == 0 && !zeroAllowed:
			p.summary = fmt.Sprintf("%s: got %s, want more than zero", who, shown(text))
			c.report(p)
			return q, false
		default:
			return q, true
		}
	}
	p.summary = fmt.Sprintf("%s: got %s, want a quantity such as \"500m\", \"2\", \"512Mi\" or \"50Gi\"", who, shown(text))
	fixed := strings.NewReplacer(" ", "", "KB", "Ki", "MB", "Mi", "GB", "Gi", "TB", "Ti", "kb", "Ki", "mb", "Mi", "gb", "Gi", "tb", "Ti", "KiB", "Ki", "MiB", "Mi", "GiB", "Gi", "TiB", "Ti", "g", "Gi", "m", "Mi", "K", "k").Replace(text)
	if _, err := resource.ParseQuantity(fixed); err == nil && reasonable(text) && fixed != text {
		p.fix = fmt.Sprintf("write %q", fixed)
	}
	c.report(p)
	return resource.Quantity{}, false
}

// quantities checks quantities by resource name and returns those that are right.
func (c *checker) quantities(who string, amounts map[string]string, origin score.Origin, argument string, known []string, knows func(string) bool) map[string]resource.Quantity {
	right := map[string]resource.Quantity{}
	for _, name := range sortedKeys(amounts) {
		at := entry(argument, name)
		if !knows(name) {
			p := problem{
				code: "unknown-resource", origin: origin, argument: at, key: true,
				summary: fmt.Sprintf("%s: got the resource %s, want one such as %s, or a name with a domain such as \"nvidia.com/gpu\"", who, shown(name), quoteList(known[:min(len(known), 5)], "or")),
			}
			if near := diag.Nearest(name, known); near != "" {
				p.fix = fmt.Sprintf("write %q", near)
			}
			c.report(p)
		}
		if q, ok := c.quantity(who+": "+name, amounts[name], origin, at, true); ok {
			right[name] = q
		}
	}
	return right
}

// isExtended reports whether name is that of a resource with a domain.
func isExtended(name string) bool {
	return strings.Contains(name, "/") && len(validation.IsQualifiedName(name)) == 0
}

func knowsContainerResource(name string) bool {
	for _, known := range containerResources {
		if name == known {
			return true
		}
	}
	return strings.HasPrefix(name, corev1.ResourceHugePagesPrefix) || isExtended(name)
}

func knowsQuotaResource(name string) bool {
	for _, known := range quotaResources {
		if name == known {
			return true
		}
	}
	bare := strings.TrimPrefix(strings.TrimPrefix(name, corev1.DefaultResourceRequestsPrefix), "limits.")
	if counted, ok := strings.CutPrefix(name, "count/"); ok {
		return len(validation.IsDNS1123Subdomain(counted)) == 0
	}
	return strings.HasPrefix(bare, corev1.ResourceHugePagesPrefix) || isExtended(bare)
}

// order reports where a quantity is larger than one that bounds it. texts are the small ones as the script spells them.
func (c *checker) order(who string, small, large map[string]resource.Quantity, smallName, largeName string, texts map[string]string, origin score.Origin, argument string) {
	for _, name := range sortedKeys(small) {
		bound, bounded := large[name]
		if value := small[name]; bounded && value.Cmp(bound) > 0 {
			c.report(problem{
				code: "quantity-order", origin: origin, argument: entry(argument, name), value: texts[name],
				summary: fmt.Sprintf("%s: got the %s %s of %s, want at most the %s, %s", who, smallName, value.String(), name, largeName, bound.String()),
			})
		}
	}
}
