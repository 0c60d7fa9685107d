// SPDX-License-Identifier: Apache-2.0

// This file checks what a stack says about Helm: where its chart comes from, and the values for it.

package check

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type helmKey struct {
	at      score.Position
	version score.APIVersion
	tenant  bool
}

type helmValueKey struct {
	at   score.Position
	path string
}

// helm checks the chart and the values of a stack. A version that has no use for them leaves them alone, so that a
// script which moves to and fro changes nothing but its api_version; it is told, since a setting that is not in force
// should not come as a surprise. tenant tells that the stack is a tenant's.
func (c *checker) helm(s score.MonitoringStack, tenant bool) {
	if s.HelmChart == nil && len(s.HelmValues) == 0 {
		return
	}
	at := s.Origin.Position()
	if at.IsValid() && !c.once(helmKey{at, s.APIVersion, tenant}) {
		return
	}
	if s.HelmChart != nil {
		c.helmChart(*s.HelmChart)
	}
	b, ok := c.registeredBackend(s.APIVersion)
	if !ok {
		return
	}
	who := fmt.Sprintf("monitoring_stack %q", s.Name)
	if !b.Capabilities().Supports(backend.FeatureHelmValues) {
		c.helmIgnored(who, s, b)
		return
	}
	checker, ok := b.(backend.ValuesChecker)
	if !ok {
		return
	}
	for _, found := range checker.CheckValues(s.HelmValues, tenant) {
		path := strings.Join(found.Path, ".")
		argument := "helm_values[" + strings.Join(found.Path, "][") + "]"
		if at.IsValid() && !c.once(helmValueKey{at, path}) {
			continue
		}
		p := problem{code: "helm-value-reserved", origin: s.Origin, argument: argument, key: true, detail: found.Why, fix: found.Instead}
		p.summary = fmt.Sprintf("%s: helm_values: %s is not a script's to set", who, path)
		if found.Secret {
			p.code = "helm-value-secret"
			p.summary = fmt.Sprintf("%s: helm_values: %s looks like a secret in plain text", who, path)
		}
		c.report(p)
	}
}

func (c *checker) helmIgnored(who string, s score.MonitoringStack, b backend.Backend) {
	for _, given := range []struct {
		argument string
		is       bool
	}{{"helm_chart", s.HelmChart != nil}, {"helm_values", len(s.HelmValues) > 0}} {
		if given.is && c.once(helmValueKey{s.Origin.Position(), given.argument}) {
			c.report(problem{
				code: "helm-ignored", origin: s.Origin, argument: given.argument, key: true,
				summary: fmt.Sprintf("%s: %s has no effect with %s", who, given.argument, b.Version()),
				detail:  "It is kept for V1_HELM: only api_version changes when a stack moves.",
			})
		}
	}
}

var (
	chartDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	chartName   = regexp.MustCompile(`^[a-z0-9]([-._a-z0-9]*[a-z0-9])?$`)
)

