// SPDX-License-Identifier: Apache-2.0

// This file checks labels: those of Kubernetes and those of Prometheus, which follow different rules.

package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func sortedKeys[V any](m map[string]V) []string {
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}

// entry names the place of a dict's entry.
func entry(argument, key string) string { return argument + "[" + key + "]" }

// element names the place of a list's element.
func element(argument string, i int) string { return fmt.Sprintf("%s[%d]", argument, i) }

// kubernetesLabels checks labels of Kubernetes objects, or those that a selector asks for.
func (c *checker) kubernetesLabels(who string, labels map[string]string, origin score.Origin, argument string) {
	for _, key := range sortedKeys(labels) {
		if c.goodLabels[[2]string{key, labels[key]}] {
			continue
		}
		before := len(c.list)
		if reasons := validation.IsQualifiedName(key); len(reasons) > 0 {
			c.report(problem{
				code: "invalid-kubernetes-label", origin: origin, argument: entry(argument, key), key: true,
				summary: fmt.Sprintf("%s: %s: got the label %s, want a Kubernetes label key such as \"app\" or \"example.com/team\"", who, argument, shown(key)),
				detail:  "An optional DNS name and a slash, then at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends.",
			})
		}
		if value := labels[key]; len(validation.IsValidLabelValue(value)) > 0 {
			p := problem{
				code: "invalid-kubernetes-label", origin: origin, argument: entry(argument, key), value: value,
				summary: fmt.Sprintf("%s: %s: got %s for the label %q, want at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends", who, argument, shown(value), key),
			}
			if len(value) > validation.LabelValueMaxLength {
				p.summary = fmt.Sprintf("%s: %s: got a value of %d characters for the label %q, want at most %d", who, argument, len(value), key, validation.LabelValueMaxLength)
			}
			c.report(p)
		}
		if len(c.list) == before {
			c.goodLabels[[2]string{key, labels[key]}] = true
		}
	}
}

// reservedTenantLabels reports labels of a tenant's namespace that others set.
func (c *checker) reservedTenantLabels(who string, t score.Tenant) {
	setter := map[string]string{
		backend.LabelNamespaceName: "Kubernetes sets it to the namespace's name.",
		backend.LabelManagedBy:     "harmonyscript marks its own objects with it.",
		backend.LabelTenant:        "harmonyscript marks the tenant's objects with it.",
		backend.LabelStack:         "harmonyscript marks a stack's objects with it.",
	}
	for _, key := range sortedKeys(t.Labels) {
		why, reserved := setter[key]
		if strings.HasPrefix(key, "applyset.kubernetes.io/") {
			why, reserved = "harmonyscript keeps its record of what it made in it.", true
		}
		if reserved {
			c.report(problem{
				code: "reserved-label", origin: t.Origin, argument: entry("labels", key), key: true,
				summary: fmt.Sprintf("%s: got the label %q, want one that is not reserved", who, key), detail: why,
				fix: "leave the label out",
			})
		}
	}
}

// prometheusLabels checks names and values of labels or annotations that Prometheus takes in.
func (c *checker) prometheusLabels(who string, labels map[string]string, origin score.Origin, argument string) {
	for _, name := range sortedKeys(labels) {
		c.prometheusLabelName(who, name, origin, argument)
		if value := labels[name]; !utf8.ValidString(value) {
			c.report(problem{
				code: "invalid-label-value", origin: origin, argument: entry(argument, name),
				summary: fmt.Sprintf("%s: %s: got %s for %q, want valid UTF-8", who, argument, shown(value), name),
			})
		}
	}
}

func (c *checker) prometheusLabelName(who, name string, origin score.Origin, argument string) {
	if name != "" && model.LegacyValidation.IsValidLabelName(name) {
		return
	}
	p := problem{code: "invalid-label-name", origin: origin, argument: entry(argument, name), key: true}
	what := fmt.Sprintf("%s: %s", who, argument)
	switch {
	case name == "":
		p.summary = what + ": got an empty name, want one"
	case !utf8.ValidString(name):
		p.summary = fmt.Sprintf("%s: got the name %s, want valid UTF-8", what, shown(name))
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		p.summary = fmt.Sprintf("%s: got the name %s, want one without white space and control characters", what, shown(name))
		p.fix = fmt.Sprintf("write %q", legacyName(name))
	default:
		p.code = "unusual-name"
		p.summary = fmt.Sprintf("%s: got the name %s, which has to be quoted in PromQL and in matchers", what, shown(name))
		p.detail = "Prometheus 3 and Alertmanager 0.27 and later take it; letters, digits and underscores work everywhere."
		p.fix = fmt.Sprintf("write %q unless it has to be so", legacyName(name))
	}
	c.report(p)
}

// legacyName returns the label name closest to name that needs no quotes.
func legacyName(name string) string {
	var b strings.Builder
	for i, r := range strings.TrimSpace(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r >= '0' && r <= '9' && i > 0:
			b.WriteRune(r)
		case r >= '0' && r <= '9':
			b.WriteString("_" + string(r))
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// reservedLabels reports labels that have a meaning of their own.
func (c *checker) reservedLabels(who string, labels map[string]string, origin score.Origin, argument string, reserved map[string]string) {
	for _, name := range sortedKeys(labels) {
		if why, is := reserved[name]; is {
			c.report(problem{
				code: "reserved-label", origin: origin, argument: entry(argument, name), key: true,
				summary: fmt.Sprintf("%s: %s: got %q, want a label that is not reserved", who, argument, name), detail: why,
				fix: "leave the label out",
			})
		}
	}
}
