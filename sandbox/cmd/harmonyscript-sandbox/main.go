// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command harmonyscript-sandbox starts, stops and describes a throw-away Kubernetes control plane on this machine.
package main

import (
	"os"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
