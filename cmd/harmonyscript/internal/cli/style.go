// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds all colours of the program.

import "github.com/harmonyscript/harmonyscript/runtime/diag"

// palette wraps text in terminal colours; its zero value leaves text as it is.
type palette struct{ enabled bool }

func (p palette) wrap(code string) func(string) string {
	if !p.enabled {
		return func(text string) string { return text }
	}
	return func(text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }
}

func (p palette) red(text string) string    { return p.wrap("1;31")(text) }
func (p palette) green(text string) string  { return p.wrap("32")(text) }
func (p palette) yellow(text string) string { return p.wrap("33")(text) }
func (p palette) cyan(text string) string   { return p.wrap("36")(text) }
func (p palette) bold(text string) string   { return p.wrap("1")(text) }
func (p palette) faint(text string) string  { return p.wrap("2")(text) }

// diagnostics returns the style in which diagnostics are rendered.
func (p palette) diagnostics() diag.Style {
	if !p.enabled {
		return diag.Style{}
	}
	return diag.Style{Error: p.red, Warning: p.yellow, Position: p.cyan, Caret: p.red, Fix: p.green}
}
