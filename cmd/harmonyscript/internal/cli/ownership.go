// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the flag --take-ownership, which may stand alone or name an object.

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/plan"
)

// takeAll is the value of a --take-ownership that names no object.
const takeAll = "all"

// ownershipFlag collects what --take-ownership is given.
type ownershipFlag struct{ ownership *plan.Ownership }

// String returns the value for the help text, which shows no default.
func (f ownershipFlag) String() string { return "" }

// Type is what the help text calls the value.
func (f ownershipFlag) Type() string { return "KIND/NAMESPACE/NAME" }

// Set takes one value. Words for yes and no are those of any other switch.
func (f ownershipFlag) Set(value string) error {
	if value == takeAll {
		f.ownership.All = true
		return nil
	}
	if yes, err := strconv.ParseBool(value); err == nil {
		*f.ownership = plan.Ownership{All: yes}
		return nil
	}
	f.ownership.Objects = append(f.ownership.Objects, value)
	return nil
}

func addOwnershipFlag(c *cobra.Command, ownership *plan.Ownership) {
	c.Flags().Var(ownershipFlag{ownership}, "take-ownership",
		"take over fields that another manager owns, instead of reporting the conflict: of every object, or with =KIND/NAMESPACE/NAME of that one (may be repeated)")
	c.Flags().Lookup("take-ownership").NoOptDefVal = takeAll
}

// oneScriptOrOwner is oneScript for verbs with --take-ownership: a name after a space is not the flag's, and would be taken
// for the script.
func oneScriptOrOwner() cobra.PositionalArgs {
	return func(c *cobra.Command, arguments []string) error {
		for _, a := range arguments {
			if len(arguments) > 1 && c.Flags().Changed("take-ownership") && strings.Contains(a, "/") && !strings.HasSuffix(a, ".star") {
				return wrongCall("%s: got --take-ownership and %q apart, want them joined: --take-ownership=%s", c.CommandPath(), a, a)
			}
		}
		return oneScript()(c, arguments)
	}
}
