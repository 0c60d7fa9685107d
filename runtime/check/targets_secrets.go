// SPDX-License-Identifier: Apache-2.0

// This file wants the names that targets log in with in Secrets. Only the raw configuration of an Alertmanager has them in
// the open, so the constructors take both.

package check

import (
	"fmt"

	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// loginNames checks how a target, or the discovery of targets, is connected to.
func (c *checker) loginNames(who string, fields []score.Field, origin score.Origin) {
	for _, f := range fields {
		b, ok := f.Value.(score.Block)
		if !ok {
			continue
		}
		at := origin
		if b.Origin.Position().IsValid() {
			at = b.Origin
		}
		for _, name := range []string{"username", "client_id"} {
			if _, open := fieldAs[string](b.Fields, name); open {
				c.report(problem{
					code: "conflicting-settings", origin: at, argument: name,
					summary: fmt.Sprintf("%s: %s.%s: got a string, which targets take from a Secret only", who, f.Name, name),
					fix:     `refer to the value: secret(env = "NAME"), secret(file = "path") or secret(name = "secret", key = "key")`,
				})
			}
		}
		c.loginNames(who+": "+f.Name, b.Fields, at)
	}
}
