// SPDX-License-Identifier: Apache-2.0

// This file checks references to secrets. The values are nobody's business here.

package check

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

type secretKey struct {
	source    score.SecretSource
	name, key string
	at        score.Position
}

// secret checks one reference. origin and argument are where it is used, for references without a place.
func (c *checker) secret(who string, s score.Secret, origin score.Origin, argument string) {
	if s.Source == 0 || !c.once(secretKey{s.Source, s.Name, s.Key, s.Origin.Position()}) {
		return
	}
	report := func(at, summary, fix string) {
		p := problem{code: "invalid-secret", origin: s.Origin, argument: at, value: s.Name, summary: summary, fix: fix}
		if at == "key" {
			p.value = s.Key
		}
		if !s.Origin.Position().IsValid() {
			p.origin, p.argument = origin, argument
		}
		c.report(p)
	}
	switch s.Source {
	case score.SecretFromEnvironment:
		if reasons := validation.IsEnvVarName(s.Name); len(reasons) > 0 {
			// What stands there may be the secret itself, so it is not repeated.
			report("env", who+": secret(env=) got something that is no name of an environment variable, want one such as \"DISCORD_WEBHOOK_URL\"",
				"write the variable's name, not its value")
		}
	case score.SecretFromFile:
		if strings.TrimSpace(s.Name) == "" || strings.ContainsRune(s.Name, 0) {
			report("file", who+": secret(file=) got no path, want the path of a file", "")
		}
	case score.SecretFromCluster:
		if len(validation.IsDNS1123Subdomain(s.Name)) > 0 {
			report("name", who+": secret(name=) got something that is no name of a Kubernetes Secret, want lower-case letters, digits, dots and dashes", "")
		}
		if len(validation.IsConfigMapKey(s.Key)) > 0 {
			report("key", who+": secret(key=) got something that is no key of a Kubernetes Secret, want letters, digits, dashes, underscores and dots", "")
		}
	default:
		report("", fmt.Sprintf("%s: got a secret of an unknown source (%d), want env, file or name and key", who, s.Source), "")
	}
}
