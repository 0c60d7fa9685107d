// SPDX-License-Identifier: Apache-2.0

// Package stdlib holds the modules that scripts load as "@stdlib//…". They are written in the language itself:
//
//	load("@stdlib//alerts/general.star", "target_down", "watchdog")
//
// | module | what |
// |---|---|
// | alerts/general.star | watchdog() and target_down(): rules that every stack should have |
//
// A module's functions take thresholds as arguments with sound defaults, return values, and deploy nothing.
package stdlib

import (
	"embed"
	"io/fs"
)

//go:embed */*.star
var modules embed.FS

// Files returns the standard library, for host.Options.
func Files() fs.FS { return modules }
