// SPDX-License-Identifier: Apache-2.0

package cli

// This file prints the table of what is checked.

import (
	"fmt"
	"text/tabwriter"

	"github.com/harmonyscript/harmonyscript/runtime/deployment"
)

// checksTopic is the name under which `doc` prints the table.
const checksTopic = "checks"

func (f *factory) docChecks() error {
	codes := deployment.Codes()
	if f.json() {
		return f.printJSON(codes)
	}
	w := tabwriter.NewWriter(f.streams.Out, 0, 4, 2, ' ', 0)
	for _, c := range codes {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, c.Severity, c.Summary); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(w, "\nA comment at the end of a line, or on a line of its own in front of it, switches warnings off for this line:\n# harmony: disable=CODE[,CODE]\n"); err != nil {
		return err
	}
	return w.Flush()
}
