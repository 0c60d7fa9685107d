// SPDX-License-Identifier: Apache-2.0

// This file lists every kind of problem that the package reports.

package check

import "github.com/harmonyscript/harmonyscript/runtime/diag"

// Code describes one kind of problem.
type Code struct {
	// Name is the diagnostic's code.
	Name     string        `json:"name"`
	Severity diag.Severity `json:"severity"`
	// Summary says in one line what the problem is.
	Summary string `json:"summary"`
}

// Codes returns every kind of problem that this package reports, by subject. What an API version's sender
// cannot carry is reported under codes of its own.
func Codes() []Code {
	return []Code{
		{"nothing-deployed", diag.Error, "the script deploys nothing"},
		{"no-backend", diag.Error, "this build of harmonyscript has no backend for the chosen API version, or no compiler for the score"},
		{"unsupported-feature", diag.Error, "the chosen API version cannot express what the script asks for"},
		{"separate-tenant-and-stack", diag.Error, "a stack is deployed into a tenant's namespace beside the tenant, so that nothing confines it"},
		{"tenant-beside-stack", diag.Warning, "one tenant and one stack are deployed without being tied together"},
		{"duplicate-tenant", diag.Error, "two scores make the same tenant"},
		{"duplicate-stack", diag.Error, "two scores make a stack of the same name in the same namespace"},

		{"invalid-name", diag.Error, "a name is none that Kubernetes takes"},
		{"long-name", diag.Warning, "a stack's name is too long for what the operators append to it, so its resources get a shortened one"},
		{"reserved-name", diag.Error, "a name belongs to Kubernetes or Alertmanager"},
		{"invalid-channel-name", diag.Error, "a channel's name is empty, too long or has characters that make receivers hard to tell apart"},
		{"invalid-kubernetes-label", diag.Error, "a label's key or value is none that Kubernetes takes"},
		{"reserved-label", diag.Error, "a label is set by Prometheus, Kubernetes or harmonyscript itself"},
		{"invalid-label-name", diag.Error, "a Prometheus label or annotation name is empty, has white space or is not valid UTF-8"},
		{"unusual-name", diag.Warning, "the name of a label or series has to be quoted wherever it is used"},
		{"invalid-label-value", diag.Error, "a Prometheus label value or annotation is not valid UTF-8"},

		{"invalid-promql", diag.Error, "an expression is not valid PromQL"},
		{"promql-too-long", diag.Error, "an expression is longer, or nested deeper, than any real rule"},
		{"promql-type", diag.Error, "an expression gives neither an instant vector nor a scalar"},
		{"promql-other-namespace", diag.Warning, "an expression selects another namespace than the tenant's, which is overridden"},
		{"metric-without-source", diag.Warning, "a tenant's rule uses metrics that nothing in the tenant's stack provides"},
		{"invalid-rule", diag.Error, "a rule is neither an alert nor a recording, or has fields that its kind lacks"},
		{"invalid-rule-name", diag.Error, "an alert, a recorded series or a rule group has no valid name"},
		{"invalid-template", diag.Error, "a template in a label, an annotation or a channel's text does not parse"},
		{"duplicate-rule", diag.Warning, "a group has the same rule with the same labels twice"},
		{"duplicate-rule-group", diag.Error, "a stack has two rule groups of one name"},
		{"empty-rule-group", diag.Warning, "a rule group has no rules"},

		{"invalid-duration", diag.Error, "a duration is not in Prometheus' notation or has to be longer than zero"},
		{"timeout-exceeds-interval", diag.Error, "a scrape may take longer than the time between two scrapes"},
		{"invalid-quantity", diag.Error, "a quantity is not in Kubernetes' notation or has an impossible sign"},
		{"quantity-order", diag.Error, "a request is larger than its limit, or a default is outside of its minimum and maximum"},
		{"unknown-resource", diag.Error, "a resource name is none that Kubernetes knows here"},
		{"out-of-range", diag.Error, "a number is too small or too large"},

		{"duplicate-channel", diag.Error, "a stack has two channels of one name"},
		{"invalid-matcher", diag.Error, "a matcher is not in Alertmanager's syntax"},
		{"impossible-matchers", diag.Warning, "a channel's matchers can never all match"},
		{"alert-reaches-nobody", diag.Warning, "no channel's matchers let an alert through"},
		{"no-channel", diag.Warning, "a stack has no channels, so alerts reach nobody"},
		{"no-rules", diag.Warning, "a stack has channels and no alerts that could go there"},
		{"no-targets", diag.Warning, "a stack scrapes nothing"},

		{"duplicate-target", diag.Error, "a stack has two scrape targets of one kind and name"},
		{"port-number", diag.Error, "a port is given by number where its name is meant"},
		{"invalid-port-name", diag.Error, "a port's name is none that Kubernetes takes"},
		{"invalid-scheme", diag.Error, "a scheme is neither http nor https"},
		{"invalid-path", diag.Error, "a path does not begin with a slash or is no path"},
		{"invalid-address", diag.Error, "an address is not host:port, or what is probed is no address"},
		{"no-addresses", diag.Error, "a list of targets is empty"},
		{"duplicate-address", diag.Warning, "a list names the same address twice"},
		{"empty-selector", diag.Warning, "a monitor has no labels to match, so it selects everything in its namespace"},
		{"invalid-url", diag.Error, "a URL is not an absolute http or https URL"},
		{"url-credentials", diag.Error, "a URL holds a password in plain text"},
		{"duplicate-remote-write", diag.Error, "two remote writes have one name, or are the same"},
		{"remote-write-authentication", diag.Error, "a remote write has half of a basic authentication, or two kinds of authentication"},

		{"invalid-cidr", diag.Error, "an address range is not in CIDR notation"},
		{"invalid-admin", diag.Error, "an administrator is not written as a user, group or service account"},
		{"invalid-secret", diag.Error, "a secret's reference can name no environment variable, file or key"},
	}
}

var severities = func() map[string]diag.Severity {
	bySeverity := map[string]diag.Severity{}
	for _, c := range Codes() {
		bySeverity[c.Name] = c.Severity
	}
	return bySeverity
}()
