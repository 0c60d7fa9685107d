// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `check`.

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newCheckCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "check SCRIPT",
		Short: "Find everything that is wrong with a script, without a cluster",
		Long: `Runs the script and checks what it declares: arguments, names, PromQL, durations, secrets, duplicates, and
whether the chosen version of the monitoring API can express it. All problems are told at once. No cluster is
touched and no secret is read.`,
		Example: "  harmonyscript check monitoring.star\n  harmonyscript check --output json monitoring.star",
		Args:    oneScript(),
		RunE: func(c *cobra.Command, arguments []string) error {
			return runCheck(c.Context(), f, arguments[0])
		},
	}
	f.addScriptFlags(command)
	f.addOutputFlags(command)
	return command
}

func runCheck(ctx context.Context, f *factory, path string) error {
	loaded, err := f.evaluate(ctx, path, true)
	if err != nil {
		return err
	}
	err = f.reportDiagnostics(loaded.Diagnostics, loaded.Sources)
	if err == nil && !f.json() {
		fmt.Fprintf(f.streams.Out, "%s: deployment %q is right: %s\n", path, loaded.Deployment.Name, plural(len(loaded.Deployment.Scores), "score"))
	}
	return err
}
