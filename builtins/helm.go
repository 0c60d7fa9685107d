// SPDX-License-Identifier: Apache-2.0

// This file holds helm_chart, and what monitoring_stack says about V1_HELM alone.

package builtins

import "github.com/harmonyscript/harmonyscript/runtime/score"

const kindHelmChart = "helm_chart"

func helmSignatures() []Signature {
	return []Signature{{
		Name: "helm_chart", Family: "settings", Result: kindHelmChart,
		Summary: "where V1_HELM gets its kube-prometheus-stack chart",
		Doc: "Give repo with version, or path. With version alone it is the usual chart in that version. " +
			"An OCI reference such as oci://registry.example.org/charts/kube-prometheus-stack names the chart itself; in an HTTP repository it is called name. " +
			"Credentials are those of `helm registry login`.",
		Arguments: []Argument{
			{Name: "repo", Type: String(), Doc: "OCI reference without a tag, or address of an HTTP repository.", Hint: `repo = "oci://registry.example.org/charts/kube-prometheus-stack"`},
			{Name: "name", Type: String(), Doc: "Name of the chart in an HTTP repository. Without it, kube-prometheus-stack."},
			{Name: "version", Type: String(), Doc: "Version of the chart, exactly. A chart at path is refused when it has another one.", Hint: `version = "88.5.3"`},
			{Name: "path", Type: String(), Doc: "Folder or .tgz archive, relative to the script's folder.", Hint: `path = "charts/kube-prometheus-stack"`},
			{Name: "digest", Type: String(), Doc: "Digest that the chart must have: sha256: and 64 hexadecimal digits.", Hint: `digest = "sha256:…"`},
		},
		Example: `mirror = helm_chart(repo = "oci://registry.example.org/charts/kube-prometheus-stack", version = "88.5.3")
deploy(monitoring_stack(V1_HELM, helm_chart = mirror))`,
		Validate: validateHelmChart,
		Build: func(c *Call) (any, error) {
			return score.HelmChart{
				Origin: c.Origin(), Repository: c.String("repo"), Name: c.String("name"), Version: c.String("version"),
				Path: c.String("path"), Digest: c.String("digest"),
			}, nil
		},
	}}
}

func validateHelmChart(given func(string) bool) []Problem {
	const fix = `write helm_chart(repo = "oci://…", version = "88.5.3") or helm_chart(path = "charts/kube-prometheus-stack")`
	var problems []Problem
	switch repo, path := given("repo"), given("path"); {
	case repo && path:
		problems = append(problems, Problem{Argument: "path", Text: "got repo and path, want one of them", Fix: fix})
	case repo && !given("version"):
		problems = append(problems, Problem{Text: "got repo without version, want both: the newest chart changes under a script", Fix: fix})
	case !repo && !path && !given("version"):
		problems = append(problems, Problem{Text: "got no source, want repo with version, path, or version", Fix: fix})
	}
	if given("name") && !given("repo") {
		problems = append(problems, Problem{Argument: "name", Text: "got name without repo, want both", Fix: "leave it out: a chart at path has its own name"})
	}
	return problems
}

// helmArguments are those of monitoring_stack that other versions than V1_HELM leave alone.
func helmArguments() []Argument {
	return []Argument{
		{
			Name: "helm_chart", Type: ValueOf(kindHelmChart), Doc: "Where V1_HELM gets its chart. Other versions need none.",
			Hint: `helm_chart = helm_chart(path = "charts/kube-prometheus-stack")`,
		},
		{
			Name: "helm_values", Type: MapOf(Data()),
			Doc:  "Further values for the chart of V1_HELM, merged over those of harmonyscript as `helm --values` does: dicts are merged, other values replaced, None takes a default away. Other versions leave them alone. Values that would undo what the stack says, or that are secrets, are refused.",
			Hint: `helm_values = {"grafana": {"enabled": False}}`,
		},
	}
}

// helmChart returns the argument helm_chart, or nil.
func (c *Call) helmChart() *score.HelmChart {
	if !c.Given("helm_chart") {
		return nil
	}
	chart := ValueAs[score.HelmChart](c, "helm_chart")
	return &chart
}
