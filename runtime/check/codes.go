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
		{"invalid-cluster", diag.Error, "the list of clusters is empty, or a name in it is empty or there twice"},
		{"no-backend", diag.Error, "this build of harmonyscript has no backend for the chosen API version, or no compiler for the score"},
		{"unsupported-feature", diag.Error, "the chosen API version cannot express what the script asks for"},
		{"replicas-not-followed", diag.Warning, "the chosen API version makes another number of Alertmanagers than replicas says"},
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
		{"alert-without-condition", diag.Warning, "an alert's expression has no condition, so it fires whatever the values are"},
		{"comparison-never-true", diag.Warning, "a comparison can never hold, such as count(…) == 0"},
		{"comparison-always-true", diag.Warning, "a comparison always holds"},
		{"counter-compared", diag.Warning, "an alert compares a counter itself instead of its growth"},
		{"delta-of-counter", diag.Warning, "a function for gauges is given a counter"},
		{"rate-of-aggregate", diag.Warning, "counters are added up before their growth is looked at"},
		{"quantile-without-le", diag.Warning, "histogram_quantile() is given buckets without the label le"},
		{"quantile-out-of-range", diag.Warning, "a quantile is not from 0 to 1"},
		{"absent-of-several", diag.Warning, "absent() is given a selector of several things, and tells only that all are missing"},
		{"needless-regex", diag.Warning, "a regular expression is only a text, matches everything, or has anchors"},
		{"impossible-selector", diag.Warning, "matchers of one selector contradict each other"},
		{"labels-never-match", diag.Warning, "two sides of an operator have labels that can never agree"},
		{"label-not-in-result", diag.Warning, "a template reads a label that the rule's expression drops"},
		{"value-in-label", diag.Warning, "an alert has its value in a label, so that every change makes another alert"},
		{"short-range", diag.Warning, "a function such as rate() looks back over less than two scrape intervals"},
		{"short-for", diag.Warning, "an alert has to hold for less than the time between two evaluations"},
		{"recorded-later", diag.Warning, "a rule reads what a rule behind it in its group records"},
		{"unknown-job", diag.Warning, "a rule selects a job that is spelled nearly like a target of the stack"},
		{"namespace-overridden", diag.Warning, "a rule or target in a tenant writes the label namespace, which is the tenant's all the same"},
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
		{"not-a-template", diag.Error, "a template stands where Alertmanager takes plain text"},
		{"empty-setting", diag.Error, "a channel's setting is an empty text, which cannot be told from none"},
		{"long-text", diag.Warning, "a channel's text is longer than the receiving service takes, so it is cut"},
		{"reserved-header", diag.Error, "a header of requests is made by the protocol or the authentication"},
		{"invalid-mail-address", diag.Error, "an e-mail address is none"},
		{"conflicting-settings", diag.Error, "settings of a channel exclude each other, or one wants another"},
		{"invalid-matcher", diag.Error, "a matcher is not in Alertmanager's syntax"},
		{"impossible-matchers", diag.Warning, "matchers can never all match"},
		{"matcher-other-namespace", diag.Warning, "a matcher in a tenant wants another namespace than the tenant's"},
		{"invalid-root-route", diag.Error, "the top of a routing tree has matchers, continue_ or times"},
		{"undefined-channel", diag.Error, "a route leads to a channel that the stack does not have"},
		{"unused-channel", diag.Warning, "a stack has a route, and nothing in it leads to a channel"},
		{"unreachable-route", diag.Warning, "no alert can get to a route"},
		{"shadowed-route", diag.Warning, "a route's children take every alert, so its own channel gets nothing"},
		{"route-contradicts-channel", diag.Warning, "a channel's own matchers let nothing through of what a route brings it"},
		{"invalid-group-by", diag.Error, "group_by has a label twice, \"...\" with others, or something that is no label"},
		{"repeat-interval", diag.Warning, "a notification cannot be repeated as often, or as rarely, as a route says"},
		{"times-not-inherited", diag.Warning, "a route has mute or active times, and children, which do not take them over"},
		{"undefined-mute-time", diag.Error, "a route names a mute time that the stack does not have"},
		{"unused-mute-time", diag.Warning, "no route names a mute time of the stack"},
		{"duplicate-mute-time", diag.Error, "a stack has two mute times of one name"},
		{"empty-mute-time", diag.Error, "a mute time has no name or no intervals"},
		{"invalid-time-interval", diag.Error, "a time, day, month, year or time zone is none that Alertmanager takes"},
		{"unsupported-location", diag.Error, "times in a time zone cannot be told in UTC"},
		{"always-muted", diag.Warning, "a time interval has no fields, so it is always"},
		{"unrestricted-inhibit-rule", diag.Warning, "an inhibit rule mutes every alert, or has no labels that must be equal"},
		{"ineffective-inhibit-rule", diag.Warning, "an inhibit rule can never mute anything"},
		{"alert-reaches-nobody", diag.Warning, "no channel gets an alert"},
		{"no-channel", diag.Warning, "a stack has no channels, so alerts reach nobody"},
		{"no-rules", diag.Warning, "a stack has channels and no alerts that could go there"},
		{"no-targets", diag.Warning, "a stack scrapes nothing"},
		{"metrics-not-exposed", diag.Warning, "a rule group requires metrics that no target of its stack says to expose"},

		{"duplicate-target", diag.Error, "a stack has two scrape targets of one kind and name"},
		{"namespaces-in-tenant", diag.Error, "a target in a tenant looks into other namespaces"},
		{"target-outside-tenant", diag.Warning, "a target in a tenant is in another namespace, or on the machine that asks"},
		{"port-number", diag.Error, "a port is given by number where its name is meant"},
		{"invalid-port-name", diag.Error, "a port's name is none that Kubernetes takes"},
		{"invalid-scheme", diag.Error, "a scheme is neither http nor https"},
		{"invalid-path", diag.Error, "a path does not begin with a slash or is no path"},
		{"invalid-address", diag.Error, "an address is not host:port, or what is probed is no address"},
		{"no-addresses", diag.Error, "a list of targets is empty"},
		{"invalid-relabeling", diag.Error, "a relabeling is none that Prometheus takes"},
		{"relabeling-drops-everything", diag.Warning, "a relabeling drops every target or series"},
		{"relabeling-without-effect", diag.Warning, "a relabeling changes and drops nothing"},
		{"relabeling-too-late", diag.Warning, "a metric relabeling reads a label that only targets have"},
		{"invalid-scrape-protocol", diag.Error, "a format of metrics is none that Prometheus knows, or is there twice"},
		{"duplicate-address", diag.Warning, "a list names the same address twice"},
		{"empty-selector", diag.Warning, "a monitor has no labels to match, so it selects everything in its namespace"},
		{"invalid-url", diag.Error, "a URL is not an absolute http or https URL"},
		{"url-credentials", diag.Error, "a URL holds a password in plain text"},
		{"duplicate-remote-write", diag.Error, "two remote writes have one name, or are the same"},
		{"remote-write-authentication", diag.Error, "a remote write has half of a basic authentication, or two kinds of authentication"},

		{"invalid-helm-chart", diag.Error, "a chart's source, version or digest is none that Helm takes"},
		{"helm-value-reserved", diag.Error, "a value for the chart would undo what the stack says"},
		{"helm-value-secret", diag.Error, "a value for the chart looks like a secret in plain text"},
		{"helm-ignored", diag.Warning, "the chosen API version has no use for the chart or the values for it"},
		{"second-operator", diag.Warning, "two stacks each bring a prometheus-operator along"},

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
