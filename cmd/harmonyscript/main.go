// SPDX-License-Identifier: Apache-2.0

// Command harmonyscript checks, plans and applies monitoring scripts. `harmonyscript help` lists its verbs.
package main

import (
	"os"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/cli"
)

func main() { os.Exit(cli.Main(cli.SystemStreams(), os.Args[1:])) }
