// SPDX-License-Identifier: Apache-2.0

// This file checks names of Kubernetes objects, channels and deployments.

package check

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// maxChannelName is what fits a label's value, so that tools can label by channel.
const maxChannelName = validation.LabelValueMaxLength

var channelName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)

// dnsLabel reports a name that is no DNS label (RFC 1123): lower-case letters, digits and dashes, at most 63.
func (c *checker) dnsLabel(who, what, name string, origin score.Origin, argument string) bool {
	if len(validation.IsDNS1123Label(name)) == 0 {
		return true
	}
	c.invalidName(who, what, name, origin, argument, validation.DNS1123LabelMaxLength, "")
	return false
}

// objectName reports a name that no object can bear: a DNS subdomain of at most limit characters.
func (c *checker) objectName(who, name string, limit int, origin score.Origin, argument string) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 || len(name) > limit {
		c.invalidName(who, "name", name, origin, argument, limit, ", dots")
	}
}

func (c *checker) invalidName(who, what, name string, origin score.Origin, argument string, limit int, dots string) {
	p := problem{code: "invalid-name", origin: origin, argument: argument, value: name}
	switch {
	case name == "":
		p.summary = fmt.Sprintf("%s: got no %s, want one", who, what)
	case len(name) > limit:
		p.summary = fmt.Sprintf("%s: got a %s of %d characters, want at most %d", who, what, len(name), limit)
	default:
		p.summary = fmt.Sprintf("%s: got the %s %s, want lower-case letters, digits%s and dashes, with a letter or digit at both ends", who, what, shown(name), dots)
	}
	if suggestion := suggestName(name, limit); suggestion != "" && suggestion != name {
		p.fix = fmt.Sprintf("write %q", suggestion)
	}
	c.report(p)
}

// deploymentName reports a deployment's name that its record in the cluster cannot bear. An empty one is for
// programs that only check.
func (c *checker) deploymentName(d score.Deployment) {
	if d.Name == "" {
		return
	}
	at := score.NewOrigin(&score.CallSite{Position: d.Position}, nil)
	c.objectName(fmt.Sprintf("deployment %q", d.Name), d.Name, validation.DNS1123SubdomainMaxLength, at, "")
}

// suggestName returns a valid name close to name, or "".
func suggestName(name string, limit int) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	clean := b.String()
	return strings.Trim(clean[:min(len(clean), limit)], "-")
}

// stackName reports what of a stack's name the operators cannot use as it is.
func (c *checker) stackName(who string, s score.MonitoringStack) {
	if !c.dnsLabel(who, "name", s.Name, s.Origin, "name") {
		return
	}
	if made := backend.StackName(s.Name); made != s.Name {
		c.report(problem{
			code: "long-name", origin: s.Origin, argument: "name", value: s.Name,
			summary: fmt.Sprintf("%s: got the name %s, so its resources will be called %q", who, shown(s.Name), made),
			detail:  fmt.Sprintf("The operators make names of pods and label values from it, which may have 63 characters and begin with a letter;\n%d characters are left for a stack's name.", backend.MaxStackName),
			fix:     fmt.Sprintf("choose a name of at most %d characters that begins with a letter", backend.MaxStackName),
		})
	}
}

// channelNameOf reports a name that no channel can have.
func (c *checker) channelNameOf(who string, channel score.AlertChannel) {
	p := problem{code: "invalid-channel-name", origin: channel.Origin, argument: "name", value: channel.Name}
	switch {
	case channel.Name == "":
		p.summary = who + ": got no name, want one"
	case len(channel.Name) > maxChannelName:
		p.summary = fmt.Sprintf("%s: got a name of %d characters, want at most %d", channel.Constructor, len(channel.Name), maxChannelName)
	case !channelName.MatchString(channel.Name):
		p.summary = who + ": got a name with other characters, want letters, digits, dashes, underscores and dots, with a letter or digit at both ends"
		p.detail = "The name becomes the Alertmanager receiver <namespace>/<configuration>/<name>."
		if suggestion := suggestName(channel.Name, maxChannelName); suggestion != "" {
			p.fix = fmt.Sprintf("write %q", suggestion)
		}
	case channel.Name == "null":
		p.code = "reserved-name"
		p.summary = who + ": got the name \"null\", want another"
		p.detail = "Alertmanager's operator calls the receiver \"null\" that takes what nobody is to get."
	default:
		return
	}
	c.report(p)
}

// reservedNamespace reports a tenant that would take over a namespace of Kubernetes itself.
func (c *checker) reservedNamespace(who, name string, origin score.Origin, argument string) {
	if name != "default" && !strings.HasPrefix(name, "kube-") {
		return
	}
	c.report(problem{
		code: "reserved-name", origin: origin, argument: argument, value: name,
		summary: fmt.Sprintf("%s: got the namespace %s, want one that is not Kubernetes' own", who, shown(name)),
		detail:  "A tenant brings quotas, limits and network isolation, which would hit what the cluster itself runs there.",
		fix:     "choose a name of its own for the tenant",
	})
}