// helmChart checks where a chart comes from.
func (c *checker) helmChart(chart score.HelmChart) {
	if at := chart.Origin.Position(); at.IsValid() && !c.once(helmKey{at: at}) {
		return
	}
	report := func(argument, value, summary, fix string) {
		c.report(problem{code: "invalid-helm-chart", origin: chart.Origin, argument: argument, value: value, summary: "helm_chart: " + summary, fix: fix})
	}
	if chart.Repository != "" && chart.Path != "" {
		report("path", chart.Path, "got repo and path, want one of them", "")
	}
	if chart.Repository != "" {
		if wrong, fix := wrongRepository(chart.Repository); wrong != "" {
			report("repo", chart.Repository, "repo: "+wrong, fix)
		}
		if chart.Version == "" {
			report("version", "", "got repo without version, want both", "write the version: the newest chart changes under a script")
		}
	}
	switch {
	case chart.Name == "":
	case chart.Repository == "":
		report("name", chart.Name, "got name without repo, want both", "leave it out: a chart at path has its own name")
	case strings.HasPrefix(chart.Repository, "oci://"):
		report("name", chart.Name, "got a name beside an OCI reference, which names the chart itself", "leave it out")
	case !chartName.MatchString(chart.Name):
		report("name", chart.Name, "name: got "+shown(chart.Name)+", want lower-case letters, digits, dashes and dots", "")
	}
	if strings.ContainsRune(chart.Path, 0) || chart.Path != "" && strings.TrimSpace(chart.Path) == "" {
		report("path", chart.Path, "path: got no path, want that of a folder or .tgz archive", "")
	}
	if _, err := semver.StrictNewVersion(chart.Version); chart.Version != "" && err != nil {
		fix := `write an exact version such as "88.5.3"`
		if bare := strings.TrimPrefix(chart.Version, "v"); bare != chart.Version {
			if _, err := semver.StrictNewVersion(bare); err == nil {
				fix = fmt.Sprintf("write version = %q", bare)
			}
		}
		report("version", chart.Version, "version: got "+shown(chart.Version)+", want one exact version", fix)
	}
	if chart.Digest != "" && !chartDigest.MatchString(chart.Digest) {
		report("digest", chart.Digest, "digest: got "+shown(chart.Digest)+", want sha256: and 64 hexadecimal digits in lower case", "")
	}
}

// wrongRepository says what is wrong with the address of a repository, without repeating it: it may hold a password.
func wrongRepository(repository string) (wrong, fix string) {
	u, err := url.Parse(repository)
	if err != nil || strings.ContainsAny(repository, " \t\r\n") {
		return "got something that is not a URL, want oci://, https:// or http://", ""
	}
	if u.User != nil {
		return "got credentials in plain text, want none", "leave them out and run helm registry login"
	}
	if u.Scheme != "oci" && u.Scheme != "https" && u.Scheme != "http" {
		fix = "write oci:// or https:// in front of it"
		if strings.Contains(repository, "://") {
			fix = ""
		}
		return "got no oci://, https:// or http:// address", fix
	}
	if !validHost(u.Hostname()) || u.Port() != "" && !validPort(u.Port()) {
		return "got no valid host, want a DNS name or an IP address", ""
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "got a query or fragment, want an address without one", "leave out everything from ? or # on"
	}
	if u.Scheme == "oci" {
		last := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
		switch {
		case last == "":
			return "got an OCI reference that names no chart", "write the chart's name at its end: oci://registry.example.org/charts/kube-prometheus-stack"
		case strings.ContainsAny(last, ":@"):
			return "got an OCI reference with a tag or digest", "give them as version and digest"
		}
	}
	return "", ""
}

// operators warns of several stacks that each bring an operator along: two operators that look after the same
// resources undo each other's work without end.
func (c *checker) operators(scores []score.Score) {
	var before *score.MonitoringStack
	for _, s := range scores {
		stack, ok := s.(score.MonitoringStack)
		if !ok || stack.APIVersion != score.V1Helm || withoutOperator(stack.HelmValues) {
			continue
		}
		if before == nil {
			before = &stack
			continue
		}
		p := problem{
			code: "second-operator", origin: stack.Origin,
			summary: fmt.Sprintf("%s: got a second stack of V1_HELM that brings a prometheus-operator along", stack.Title()),
			detail:  "Each looks after all resources of the cluster, and undoes what the other does.",
			fix:     `switch one off: helm_values = {"prometheusOperator": {"enabled": False}, "crds": {"enabled": False}}`,
		}
		if at := before.Origin.Position(); at.IsValid() && at != stack.Origin.Position() {
			p.related = []diag.Related{{Position: at, Message: "the first is here"}}
		}
		c.report(p)
	}
}

func withoutOperator(values map[string]any) bool {
	operator, _ := values["prometheusOperator"].(map[string]any)
	return operator["enabled"] == false
}

// platform reports whether a stack is the platform's of V1_HELM: the chart itself brings targets and rules to it, those
// of Kubernetes and of its own servers. tenant is the name of the tenant that the stack is in, or empty.
func platform(s score.MonitoringStack, tenant string) bool {
	return s.APIVersion == score.V1Helm && tenant == ""
}
