// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/supervisor"
)

const superviseVerb = "supervise"

// privateMask makes every file of the supervisor and of the components readable for the user alone, whatever they ask for.
const privateMask = 0o077

// supervise is the verb that `up` starts in the background.
func (p *program) supervise() *cobra.Command {
	var options supervisor.Options
	command := &cobra.Command{
		Use:    superviseVerb,
		Short:  "Run the sandbox in the foreground (`up` starts this in the background)",
		Hidden: true,
		Args:   noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			// The terminal in which `up` was called may be closed.
			signal.Ignore(syscall.SIGHUP)
			syscall.Umask(privateMask)
			if err := checkLimits(options.Lifetime, options.Timeout, options.Nodes); err != nil {
				return err
			}
			var err error
			if options.Folder, err = state.Locate(p.stateFlag); err != nil {
				return err
			}
			if err := options.Folder.Prepare(); err != nil {
				return err
			}
			if _, options.Programs, err = p.paths(); err != nil {
				return err
			}
			options.Log = p.errors
			return supervisor.Run(command.Context(), options)
		},
	}
	addLimits(command, &options.Lifetime, &options.Timeout, &options.Nodes)
	return command
}
