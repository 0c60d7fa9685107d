// SPDX-License-Identifier: Apache-2.0

// This file holds deploy and param.

package builtins

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

func scriptSignatures() []Signature {
	return []Signature{
		{
			Name: "deploy", Family: "script", Variadic: true,
			Summary: "what this script deploys",
			Doc:     "Only the entry script deploys; modules that it loads return scores. Several calls add up.",
			Arguments: []Argument{
				{Name: "scores", Type: ListOf(OneOf(ValueOf(kindScore), ListOf(ValueOf(kindScore)))), Doc: "Scores and lists of scores.", Hint: "deploy(monitoring_stack(V2_CRD))"},
				{Name: "name", Type: String(), Doc: "Name of the deployment: two runs with the same name act on the same objects. Without it the script's file name.", Hint: `name = "platform"`},
				{Name: "clusters", Type: ListOf(String()), Doc: "Contexts of the kubeconfig that the deployment belongs to. Verbs work on all of them side by side; `--context` chooses some, and no other cluster is touched but by --sandbox. Without it the current context, or what --context names.", Hint: `clusters = ["eu-1", "us-1"]`},
			},
			Example: `stack = monitoring_stack(V2_CRD)
deploy([tenant_monitoring(tenant = name, stack = stack) for name in ["blue", "green"]], name = "teams")`,
			run: runDeploy,
		},
		{
			Name: "param", Family: "script", Positional: 2, Result: "string, int, float, bool or list of strings",
			Summary: "an input of the script, set with --set name=value",
			Doc:     "The default decides the type. A list of strings is written with commas: --set tenants=blue,green.",
			Arguments: []Argument{
				{Name: "name", Type: String(), Required: true, Doc: "Name of the input.", Hint: `name = "replicas"`},
				{Name: "default", Type: Any(), Doc: "Value when none is given; without it one must be."},
				{Name: "help", Type: String(), Doc: "What the input is for."},
			},
			Example: `deploy(monitoring_stack(V2_CRD, replicas = param("replicas", default = 2, help = "replicas of Prometheus")))`,
			run:     runParam,
		},
		{
			Name: "struct", Family: "script", Result: "struct",
			Summary: "a value with the given fields",
			Doc:     "Lists, dicts and sets are copied in: changing them afterwards changes nothing.",
			Example: `team = struct(name = "blue", admins = ["group:team-blue"])
deploy(tenant(team.name, admins = team.admins))`,
			raw: makeStruct,
		},
	}
}

// errNoHost is for code that calls these functions in an interpreter of its own.
var errNoHost = fmt.Errorf("this function works only in a script that a host runs")

func runDeploy(_ *starlark.Thread, run *host.Thread, c *Call) (starlark.Value, error) {
	if run == nil {
		return nil, errNoHost
	}
	var scores []score.Score
	var values []starlark.Value
	for _, elem := range ValueAs[list](c, "scores") {
		inner, ok := elem.(list)
		if !ok {
			inner = list{elem}
		}
		for _, one := range inner {
			scores = append(scores, goValue(one).(score.Score))
			values = append(values, toStarlark(one))
		}
	}
	if err := run.Deploy(c.String("name"), c.Origin(), scores); err != nil {
		return nil, err
	}
	if c.Given("clusters") {
		if err := run.DeployTo(c.Strings("clusters"), c.Origin()); err != nil {
			return nil, err
		}
	}
	run.Deployed(values...)
	return starlark.None, nil
}

func runParam(_ *starlark.Thread, run *host.Thread, c *Call) (starlark.Value, error) {
	if run == nil {
		return nil, errNoHost
	}
	def, _ := c.Value("default").(starlark.Value)
	value, err := run.Parameter(c.String("name"), c.String("help"), def, c.Origin())
	if err != nil {
		return nil, err
	}
	return value, nil
}
