// SPDX-License-Identifier: Apache-2.0

// Package host runs scripts: it parses, resolves and executes Starlark under limits, resolves load(), keeps
// what a script declares, and turns everything that goes wrong into diagnostics with positions.
//
// The dialect is Starlark with sets and with `if` and `for` at the top level, without recursion and without
// `while`. A script has no network, no process, no clock and no files but the modules that it loads.
//
// A Host knows the names that scripts see only from its Options; package builtins provides harmonyscript's
// own. A program that embeds the host may add names of its own, or leave the builtins out:
//
//	h := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files()})
//	result, problems := h.Run(ctx, "monitoring.star")
//
// Nothing that a script does ends the program: endless loops, huge values and panics of builtins all end as
// diagnostics.
package host
