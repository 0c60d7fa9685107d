// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `version`.

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/version"
)

func newVersionCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "version",
		Short: "Print the version of harmonyscript",
		Args:  exactly(0, "none"),
		RunE: func(*cobra.Command, []string) error {
			if f.json() {
				return json.NewEncoder(f.streams.Out).Encode(map[string]string{
					"version": version.String(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(f.streams.Out, "harmonyscript %s (%s, %s/%s)\n", version.String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	f.addOutputFlags(command)
	return command
}
