// SPDX-License-Identifier: Apache-2.0

// This file knows the places where a secret stands by mistake although a plain string belongs there.

package builtins

import (
	"regexp"
	"strings"
)

var (
	variableName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	urlCredentials = regexp.MustCompile(`://[^/?#\s]*:[^/?#\s]*@`)
)

// hidden is what is printed instead of what may be a secret.
const hidden = "(hidden)"

// couldBeSecret reports whether the text that a plain argument was given may be a secret all the same, so that no
// source line shall show it: a value where the name of an environment variable belongs, or an address with a
// password in it.
func couldBeSecret(function, argument, text string) bool {
	if function == "secret" && argument == "env" {
		return !variableName.MatchString(text)
	}
	return strings.Contains(text, "@") && urlCredentials.MatchString(text)
}
